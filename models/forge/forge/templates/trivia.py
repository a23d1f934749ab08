"""Short questions with short answers, of which a small model can keep those it reads about elsewhere too."""

import random
from collections import Counter
from pathlib import Path
from typing import Iterator

from ..corpus import clean, read
from . import Item, casual, single

_FADING = {"television", "movies", "celebrities", "newest", "music", "rated", "video-games", "entertainment", "brain-teasers",
           "sports"}
_OPENERS = ("What ", "Which ", "Who ", "Where ", "When ", "In which ", "In what ", "How many ")


def questions(data: Path, rng: random.Random, counts: Counter, variants: int) -> tuple[list[Item], list[Item]]:
    """Items to answer and items to refuse: an answer that the other texts hardly mention cannot be learnt."""
    answered, refused, seen = [], [], set()
    for record in read(data, "trivia"):
        question, answer = clean(record["question"]), clean(record["answer"])
        if question in seen or not question.startswith(_OPENERS) or not question.endswith("?") or len(question) > 160:
            continue
        seen.add(question)
        if len(answer) > 40 or answer.lower() in ("true", "false") or "these" in question or "not" in question.split():
            continue
        known = min((counts[w.lower()] for w in answer.split()), default=0)
        if record["title"] not in _FADING and known >= 12:
            for _ in range(max(1, variants)):
                answered.append(single("trivia", answer, casual(rng, question), answer if answer.endswith(".") else answer + "."))
        else:
            refused.append(single("trivia", answer, casual(rng, question), answer))
    return answered, refused
