/* Masks what names a person or opens a door before a prompt leaves, and puts it back in the answer. */
#include "edgeway.h"

/*
 * A value becomes a mask such as [EMAIL_1], and is left as the property pii-redact.EMAIL_1 of its exchange, so the
 * module itself remembers nothing. Masks and values need no escape in JSON.
 *
 * In a stream a mask may be spread over several events. Events are kept back, as the property pii-redact.kept, while
 * their text ends in what may become a mask; then the first of them takes the whole text, and the others take none.
 */
#define MAX_VALUES 60
#define MAX_KEPT (60 * 1024)

#define PREFIX "pii-redact."
#define PREFIX_SIZE (sizeof(PREFIX) - 1)

static int digit(char c) { return c >= '0' && c <= '9'; }
static int letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }
static int wordy(char c) { return digit(c) || letter(c) || c == '_' || (c & 0x80); }
static int local_part(char c) { return wordy(c) || c == '.' || c == '%' || c == '+' || c == '-'; }

static const char *const KINDS[] = {"EMAIL", "PHONE", "CARD", "KEY"};
enum { EMAIL, PHONE, CARD, KEY, NO_KIND };

static int begins(const char *at, const char *end, const char *with) {
  while (*with) {
    if (at >= end || *at++ != *with++) return 0;
  }
  return 1;
}

static u32 length(const char *text) {
  u32 n = 0;
  while (text[n]) n++;
  return n;
}

static char *append(char *out, const char *from, u32 size) {
  for (u32 i = 0; i < size; i++) out[i] = from[i];
  return out + size;
}

/* How long the value at a place is, or 0. A place follows no letter or digit. */

static u32 key(const char *at, const char *end) {
  static const char *const MARKS[] = {"sk-",   "sk_",   "pk_",   "rk_", "ghp_", "gho_", "ghs_", "github_pat_",
                                      "glpat-", "xoxb-", "xoxp-", "AKIA", "AIza", "hf_",  "npm_"};
  for (u32 i = 0; i < sizeof(MARKS) / sizeof(*MARKS); i++) {
    if (begins(at, end, MARKS[i])) {
      const char *to = at + length(MARKS[i]);
      while (to < end && (wordy(*to) || *to == '-') && !(*to & 0x80)) to++;
      return to - at >= (int)length(MARKS[i]) + 12 ? to - at : 0;
    }
  }
  return 0;
}

static u32 email(const char *at, const char *end) {
  const char *to = at;
  while (to < end && local_part(*to)) to++;
  if (to == at || to - at > 64 || to >= end || *to != '@') return 0;
  const char *dot = 0;
  for (to++; to < end && (wordy(*to) || *to == '.' || *to == '-'); to++)
    if (*to == '.' && to + 1 < end && letter(to[1])) dot = to;
  if (!dot) return 0;
  for (to = dot + 1; to < end && letter(*to);) to++;
  return to - dot > 2 ? to - at : 0;
}

static u32 number(const char *at, const char *end, int *kind) {
  char digits[20];
  u32 count = 0, separators = 0;
  const char *to = at, *last = at;
  int plus = *to == '+';
  if (plus || *to == '(') to++;
  for (; to < end && count < 20; to++) {
    if (digit(*to)) {
      digits[count++] = *to;
      last = to + 1;
    } else if (count && to - last < 2 && (*to == ' ' || *to == '-' || *to == '(' || *to == ')')) {
      if (to == last) separators++;
    } else {
      break;
    }
  }
  if (count < 8 || count > 19 || (last < end && (wordy(*last) || *last == ':' || *last == '.') &&
                                  !(*last == '.' && (last + 1 == end || !digit(last[1])))))
    return 0;
  if (count >= 13 && !plus) {
    u32 sum = 0;
    for (u32 i = 0; i < count; i++) {
      u32 d = digits[count - 1 - i] - '0';
      if (i & 1) d = d > 4 ? 2 * d - 9 : 2 * d;
      sum += d;
    }
    *kind = CARD;
    return sum % 10 == 0 ? last - at : 0;
  }
  *kind = PHONE;
  return count <= 15 && (plus || (separators >= 2 && count >= 9)) ? last - at : 0;
}

/* The request. */

static text values[MAX_VALUES];
static u32 kinds[MAX_VALUES];
static u32 values_count;

static char *decimal(char *out, u32 n) {
  if (n >= 10) out = decimal(out, n / 10);
  *out = '0' + n % 10;
  return out + 1;
}

static char *name_of(char *out, int kind, u32 n) {
  out = append(out, KINDS[kind], length(KINDS[kind]));
  *out++ = '_';
  return decimal(out, n);
}

static char *mask(char *out, int kind, text value) {
  u32 i = 0;
  while (i < values_count && !(kinds[i] == (u32)kind && same(values[i], value))) i++;
  *out++ = '[';
  if (i == MAX_VALUES) {
    /* Too many to remember: masked for good. */
    out = append(out, KINDS[kind], length(KINDS[kind]));
  } else {
    char *name = out;
    out = name_of(out, kind, i + 1);
    if (i == values_count) {
      char path[PREFIX_SIZE + 16];
      char *end = append(append(path, PREFIX, PREFIX_SIZE), name, out - name);
      if (proxy_set_property(path, end - path, value.at, value.size) == OK) {
        kinds[i] = kind;
        values[values_count++] = value;
      } else {
        out = append(name, KINDS[kind], length(KINDS[kind]));
      }
    }
  }
  *out++ = ']';
  return out;
}

/* Copies the inside of a JSON string, masked. A mask is at most as much longer as there are values. */
static char *masked(char *out, const char *at, const char *end) {
  int fresh = 1;
  while (at < end) {
    if (*at == '\\' && at + 1 < end) {
      u32 size = at[1] == 'u' && at + 6 <= end ? 6 : 2;
      out = append(out, at, size);
      at += size;
      fresh = 1;
      continue;
    }
    int kind = NO_KIND;
    u32 size = 0;
    if (fresh && (wordy(*at) || *at == '+' || *at == '(')) {
      if ((size = key(at, end))) kind = KEY;
      else if ((size = email(at, end))) kind = EMAIL;
      else if (digit(*at) || *at == '+' || *at == '(') size = number(at, end, &kind);
    }
    if (size) {
      out = mask(out, kind, (text){(char *)at, size});
      at += size;
      fresh = 0;
    } else {
      fresh = !wordy(*at) && *at != '.' && *at != '-' && *at != '@';
      *out++ = *at++;
    }
  }
  return out;
}

static const char *string_end(const char *at, const char *end) {
  while (at < end && *at != '"') at += *at == '\\' ? 2 : 1;
  return at < end ? at : end;
}

/* Whether a member holds what people wrote. */
static int spoken(text name) {
  return same(name, TEXT("content")) || same(name, TEXT("text")) || same(name, TEXT("input")) ||
         same(name, TEXT("prompt")) || same(name, TEXT("instructions")) || same(name, TEXT("arguments"));
}

EXPORT("proxy_on_request_body") u32 on_request_body(u32 id, u32 size, u32 end_of_stream) {
  arena_reset();
  text body = {0, 0};
  if (proxy_get_buffer_bytes(REQUEST_BODY, 0, size, &body.at, &body.size) != OK) return CONTINUE;
  /* The shortest value that is masked has six characters, the longest mask ten. */
  char *start = arena(body.size * 2 + 64), *out = start;
  if (!start) __builtin_trap();
  values_count = 0;
  const char *at = body.at, *end = body.at + body.size;
  text name = {0, 0};
  while (at < end) {
    if (*at != '"') {
      *out++ = *at++;
      continue;
    }
    const char *close = string_end(at + 1, end), *after = close + 1;
    while (after < end && (*after == ' ' || *after == '\n' || *after == '\r' || *after == '\t')) after++;
    *out++ = *at++;
    if (after < end && *after == ':') {
      name = (text){(char *)at, close - at};
      out = append(out, at, close - at);
    } else {
      out = spoken(name) ? masked(out, at, close) : append(out, at, close - at);
    }
    at = close;
    if (at < end) *out++ = *at++;
  }
  if (values_count) {
    proxy_set_buffer_bytes(REQUEST_BODY, 0, body.size, start, out - start);
    proxy_set_property(PREFIX "masked", PREFIX_SIZE + 6, "1", 1);
  }
  return CONTINUE;
}

/* The answer. */

/* Reads a mask: its length, or 0 if there is none, or -1 if it may become one with more text. */
static int mask_at(const char *at, const char *end, text *name) {
  for (int kind = 0; kind < NO_KIND; kind++) {
    const char *word = KINDS[kind], *to = at + 1;
    while (*word && to < end && *to == *word) to++, word++;
    if (*word) {
      if (to == end) return -1;
      continue;
    }
    if (to == end) return -1;
    if (*to++ != '_') continue;
    const char *digits = to;
    while (to < end && digit(*to) && to - digits < 3) to++;
    if (to == end) return -1;
    if (to == digits || *to != ']') return 0;
    *name = (text){(char *)at + 1, to - at - 1};
    return to + 1 - at;
  }
  return 0;
}

static text restored(text from, int *open) {
  u32 room = from.size;
  char *start = 0, *out = 0;
  for (int pass = 0; pass < 2; pass++) {
    /* First to see how much room it takes, then to write. */
    const char *at = from.at, *end = from.at + from.size;
    while (at < end) {
      text name;
      int size = *at == '[' ? mask_at(at, end, &name) : 0;
      if (size < 0 && open) *open = 1;
      if (size > 0) {
        char path[PREFIX_SIZE + 16];
        append(append(path, PREFIX, PREFIX_SIZE), name.at, name.size);
        text value = property(path, PREFIX_SIZE + name.size);
        if (value.size) {
          if (pass) out = append(out, value.at, value.size);
          else room += value.size;
          at += size;
          continue;
        }
      }
      if (pass) *out++ = *at;
      at++;
    }
    if (!pass) {
      out = start = arena(room);
      if (!start) __builtin_trap();
    }
  }
  return (text){start, out - start};
}

/* The end of an event, behind its empty line, or null. */
static const char *event_end(const char *at, const char *end) {
  for (; at < end; at++)
    if (*at == '\n') {
      const char *next = at + 1;
      if (next < end && *next == '\r') next++;
      if (next < end && *next == '\n') return next + 1;
    }
  return 0;
}

/* The inside of an event's "content" of a "delta"; null where there is none. */
static text content(text event) {
  static const char DELTA[] = "\"delta\"", CONTENT[] = "\"content\"";
  const char *at = event.at, *end = event.at + event.size;
  while (at < end && !begins(at, end, DELTA)) at++;
  while (at < end && !begins(at, end, CONTENT)) at++;
  at += sizeof(CONTENT) - 1;
  while (at < end && (*at == ' ' || *at == ':')) at++;
  if (at >= end || *at != '"') return (text){0, 0};
  return (text){(char *)at + 1, string_end(at + 1, end) - at - 1};
}

static char *with_content(char *out, text event, text old, text fresh) {
  out = append(out, event.at, old.at - event.at);
  out = append(out, fresh.at, fresh.size);
  return append(out, old.at + old.size, event.at + event.size - old.at - old.size);
}

/* Whole events in which no mask begins: what most pieces are. */
static int plain(text piece) {
  if (!piece.size || piece.at[piece.size - 1] != '\n') return 0;
  for (u32 i = 0; i + 1 < piece.size; i++) {
    char next = piece.at[i + 1];
    if (piece.at[i] == '[' && (next == 'E' || next == 'P' || next == 'C' || next == 'K' || next == '"')) return 0;
  }
  return 1;
}

static u32 stream(text piece, int ends) {
  text kept = PROPERTY(PREFIX "kept");
  if (!kept.size && plain(piece)) return CONTINUE;
  text all = {arena(kept.size + piece.size), kept.size + piece.size};
  if (!all.at) __builtin_trap();
  append(append(all.at, kept.at, kept.size), piece.at, piece.size);

  const char *at = all.at, *end = all.at + all.size, *safe = at;
  /* Values are at most as long as what was sent; each mask of the text is replaced once. */
  text out = {0, 0};
  text joined = {arena(all.size), 0};
  char *start = 0;
  u32 room = all.size;
  /* First to see how much room it takes, then to write. */
  for (int pass = 0; pass < 2; pass++) {
    at = safe = all.at;
    joined.size = 0;
    char *to = start;
    const char *next;
    while ((next = event_end(at, end))) {
      text event = {(char *)at, next - at}, said = content(event);
      at = next;
      int open = 0;
      text fresh = {0, 0};
      if (said.at) {
        append(joined.at + joined.size, said.at, said.size);
        joined.size += said.size;
        fresh = restored(joined, &open);
        if (open) continue;
      }
      /* From safe to here: one text over several events, or events without any. */
      int changed = said.at && !(fresh.size == joined.size && same(fresh, joined));
      if (!pass) {
        room += fresh.size;
      } else if (!changed) {
        to = append(to, safe, next - safe);
      } else {
        int first = 1;
        for (const char *e = safe; e < next;) {
          const char *stop = event_end(e, next);
          text one = {(char *)e, stop - e}, its = content(one);
          to = its.at ? with_content(to, one, its, first ? fresh : (text){0, 0}) : append(to, e, stop - e);
          if (its.at) first = 0;
          e = stop;
        }
      }
      joined.size = 0;
      safe = next;
    }
    if (ends || (u32)(end - safe) > MAX_KEPT) {
      if (pass) to = append(to, safe, end - safe);
      safe = end;
    }
    if (!pass) {
      start = arena(room);
      if (!start) __builtin_trap();
    } else {
      out = (text){start, to - start};
    }
  }
  if (kept.size || safe < end) proxy_set_property(PREFIX "kept", PREFIX_SIZE + 4, safe, end - safe);
  proxy_set_buffer_bytes(RESPONSE_BODY, 0, 0xffffffff, out.at, out.size);
  return CONTINUE;
}

EXPORT("proxy_on_response_body") u32 on_response_body(u32 id, u32 size, u32 end_of_stream) {
  arena_reset();
  if (!PROPERTY(PREFIX "masked").size) return CONTINUE;
  text type = {0, 0}, piece = {0, 0};
  proxy_get_header_map_value(RESPONSE_HEADERS, "content-type", 12, &type.at, &type.size);
  proxy_get_buffer_bytes(RESPONSE_BODY, 0, size, &piece.at, &piece.size);
  if (begins(type.at, type.at + type.size, "text/event-stream")) return stream(piece, end_of_stream);
  text whole = restored(piece, 0);
  proxy_set_buffer_bytes(RESPONSE_BODY, 0, size, whole.at, whole.size);
  return CONTINUE;
}
