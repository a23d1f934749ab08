/**
 * When a call may be made again. A bound per request multiplies the load on an upstream that is already failing; a
 * budget, a share of all calls, does not.
 */
@NullMarked
package io.edgeway.backend.cloud.retry;

import org.jspecify.annotations.NullMarked;
