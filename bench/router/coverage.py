"""Risk and coverage of the bundled model on its own held-out tasks: how much it may answer itself at a given agreement.

An answer agrees if it is what the held-out answer says: the same number, the same text, or for free text half of the
longest common subsequence of words. Handing over agrees with nothing: the cloud answers then.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

import embed

NUMBER = ("arithmetic", "story", "problem")
EXACT = ("fact", "country", "command", "reading", "rewrite", "define")
FREE = ("summary", "persona", "topic")
IN_DOMAIN = NUMBER + EXACT + ("summary", "persona")
HAND_OVER = ("I don't know", "I can't do that well", "I cannot see live")
FOLDS = 10
HEAD = ["tasks", "judged by", "right if all are answered", "covered at 95 %", "at 90 %", "at 80 %", "AURC"]


def agrees(kind: str, said: str, wanted: str) -> bool:
    said, wanted = said.strip(), wanted.strip()
    if said.startswith(HAND_OVER):
        return False
    if kind in NUMBER:
        return _number(said) == _number(wanted)
    if kind in EXACT:
        return said == wanted
    return kind in FREE and _overlap(said, wanted) >= 0.5


def _number(text: str) -> str | None:
    found = re.findall(r"-?\d[\d,]*(?:\.\d+)?", text)
    return found[-1].replace(",", "") if found else None


def _overlap(said: str, wanted: str) -> float:
    a, b = re.findall(r"\w+", said.lower()), re.findall(r"\w+", wanted.lower())
    row = [0] * (len(b) + 1)
    for x in a:
        before = 0
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], before + 1 if x == y else max(row[j], row[j - 1])
    return 2 * row[-1] / (len(a) + len(b)) if a and b else 0.0


def confidence(rows: list[dict], tokens: int) -> np.ndarray:
    """The four numbers that the gateway's cascade judges by."""
    return np.array([
        [np.mean(r["entropies"][:tokens]), np.max(r["entropies"][:tokens]),
         np.mean(r["margins"][:tokens]), np.min(r["margins"][:tokens])]
        for r in rows
    ])


def _held_out(features: np.ndarray, right: np.ndarray, folds: np.ndarray, c: float) -> np.ndarray:
    """The log odds that each row's fold gives it when it is not learnt from."""
    out = np.zeros(len(right))
    for fold in range(FOLDS):
        model = LogisticRegression(C=c, max_iter=3000).fit(features[folds != fold], right[folds != fold])
        out[folds == fold] = model.decision_function(features[folds == fold])
    return out


def table(answers: Path, embedder: Path, cache: Path, tokens: int, write: Path | None):
    """@param answers: what ConfidenceBench printed"""
    rows = [json.loads(line) for line in answers.read_text().splitlines()]
    kinds = np.array([r["kind"] for r in rows])
    right = np.array([agrees(r["kind"], r["said"], r["wanted"]) for r in rows])
    handed = np.array([r["said"].strip().startswith(HAND_OVER) for r in rows])
    prompts = [next(text for role, text in reversed(r["turns"]) if role == "user") for r in rows]
    vectors = embed.embed_all(embedder, prompts, cache)
    folds = np.random.default_rng(0).integers(0, FOLDS, len(rows))

    lengths = np.log1p([[len(p)] for p in prompts])
    head = _held_out(np.hstack([5 * vectors, (lengths - lengths.mean()) / lengths.std()]), right, folds, 0.3)
    near = _coverage_distance(vectors, folds)
    sure = confidence(rows, tokens)
    # Handing over is heard, so only the other answers are judged.
    answered = ~handed
    by_tokens = np.full(len(rows), -np.inf)
    by_tokens[answered] = _held_out(sure[answered], right[answered], folds[answered], 10.0)
    with_head = np.full(len(rows), -np.inf)
    judged = np.hstack([head[:, None], sure])
    with_head[answered] = _held_out(judged[answered], right[answered], folds[answered], 10.0)
    if write is not None:
        alone = np.hstack([np.zeros((len(rows), 1)), sure])
        _write_judge(write, alone[answered], right[answered], tokens)
        _write_judge(write.with_stem(write.stem + "-with-head"), judged[answered], right[answered], tokens)

    scores = {
        "nothing (random)": np.random.default_rng(1).random(len(rows)),
        "prompt length": -lengths[:, 0],
        "coverage distance": near,
        "head": head,
        "entropy of 6 tokens": -confidence(rows, 6)[:, 0] - 99 * handed,
        f"cascade: {tokens} tokens, hand-over": by_tokens,
        f"cascade: head, {tokens} tokens, hand-over": with_head,
    }
    out = []
    for name, which in (("in domain", np.isin(kinds, IN_DOMAIN)), ("all, also what it should hand over", kinds != "")):
        for judge, score in scores.items():
            out.append([f"{name} (n={which.sum()})", judge] + _risk(score[which], right[which]))
    return HEAD, out


def _write_judge(file: Path, features: np.ndarray, right: np.ndarray, tokens: int) -> None:
    """The gateway's judge: weights for the head's log odds and for the four numbers of the tokens."""
    model = LogisticRegression(C=10.0, max_iter=3000).fit(features, right)
    head_weight, *weights = (round(float(w), 4) for w in model.coef_[0])
    file.write_text(json.dumps(
        {"kind": "confidence", "tokens": tokens, "head_weight": head_weight, "weights": weights,
         "bias": round(float(model.intercept_[0]), 4)}) + "\n")


def _coverage_distance(vectors: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """The mean cosine to the ten nearest prompts of the other folds."""
    cosines = vectors @ vectors.T
    cosines[folds[:, None] == folds[None, :]] = -1
    return np.sort(cosines, axis=1)[:, -10:].mean(axis=1)


def _risk(score: np.ndarray, right: np.ndarray) -> list[str]:
    order = np.argsort(-score, kind="stable")
    agreement = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    covered = []
    for share in (0.95, 0.9, 0.8):
        good = np.flatnonzero(agreement >= share)
        covered.append(f"{100 * (good[-1] + 1) / len(order) if good.size else 0:.0f} %")
    return [f"{100 * right.mean():.0f} %", *covered, f"{1 - agreement.mean():.3f}"]
