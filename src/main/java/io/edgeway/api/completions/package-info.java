/**
 * OpenAI's older text completions, told in chat and back: the prompt becomes a user's message. Specification:
 * https://platform.openai.com/docs/api-reference/completions
 */
package io.edgeway.api.completions;
