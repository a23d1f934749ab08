/**
 * Text to token ids and back, as a model's {@code tokenizer.json} says. Ours, because the models that run at the edge
 * use BPE of bytes or of SentencePiece's characters, or WordPiece for embeddings, and the native library for them is
 * larger than the rest of the binary.
 */
package io.edgeway.tokens;
