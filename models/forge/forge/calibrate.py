"""Step `calibrate`: makes the probabilities honest after distillation and quantization, without touching a matrix.

Only the gain of the final norm is fitted, which no quantization rounds: temperature scaling (Guo et al., arXiv
1706.04599) with a temperature of its own for every direction of the last hidden state.
"""

import json
from itertools import islice
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from .model import Llama
from .tokenizer import ANSWER, END_OF_TEXT, mark_answers, render


def calibrate(model: Llama, work: Path, tokenizer: Tokenizer, device: str, seed: int, documents: int = 48,
              conversations: int = 500, steps: int = 150, width: int = 384) -> dict:
    hidden, targets = states(model, _rows(work, tokenizer, documents, conversations, min(width, model.shape.context)), device)
    embedding, old = model.model.embed_tokens.weight.detach(), model.model.norm.weight.detach().clone()
    torch.manual_seed(seed)
    scale = torch.zeros(1, device=device, requires_grad=True)
    gain = torch.zeros_like(old, requires_grad=True)
    optimizer = torch.optim.Adam([{"params": [scale], "lr": 0.02}, {"params": [gain], "lr": 0.005}])

    def loss(at: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy((hidden[at] * old * (scale + gain).exp()) @ embedding.T, targets[at])

    everything = torch.arange(len(targets), device=device)[:: max(1, len(targets) // 4096)]
    with torch.no_grad():
        before = float(loss(everything))
    for step in range(steps):
        for group, rate in zip(optimizer.param_groups, (0.02, 0.005)):
            group["lr"] = rate * (1 - step / steps)
        optimizer.zero_grad()
        (loss(torch.randint(len(targets), (1024,), device=device)) + 0.5 * (gain ** 2).mean()).backward()
        optimizer.step()
    with torch.no_grad():
        after = float(loss(everything))
        model.model.norm.weight.copy_(old * (scale + gain).exp())
    return {"tokens": len(targets), "temperature": round(float((-scale).exp()), 3), "loss before": round(before, 4),
            "loss after": round(after, 4)}


def _rows(work: Path, tokenizer: Tokenizer, documents: int, conversations: int, width: int):
    """Token ids and which of them count: documents whole, conversations by their answers."""
    encode = lambda text: np.asarray(tokenizer.encode(text, add_special_tokens=False).ids[:width], np.uint16)
    with (work / "raw.jsonl").open(encoding="utf-8") as lines:
        for line in islice(lines, documents):
            ids = encode(END_OF_TEXT + json.loads(line)["text"])
            yield ids.astype(np.int64), np.ones(len(ids), bool)
    honest = work / "honest.jsonl"
    with (honest if honest.is_file() else work / "instruct.jsonl").open(encoding="utf-8") as lines:
        for line in islice(lines, conversations):
            ids = encode(render(json.loads(line)["turns"]))
            yield ids.astype(np.int64), mark_answers(ids, tokenizer) & ANSWER > 0


def states(model: Llama, rows, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """What the final norm scales, and the token that followed, where it counts."""
    hidden, targets = [], []
    with torch.no_grad():
        for ids, counts in rows:
            row, wanted = torch.from_numpy(ids).to(device)[None], torch.from_numpy(counts[1:]).to(device)
            hidden.append((model.hidden(row[:, :-1])[0] / model.model.norm.weight)[wanted])
            targets.append(row[0, 1:][wanted])
    return torch.cat(hidden), torch.cat(targets)
