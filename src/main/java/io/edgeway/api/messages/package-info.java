/**
 * Anthropic's Messages dialect, told in chat and back. Specification: https://docs.anthropic.com/en/api/messages
 */
package io.edgeway.api.messages;
