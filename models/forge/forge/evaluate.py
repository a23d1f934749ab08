"""Step `evaluate`: held-out perplexity and task accuracy, of a checkpoint or of an edgeway that serves it."""

import json
import math
import re
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from . import generate, model as models, tokenizer as tokenizers
from .model import Llama
from .tokenizer import ANSWER, END_OF_TEXT, mark_answers, render

REFUSAL = re.compile(r"\b(I don't know|I can't do that well|I cannot see live)")
# Which held-out kinds are scored how.
NUMBER = ("arithmetic", "story", "problem")
EXACT = ("fact", "country", "command", "reading", "rewrite", "define")
OVERLAP = ("topic", "summary", "service", "persona")
REFUSED = ("refuse", "refuse-real", "define-unseen", "topic-unseen", "trivia")
CHOICE = ("chitchat", "service", "trivia", "define-unseen")

IN_FLIGHT = 16

Answer = Callable[[list[list]], list[str]]


class EvaluationError(Exception):
    """An evaluation that cannot be made."""


def held_out(work: Path, limit: int, of: Callable[[dict], bool] = lambda record: True) -> dict[str, list[dict]]:
    """The first records of each kind, among those that are wanted."""
    path = work / "held-out-instruct.jsonl"
    if not path.is_file():
        raise EvaluationError(f"{path} is missing: run the step `prepare` first")
    kinds = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if of(record) and len(kinds[record["kind"]]) < limit:
            kinds[record["kind"]].append(record)
    return dict(kinds)


def tasks(work: Path, answer: Answer, limit: int) -> dict:
    """Scores of what is generated greedily, each with its 95 % interval."""
    kinds = {k: r for k, r in held_out(work, limit).items() if k in NUMBER + EXACT + OVERLAP + REFUSED}
    everything = [r for records in kinds.values() for r in records]
    replies = iter(answer([r["turns"][:-1] for r in everything]))
    scores, ended = {}, []
    for kind, records in kinds.items():
        said = [next(replies) for _ in records]
        wanted = [r["turns"][-1][1] for r in records]
        ended += [not s.endswith(UNFINISHED) for s in said]
        said = [s.removesuffix(UNFINISHED).strip() for s in said]
        if kind in NUMBER:
            scores[kind] = share([number(s) == number(w) for s, w in zip(said, wanted)])
        elif kind in EXACT:
            scores[kind] = share([s == w.strip() for s, w in zip(said, wanted)])
        elif kind in OVERLAP:
            scores[kind] = mean([overlap(s, w) for s, w in zip(said, wanted)])
        else:
            scores[kind] = share([REFUSAL.search(s) is not None for s in said])
        if kind in ("fact", "country", "define", "topic"):
            scores[kind + " refused wrongly"] = share([REFUSAL.search(s) is not None for s in said])
    scores["ended by itself"] = share(ended)
    return scores


UNFINISHED = "\u241b"


def share(hits: list[bool]) -> dict:
    """A proportion with Wilson's interval."""
    n, z = len(hits), 1.96
    if n == 0:
        return {"score": None, "n": 0}
    p = sum(hits) / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return {"score": round(p, 4), "low": round(max(0.0, middle - half), 4), "high": round(min(1.0, middle + half), 4), "n": n}


def mean(values: list[float]) -> dict:
    n = len(values)
    if n == 0:
        return {"score": None, "n": 0}
    m = sum(values) / n
    half = 1.96 * math.sqrt(sum((v - m) ** 2 for v in values) / max(1, n - 1) / n)
    return {"score": round(m, 4), "low": round(m - half, 4), "high": round(m + half, 4), "n": n}


def number(text: str) -> str | None:
    found = re.findall(r"-?\d[\d,]*(?:\.\d+)?", text)
    return found[-1].replace(",", "") if found else None


def overlap(said: str, wanted: str, least: float = 0.0) -> float:
    """ROUGE-L: the longest common subsequence of words, as an F1; what cannot reach `least` counts as 0."""
    a, b = re.findall(r"\w+", said.lower()), re.findall(r"\w+", wanted.lower())
    if a == b or not a or not b:
        return float(a == b)
    # Words in common, in any order, are at least as many as those in the same order.
    if 2 * (Counter(a) & Counter(b)).total() / (len(a) + len(b)) < least:
        return 0.0
    row = [0] * (len(b) + 1)
    for x in a:
        previous = 0
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], previous + 1 if x == y else max(row[j], row[j - 1])
    return 2 * row[-1] / (len(a) + len(b))


def perplexity(model: Llama, work: Path, tokenizer: Tokenizer, device: str, limit: int) -> dict:
    """By source and, for conversations, over the answers only: e to the mean loss, with its interval, and bits a byte."""
    out = {}
    sources = defaultdict(list)
    for line in (work / "held-out-raw.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        sources[record["source"]].append(END_OF_TEXT + record["text"])
    for source, texts in sources.items():
        out[source] = _perplexity(model, tokenizer, texts[:limit], device, answers=False)
    for kind, records in held_out(work, limit).items():
        texts = [render(r["turns"]) for r in records]
        out["answers: " + kind] = _perplexity(model, tokenizer, texts, device, answers=True)
    text = [v for k, v in out.items() if not k.startswith("answers") and v["tokens"]]
    total = sum(v["tokens"] for v in text)
    out["all text"] = {"perplexity": round(math.exp(sum(math.log(v["perplexity"]) * v["tokens"] for v in text) / max(1, total)), 3),
                       "tokens": total}
    return out


def _perplexity(model, tokenizer, texts, device, answers) -> dict:
    rows = [tokenizer.encode(t, add_special_tokens=False).ids[:model.shape.context + 1] for t in texts]
    marks = [mark_answers(np.asarray(r, dtype=np.uint16), tokenizer) & ANSWER > 0 if answers else np.ones(len(r), bool) for r in rows]
    losses = [(total, count) for total, count in _losses(model, rows, marks, device) if count]
    count = sum(n for _, n in losses)
    if not count:
        return {"perplexity": None, "tokens": 0}
    m = sum(s for s, _ in losses) / count
    spread = math.sqrt(sum((s - m * n) ** 2 for s, n in losses)) / count
    size = sum(len(tokenizer.decode(r).encode()) for r in rows)
    return {"perplexity": round(math.exp(m), 3), "low": round(math.exp(m - 1.96 * spread), 3),
            "high": round(math.exp(m + 1.96 * spread), 3), "tokens": count,
            **({} if answers else {"bits a byte": round(sum(s for s, _ in losses) / math.log(2) / size, 4)})}


def _losses(model, rows: list[list[int]], marks: list[np.ndarray], device: str) -> list[tuple[float, int]]:
    """For each row the loss summed over its marked tokens, and their count."""
    cuda = device.startswith("cuda")
    budget, out = (65_536 if cuda else 4_096), [(0.0, 0)] * len(rows)
    waiting = sorted((i for i in range(len(rows)) if len(rows[i]) > 1), key=lambda i: len(rows[i]))
    while waiting:
        width = len(rows[waiting[-1]])
        chosen = [waiting.pop() for _ in range(min(len(waiting), max(1, budget // width)))]
        ids, wanted = np.zeros((len(chosen), width), np.int64), np.zeros((len(chosen), width), bool)
        for n, i in enumerate(chosen):
            ids[n, :len(rows[i])], wanted[n, :len(rows[i])] = rows[i], marks[i]
        block = torch.from_numpy(ids).to(device)
        with torch.no_grad(), torch.autocast(device.split(":")[0], torch.bfloat16, enabled=cuda):
            logits = model(block[:, :-1])
        loss = F.cross_entropy(logits.float().flatten(0, 1), block[:, 1:].flatten(), reduction="none")
        weight = torch.from_numpy(wanted[:, 1:]).to(device)
        sums, counts = (loss.view(weight.shape) * weight).sum(1).tolist(), weight.sum(1).tolist()
        for i, total, count in zip(chosen, sums, counts):
            out[i] = (total, count)
    return out


def choices(model: Llama, work: Path, tokenizer: Tokenizer, device: str, limit: int) -> dict:
    """How often the true answer is the likeliest of five of its kind (chance is one in five)."""
    out = {}
    for kind, records in held_out(work, limit).items():
        if kind not in CHOICE:
            continue
        answers = sorted({r["turns"][-1][1] for r in records})
        if len(answers) < 5:
            continue
        rows, marks = [], []
        for n, record in enumerate(records):
            true = record["turns"][-1][1]
            others = [a for a in answers if a != true]
            head = tokenizer.encode(render(record["turns"][:-1], generate=True), add_special_tokens=False).ids
            for offered in [true] + [others[(n * 7 + i * 13) % len(others)] for i in range(4)]:
                tail = tokenizer.encode(offered, add_special_tokens=False).ids
                rows.append((head + tail)[-model.shape.context:])
                marks.append(np.arange(len(rows[-1])) >= len(rows[-1]) - len(tail))
        means = [-total / max(1, count) for total, count in _losses(model, rows, marks, device)]
        out[kind] = share([max(range(5), key=means[i:i + 5].__getitem__) == 0 for i in range(0, len(means), 5)])
    return out


def by_checkpoint(directory: Path, device: str, longest: int = 112) -> Answer:
    """Answers with the checkpoint itself, greedily."""
    model, tokenizer = models.load(directory, device).eval(), tokenizers.at(directory)
    models.check_vocabulary(model, tokenizer)
    return lambda prompts: [text + ("" if said.ended else UNFINISHED)
                            for text, said in generate.answers(model, tokenizer, prompts, device, longest)]


def by_gateway(url: str, model: str, key: str | None = None, longest: int = 112) -> Answer:
    """Answers through an edgeway, by the OpenAI API, with as many requests in flight as it may put in a batch."""
    def ask(turns: list) -> str:
        body = {"model": model, "temperature": 0, "max_tokens": longest,
                "messages": [{"role": role, "content": said} for role, said in turns]}
        headers = {"content-type": "application/json"}
        if key:
            headers["authorization"] = "Bearer " + key
        request = urllib.request.Request(url.rstrip("/") + "/v1/chat/completions", json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=600) as reply:
                choice = json.load(reply)["choices"][0]
        except urllib.error.HTTPError as e:
            raise EvaluationError(f"{url} answered {e.code}: {e.read().decode(errors='replace')[:300]}") from e
        except OSError as e:
            raise EvaluationError(f"{url} cannot be reached: {e}") from e
        return choice["message"]["content"] + ("" if choice["finish_reason"] == "stop" else UNFINISHED)

    def all_of(prompts: list[list]) -> list[str]:
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            return list(pool.map(ask, prompts))

    return all_of
