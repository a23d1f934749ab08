/**
 * OpenAI's Responses dialect, told in chat and back: a request becomes a chat request, a chat reply becomes a response
 * object and its events. Specification: https://platform.openai.com/docs/api-reference/responses
 */
package io.edgeway.api.responses;
