"""Reads a Hugging Face checkpoint: its architecture and, on demand, its tensors."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import safe_open


class ExportError(ValueError):
    """The checkpoint is not one that edgeway can run."""


@dataclass(frozen=True)
class Architecture:
    """What the graph needs to know of a decoder of the Llama family."""

    kind: str
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    vocab: int
    context: int
    norm_eps: float
    rope_theta: float
    rope_scaling: dict | None
    tied: bool

    @property
    def qk_norm(self) -> bool:
        return self.kind == "qwen3"


def architecture(config: dict) -> Architecture:
    kind = config.get("model_type")
    if kind not in ("llama", "qwen2", "qwen3"):
        raise ExportError(f"model_type {kind!r} is not supported: llama, qwen2 or qwen3 is")
    if config.get("hidden_act", "silu") != "silu":
        raise ExportError(f"hidden_act {config['hidden_act']!r} is not supported: silu is")
    if config.get("use_sliding_window"):
        raise ExportError("sliding window attention is not supported")
    if config.get("mlp_bias"):
        raise ExportError("mlp_bias is not supported")
    rope = config.get("rope_parameters") or {}
    scaling = config.get("rope_scaling") or (rope if rope.get("rope_type", "default") != "default" else None)
    heads = config["num_attention_heads"]
    return Architecture(
        kind=kind,
        hidden=config["hidden_size"],
        layers=config["num_hidden_layers"],
        heads=heads,
        kv_heads=config.get("num_key_value_heads") or heads,
        head_dim=config.get("head_dim") or config["hidden_size"] // heads,
        ffn=config["intermediate_size"],
        vocab=config["vocab_size"],
        context=config["max_position_embeddings"],
        norm_eps=config.get("rms_norm_eps", 1e-6),
        rope_theta=float(config.get("rope_theta") or rope.get("rope_theta") or 10000.0),
        rope_scaling=scaling,
        tied=config.get("tie_word_embeddings", False),
    )


class Checkpoint:
    """The directory, opened; tensors are read one at a time, as float32."""

    def __init__(self, directory: Path):
        self.directory = directory
        path = directory / "config.json"
        if not path.is_file():
            raise ExportError(f"{path} is missing")
        self.config = json.loads(path.read_text())
        self.architecture = architecture(self.config)
        self._files = {}
        for shard in sorted(directory.glob("*.safetensors")):
            try:
                handle = safe_open(shard, framework="pt")
            except Exception as e:
                raise ExportError(f"{shard} cannot be read, it may be truncated: {e}") from e
            self._files.update(dict.fromkeys(handle.keys(), handle))
        if not self._files:
            raise ExportError(f"{directory} holds no *.safetensors")

    def has(self, name: str) -> bool:
        return name in self._files

    def tensor(self, name: str) -> np.ndarray:
        if name not in self._files:
            raise ExportError(f"the checkpoint has no tensor {name}")
        value = self._files[name].get_tensor(name).float().numpy()
        if not np.isfinite(value).all():
            raise ExportError(f"{self.directory}: {name} holds NaN or infinite values")
        return value
