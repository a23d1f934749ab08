"""What is X: dictionary senses and the first sentences of encyclopedia articles."""

import random
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Iterator

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


def senses(data: Path) -> dict[str, list[dict]]:
    """Dictionary entries by word, the likeliest sense first: first-named word, then one with an example."""
    entries = defaultdict(list)
    for order, record in enumerate(read(data, "wordnet")):
        for position, word in enumerate(record["words"]):
            rank = (0 if position == 0 else 1, 0 if record["examples"] else 1, order)
            entries[word].append((rank, record))
    return {word: [r for _, r in sorted(found, key=lambda f: f[0])] for word, found in entries.items()}


def define(word: str, record: dict) -> str:
    meaning = re.sub(r"^\([^)]*\)\s*", "", clean(record["definition"])).split("; ")[0]
    kind = {"noun": "noun", "verb": "verb", "adv": "adverb"}.get(record["pos"], "adjective")
    text = f"{word[0].upper() + word[1:]} ({kind}): {meaning}."
    if record["examples"] and len(record["examples"][0]) < 70:
        text += f' Example: "{clean(record["examples"][0])}"'
    return text


def words(data: Path, rng: random.Random, counts: Counter, authored: set, variants: int) -> Iterator[Item]:
    """Common words several times, rare ones seldom; nothing that the authored facts define."""
    for word, records in senses(data).items():
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
