/** Model directories on this machine: what is there, and how more get there. Used by the command line, not by requests. */
package io.edgeway.backend.local.store;
