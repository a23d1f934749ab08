/**
 * Chat completions read as what they say: the lingua franca inside a chain, from which the other dialects are told
 * again.
 */
package io.edgeway.api.chat;
