/**
 * Runs functions that an operator brings along, as WebAssembly modules with the proxy-wasm ABI. What a gateway must know
 * of one place only, such as which tenant may use which model, should need no rebuild; and code that is not ours should
 * reach nothing but what it is handed.
 */
@NullMarked
package io.edgeway.plugin.wasm;

import org.jspecify.annotations.NullMarked;
