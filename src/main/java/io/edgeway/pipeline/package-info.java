/**
 * The contracts of a request's road: an {@link io.edgeway.pipeline.Exchange} passes through a
 * {@link io.edgeway.pipeline.Chain} of {@link io.edgeway.pipeline.Plugin}s to a {@link io.edgeway.pipeline.Backend},
 * and a {@link io.edgeway.pipeline.Reply} comes back the same way.
 */
package io.edgeway.pipeline;
