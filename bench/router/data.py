"""RouteLLM's MMLU set: prompts, their subject, and whether a weak and a strong model answered right."""

from __future__ import annotations

import json
import lzma
from dataclasses import dataclass
from pathlib import Path

import numpy as np

WEAK = "mistralai/Mixtral-8x7B-Instruct-v0.1"
STRONG = "gpt-4-1106-preview"


@dataclass(frozen=True)
class Outcomes:
    prompts: list[str]
    groups: np.ndarray
    weak: np.ndarray
    strong: np.ndarray

    def sample(self, count: int) -> "Outcomes":
        at = np.sort(np.random.default_rng(2).choice(len(self.prompts), count, replace=False))
        return Outcomes([self.prompts[i] for i in at], self.groups[at], self.weak[at], self.strong[at])


def read(file: Path) -> Outcomes:
    prompts, subjects, weak, strong = [], [], [], []
    with lzma.open(file, "rt") as lines:
        for line in lines:
            row = json.loads(line)
            prompts.append(row["prompt"])
            subjects.append(row["subject"])
            weak.append(row[WEAK] == "True")
            strong.append(row[STRONG] == "True")
    _, groups = np.unique(subjects, return_inverse=True)
    return Outcomes(prompts, groups, np.array(weak, float), np.array(strong, float))
