/**
 * Interprets WebAssembly for hosts that cannot define classes, such as the native binary. Functions are translated from
 * the stack machine to one with registers before they first run: fewer and cheaper steps, and nothing is allocated while
 * they run.
 */
@NullMarked
package io.edgeway.plugin.wasm.engine;

import org.jspecify.annotations.NullMarked;
