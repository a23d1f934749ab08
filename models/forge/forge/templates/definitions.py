"""What is X: dictionary senses and the first sentences of encyclopedia articles."""

import math
import random
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Iterable, Iterator

import numpy as np

from ..corpus import clean, read, sentences, without_parentheses
from . import Item, casual, sentence, single

_ASK_WORD = (
    "Define {w}.", "What does {w} mean?", "What is the meaning of {w}?", "Definition of {w}", "define {w}",
    "What does the word {w} mean?", "Give me a definition of {w}.", "meaning of {w}", "Define the word {w}.",
)
_ASK_THING = ("What is {a}?", "What is {w}?", "what's {a}?", "Explain {w}.", "Explain what {a} is.")
_ASK_TOPIC = ("What is {t}?", "Tell me about {t}.", "Explain {t}.", "Describe {t}.", "What do you know about {t}?",
              "what is {t}", "Can you tell me about {t}?")
_ASK_PERSON = ("Who is {t}?", "Who was {t}?", "Tell me about {t}.", "who is {t}")


def article(word: str) -> str:
    return ("an " if word[0].lower() in "aeiou" else "a ") + word


class Company:
    """Which words keep company with which: paragraphs of the training text by word."""

    def __init__(self, texts: Iterable[str]):
        found, self.paragraphs = defaultdict(list), 0
        for text in texts:
            for paragraph in text.split("\n"):
                for word in set(_WORD.findall(paragraph.lower())):
                    found[word].append(self.paragraphs)
                self.paragraphs += 1
        self._of = {w: np.asarray(p, dtype=np.int32) for w, p in found.items() if 3 <= len(p) <= 12_000}

    def closeness(self, word: str, others: set) -> float:
        """Mean positive pointwise mutual information of a word with the words of a gloss."""
        own = self._of.get(word)
        if own is None:
            return 0.0
        own, total, count = own[:3000], 0.0, 0
        for other in others:
            if other == word or (theirs := self._of.get(other)) is None:
                continue
            at = np.minimum(np.searchsorted(theirs, own), theirs.size - 1)
            both = int((theirs[at] == own).sum())
            total += max(0.0, math.log((both + 0.2) * self.paragraphs / (own.size * theirs.size)))
            count += 1
        return total / (count + 1)


_WORD = re.compile(r"[a-z]{3,}")


def senses(data: Path, company: Company) -> dict[str, list[dict]]:
    """Dictionary entries by word, first the sense whose gloss shares paragraphs with the word most."""
    entries = defaultdict(list)
    for record in read(data, "wordnet"):
        for word in record["words"]:
            entries[word].append(record)

    def score(word: str, record: dict) -> float:
        gloss = " ".join([record["definition"], *record["words"], *record["examples"][:2]]).lower()
        said = company.closeness(word.lower(), set(_WORD.findall(gloss)))
        marked = 0.8 if record["definition"].startswith("(") else 1.0
        return said * marked + 0.15 * (record["words"][0] == word) + 0.1 * bool(record["examples"]) + 0.25 * (record["pos"] == "noun")

    return {word: sorted(found, key=lambda r: -score(word, r)) if len(found) > 1 else found
            for word, found in entries.items()}


def define(word: str, record: dict) -> str:
    meaning = re.sub(r"^\([^)]*\)\s*", "", clean(record["definition"])).split("; ")[0]
    kind = {"noun": "noun", "verb": "verb", "adv": "adverb"}.get(record["pos"], "adjective")
    text = f"{word[0].upper() + word[1:]} ({kind}): {meaning}."
    if record["examples"] and len(record["examples"][0]) < 70:
        text += f' Example: "{clean(record["examples"][0])}"'
    return text


def words(data: Path, rng: random.Random, counts: Counter, company: Company, authored: set,
          variants: int) -> Iterator[Item]:
    """Common words several times, rare ones seldom; nothing that the authored facts define."""
    for word, records in senses(data, company).items():
        seen = counts[word.lower()] if " " not in word else counts[word.lower()] * 3
        if word.lower() in authored or not word[0].isalpha() or len(word) < 3 and seen < 50:
            continue
        repeat = variants * 2 if seen >= 60 else variants if seen >= 8 else variants // 2 if seen else 0
        answer = define(word, records[0])
        for _ in range(repeat):
            asks = _ASK_WORD
            if records[0]["pos"] == "noun" and word.islower() and rng.random() < 0.5:
                asks = _ASK_THING
            question = rng.choice(asks).format(w=word, a=article(word))
            yield single("define", word.lower(), casual(rng, question), answer)


_JUNK_TITLE = re.compile(r"^(List of|Lists of|Index of|Outline of|Timeline|\d+s?$|\d{3,4}\b|.*disambiguation|History of)")
_PERSON = re.compile(r"\b(born|\d{4}\s*[-–]\s*\d{1,2} \w+ \d{4}|\d{4}\s*[-–]\s*\d{4})\b")


def topics(data: Path, rng: random.Random, authored: set, variants: int) -> Iterator[Item]:
    for record in read(data, "wikipedia-leads"):
        title = record["title"]
        name = re.sub(r"\s*\([^)]*\)$", "", title)
        if _JUNK_TITLE.match(title) or name.lower() in authored or len(name) < 2:
            continue
        paragraph = clean(record["text"]).split("\n")[0]
        found = [without_parentheses(s) for s in sentences(paragraph)[:2]]
        if not found or not 30 <= len(found[0]) <= 320 or " " not in found[0]:
            continue
        if any(s.count("(") != s.count(")") or s.count("[") != s.count("]") for s in found):
            continue
        person = _PERSON.search(paragraph[:160]) is not None
        for _ in range(variants):
            question = rng.choice(_ASK_PERSON if person else _ASK_TOPIC).format(t=name)
            long = ("about" in question or "Describe" in question) and len(found) > 1 and len(found[1]) < 220
            yield single("topic", title, casual(rng, question), sentence(" ".join(found if long else found[:1])))
