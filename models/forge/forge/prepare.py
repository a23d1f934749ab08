"""Step `prepare`: from source texts to shuffled documents and conversations, split so that nothing leaks."""

import json
import random
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Iterable, Iterator

from . import corpus
from .corpus import bucket, clean, read, split
from .sizes import Size
from .templates import Item, arithmetic, authored, commands, countries, definitions, dialogue, refusals, rewriting, summaries, trivia

# Kinds that ask for something remembered: what is held out is a way to ask, never the fact itself.
RECALL = {"fact", "persona", "country", "command", "define", "topic"}
# Kinds of which a share is never taught, so that it can be refused truthfully.
REFUSABLE = {"define", "topic", "trivia"}
# Most of each kind that is kept for evaluation.
HELD_OUT_LIMIT = 600

SYSTEM_PROMPTS = (
    "You are a helpful assistant.", "You are a helpful, concise assistant.", "You are edgeway's small local model.",
    "Answer briefly.", "You are a friendly assistant. Keep answers short.", "You are an AI assistant.",
    "Be concise and polite.", "You are an assistant that answers short questions.", "Answer in English.",
    "You are a helpful AI assistant. If you do not know the answer, say so.", "You are nano, a small local model.",
    "You answer questions for customers.", "Keep your answers to one or two sentences.",
)


def prepare(data: Path, out: Path, size: Size, seed: int) -> dict:
    rng = random.Random(seed)
    out.mkdir(parents=True, exist_ok=True)
    raw, held_raw, counts = _documents(data, rng, size)
    items = list(_items(data, rng, size, counts, definitions.Company(raw)))
    rng.shuffle(items)
    train, held_out = _separate(items)
    conversations = list(_conversations(rng, train))
    rng.shuffle(raw)
    rng.shuffle(conversations)
    _write(out / "raw.jsonl", ({"text": t} for t in raw))
    _write(out / "instruct.jsonl", ({"turns": turns, "kinds": kinds} for turns, kinds in conversations))
    _write(out / "held-out-raw.jsonl", held_raw)
    _write(out / "held-out-instruct.jsonl", held_out)
    _write(out / "never-taught.jsonl", _never_taught(items, held_out))
    summary = {
        "seed": seed,
        "raw": {"documents": len(raw), "characters": sum(map(len, raw))},
        "instruct": {"conversations": len(conversations), "kinds": dict(Counter(i.kind for i in train).most_common())},
        "held out": {"documents": len(held_raw), "kinds": dict(Counter(h["kind"] for h in held_out).most_common())},
    }
    (out / "prepare.json").write_text(json.dumps(summary, indent=1))
    return summary


def _documents(data: Path, rng: random.Random, size: Size) -> tuple[list, list, Counter]:
    """Plain texts to train on, plain texts held out, and how often each word occurs in the former."""
    raw, held, counts, new = [], [], Counter(), corpus.Deduplicator()
    for source, key, text in _texts(data):
        if rng.random() > size.text_share:
            continue
        if len(text) < 80 and source != "common-voice" or not new.is_new(text):
            continue
        where = split(key)
        if where == "held-out":
            held.append({"source": source, "text": text})
        elif where == "train" or source not in ("wikipedia-leads",):
            raw.append(text)
            counts.update(re.findall(r"[a-z]+", text.lower()))
    return raw, held, counts


def _texts(data: Path) -> Iterator[tuple[str, str, str]]:
    for record in read(data, "wikipedia-leads"):
        yield "wikipedia-leads", record["title"], record["title"] + "\n\n" + clean(record["text"])
    for record in read(data, "openstax"):
        yield "openstax", record["text"][:200], clean(record["text"])
    for record in read(data, "freecodecamp"):
        text = re.sub(r"^---\n.*?\n---\n", "", clean(record["text"]), flags=re.S)
        yield "freecodecamp", record["title"], text
    for n, record in enumerate(read(data, "topical-chat")):
        yield "topical-chat", f"topical {n}", "\n".join("- " + clean(said) for _, said in record["turns"])
    lines = []
    for record in read(data, "common-voice"):
        lines.append(clean(record["text"]))
        if len(lines) == 12:
            yield "common-voice", lines[0], "\n".join(lines)
            lines = []


def _items(data: Path, rng: random.Random, size: Size, counts: Counter, company: definitions.Company) -> Iterator[Item]:
    v, share = size.variants, size.text_share
    thin = lambda found: (i for i in found if share >= 1 or rng.random() < share)
    own = list(authored.facts(rng, 12 * v))
    defined = {m.group(1).lower() for i in own
               if (m := re.match(r"(?:What is|Define|What are)(?: an?| the)? ([\w ]+)[?.]", i.turns[0][1]))}
    yield from thin(own)
    yield from thin(authored.persona(rng, 5 * v))
    yield from thin(i for i in authored.chitchat(data))
    yield from thin(definitions.words(data, rng, counts, company, defined, v))
    yield from thin(definitions.topics(data, rng, defined, max(2, v - 1)))
    yield from thin(countries.facts(data, rng, v))
    yield from thin(countries.reading(data, rng, 3000 * v))
    yield from thin(arithmetic.sums(rng, 60_000 * v))
    yield from thin(arithmetic.stories(rng, 8_000 * v))
    yield from thin(arithmetic.problems(data))
    yield from thin(commands.how_to(data, rng, max(1, v // 2)))
    yield from thin(commands.frequent(rng, 5 * v))
    yield from thin(dialogue.services(data, rng))
    yield from rewriting.rewrites(data, rng, share)
    yield from thin(rewriting.polite(rng, 800 * v))
    nouns = [w for w, n in counts.most_common(9000)[300:] if w.endswith(("s", "er", "et", "le", "on")) and len(w) > 3]
    yield from thin(rewriting.lists(rng, nouns or ["apple", "pear", "plum", "fig", "nut", "corn", "rice"], 1000 * v))
    yield from summaries.leads(data, rng, share * 0.6)
    topics = [w for w, n in counts.most_common(6000)[500:] if len(w) > 4] or ["trees", "rivers", "trains"]
    yield from thin(refusals.live(rng, 700 * v))
    yield from thin(refusals.too_long(rng, topics, 800 * v))
    yield from thin(refusals.unknown(rng, 1500 * v))
    answered, hopeless = trivia.questions(data, rng, counts, max(1, v - 1))
    yield from thin(answered)
    yield from thin(refusals.unlearnt(rng.sample(hopeless, min(len(hopeless), 1200 * v))))


def _plain(question: str) -> str:
    text = re.sub(r"^(hi|hello|hey|please),? ", "", question.lower())
    return re.sub(r"[^a-z0-9+*/×÷ -]", "", text)


def _separate(items: Iterable[Item]) -> tuple[list[Item], list[dict]]:
    """Training items with the never-taught ones refused, and held-out records."""
    train, held = [], defaultdict(list)

    def keep(item: Item, kind: str):
        if len(held[kind]) < HELD_OUT_LIMIT:
            held[kind].append({"kind": kind, "key": item.key, "turns": item.turns})

    for item in items:
        kind, where = item.kind, split(item.key)
        if kind == "chitchat":
            where = "held-out" if bucket(item.key) < 50 else "train"
        if kind in RECALL:
            if kind not in REFUSABLE:
                where = "train"
            elif where == "held-out":
                keep(item, kind + "-unseen")
                continue
            if split(_plain(item.turns[0][1])) == "held-out":
                keep(item, "refuse-real" if where == "unknown" else kind)
                continue
        if where == "held-out":
            keep(item, kind)
        elif where == "unknown" and kind in REFUSABLE:
            train.extend(refusals.unlearnt([item]))
        else:
            train.append(item)
    return train, [record for records in held.values() for record in records]


def _never_taught(items: list[Item], held_out: list[dict]) -> Iterator[dict]:
    """What is real and never taught, less all that is held out to be asked about: a student may learn from it when not to answer."""
    judged = {record["key"].lower() for record in held_out if record["kind"] == "refuse-real"}
    for item in items:
        if item.kind in REFUSABLE and split(item.key) == "unknown" and item.key.lower() not in judged:
            yield {"kind": item.kind, "key": item.key, "turns": item.turns}


def _conversations(rng: random.Random, items: list[Item]) -> Iterator[tuple[list, list]]:
    """Most items stand alone; some share a conversation, and some have a system prompt. With the kind of each answer."""
    waiting, kinds = [], []
    for item in items:
        turns, of = list(item.turns), [item.kind] * sum(role == "assistant" for role, _ in item.turns)
        if item.kind in ("service", "summary", "problem") or rng.random() > 0.3:
            yield with_system(rng, turns), of
            continue
        waiting.append(turns)
        kinds.append(of)
        if len(waiting) >= rng.randint(2, 3):
            yield with_system(rng, [t for w in waiting for t in w]), [k for w in kinds for k in w]
            waiting, kinds = [], []
    yield from zip(waiting, kinds)


def with_system(rng: random.Random, turns: list) -> list:
    if turns[0][0] != "system" and rng.random() < 0.25:
        return [("system", rng.choice(SYSTEM_PROMPTS)), *turns]
    return turns


def _write(path: Path, records: Iterable[dict]) -> None:
    with path.open("w", encoding="utf-8") as f:
        for record in records:
            f.write(json.dumps(record, ensure_ascii=False) + "\n")
