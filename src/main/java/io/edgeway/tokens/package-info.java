/**
 * Text to token ids and back, as a model's {@code tokenizer.json} says. Ours, because the models that run at the edge
 * all use byte-level BPE, and the native library for it is larger than the rest of the binary.
 */
package io.edgeway.tokens;
