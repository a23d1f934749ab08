/*
 * proxy-wasm 0.2.1 for plugins of edgeway in AssemblyScript, with `--runtime stub`.
 *
 * Memory is an arena that starts anew with each phase: call `begin()` first in each exported phase, and keep nothing
 * from one phase for the next but what was made while the module was configured.
 */
export const CONTINUE: i32 = 0;
export const PAUSE: i32 = 1;

// @ts-ignore: decorator
@external("env", "proxy_log")
declare function proxy_log(level: i32, text: usize, size: i32): i32;
// @ts-ignore: decorator
@external("env", "proxy_get_property")
declare function proxy_get_property(path: usize, size: i32, value: usize, valueSize: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_set_property")
declare function proxy_set_property(path: usize, size: i32, value: usize, valueSize: i32): i32;
// @ts-ignore: decorator
@external("env", "proxy_get_buffer_bytes")
declare function proxy_get_buffer_bytes(type: i32, start: i32, length: i32, value: usize, size: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_send_local_response")
declare function proxy_send_local_response(
  status: i32, details: usize, detailsSize: i32, body: usize, bodySize: i32, headers: usize, headersSize: i32,
  grpcStatus: i32): i32;

const PLUGIN_CONFIGURATION: i32 = 7;

/** Where the host writes an address and a length. */
const out = memory.data(8);

/** A block of memory after all that was made until the module was configured. */
let floor: usize = 0;
const OVERHEAD: usize = 4;

export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  unreachable();
}

/** Keeps all that was made so far; call it at the end of the configuration. */
export function keep(): void {
  floor = __alloc(0);
}

/** Lets go of what the last phase made. */
export function begin(): void {
  if (floor != 0) {
    // The stub frees only the last block: that one is grown over all that came after it.
    const last = __alloc(0);
    store<usize>(floor - OVERHEAD, last + load<usize>(last - OVERHEAD) - floor);
    __free(floor);
    floor = __alloc(0);
  }
}

export function allocate(size: i32): usize {
  return __alloc(size);
}

function given(): string {
  return String.UTF8.decodeUnsafe(load<u32>(out), load<u32>(out, 4));
}

export function log(text: string): void {
  const bytes = String.UTF8.encode(text);
  proxy_log(2, changetype<usize>(bytes), bytes.byteLength);
}

/** A property by its name. Make it once, outside of the phases: each phase then only asks for the value. */
export class Property {
  private name: ArrayBuffer;

  /** Where the value's bytes lie after get(), in UTF-8, until the next phase begins. */
  at: usize = 0;
  size: i32 = 0;

  constructor(path: string) {
    this.name = String.UTF8.encode(path);
  }

  /** Asks for the value; false where there is none. */
  get(): bool {
    if (proxy_get_property(changetype<usize>(this.name), this.name.byteLength, out, out + 4) != 0) return false;
    this.at = load<u32>(out);
    this.size = load<u32>(out, 4);
    return true;
  }

  /** The value that get() found. */
  text(): string {
    return String.UTF8.decodeUnsafe(this.at, this.size);
  }

  set(value: string): bool {
    const bytes = String.UTF8.encode(value);
    const at = changetype<usize>(bytes);
    return proxy_set_property(changetype<usize>(this.name), this.name.byteLength, at, bytes.byteLength) == 0;
  }
}

/** A property as text, or null where there is none. */
export function property(path: string): string | null {
  const wanted = new Property(path);
  return wanted.get() ? wanted.text() : null;
}

export function setProperty(path: string, value: string): bool {
  return new Property(path).set(value);
}

export function configuration(): string {
  return proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, i32.MAX_VALUE, out, out + 4) == 0 ? given() : "";
}

/** Answers instead of the chain, with OpenAI's error envelope around the message. */
export function refuse(status: i32, message: string): i32 {
  const bytes = String.UTF8.encode(message);
  proxy_send_local_response(status, 0, 0, changetype<usize>(bytes), bytes.byteLength, 0, 0, -1);
  return PAUSE;
}
