/** Server-sent events, read incrementally and written. Pure: bytes in, events out. */
package io.edgeway.sse;
