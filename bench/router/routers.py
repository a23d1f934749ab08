"""Routers to compare. Each takes what it may learn from and the prompts to judge, and ranks those by need of the cloud."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import MiniBatchKMeans
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge

LANDMARKS = 256
GAMMA = 8.0
NEIGHBOURS = 100


@dataclass(frozen=True)
class Split:
    """Vectors, lengths, surface features and outcomes, and which rows are to learn from and to judge."""

    vectors: np.ndarray
    lengths: np.ndarray
    surface: np.ndarray
    weak: np.ndarray
    strong: np.ndarray
    train: np.ndarray
    test: np.ndarray

    @property
    def gain(self) -> np.ndarray:
        return (self.strong - self.weak)[self.train]


def surface(prompts: list[str]) -> np.ndarray:
    """What a prompt looks like: lengths, digits, signs and turns of phrase."""
    rows = []
    for prompt in prompts:
        question = re.split(r"\nA\. ", prompt)[0]
        options = re.findall(r"\n[A-D]\. (.*)", prompt)
        lengths = [len(option) for option in options] or [0]
        words = question.split()
        rows.append([
            np.log1p(len(prompt)),
            np.log1p(len(question)),
            np.log1p(np.mean(lengths)),
            np.log1p(max(lengths)),
            np.std(np.log1p(lengths)),
            sum(c.isdigit() for c in prompt) / len(prompt),
            sum(c.isdigit() for c in "".join(options)) / (1 + sum(lengths)),
            sum(c in "=+-*/^()<>" for c in prompt) / len(prompt),
            prompt.count("Statement"),
            "____" in prompt,
            "NOT" in prompt or "EXCEPT" in prompt or " not " in prompt,
            question.count("."),
            question.count("?"),
            "following" in question,
            sum(c.isupper() for c in prompt) / len(prompt),
            np.mean([len(word) for word in words] or [0]),
            bool(re.search(r"\b(calculate|compute|find|how many|value|probability)\b", prompt, re.I)),
        ])
    features = np.array(rows, dtype=float)
    return (features - features.mean(0)) / (features.std(0) + 1e-9)


def random(split: Split) -> np.ndarray:
    return np.random.default_rng(0).random(split.test.sum())


def length(split: Split) -> np.ndarray:
    return split.lengths[split.test]


def neighbours(split: Split) -> np.ndarray:
    """The mean gain of the nearest prompts that were learnt from."""
    known, asked = split.vectors[split.train], split.vectors[split.test]
    out = np.zeros(len(asked))
    for at in range(0, len(asked), 512):
        cosines = asked[at : at + 512] @ known.T
        nearest = np.argpartition(-cosines, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        out[at : at + 512] = split.gain[nearest].mean(axis=1)
    return out


def ridge(split: Split) -> np.ndarray:
    """Linear regression of the gain on the embedding."""
    return Ridge(alpha=3).fit(split.vectors[split.train], split.gain).predict(split.vectors[split.test])


def _two_heads(features: np.ndarray, split: Split, c: float) -> np.ndarray:
    chances = [
        LogisticRegression(C=c, max_iter=300)
        .fit(features[split.train], outcome[split.train] > 0.5)
        .predict_proba(features[split.test])[:, 1]
        for outcome in (split.strong, split.weak)
    ]
    return chances[0] - chances[1]


def _length_column(split: Split) -> np.ndarray:
    logs = np.log1p(split.lengths)
    return ((logs - logs.mean()) / logs.std())[:, None]


def linear_head(split: Split) -> np.ndarray:
    """The gateway's head of kind logistic, once for each model."""
    return _two_heads(np.hstack([5 * split.vectors, _length_column(split)]), split, 0.01)


def _landmarks(split: Split) -> np.ndarray:
    known = split.vectors[split.train]
    means = MiniBatchKMeans(LANDMARKS, random_state=0, n_init=1, max_iter=20).fit(known).cluster_centers_
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    near = np.exp(GAMMA * (split.vectors @ means.T - 1))
    return (near - near[split.train].mean(0)) / (near[split.train].std(0) + 1e-9)


def landmark_head(split: Split) -> np.ndarray:
    """The gateway's head with landmarks: the linear one, and how near a prompt is to 256 centres of those learnt from."""
    return _two_heads(np.hstack([_landmarks(split), 8 * split.vectors, _length_column(split)]), split, 0.003)


def _boosted(split: Split) -> np.ndarray:
    model = HistGradientBoostingRegressor(
        max_iter=150, learning_rate=0.05, max_leaf_nodes=8, min_samples_leaf=100, l2_regularization=1, random_state=0)
    return model.fit(split.surface[split.train], split.gain).predict(split.surface[split.test])


def ensemble(split: Split) -> np.ndarray:
    """Landmark heads, neighbours, boosted surface features and length, each at the same weight: what is left to gain."""
    parts = [landmark_head(split), neighbours(split), _boosted(split), length(split)]
    return sum((part - part.mean()) / part.std() for part in parts)


ALL = {
    "random": random,
    "length": length,
    "neighbours": neighbours,
    "ridge": ridge,
    "head, linear": linear_head,
    "head, landmarks": landmark_head,
    "ensemble": ensemble,
}
