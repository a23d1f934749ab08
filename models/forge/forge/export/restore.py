"""Reads an exported model directory back into a Hugging Face directory, the other way round than `directory`.

Weights are those that the graph computes with, in float32. Exported again in the same scheme and block they give the
same int4 numbers and scales, because every block has a weight on its lowest level; an int8 scale may differ in its
last bit.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper
from safetensors.numpy import save_file

from .checkpoint import Architecture, ExportError, architecture
from .directory import COPIED

TABLE = "model.embed_tokens"


def restore(source: Path, target: Path) -> list[tuple[str, int]]:
    """Answers the names and sizes of the files written."""
    if source.resolve() == target.resolve():
        raise ExportError(f"{target} is the directory to read: name another one to write")
    for name in ("config.json", "tokenizer.json", "model.onnx"):
        if not (source / name).is_file():
            raise ExportError(f"{source / name} is missing")
    config = json.loads((source / "config.json").read_text())
    try:
        model = onnx.load(source / "model.onnx")
    except Exception as e:
        raise ExportError(f"{source / 'model.onnx'} or its weights cannot be read, they may be truncated: {e}") from e
    if "edgeway.layout" not in {p.key for p in model.metadata_props}:
        raise ExportError(f"{source / 'model.onnx'} was not written by the forge")
    weights = tensors(model, architecture(config))
    target.mkdir(parents=True, exist_ok=True)
    save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    (target / "config.json").write_text(json.dumps(config, indent=1))
    for name in COPIED:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
    return [(p.name, p.stat().st_size) for p in sorted(target.iterdir()) if p.is_file()]


def tensors(model: onnx.ModelProto, arch: Architecture) -> dict[str, np.ndarray]:
    """The float32 tensors by the names of `transformers`."""
    stored = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    widths = {n.input[1]: helper.get_node_attr_value(n, "K") for n in model.graph.node if n.op_type == "MatMulNBits"}
    widths[TABLE] = arch.hidden
    found = {}
    for name, value in stored.items():
        if not name.startswith(("model.", "lm_head")) or name.endswith(".scale"):
            continue
        if name.endswith(".weight"):
            found[name] = value
        elif name.endswith(".bias"):
            found.update(_split(name.removesuffix(".bias"), "bias", value, arch))
        else:
            # Blocks may be wider than what is left of a row.
            matrix = _matrix(value, stored.get(f"{name}.scale"), name == TABLE)[:, :widths.get(name)]
            found.update(_split(name, "weight", matrix, arch))
    return {name: np.ascontiguousarray(value, np.float32) for name, value in found.items()}


def _matrix(value: np.ndarray, scale: np.ndarray | None, table: bool) -> np.ndarray:
    """Rows are output features, as in a checkpoint; only a table of embeddings is stored so in every scheme."""
    if value.dtype == np.uint8:
        levels = np.stack([value & 15, value >> 4], axis=-1).reshape(*scale.shape, -1).astype(np.float32) - 8
        return (levels * scale[..., None]).reshape(len(value), -1)
    rows = value if table else value.T
    return rows if scale is None else rows * scale[:, None]


def _split(name: str, part: str, value: np.ndarray, arch: Architecture) -> dict[str, np.ndarray]:
    prefix, packed, _ = name.rpartition("qkv")
    if not packed:
        return {f"{name}.{part}": value}
    query, key = arch.heads * arch.head_dim, arch.kv_heads * arch.head_dim
    pieces = np.split(value, [query, query + key])
    return {f"{prefix}{p}_proj.{part}": piece for p, piece in zip("qkv", pieces)}
