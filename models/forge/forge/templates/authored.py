"""Facts and persona that were written for edgeway, and the persona half of the chit-chat set."""

import json
import random
from pathlib import Path
from typing import Iterator

from ..corpus import clean
from . import Item, casual, single

DATA = Path(__file__).resolve().parents[2] / "data"


def _lines(name: str) -> Iterator[tuple[list[str], list[str]]]:
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            ask, _, answer = line.partition(" => ")
            yield [q.strip() for q in ask.split(" | ")], [a.strip() for a in answer.split(" | ")]


def facts(rng: random.Random, repeat: int) -> Iterator[Item]:
    for questions, (answer,) in _lines("facts.txt"):
        for _ in range(repeat):
            yield single("fact", questions[0], casual(rng, rng.choice(questions)), answer)


def persona(rng: random.Random, repeat: int) -> Iterator[Item]:
    for questions, answers in _lines("persona.txt"):
        for question in questions:
            for _ in range(repeat):
                yield single("persona", questions[0], casual(rng, question), rng.choice(answers))


# Answers of the chit-chat set that contradict who the assistant is, or that a number in one country answers.
_FOREIGN = ("I don't have a name.", "That's not me, but hello.", "Thanks.", "Ok.", "Okay.")


def chitchat(data: Path) -> Iterator[Item]:
    """Every question of the chit-chat set; the split is by answer."""
    for line in (data / "eval" / "chitchat.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        answer = clean(record["answer"])
        if answer in _FOREIGN:
            continue
        for question in record["questions"]:
            yield single("chitchat", answer, clean(question), answer)
