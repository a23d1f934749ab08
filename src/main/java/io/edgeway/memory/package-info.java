/**
 * The memory of the process below Java: what the C library and the kernel hold for it, and how it is given back. Most of
 * it works in the binary only; elsewhere nothing happens.
 */
package io.edgeway.memory;
