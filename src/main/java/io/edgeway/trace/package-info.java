/**
 * Traces: what an exchange did and when, for a collector. The W3C's context comes in and goes out, spans leave by OTLP
 * over HTTP. Nothing of it exists for an exchange that is not traced.
 */
package io.edgeway.trace;
