/* Lets a tenant use what its rule says, refuses the rest, and stamps replies with the tenant. */
#include "edgeway.h"

/*
 * The configuration is one rule a line: TENANT allow|deny MODEL, where an asterisk stands for any. The first rule that
 * fits counts; where none does, the request is refused.
 */
#define MAX_TEXT (64 * 1024)
#define MAX_RULES 4096

/* An asterisk is empty text, which no name is. */
typedef struct {
  text tenant, model;
  u32 allow;
} rule;

static char lines[MAX_TEXT];
static u32 size;
static rule rules[MAX_RULES];
static u32 count;
static u32 refused;

static int word(u32 *at, text *out) {
  while (*at < size && (lines[*at] == ' ' || lines[*at] == '\t')) ++*at;
  u32 from = *at;
  while (*at < size && lines[*at] != ' ' && lines[*at] != '\t' && lines[*at] != '\n') ++*at;
  *out = (text){lines + from, *at - from};
  return out->size > 0;
}

static text name(text word) {
  return same(word, TEXT("*")) ? TEXT("") : word;
}

static int fits(text wanted, text value) {
  return wanted.size == 0 || same(wanted, value);
}

EXPORT("proxy_on_configure") u32 on_configure(u32 root, u32 length) {
  arena_reset();
  text given = configuration();
  if (given.size > MAX_TEXT) return 0;
  for (u32 i = 0; i < given.size; i++) lines[i] = given.at[i];
  size = given.size;
  for (u32 at = 0; at < size;) {
    text tenant, verb, model;
    if (word(&at, &tenant)) {
      if (!word(&at, &verb) || !word(&at, &model) || count == MAX_RULES) return 0;
      u32 allow = same(verb, TEXT("allow"));
      if (!allow && !same(verb, TEXT("deny"))) return 0;
      rules[count++] = (rule){name(tenant), name(model), allow};
    }
    while (at < size && lines[at] != '\n') ++at;
    ++at;
  }
  return proxy_define_metric(COUNTER, "tenant_guard_refused", 20, &refused) == OK;
}

EXPORT("proxy_on_request_headers") u32 on_request_headers(u32 id, u32 headers, u32 end) {
  arena_reset();
  text who = PROPERTY("ai.tenant"), what = PROPERTY("ai.model");
  for (const rule *it = rules; it < rules + count; it++) {
    if (fits(it->tenant, who) && fits(it->model, what)) {
      if (it->allow) return CONTINUE;
      break;
    }
  }
  proxy_increment_metric(refused, 1);
  refuse(403, TEXT("This tenant may not use this model."));
  return PAUSE;
}

EXPORT("proxy_on_response_headers") u32 on_response_headers(u32 id, u32 count, u32 end) {
  arena_reset();
  STAMP(RESPONSE_HEADERS, "x-tenant", PROPERTY("ai.tenant"));
  return CONTINUE;
}
