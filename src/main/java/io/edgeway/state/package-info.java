/**
 * Counters that many exchanges share, and their stores. Every limit is one of three {@link io.edgeway.state.Quota}s and
 * every decision takes all of its {@link io.edgeway.state.Claim}s or none; the same arithmetic, in whole nanoseconds,
 * runs in this process ({@link io.edgeway.state.MemoryLimitStore}) and in Redis
 * ({@link io.edgeway.state.RedisLimitStore}), so that moving to a shared store changes no decision.
 */
package io.edgeway.state;
