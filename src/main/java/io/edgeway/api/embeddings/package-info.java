/** OpenAI's embeddings. Specification: https://platform.openai.com/docs/api-reference/embeddings */
package io.edgeway.api.embeddings;
