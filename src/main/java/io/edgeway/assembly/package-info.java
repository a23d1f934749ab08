/** Builds one immutable gateway from a configuration, and swaps it for the next one without losing an exchange. */
package io.edgeway.assembly;
