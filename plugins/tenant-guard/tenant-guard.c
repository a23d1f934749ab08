/* Lets a tenant use what its rule says, refuses the rest, and stamps replies with the tenant. */
#include "edgeway.h"

/*
 * The configuration is one rule a line: TENANT allow|deny MODEL, where an asterisk stands for any. The first rule that
 * fits counts; where none does, the request is refused.
 */
#define MAX_RULES (64 * 1024)

static char rules[MAX_RULES];
static u32 rules_size;
static u32 refused;

static int word(u32 *at, text *out) {
  while (*at < rules_size && (rules[*at] == ' ' || rules[*at] == '\t')) ++*at;
  u32 from = *at;
  while (*at < rules_size && rules[*at] != ' ' && rules[*at] != '\t' && rules[*at] != '\n') ++*at;
  *out = (text){rules + from, *at - from};
  return out->size > 0;
}

static int fits(text rule, text value) {
  return same(rule, TEXT("*")) || same(rule, value);
}

EXPORT("proxy_on_configure") u32 on_configure(u32 root, u32 size) {
  arena_reset();
  text given = configuration();
  if (given.size > MAX_RULES) return 0;
  for (u32 i = 0; i < given.size; i++) rules[i] = given.at[i];
  rules_size = given.size;
  for (u32 at = 0; at < rules_size;) {
    text tenant, verb, model;
    if (word(&at, &tenant)) {
      if (!word(&at, &verb) || !word(&at, &model)) return 0;
      if (!same(verb, TEXT("allow")) && !same(verb, TEXT("deny"))) return 0;
    }
    while (at < rules_size && rules[at] != '\n') ++at;
    ++at;
  }
  return proxy_define_metric(COUNTER, "tenant_guard_refused", 20, &refused) == OK;
}

EXPORT("proxy_on_request_headers") u32 on_request_headers(u32 id, u32 count, u32 end) {
  arena_reset();
  text who = PROPERTY("ai.tenant"), what = PROPERTY("ai.model");
  for (u32 at = 0; at < rules_size;) {
    text tenant, verb, model;
    if (word(&at, &tenant) && word(&at, &verb) && word(&at, &model) && fits(tenant, who) && fits(model, what)) {
      if (same(verb, TEXT("allow"))) return CONTINUE;
      break;
    }
    while (at < rules_size && rules[at] != '\n') ++at;
    ++at;
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
