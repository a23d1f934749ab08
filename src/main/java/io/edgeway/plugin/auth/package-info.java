/**
 * Says who asks: every later step keys its limits, caches and permissions on the answer. Callers show a virtual key,
 * which this node knows by its hash alone, or a token that an identity provider signed; real keys of upstreams never
 * leave the node.
 */
package io.edgeway.plugin.auth;
