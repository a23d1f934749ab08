/*
 * proxy-wasm 0.2.1 for plugins of edgeway in C, without a standard library.
 *
 *   clang --target=wasm32 -O3 -nostdlib -fno-builtin -Wl,--no-entry -I plugins/sdk -o plugin.wasm plugin.c
 *
 * Memory is an arena that starts anew with each phase: what the host hands over is valid until the phase returns.
 * What must live longer stands in static variables.
 */
#ifndef EDGEWAY_H
#define EDGEWAY_H

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(name) __attribute__((import_module("env"), import_name(name)))

enum { OK = 0, NOT_FOUND = 1, BAD_ARGUMENT = 2, UNIMPLEMENTED = 12 };
enum { CONTINUE = 0, PAUSE = 1 };
enum { REQUEST_HEADERS = 0, RESPONSE_HEADERS = 2 };
enum { REQUEST_BODY = 0, RESPONSE_BODY = 1, PLUGIN_CONFIGURATION = 7 };
enum { LOG_DEBUG = 1, LOG_INFO = 2, LOG_WARN = 3, LOG_ERROR = 4 };
enum { COUNTER = 0, GAUGE = 1, HISTOGRAM = 2 };

IMPORT("proxy_log") u32 proxy_log(u32 level, const char *text, u32 size);
IMPORT("proxy_get_property") u32 proxy_get_property(const char *path, u32 size, char **value, u32 *value_size);
IMPORT("proxy_set_property") u32 proxy_set_property(const char *path, u32 size, const char *value, u32 value_size);
IMPORT("proxy_get_header_map_value")
u32 proxy_get_header_map_value(u32 map, const char *name, u32 name_size, char **value, u32 *value_size);
IMPORT("proxy_replace_header_map_value")
u32 proxy_replace_header_map_value(u32 map, const char *name, u32 name_size, const char *value, u32 value_size);
IMPORT("proxy_remove_header_map_value") u32 proxy_remove_header_map_value(u32 map, const char *name, u32 name_size);
IMPORT("proxy_get_buffer_bytes") u32 proxy_get_buffer_bytes(u32 buffer, u32 start, u32 length, char **value, u32 *size);
IMPORT("proxy_set_buffer_bytes") u32 proxy_set_buffer_bytes(u32 buffer, u32 start, u32 length, const char *value, u32 size);
IMPORT("proxy_send_local_response")
u32 proxy_send_local_response(u32 status, const char *details, u32 details_size, const char *body, u32 body_size,
                              const char *headers, u32 headers_size, u32 grpc_status);
IMPORT("proxy_define_metric") u32 proxy_define_metric(u32 type, const char *name, u32 size, u32 *id);
IMPORT("proxy_increment_metric") u32 proxy_increment_metric(u32 id, u64 by);

/* A piece of text: not ended by a zero byte. */
typedef struct {
  char *at;
  u32 size;
} text;

#define TEXT(literal) ((text){(char *)(literal), sizeof(literal) - 1})

extern u8 __heap_base;
static u8 *arena_at;

static inline void arena_reset(void) { arena_at = &__heap_base; }

static void *arena(u32 size) {
  if (!arena_at) arena_reset();
  u8 *start = (u8 *)(((u32)arena_at + 7) & ~7u);
  u32 end = (u32)start + size;
  if (end < (u32)start) return 0;
  u32 have = __builtin_wasm_memory_size(0) << 16;
  if (end > have && __builtin_wasm_memory_grow(0, (end - have + 65535) >> 16) == (u32)-1) return 0;
  arena_at = (u8 *)end;
  return start;
}

EXPORT("malloc") void *edgeway_malloc(u32 size) { return arena(size); }
EXPORT("proxy_abi_version_0_2_1") void edgeway_abi_version(void) {}

static inline int same(text a, text b) {
  if (a.size != b.size) return 0;
  for (u32 i = 0; i < a.size; i++)
    if (a.at[i] != b.at[i]) return 0;
  return 1;
}

/* An absent value is empty text at null. */
static inline text property(const char *path, u32 size) {
  text out = {0, 0};
  proxy_get_property(path, size, &out.at, &out.size);
  return out;
}
#define PROPERTY(literal) property(literal, sizeof(literal) - 1)

static inline text configuration(void) {
  text out = {0, 0};
  proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, 0xffffffff, &out.at, &out.size);
  return out;
}

/* Answers instead of the chain, with OpenAI's error envelope around the message. */
static inline void refuse(u32 status, text message) {
  proxy_send_local_response(status, "", 0, message.at, message.size, "", 0, (u32)-1);
}

static inline void stamp(u32 map, const char *name, u32 name_size, text value) {
  proxy_replace_header_map_value(map, name, name_size, value.at, value.size);
}
#define STAMP(map, name, value) stamp(map, name, sizeof(name) - 1, value)

#endif
