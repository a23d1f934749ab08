"""Writes a model directory: graph, weights, tokenizer, configuration and their checksums."""

import hashlib
import json
import shutil
from pathlib import Path

import onnx

from . import decoder
from .checkpoint import Checkpoint, ExportError

LONGEST = 8192
COPIED = ("tokenizer.json", "tokenizer_config.json", "generation_config.json", "chat_template.jinja")


def export(
    source: Path,
    target: Path,
    quant: str = "int8",
    block: int = 32,
    head: str | None = None,
    context: int | None = None,
) -> list[tuple[str, int]]:
    """Answers the names and sizes of the files written."""
    checkpoint = Checkpoint(source)
    longest = checkpoint.architecture.context
    context = context or min(longest, LONGEST)
    if context > longest:
        raise ExportError(f"--context {context}: the model was made for {longest} tokens")
    if not (source / "tokenizer.json").is_file():
        raise ExportError(f"{source / 'tokenizer.json'} is missing")
    target.mkdir(parents=True, exist_ok=True)
    model = decoder.build(checkpoint, quant, block, head or quant, context)
    for old in target.glob("model.onnx*"):
        old.unlink()
    # Weights beside the graph are mapped, not copied, by the runtime.
    onnx.save_model(
        model, target / "model.onnx", save_as_external_data=True, location="model.onnx.data", size_threshold=1024
    )
    (target / "model.onnx.data").chmod(0o644)
    config = dict(checkpoint.config, max_position_embeddings=context)
    (target / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    for name in COPIED:
        if (source / name).is_file() and source.resolve() != target.resolve():
            shutil.copyfile(source / name, target / name)
    return write_sums(target)


def write_sums(target: Path) -> list[tuple[str, int]]:
    names = sorted(p.name for p in target.iterdir() if p.is_file() and p.name not in ("SHA256SUMS", "README.md"))
    lines = [f"{hashlib.sha256((target / n).read_bytes()).hexdigest()}  {n}\n" for n in names]
    (target / "SHA256SUMS").write_text("".join(lines))
    return [(n, (target / n).stat().st_size) for n in names]
