/** One line a request, so that an operator can answer "what happened to this one?" without a tracer. */
package io.edgeway.plugin.accesslog;
