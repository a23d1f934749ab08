/**
 * Chooses among upstreams that serve the same model. The time to a first token says more about an upstream's state than
 * the number of open calls, and two random choices avoid the herd that always follows the best one.
 */
@NullMarked
package io.edgeway.backend.cloud.balance;

import org.jspecify.annotations.NullMarked;
