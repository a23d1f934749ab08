/**
 * Keeps calls away from an upstream that is failing, and only then: a request that no upstream could answer, a spent
 * key and a client that left say nothing about the upstream's health.
 */
@NullMarked
package io.edgeway.backend.cloud.breaker;

import org.jspecify.annotations.NullMarked;
