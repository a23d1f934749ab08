/* Refuses, keeps on the node or rewrites prompts by phrases that they hold. Sees properties only, never bodies. */
import { CONTINUE, Property, allocate, begin, configuration, keep, refuse } from "../sdk/edgeway";

class Rule {
  /** The phrase's bytes, with its ASCII letters in lower case. */
  lowered: ArrayBuffer;

  constructor(
    public verb: string,
    public phrase: string,
    public text: string,
  ) {
    this.lowered = String.UTF8.encode(phrase);
    const at = changetype<usize>(this.lowered);
    for (let i = 0; i < this.lowered.byteLength; i++) store<u8>(at + i, lower(load<u8>(at + i)));
  }
}

const rules = new Array<Rule>();

/*
 * Wu and Manber, "A fast algorithm for multi-pattern searching" (1994): a window as long as the shortest phrase moves
 * over the prompt, by as much as the last two bytes in it allow. Bytes are told apart by their lower five bits, which
 * letters have in common with their other case.
 */
const PAIRS = 1024;
const skip = memory.data(PAIRS);
let window: i32 = 0;

// @ts-ignore: decorator
@inline
function pair(at: usize): i32 {
  const bytes: i32 = load<u16>(at);
  return (bytes & 0x1f) | ((bytes >> 3) & 0x3e0);
}

function aim(): void {
  window = 255;
  for (let i = 0; i < rules.length; i++) window = min(window, rules[i].lowered.byteLength);
  memory.fill(skip, <u8>(window - 1), PAIRS);
  for (let i = 0; i < rules.length; i++) {
    const at = changetype<usize>(rules[i].lowered);
    for (let end = 2; end <= window; end++) {
      const place = skip + pair(at + end - 2);
      store<u8>(place, min(<i32>load<u8>(place), window - end));
    }
  }
}

const prompt = new Property("ai.prompt");
const stays = new Property("ai.stays");

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
  aim();
  keep();
  return 1;
}

/** Whether any phrase lies in the bytes, which for most prompts none does: this looks at few of them. */
function concerned(from: usize, size: i32): bool {
  const end = from + size;
  let at = from;
  while (at + window <= end) {
    // A phrase of one byte has no pair.
    const by: i32 = window > 1 ? load<u8>(skip + pair(at + window - 2)) : 0;
    if (by != 0) at += by;
    else if (begins(at, end)) return true;
    else at++;
  }
  return false;
}

function begins(at: usize, end: usize): bool {
  for (let i = 0; i < rules.length; i++) {
    const phrase = unchecked(rules[i]).lowered;
    const size = phrase.byteLength;
    if (at + size > end) continue;
    let same = 0;
    while (same < size && lower(load<u8>(at + same)) == load<u8>(changetype<usize>(phrase) + same)) same++;
    if (same == size) return true;
  }
  return false;
}

function replaced(given: string, phrase: string, text: string): string {
  let out = "";
  let from = 0;
  let at = find(given, phrase, 0);
  while (at >= 0) {
    out += given.substring(from, at) + text;
    from = at + phrase.length;
    at = find(given, phrase, from);
  }
  return out + given.substring(from);
}

export function proxy_on_request_headers(id: i32, count: i32, end: i32): i32 {
  begin();
  if (!prompt.get() || !concerned(prompt.at, prompt.size)) return CONTINUE;
  const given = prompt.text();
  let text = given;
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i];
    if (find(text, rule.phrase, 0) < 0) continue;
    if (rule.verb == "block") return refuse(403, "This prompt is not allowed here.");
    if (rule.verb == "local") stays.set("prompt-rules");
    else text = replaced(text, rule.phrase, rule.text);
  }
  if (text != given) prompt.set(text);
  return CONTINUE;
}
