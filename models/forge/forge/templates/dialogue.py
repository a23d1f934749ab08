"""Service dialogues, in which the assistant asks for what it still has to know."""

import random
from pathlib import Path
from typing import Iterator

from ..corpus import clean, read
from . import Item

_SYSTEM = ("You are a service assistant for {s}.", "You help customers with {s}. Ask for missing details.",
           "Service: {s}", "You are a booking assistant ({s}).")


def services(data: Path, rng: random.Random) -> Iterator[Item]:
    for n, record in enumerate(read(data, "sgd-dialogues")):
        names = ", ".join(sorted({s.rsplit("_", 1)[0].lower() for s in record["title"].split(",")}))
        turns = [("user" if who == "user" else "assistant", clean(said)) for who, said in record["turns"]]
        if rng.random() < 0.6:
            turns.insert(0, ("system", rng.choice(_SYSTEM).format(s=names)))
        while turns and turns[-1][0] != "assistant":
            turns.pop()
        if len(turns) >= 2:
            yield Item("service", f"sgd {n}", tuple(turns))
