"""RouteLLM's method on its MMLU set: every router in domain and with subjects left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import data
import embed
import metrics
import routers

FOLDS = 5
HEAD = ["router", "APGR in domain", "95 %", "CPT50", "CPT80", "APGR subjects left out", "95 %", "CPT50", "CPT80"]


def table(file: Path, embedder: Path, cache: Path, some: int | None = None) -> tuple[list[str], list[list[str]]]:
    outcomes = data.read(file)
    if some is not None:
        outcomes = outcomes.sample(some)
    vectors = embed.embed_all(embedder, outcomes.prompts, cache)
    lengths = np.array([len(prompt) for prompt in outcomes.prompts], dtype=float)
    surface = routers.surface(outcomes.prompts)
    random = np.random.default_rng(0)
    by_prompt = random.integers(0, FOLDS, len(lengths))
    by_subject = (random.permutation(outcomes.groups.max() + 1) % FOLDS)[outcomes.groups]

    rows = []
    for name, router in routers.ALL.items():
        row = [name]
        for folds in (by_prompt, by_subject):
            score = np.zeros(len(lengths))
            for fold in range(FOLDS):
                split = routers.Split(
                    vectors, lengths, surface, outcomes.weak, outcomes.strong, folds != fold, folds == fold)
                score[split.test] = router(split)
            row += measures(score, outcomes.weak, outcomes.strong)
        rows.append(row)
        print("  ".join(row), flush=True)
    return HEAD, rows


def measures(score, weak, strong) -> list[str]:
    low, high = metrics.interval(score, weak, strong, metrics.apgr)
    return [
        f"{metrics.apgr(score, weak, strong):.3f}",
        f"{low:.3f}..{high:.3f}",
        f"{100 * metrics.cpt(score, weak, strong, 0.5):.1f} %",
        f"{100 * metrics.cpt(score, weak, strong, 0.8):.1f} %",
    ]
