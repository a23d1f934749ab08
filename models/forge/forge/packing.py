"""Rows of tokens for training: streams cut into full rows, in a new order for every pass."""

from pathlib import Path

import numpy as np
import torch

from .tokenizer import ANSWER


class StreamError(Exception):
    """An encoded stream that cannot be trained on."""


WRITTEN_BY = {"raw.bin": "prepare` and `tokenizer", "instruct.bin": "prepare` and `tokenizer", "honest.bin": "honest", "taught.bin": "sequences"}


class Stream:
    """One encoded file, read round and round."""

    def __init__(self, path: Path, context: int, seed: int, vocab: int):
        if not path.is_file():
            step = WRITTEN_BY.get(path.name, "tokenizer")
            raise StreamError(f"{path} is missing: run `{step}` first, or name other conversations with --conversations")
        self.tokens = np.fromfile(path, dtype=np.uint16)
        self.context = context
        self.rng = np.random.default_rng(seed)
        if self.tokens.size <= context * 2:
            raise StreamError(f"{path} holds {self.tokens.size} tokens, too few for rows of {context}")
        highest = int((self.tokens & (ANSWER - 1)).max())
        if highest >= vocab:
            raise StreamError(f"{path} holds token {highest}, but the vocabulary ends at {vocab - 1}: encode it again")
        self._order, self._offset = np.empty(0, np.int64), 0

    def rows(self, count: int) -> np.ndarray:
        out = []
        while len(out) < count:
            if self._order.size == 0:
                self._offset = int(self.rng.integers(0, self.context))
                available = (self.tokens.size - self._offset - 1) // self.context
                self._order = self.rng.permutation(available)
            start = self._offset + int(self._order[-1]) * self.context
            self._order = self._order[:-1]
            out.append(self.tokens[start:start + self.context + 1])
        return np.stack(out)


class Mixture:
    """Batches of plain and instruction rows; in the last part instructions prevail, from a stream of their own where
    there is one, and only answers count."""

    def __init__(self, work: Path, context: int, seed: int, vocab: int, last_phase: str = ""):
        self.raw = Stream(work / "raw.bin", context, seed, vocab)
        self.instruct = Stream(work / "instruct.bin", context, seed + 1, vocab)
        self.last = Stream(work / last_phase, context, seed + 3, vocab) if last_phase else self.instruct
        self._owed = 0.0

    def batch(self, rows: int, instruct: float, answers_only: bool, device: str):
        """Inputs, targets and the weight of each target."""
        self._owed += rows * instruct
        chosen = min(rows, int(self._owed))
        self._owed -= chosen
        parts, weights = [], []
        if chosen:
            block = (self.last if answers_only else self.instruct).rows(chosen)
            parts.append(block)
            weights.append((block[:, 1:] & ANSWER > 0) if answers_only else np.ones_like(block[:, 1:], bool))
        if rows > chosen:
            block = self.raw.rows(rows - chosen)
            parts.append(block)
            weights.append(np.ones_like(block[:, 1:], bool))
        tokens = torch.from_numpy((np.concatenate(parts) & (ANSWER - 1)).astype(np.int64))
        weight = torch.from_numpy(np.concatenate(weights)).float()
        if device.startswith("cuda"):
            tokens, weight = tokens.pin_memory(), weight.pin_memory()
        tokens, weight = tokens.to(device, non_blocking=True), weight.to(device, non_blocking=True)
        return tokens[:, :-1], tokens[:, 1:], weight

    def streams(self) -> list[Stream]:
        return [self.raw, self.instruct, self.last]
