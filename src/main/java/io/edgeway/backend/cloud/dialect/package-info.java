/**
 * The wire formats of upstreams. Within edgeway everything is OpenAI's chat completions; what an OpenAI upstream says
 * is passed through byte by byte, what another says is translated as it comes.
 */
package io.edgeway.backend.cloud.dialect;
