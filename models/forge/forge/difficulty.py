"""Step `difficulty`: the router's head, the probability that the bundled model will do, from a prompt's embedding.

Prompts are held out from the model's training, and half of those again for judging routers (`bench/router`); the label
says whether its greedy answer was right or, where an evaluation is given, how often answers to prompts of this kind were.
A logistic regression sees the MiniLM embedding, the length and the nearness to landmarks, the centres of the prompts,
which is what tells the model's domain from everything else.
"""

import base64
import json
import random
import zipfile
from pathlib import Path

import numpy as np

from . import evaluate
from .corpus import teaches_head
from .evaluate import EXACT, NUMBER, OVERLAP, REFUSED, UNFINISHED, EvaluationError, held_out, number, overlap

GAMMA = 12.0
LANDMARKS = 48


class Embedder:
    """all-MiniLM-L6-v2 in int8 as edgeway runs it: one text at a time, mean of the tokens, length 1."""

    def __init__(self, source: Path):
        import onnxruntime
        from tokenizers import Tokenizer

        if source.is_dir():
            graph, words = next(source.glob("*.onnx")).read_bytes(), next(source.glob("*tokenizer.json")).read_bytes()
        elif source.is_file():
            with zipfile.ZipFile(source) as jar:
                find = lambda end: jar.read(next(n for n in jar.namelist() if n.endswith(end)))
                graph, words = find(".onnx"), find("tokenizer.json")
        else:
            raise EvaluationError(f"{source} is missing: give the MiniLM directory or jar with --embedder")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_str(words.decode())
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(256)

    def __call__(self, texts: list[str]) -> np.ndarray:
        out = []
        for text in texts:
            ids = np.asarray([self.tokenizer.encode(text).ids], np.int64)
            given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
            vector = self.session.run(None, given)[0][0].mean(0)
            out.append(vector / np.linalg.norm(vector))
        return np.asarray(out, np.float32)


def label(kind: str, said: str, wanted: str) -> bool:
    """Whether the answer serves: right, and no handing over."""
    if kind in REFUSED or evaluate.REFUSAL.search(said):
        return False
    if kind in NUMBER:
        return number(said) == number(wanted)
    if kind in EXACT:
        return said == wanted
    return overlap(said, wanted) >= (0.25 if kind == "persona" else 0.6)


def outcomes(work: Path, answer: evaluate.Answer, questions: Path, each: int, seed: int) -> list[dict]:
    """Prompts with their labels; real search questions are counted as beyond the model."""
    path = work / "difficulty-outcomes.json"
    if path.is_file():
        return json.loads(path.read_text())
    records = [(kind, r["turns"]) for kind, found in held_out(work, each, teaches_head).items()
               if kind in NUMBER + EXACT + OVERLAP + REFUSED for r in found]
    replies = answer([turns[:-1] for _, turns in records])
    out = [{"kind": kind, "prompt": turns[-2][1],
            "right": label(kind, said.removesuffix(UNFINISHED).strip(), turns[-1][1].strip())}
           for (kind, turns), said in zip(records, replies)]
    asked = questions.read_text(encoding="utf-8").splitlines()
    out += [{"kind": "query", "prompt": q, "right": False} for q in random.Random(seed).sample(asked, 4 * each)]
    path.write_text(json.dumps(out))
    return out


def by_kind(work: Path, evaluation: Path, questions: Path, each: int, seed: int) -> list[dict]:
    """The same without a single answer generated: every prompt has the measured score of its kind."""
    scores = json.loads(evaluation.read_text())["tasks"]
    out = []
    for kind, found in held_out(work, each, teaches_head).items():
        if kind in NUMBER + EXACT + OVERLAP:
            out += [{"kind": kind, "prompt": r["turns"][-2][1], "right": scores[kind]["score"]} for r in found]
        elif kind in REFUSED:
            out += [{"kind": kind, "prompt": r["turns"][-2][1], "right": 0.0} for r in found]
    asked = questions.read_text(encoding="utf-8").splitlines()
    return out + [{"kind": "query", "prompt": q, "right": 0.0} for q in random.Random(seed).sample(asked, 4 * each)]


def landmarks(vectors: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Spherical k-means, rounded to signed bytes as the head stores them."""
    centres = vectors[rng.choice(len(vectors), count, replace=False)]
    for _ in range(25):
        nearest = (vectors @ centres.T).argmax(1)
        for c in range(count):
            members = vectors[nearest == c]
            if len(members):
                centres[c] = members.sum(0) / np.linalg.norm(members.sum(0))
    return np.rint(centres * 127).clip(-127, 127).astype(np.int8)


def features(vectors: np.ndarray, prompts: list[str], marks: np.ndarray) -> np.ndarray:
    near = np.exp(GAMMA * (vectors @ marks.T.astype(np.float32) / 127 - 1))
    length = np.log1p([[len(p)] for p in prompts])
    return np.hstack([vectors, near, length, np.ones((len(prompts), 1))])


def fit(x: np.ndarray, y: np.ndarray, penalty: float = 1.0, steps: int = 30) -> np.ndarray:
    """Logistic regression by Newton's method, with a ridge on everything but the bias."""
    weights = np.zeros(x.shape[1])
    ridge = np.full(x.shape[1], penalty)
    ridge[-1] = 1e-6
    for _ in range(steps):
        p = 1 / (1 + np.exp(-x @ weights))
        step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + np.diag(ridge), x.T @ (y - p) - ridge * weights)
        weights += step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def auc(scores: np.ndarray, y: np.ndarray) -> float:
    ranks = scores.argsort().argsort() + 1
    positive = y > 0.5
    n, m = positive.sum(), (~positive).sum()
    return float((ranks[positive].sum() - n * (n + 1) / 2) / max(1, n * m))


def coverage(scores: np.ndarray, y: np.ndarray, accuracy: float) -> float:
    """The largest share of prompts, best first, that keeps this accuracy."""
    right = np.cumsum(y[np.argsort(-scores)]) / np.arange(1, len(y) + 1)
    good = np.flatnonzero(right >= accuracy)
    return float((good[-1] + 1) / len(y)) if good.size else 0.0


def train(work: Path, found: list[dict], embedder: Path, out: Path, seed: int) -> dict:
    prompts, y = [f["prompt"] for f in found], np.array([f["right"] for f in found], float)
    vectors, rng = Embedder(embedder)(prompts), np.random.default_rng(seed)
    folds, said = rng.integers(0, 5, len(y)), np.zeros(len(y))
    for fold in range(5):
        inside, outside = folds != fold, folds == fold
        marks = landmarks(vectors[inside], LANDMARKS, rng)
        weights = fit(features(vectors[inside], [p for p, k in zip(prompts, inside) if k], marks), y[inside])
        said[outside] = features(vectors[outside], [p for p, k in zip(prompts, outside) if k], marks) @ weights
    length = -np.array([len(p) for p in prompts], float)
    marks = landmarks(vectors, LANDMARKS, rng)
    weights = fit(features(vectors, prompts, marks), y)
    dim = vectors.shape[1]
    head = {
        "dim": dim, "kind": "logistic", "weights": [round(float(w), 4) for w in weights[:dim]],
        "bias": round(float(weights[-1]), 4), "length_weight": round(float(weights[-2]), 4),
        "landmarks": {"gamma": GAMMA, "weights": [round(float(w), 4) for w in weights[dim:dim + LANDMARKS]],
                      "vectors": base64.b64encode(marks.tobytes()).decode()},
    }
    out.write_text(json.dumps(head, separators=(",", ":")) + "\n")
    report = {"prompts": len(y), "right": float(y.mean()), "auc": auc(said, y), "auc of length": auc(length, y),
              "covered at 90 %": coverage(said, y, 0.9), "covered at 95 %": coverage(said, y, 0.95),
              "covered at 90 % by length": coverage(length, y, 0.9)}
    report = {k: round(v, 4) for k, v in report.items()}
    (work / "difficulty.json").write_text(json.dumps(report, indent=1))
    return report
