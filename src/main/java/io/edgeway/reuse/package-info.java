/**
 * What the caches share: an identity for requests, an answer that can be told again in either form, and the client's
 * wishes (RFC 9111). Named after that RFC's word for answering from a store; it holds no store of its own.
 */
package io.edgeway.reuse;
