/**
 * Limits what a caller may take: requests, tokens and money per time, exchanges at a time, and budgets by the calendar.
 * Counting only afterwards lets a caller overrun a limit by as much as it sends at once, so everything is reserved
 * before the call, all or nothing, and settled by real usage when the exchange ends, however it ends.
 */
package io.edgeway.plugin.ratelimit;
