"""Step `honest-tune`: teaches a finished student to hand over what it does not know.

It does not know what it was never taught, and not all that it was taught: where the taught answer surprises it, it is
handed over too (R-Tuning, Zhang et al., arXiv 2311.09677). In all else it must stay what it was, so there it follows
itself as it came (KL) and the taught answer. The first token of an answer decides whether it is handed over. Only the
upper layers learn; those below are the same for the student and its former self, and computed once.
"""

import json
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch.nn.attention import SDPBackend, sdpa_kernel

from .model import Llama, Projection
from .packing import Mixture, StreamError
from .prepare import with_system
from .sizes import Schedule, Tuning
from .templates import refusals
from .tokenizer import ANSWER, mark_answers, render
from .train import train

# What is to be done about a token: said as before, or said to hand over; whether an answer begins with it; and whether the
# answer is the only one of its row and a remembered one.
KEPT, HANDED, FIRST, RECALLED = 1, 2, 4, 8
# The shares of taught conversations by kind; all other kinds have the rest in equal parts.
SHARES = {"define": 0.3, "topic": 0.25, "fact": 0.08, "country": 0.05}
TAUGHT, INVENTED = 5_000, 1_500
RECALL = {"define", "topic", "trivia"}


@dataclass(frozen=True)
class Honesty:
    """The first token of an answer to be handed over weighs `balance`, that of a taught answer 1, any later one `after`.

    A taught answer is followed by `follow` parts of KL to the former self, the rest cross-entropy. A remembered one counts as
    known up to the perplexity `known_to` and is handed over from `unknown_from`; of what lies between nothing is learnt.
    """

    layers: int = 8
    balance: float = 1.0
    after: float = 0.1
    follow: float = 0.7
    known_to: float = 2.0
    unknown_from: float = 4.0
    handing: int = 0


class Lessons(Mixture):
    """Conversations one a row, of nearly one length in a batch, with a mark for each token."""

    def __init__(self, work: Path, tokenizer: Tokenizer, seed: int, share: float, longest: int):
        self.rng, self._tokenizer, self._share, self._longest = np.random.default_rng(seed), tokenizer, share, longest
        draw = random.Random(seed)
        self._kept, self._handed, self._waiting = _taught(work, draw), _never_taught(work), []

    def streams(self) -> list:
        return [self]

    def batch(self, rows: int, instruct: float, answers_only: bool, device: str):
        """Inputs, targets and the marks of the targets."""
        if not self._waiting:
            draw = random.Random(int(self.rng.integers(1 << 62)))
            made = sorted((self._row(draw) for _ in range(rows * 16)), key=lambda row: len(row[0]))
            self._waiting = [made[i:i + rows] for i in range(0, len(made), rows)]
            draw.shuffle(self._waiting)
        chosen = self._waiting.pop()
        width = max(len(ids) for ids, _ in chosen)
        ids, marks = np.zeros((rows, width), np.int64), np.zeros((rows, width), np.uint8)
        for n, (said, what) in enumerate(chosen):
            ids[n, :len(said)], marks[n, :len(said)] = said, what
        ids, marks = torch.from_numpy(ids).to(device), torch.from_numpy(marks).to(device)
        return ids[:, :-1], ids[:, 1:], marks[:, 1:]

    def _row(self, draw: random.Random) -> tuple[np.ndarray, np.ndarray]:
        if draw.random() >= self._share:
            kind = _by_share(draw, self._kept)
            turns, what = draw.choice(self._kept[kind]), []
            if kind in RECALL and sum(role == "assistant" for role, _ in turns) == 1:
                what = [KEPT | RECALLED]
        else:
            question = draw.choice(draw.choice(self._handed))
            turns, what = [("user", question), ("assistant", refusals.FACT)], [HANDED]
            if draw.random() < 0.2:
                before = draw.choice(self._kept[_by_share(draw, self._kept)])
                turns = [*before, *turns] if before[0][0] != "system" else turns
            turns = with_system(draw, turns)
        answers = sum(role == "assistant" for role, _ in turns)
        return self._marked(turns, [KEPT] * (answers - len(what)) + what)

    def _marked(self, turns: list, what: list[int]) -> tuple[np.ndarray, np.ndarray]:
        ids = np.asarray(self._tokenizer.encode(render(turns), add_special_tokens=False).ids, np.uint16)
        said = mark_answers(ids, self._tokenizer) & ANSWER > 0
        first = said & ~np.concatenate(([False], said[:-1]))
        order = np.cumsum(first) - 1
        marks = np.where(said, np.asarray([*what, 0], np.uint8)[order], 0) + FIRST * first
        return ids[:self._longest].astype(np.int64), marks[:self._longest].astype(np.uint8)


def _by_share(draw: random.Random, kept: dict[str, list]) -> str:
    roll = draw.random()
    for kind, share in SHARES.items():
        if roll < share and kind in kept:
            return kind
        roll -= share
    return draw.choice(sorted(kept.keys() - SHARES.keys()) or sorted(kept))


def _taught(work: Path, draw: random.Random) -> dict[str, list]:
    """Conversations by the kind of their first answer. Those that hand facts over are made anew, of invented things:
    among the others may be things that it is judged by."""
    found, seen = defaultdict(list), Counter()
    for record in _records(work / "instruct.jsonl"):
        if any(said == refusals.FACT for _, said in record["turns"]):
            continue
        kind = record["kinds"][0]
        seen[kind] += 1
        if len(rows := found[kind]) < TAUGHT:
            rows.append(record["turns"])
        elif (at := draw.randrange(seen[kind])) < TAUGHT:
            rows[at] = record["turns"]
    found["invented"] = [with_system(draw, list(item.turns)) for item in refusals.unknown(draw, INVENTED)]
    return dict(found)


def _never_taught(work: Path) -> list[list[str]]:
    """For each thing the questions about it."""
    found = defaultdict(list)
    for record in _records(work / "never-taught.jsonl"):
        found[record["kind"], record["key"]].append(record["turns"][0][1])
    if not found:
        raise StreamError(f"{work / 'never-taught.jsonl'} is empty: nothing to learn from")
    return [found[key] for key in sorted(found)]


def _records(path: Path) -> Iterator[dict]:
    if not path.is_file():
        raise StreamError(f"{path} is missing: run `prepare` first")
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def only_upper_layers(model: Llama, count: int, quantizer) -> Llama:
    """Leaves the upper layers and the last norm to be trained, through the rounding of a quantized student."""
    if not 1 <= count <= model.shape.layers:
        raise ValueError(f"cannot train {count} layers of {model.shape.layers}")
    model.requires_grad_(False)
    for layer in model.model.layers[-count:]:
        layer.requires_grad_(True)
        for module in layer.modules():
            if isinstance(module, Projection):
                module.quantizer = quantizer
    model.model.norm.requires_grad_(True)
    return model


def loss(model: Llama, ids, targets, marks, former: Llama, rule: Honesty):
    fixed, end = model.shape.layers - rule.layers, model.shape.layers
    chosen = marks > 0
    wanted, what, row = targets[chosen], marks[chosen], chosen.nonzero()[:, 0]
    table = model.model.embed_tokens.weight
    with torch.no_grad():
        below = model.through(model.embedded(ids), 0, fixed)
        kept = what & KEPT > 0
        before = F.linear(former.model.norm(former.through(below, fixed, end)[chosen][kept]), table).float().log_softmax(-1)
        surprise = _by_row(F.nll_loss(before, wanted[kept], reduction="none"), row[kept], len(ids)).exp()[row]
        recalled = what & RECALLED > 0
        unknown = recalled & (surprise >= rule.unknown_from)
        left_out = recalled & (surprise > rule.known_to) & ~(unknown & (what & FIRST > 0))
        wanted = torch.where(unknown, rule.handing, wanted)
        aimed = (kept & ~unknown)[kept]
    now = F.linear(model.model.norm(model.through(below, fixed, end)[chosen]), table).float().log_softmax(-1)
    said = F.nll_loss(now, wanted, reduction="none")
    followed = F.kl_div(now[kept], before, reduction="none", log_target=True).sum(-1)
    mixed = torch.where(aimed, rule.follow * followed + (1 - rule.follow) * said[kept], said[kept])
    said = said.index_put((kept.nonzero()[:, 0],), mixed)
    first = what & FIRST > 0
    weight = torch.where(first, torch.where(kept & ~unknown, 1.0, rule.balance), rule.after) * ~left_out
    return (said * weight).sum() / (first & ~left_out).sum().clamp(min=1)


def _by_row(values: torch.Tensor, rows: torch.Tensor, count: int) -> torch.Tensor:
    """The mean of the values of each row."""
    zeros = torch.zeros(count, device=values.device)
    return zeros.index_add(0, rows, values) / zeros.index_add(0, rows, torch.ones_like(values)).clamp(min=1)


def tune(model: Llama, former: Llama, tokenizer: Tokenizer, work: Path, name: str, rule: Honesty, quantizer, size: Tuning,
         device: str, seed: int, half: bool, share: float = 0.3, longest: int = 160, log=print) -> dict:
    """Trains in place; the weights are left between the rounded ones."""
    lessons = Lessons(work, tokenizer, seed, share, min(longest, model.shape.context))
    only_upper_layers(model, size.layers, quantizer)
    context = model.shape.context
    schedule = Schedule(tokens=size.steps * size.rows * context, lr=size.lr, batch_tokens=size.rows * context, rows=size.rows,
                        instruct_share=0.8, warmup=0.05, muon=False)
    rule = replace(rule, layers=size.layers, handing=tokenizer.encode(refusals.FACT, add_special_tokens=False).ids[0])
    # The fused attention of the CPU is slow on rows this short.
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION if device.startswith("cuda") else SDPBackend.MATH):
        result = train(model, work, name, schedule, device, seed, former.requires_grad_(False), rule, log, mixture=lessons,
                       loss_of=loss, half=half)
    model.requires_grad_(True)
    for module in model.modules():
        if hasattr(module, "quantizer"):
            module.quantizer = None
    return result
