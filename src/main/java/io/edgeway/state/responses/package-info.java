/**
 * Responses that are kept, so that a later request can name one and go on with its conversation. Bounded in bytes and
 * time, and never shared between tenants.
 */
package io.edgeway.state.responses;
