/**
 * Answers a question that was asked before in other words. Near vectors alone would also join a question with its
 * opposite, so that a candidate must pass a verifier, and how near is near enough is learnt for each entry from
 * comparisons of its answer with fresh ones, so that the share of wrong answers stays below what the operator allows.
 */
package io.edgeway.plugin.semantic;
