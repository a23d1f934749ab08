"""Step `distil --from`: teaches a student the cloud's answers to a user's own traffic."""

import json
import random
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from . import evaluate, model as models, tokenizer as tokenizers, train as training
from .corpus import bucket
from .packing import Mixture
from .sizes import Schedule
from .tokenizer import ANSWER, mark_answers, render


class TrafficError(Exception):
    """A recording that cannot be learnt from."""


HELD_OUT_PERCENT = 15


def read(path: Path) -> list[list]:
    """The conversations of a recording, each ended by the cloud's answer."""
    if not path.is_file():
        raise TrafficError(f"{path} is missing: record some traffic first")
    out = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            record = json.loads(line)
            turns = [(m["role"], m["content"]) for m in record["messages"]]
            answer = record["answer"]
        except (json.JSONDecodeError, KeyError, TypeError) as e:
            raise TrafficError(f"{path}:{number}: not a recorded exchange: {e!r}") from e
        if answer and all(isinstance(said, str) for _, said in turns):
            out.append([*turns, ("assistant", answer)])
    return out


def separate(conversations: list[list]) -> tuple[list, list]:
    """Held out by what was asked last, so that a repeated question is never on both sides."""
    train, held = [], []
    for turns in conversations:
        (held if bucket(turns[-2][1]) < HELD_OUT_PERCENT else train).append(turns)
    return train, held


def agreement(answer: evaluate.Answer, held: list[list]) -> dict:
    """How near the student's answers are to the cloud's."""
    said = [s.removesuffix(evaluate.UNFINISHED) for s in answer([t[:-1] for t in held])]
    wanted = [t[-1][1] for t in held]
    return {"same": evaluate.share([s.strip() == w.strip() for s, w in zip(said, wanted)]),
            "overlap": evaluate.mean([evaluate.overlap(s, w) for s, w in zip(said, wanted)])}


class Traffic(Mixture):
    """Conversations one a row, padded, answers only."""

    def __init__(self, conversations: list[list], tokenizer: Tokenizer, context: int, seed: int):
        self.random, self.rows_of = random.Random(seed), []
        for turns in conversations:
            ids = np.asarray(tokenizer.encode(render(turns), add_special_tokens=False).ids[:context + 1], dtype=np.uint16)
            self.rows_of.append(mark_answers(ids, tokenizer))
        self._order = []

    def batch(self, rows: int, instruct: float, answers_only: bool, device: str):
        chosen = []
        while len(chosen) < rows:
            if not self._order:
                self._order = self.random.sample(range(len(self.rows_of)), len(self.rows_of))
            chosen.append(self.rows_of[self._order.pop()])
        width = max(len(c) for c in chosen)
        block = np.zeros((rows, width), dtype=np.uint16)
        for i, c in enumerate(chosen):
            block[i, :len(c)] = c
        ids = torch.from_numpy((block & (ANSWER - 1)).astype(np.int64)).to(device)
        weight = torch.from_numpy((block[:, 1:] & ANSWER > 0)).float().to(device)
        return ids[:, :-1], ids[:, 1:], weight


def from_traffic(path: Path, base: Path, out: Path, device: str, seed: int, epochs: int,
                 half: bool | None = None) -> dict:
    if base is None or out is None:
        raise TrafficError("distil --from needs --base, the checkpoint to start from, and --out, where the student goes")
    model = models.load(base, device)
    tokenizer = tokenizers.at(base)
    models.check_vocabulary(model, tokenizer)
    train, held = separate(read(path))
    if len(train) < 20 or len(held) < 5:
        raise TrafficError(f"{path} holds {len(train) + len(held)} usable exchanges: too few to learn from and to measure")
    before = agreement(evaluate.by_checkpoint(base, device), held)
    mixture = Traffic(train, tokenizer, model.shape.context, seed)
    rows = 16
    mean_tokens = sum(map(len, mixture.rows_of)) // len(mixture.rows_of)
    context = model.shape.context
    steps = max(1, epochs * len(train) // rows)
    schedule = Schedule(tokens=steps * rows * context, lr=8e-4, batch_tokens=rows * context, rows=rows, instruct_share=0.9,
                        muon=device.startswith("cuda"))
    out.mkdir(parents=True, exist_ok=True)
    result = training.train(model, out, "traffic", schedule, device, seed, mixture=mixture, checkpoint_every=1e9, half=half)
    models.save(model, out, base)
    after = agreement(evaluate.by_checkpoint(out, device), held)
    report = {"exchanges": len(train) + len(held), "held out": len(held), "mean tokens": mean_tokens,
              "seconds": result["seconds"], "before": before, "after": after}
    (out / "agreement.json").write_text(json.dumps(report, indent=1))
    return report
