"""The training loop that teacher, student, healing and fine-tuning share."""

import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import torch
import torch.nn.functional as F

from .model import Llama
from .muon import optimizers
from .packing import Mixture
from .sizes import Schedule


class TrainingError(Exception):
    """Training that must not go on."""


@dataclass(frozen=True)
class Distillation:
    """How a student follows its teacher: KL over the teacher's likeliest tokens and the rest, and cross-entropy."""

    top_k: int = 64
    temperature: float = 1.0
    share: float = 0.7


def cross_entropy(model, ids, targets, weights, teacher=None, rule=None):
    logits = model(ids).float()
    losses = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
    return (losses * weights.flatten()).sum() / weights.sum().clamp(min=1)


def distillation(model, ids, targets, weights, teacher, rule: Distillation):
    """The teacher's likeliest tokens one by one and all others as one, so that nothing is pushed out of the tail."""
    with torch.no_grad():
        guide = teacher(ids).float() / rule.temperature
        likely, tokens = guide.topk(rule.top_k, -1)
        aim = (likely - guide.logsumexp(-1, keepdim=True)).exp()
        aim = torch.cat((aim, (1 - aim.sum(-1, keepdim=True)).clamp(min=1e-6)), -1)
    logits = model(ids).float()
    flat = weights.flatten()
    said = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
    tempered = logits / rule.temperature
    close = tempered.gather(-1, tokens) - tempered.logsumexp(-1, keepdim=True)
    rest = torch.log1p(-close.exp().sum(-1, keepdim=True).clamp(max=1 - 1e-6))
    followed = (aim * (aim.log() - torch.cat((close, rest), -1))).sum(-1).flatten() * rule.temperature ** 2
    return ((rule.share * followed + (1 - rule.share) * said) * flat).sum() / flat.sum().clamp(min=1)


def learning_rate(step: int, steps: int, schedule: Schedule) -> float:
    """Warm-up, a plateau, then linear decay to nothing in the instruction phase."""
    warm = max(1, int(steps * schedule.warmup))
    decay_from = int(steps * (1 - schedule.instruct_share))
    if step < warm:
        return schedule.lr * (step + 1) / warm
    if step < decay_from:
        return schedule.lr
    return schedule.lr * max(0.0, (steps - step) / max(1, steps - decay_from))


def train(model: Llama, work: Path, name: str, schedule: Schedule, device: str, seed: int, teacher: Llama | None = None,
          rule: Distillation | None = None, log: Callable[[str], None] = print, checkpoint_every: float = 120.0,
          mixture: Mixture | None = None, loss_of: Callable | None = None, half: bool | None = None) -> dict:
    """Trains in place; resumes from `NAME.checkpoint` when there is one. `half`: bfloat16 by autocast; default: on a GPU."""
    torch.manual_seed(seed)
    cuda = device.startswith("cuda")
    half = cuda if half is None else half
    torch.set_float32_matmul_precision("high")
    model.to(device).train()
    context = model.shape.context
    mixture = mixture or Mixture(work, context, seed, model.shape.vocab)
    optimizer = optimizers(model, schedule.lr, cuda, schedule.muon)
    rows = min(schedule.rows, max(1, schedule.batch_tokens // context))
    accumulate = max(1, schedule.batch_tokens // (rows * context))
    steps = max(1, schedule.tokens // (rows * context * accumulate))
    checkpoint = work / f"{name}.checkpoint"
    first = _resume(checkpoint, model, optimizer, mixture, log) if checkpoint.is_file() else 0
    loss_of = loss_of or (distillation if teacher is not None else cross_entropy)
    if teacher is not None:
        teacher.to(device).eval()
    if cuda:
        loss_of = torch.compile(loss_of)
    history, started, saved, total, since = [], time.time(), time.time(), 0.0, 0
    for step in range(first, steps):
        progress = step / steps
        instruct_phase = progress >= 1 - schedule.instruct_share
        lr = learning_rate(step, steps, schedule)
        for _ in range(accumulate):
            ids, targets, weights = mixture.batch(rows, 0.8 if instruct_phase else 0.5, instruct_phase, device)
            with torch.autocast(device.split(":")[0], torch.bfloat16, enabled=half):
                loss = loss_of(model, ids, targets, weights, teacher, rule)
            (loss / accumulate).backward()
            total, since = total + loss.detach(), since + 1
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for o in optimizer:
            for group in o.param_groups:
                group["lr"] = lr
            o.step()
            o.zero_grad(set_to_none=True)
        if step % 20 == 19 or step == steps - 1:
            mean = float(total) / since
            if not math.isfinite(mean) or not math.isfinite(float(norm)):
                raise TrainingError(f"{name}: the loss is {mean} at step {step}: lower the learning rate or check the data")
            elapsed = time.time() - started
            speed = (step + 1 - first) * rows * context * accumulate / elapsed
            history.append({"step": step + 1, "loss": round(mean, 4), "lr": round(lr, 6), "seconds": round(elapsed, 1)})
            log(f"{name} {step + 1}/{steps} loss {mean:.4f} lr {lr:.2e} {speed / 1000:.0f}k tokens/s")
            total, since = 0.0, 0
        if time.time() - saved > checkpoint_every:
            _save(checkpoint, step + 1, model, optimizer, mixture)
            saved = time.time()
    checkpoint.unlink(missing_ok=True)
    result = {"name": name, "parameters": sum(p.numel() for p in model.parameters()), "steps": steps,
              "tokens": steps * rows * context * accumulate, "seconds": round(time.time() - started, 1), "history": history}
    (work / f"{name}.log.json").write_text(json.dumps(result))
    return result


def _save(path: Path, step: int, model, optimizer, mixture) -> None:
    state = {"step": step, "model": model.state_dict(), "optimizer": [o.state_dict() for o in optimizer],
             "random": [stream.rng.bit_generator.state for stream in mixture.streams()]}
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def _resume(path: Path, model, optimizer, mixture, log) -> int:
    state = torch.load(path, map_location="cpu", weights_only=False)
    model.load_state_dict(state["model"])
    for o, s in zip(optimizer, state["optimizer"]):
        o.load_state_dict(s)
    for stream, at in zip(mixture.streams(), state["random"]):
        stream.rng.bit_generator.state = at
    log(f"resumed {path.name} at step {state['step']}")
    return state["step"]
