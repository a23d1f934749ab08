/** Says who asks: every later step keys its limits, caches and permissions on the answer. */
package io.edgeway.plugin.auth;
