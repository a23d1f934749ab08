"""Risk and coverage of the bundled model on its own held-out tasks: how much it may answer itself at a given agreement.

An answer agrees if it is what the held-out answer says: the same number, the same text, or for free text half of the
longest common subsequence of words. Handing over agrees with nothing: the cloud answers then.
"""

from __future__ import annotations

import hashlib
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
HEAD = ["tasks", "judged by", "right if all are answered", "covered at 95 %", "at 90 %", "at 80 %",
        "at 95 %, kinds alike", "AURC"]


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


def _learnt(features: np.ndarray, right: np.ndarray, use: np.ndarray, tuning: np.ndarray, folds: np.ndarray, c: float):
    """Log odds by the tuning half: for the other half all of it, for its own rows that without the row's fold.

    Rows not to use have minus infinity.
    """
    def odds(learn, ask):
        return LogisticRegression(C=c, max_iter=3000).fit(features[learn], right[learn]).decision_function(features[ask])

    out = np.full(len(right), -np.inf)
    out[use & ~tuning] = odds(use & tuning, use & ~tuning)
    for fold in range(FOLDS):
        ask = use & tuning & (folds == fold)
        if ask.any():
            out[ask] = odds(use & tuning & (folds != fold), ask)
    return out


def table(answers: Path, embedder: Path, cache: Path, tokens: int, write: Path | None):
    """@param answers: what ConfidenceBench printed"""
    rows = [json.loads(line) for line in answers.read_text().splitlines()]
    kinds = np.array([r["kind"] for r in rows])
    tuning = np.array([r["half"] == "tuning" for r in rows])
    right = np.array([agrees(r["kind"], r["said"], r["wanted"]) for r in rows])
    handed = np.array([r["said"].strip().startswith(HAND_OVER) for r in rows])
    prompts = [next(text for role, text in reversed(r["turns"]) if role == "user") for r in rows]
    vectors = embed.embed_all(embedder, prompts, cache)
    # The ways to ask for one fact stay in one fold.
    folds = np.array([hashlib.blake2b(r["key"].lower().encode()).digest()[0] % FOLDS for r in rows])
    everything, answered = np.ones(len(rows), bool), ~handed

    lengths = np.log1p([[len(p)] for p in prompts])
    head = _learnt(
        np.hstack([5 * vectors, (lengths - lengths.mean()) / lengths.std()]), right, everything, tuning, folds, 0.03)
    sure = confidence(rows, tokens)
    judged = np.hstack([head[:, None], sure])
    # Handing over is heard, so only the other answers are judged.
    by_tokens = _learnt(sure, right, answered, tuning, folds, 10.0)
    with_head = _learnt(judged, right, answered, tuning, folds, 10.0)
    if write is not None:
        alone = np.hstack([np.zeros((len(rows), 1)), sure])
        learn = answered & tuning
        _write_judge(write, alone[learn], right[learn], tokens)
        _write_judge(write.with_stem(write.stem + "-with-head"), judged[learn], right[learn], tokens)

    scores = {
        "nothing (random)": np.random.default_rng(1).random(len(rows)),
        "prompt length": -lengths[:, 0],
        "coverage distance": _coverage_distance(vectors, tuning),
        "head": head,
        "entropy of 6 tokens": -confidence(rows, 6)[:, 0] - 99 * handed,
        f"cascade: {tokens} tokens, hand-over": by_tokens,
        f"cascade: head, {tokens} tokens, hand-over": with_head,
    }
    out = []
    for name, which in (("in domain", np.isin(kinds, IN_DOMAIN)), ("all, also what it should hand over", everything)):
        which = which & ~tuning
        for judge, score in scores.items():
            out.append([f"{name} (n={which.sum()})", judge] + _risk(score[which], right[which], kinds[which]))
    return HEAD, out


def _write_judge(file: Path, features: np.ndarray, right: np.ndarray, tokens: int) -> None:
    """The gateway's judge: weights for the head's log odds and for the four numbers of the tokens."""
    model = LogisticRegression(C=10.0, max_iter=3000).fit(features, right)
    head_weight, *weights = (round(float(w), 4) for w in model.coef_[0])
    file.write_text(json.dumps(
        {"kind": "confidence", "tokens": tokens, "head_weight": head_weight, "weights": weights,
         "bias": round(float(model.intercept_[0]), 4)}) + "\n")


def _coverage_distance(vectors: np.ndarray, tuning: np.ndarray) -> np.ndarray:
    """The mean cosine to the ten nearest prompts of the tuning half."""
    return np.sort(vectors @ vectors[tuning].T, axis=1)[:, -10:].mean(axis=1)


def _covered(order: np.ndarray, right: np.ndarray, weights: np.ndarray, share: float) -> str:
    """The largest share of tasks, the surest first, of which so many agree."""
    taken = np.cumsum(weights[order])
    good = np.flatnonzero(np.cumsum((weights * right)[order]) >= share * taken)
    return f"{100 * taken[good[-1]] / taken[-1] if good.size else 0:.0f} %"


def _risk(score: np.ndarray, right: np.ndarray, kinds: np.ndarray) -> list[str]:
    order = np.argsort(-score, kind="stable")
    agreement = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    names, at, counts = np.unique(kinds, return_inverse=True, return_counts=True)
    alike = np.ones(len(order))
    return [f"{100 * right.mean():.0f} %", *(_covered(order, right, alike, share) for share in (0.95, 0.9, 0.8)),
            _covered(order, right, 1 / counts[at], 0.95), f"{1 - agreement.mean():.3f}"]
