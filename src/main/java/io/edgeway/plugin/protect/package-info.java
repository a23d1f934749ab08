/**
 * Protects the node from more work than it can do. A fixed bound is either too low for a quiet hour or too high for a
 * slow upstream; this one follows latency, and turns away early what would only wait.
 */
@NullMarked
package io.edgeway.plugin.protect;

import org.jspecify.annotations.NullMarked;
