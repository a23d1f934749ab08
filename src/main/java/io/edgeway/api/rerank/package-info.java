/**
 * Ordering documents by how well they answer a query, in the shape that Jina, Cohere and vLLM share. Specification:
 * https://api.jina.ai/redoc#tag/rerank
 */
package io.edgeway.api.rerank;
