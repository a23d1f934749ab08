/**
 * Answers a request that was answered before, and lets identical requests that are on their way share one call. A
 * repeated answer costs nothing and comes at once; a wrong one is worse than none, so that only requests whose answer
 * may be repeated are kept, under a key in which everything counts that could change the answer.
 */
package io.edgeway.plugin.cache;
