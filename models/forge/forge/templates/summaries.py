"""One line for a given text: the sentence that leads it."""

import random
from pathlib import Path
from typing import Iterator

from ..corpus import clean, read, sentences, without_parentheses
from . import Item, sentence, single

_ASK = ("Summarize: {t}", "Summarize this in one sentence: {t}", "Summarize this text.\n\n{t}", "Summarise: {t}", "TL;DR: {t}",
        "{t}\n\nSummarize the text above in one sentence.", "Give a one-line summary of this: {t}",
        "What is this text about?\n\n{t}", "Shorten this to one sentence: {t}")


def leads(data: Path, rng: random.Random, share: float) -> Iterator[Item]:
    for source in ("wikipedia-leads", "openstax"):
        for record in read(data, source):
            if rng.random() > share:
                continue
            paragraphs = [p for p in clean(record["text"]).split("\n") if 250 < len(p) < 1400]
            if not paragraphs:
                continue
            paragraph = paragraphs[0] if source == "wikipedia-leads" else rng.choice(paragraphs)
            found = sentences(paragraph)
            if not 3 <= len(found) <= 10 or not 40 < len(found[0]) < 220:
                continue
            given = " ".join(found[:rng.randint(3, 5)])
            short = sentence(without_parentheses(found[0]))
            key = record["title"] if source == "wikipedia-leads" else record["text"][:200]
            yield single("summary", key, rng.choice(_ASK).format(t=given), short)
