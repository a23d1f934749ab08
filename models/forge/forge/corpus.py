"""Reads the source texts, cleans and deduplicates them, and says which split a document belongs to."""

import hashlib
import html
import json
import lzma
import re
from pathlib import Path
from typing import Iterator

SOURCES = (
    "wikipedia-leads", "openstax", "sgd-dialogues", "topical-chat", "trivia", "wordnet",
    "factbook", "gsm8k-train", "tldr", "freecodecamp", "common-voice",
)

HELD_OUT_PERCENT = 2
UNKNOWN_PERCENT = 6


class CorpusError(Exception):
    """The source texts are not what the forge expects."""


def read(data: Path, name: str) -> Iterator[dict]:
    """The records of one source, in the order of its file."""
    path = data / "train" / f"{name}.jsonl.xz"
    if not path.is_file():
        raise CorpusError(f"{path} is missing: pass --data DIR, the folder that holds train/ and eval/")
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield json.loads(line)
            except json.JSONDecodeError as e:
                raise CorpusError(f"{path}:{number}: not a JSON object: {e}") from e


def bucket(key: str) -> int:
    """A stable number from 0 to 99 for a document, an answer or a dialogue."""
    return hashlib.blake2b(key.lower().encode(), digest_size=4).digest()[0] * 100 // 256


def split(key: str) -> str:
    """`held-out` is only ever evaluated, `unknown` is only ever refused, `train` is the rest."""
    b = bucket(key)
    if b < HELD_OUT_PERCENT:
        return "held-out"
    if b < HELD_OUT_PERCENT + UNKNOWN_PERCENT:
        return "unknown"
    return "train"


def teaches_head(record: dict) -> bool:
    """Whether a held-out record may teach the router's head; the others are for judging routers (`bench/router`)."""
    return bucket("head " + record["key"]) < 50


_TAGS = re.compile(r"<[^<>\n]{1,80}>")
_SPACES = re.compile(r"[ \t\u00a0]+")
_EMPTY_LINES = re.compile(r"\n{3,}")


def clean(text: str) -> str:
    """Plain text: entities and tags resolved, white space folded, typographic quotes made ASCII."""
    text = html.unescape(text).replace("\r\n", "\n").replace("\ufffd", "'")
    text = _TAGS.sub("", text)
    for a, b in (("\u2019", "'"), ("\u2018", "'"), ("\u201c", '"'), ("\u201d", '"'), ("\u2026", "...")):
        text = text.replace(a, b)
    text = _SPACES.sub(" ", text)
    return _EMPTY_LINES.sub("\n\n", text).strip()


def shingles(text: str, width: int = 12) -> set:
    """Hashes of word windows: what two copies of one text share."""
    words = text.lower().split()
    return {hash(tuple(words[i:i + width])) for i in range(0, max(1, len(words) - width + 1), width)}


class Deduplicator:
    """Refuses a text of which more than half was seen before, exact or nearly."""

    def __init__(self):
        self._seen = set()

    def is_new(self, text: str) -> bool:
        marks = shingles(text)
        known = sum(1 for m in marks if m in self._seen)
        if known * 2 > len(marks):
            return False
        self._seen |= marks
        return True


_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|St|Jr|Sr|vs|etc|c|ca|approx|No|Inc|Ltd|Co|Corp|Mt|Ft|Gen|Col|Lt|Prof|Rev"
    r"|e\.g|i\.e|U\.S|U\.K|Ph\.D|a\.m|p\.m|lit|fl|b|d|r|born))\.$")


def sentences(text: str) -> list[str]:
    """Sentences of one paragraph; knows the common abbreviations."""
    out, start = [], 0
    for m in re.finditer(r"[.!?][\"')\]]?\s+(?=[\"'(]?[A-Z0-9])", text):
        piece = text[start:m.start() + 1]
        if _ABBREVIATION.search(piece):
            continue
        out.append(text[start:m.end()].strip())
        start = m.end()
    tail = text[start:].strip()
    if tail:
        out.append(tail)
    return out


def without_parentheses(text: str) -> str:
    """The sentence without bracketed asides, which in lead sentences are pronunciations and dates."""
    previous = None
    while previous != text:
        previous = text
        text = re.sub(r"\s*[(\[][^()\[\]]*[)\]]", "", text)
    return re.sub(r"\s+([,.;])", r"\1", re.sub(r"\s{2,}", " ", text)).strip()
