"""RouteLLM's measures (arXiv 2406.18665, section 4): how much of the gap between two models a router recovers."""

from __future__ import annotations

import numpy as np


def recovered(score: np.ndarray, weak: np.ndarray, strong: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The share of strong calls, and the share of the gap recovered, for every cut through the ranking.

    `score` ranks prompts by how much they need the strong model.
    """
    order = np.argsort(-score, kind="stable")
    gain = np.concatenate([[0.0], np.cumsum((strong - weak)[order])])
    calls = np.arange(len(gain)) / (len(gain) - 1)
    return calls, gain / (strong.sum() - weak.sum())


def apgr(score: np.ndarray, weak: np.ndarray, strong: np.ndarray) -> float:
    """The average share of the gap recovered: the area under the curve, 0.5 for a random router."""
    calls, gap = recovered(score, weak, strong)
    return float(np.trapezoid(gap, calls))


def cpt(score: np.ndarray, weak: np.ndarray, strong: np.ndarray, share: float) -> float:
    """The call-performance threshold: the share of strong calls from which this share of the gap is recovered."""
    calls, gap = recovered(score, weak, strong)
    return float(calls[np.argmax(gap >= share)])


def interval(score, weak, strong, measure, rounds: int = 200, seed: int = 1) -> tuple[float, float]:
    """A 95 % bootstrap interval over prompts."""
    random = np.random.default_rng(seed)
    values = []
    for _ in range(rounds):
        at = random.integers(0, len(score), len(score))
        values.append(measure(score[at], weak[at], strong[at]))
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))
