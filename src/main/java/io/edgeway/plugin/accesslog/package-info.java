/** One line a request, so that an operator can answer "what happened to this one?" without a tracer. */
@NullMarked
package io.edgeway.plugin.accesslog;

import org.jspecify.annotations.NullMarked;
