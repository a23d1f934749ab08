/* Refuses, keeps on the node or rewrites prompts by phrases that they hold. Sees properties only, never bodies. */
import { CONTINUE, allocate, begin, configuration, keep, property, refuse, setProperty } from "../sdk/edgeway";

class Rule {
  constructor(
    public verb: string,
    public phrase: string,
    public text: string,
  ) {}
}

const rules = new Array<Rule>();

export function proxy_abi_version_0_2_1(): void {}

export function malloc(size: i32): usize {
  return allocate(size);
}

// @ts-ignore: decorator
@inline
function lower(unit: i32): i32 {
  return unit >= 0x41 && unit <= 0x5a ? unit | 0x20 : unit;
}

/** Where a phrase begins, whatever the case of its ASCII letters, or -1. */
function find(text: string, phrase: string, from: i32): i32 {
  const last = text.length - phrase.length;
  for (let at = from; at <= last; at++) {
    let same = 0;
    while (same < phrase.length && lower(text.charCodeAt(at + same)) == lower(phrase.charCodeAt(same))) same++;
    if (same == phrase.length) return at;
  }
  return -1;
}

/** One rule a line; an empty line and one that begins with # are none. */
export function proxy_on_configure(root: i32, size: i32): i32 {
  const lines = configuration().split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i].trim();
    if (line.length == 0 || line.charCodeAt(0) == 0x23) continue;
    const space = line.indexOf(" ");
    if (space < 0) return 0;
    const verb = line.substring(0, space);
    let phrase = line.substring(space + 1).trim();
    let text = "";
    if (verb == "replace") {
      const arrow = phrase.indexOf("=>");
      if (arrow < 0) return 0;
      text = phrase.substring(arrow + 2).trim();
      phrase = phrase.substring(0, arrow).trim();
    } else if (verb != "block" && verb != "local") {
      return 0;
    }
    if (phrase.length == 0) return 0;
    rules.push(new Rule(verb, phrase, text));
  }
  keep();
  return 1;
}

function replaced(prompt: string, phrase: string, text: string): string {
  let out = "";
  let from = 0;
  let at = find(prompt, phrase, 0);
  while (at >= 0) {
    out += prompt.substring(from, at) + text;
    from = at + phrase.length;
    at = find(prompt, phrase, from);
  }
  return out + prompt.substring(from);
}

export function proxy_on_request_headers(id: i32, count: i32, end: i32): i32 {
  begin();
  const given = property("ai.prompt");
  if (given == null) return CONTINUE;
  let prompt = given;
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i];
    if (find(prompt, rule.phrase, 0) < 0) continue;
    if (rule.verb == "block") return refuse(403, "This prompt is not allowed here.");
    if (rule.verb == "local") setProperty("ai.stays", "prompt-rules");
    else prompt = replaced(prompt, rule.phrase, rule.text);
  }
  if (prompt != given) setProperty("ai.prompt", prompt);
  return CONTINUE;
}
