"""Writes `model.kv8.onnx` beside an exported model: the same graph over the same weights, with keys and values kept in
8 bits. Their scales, one a channel, are static: the largest values that a text brings forth, and a little more.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer

from .checkpoint import ExportError
from .directory import write_sums

GRAPH = "model.kv8.onnx"
WINDOW, WINDOWS = 256, 32
MARGIN = 1.05


def add(directory: Path, text: str) -> None:
    """Calibrates on the first tokens of a text; a few thousand of the kind that the model will see are enough."""
    ids = Tokenizer.from_file(str(directory / "tokenizer.json")).encode(text).ids[: WINDOW * WINDOWS]
    if len(ids) < 64:
        raise ExportError(f"the text has {len(ids)} tokens: too few to calibrate on")
    context = json.loads((directory / "config.json").read_text())["max_position_embeddings"]
    peaks = _peaks(directory / "model.onnx", ids, min(WINDOW, context))
    model = onnx.load(directory / "model.onnx", load_external_data=False)
    for node in model.graph.node:
        if node.op_type == "GroupQueryAttention":
            _quantize(model.graph, node, peaks)
    for value in (*model.graph.input, *model.graph.output):
        if value.name.startswith(("past_key_values.", "present.")):
            value.type.tensor_type.elem_type = TensorProto.INT8
    (directory / GRAPH).write_bytes(model.SerializeToString())
    write_sums(directory)


def _quantize(graph, node, peaks: dict) -> None:
    inputs = list(node.input) + [""] * (14 - len(node.input))
    for slot, past in ((12, node.input[3]), (13, node.input[4])):
        scale = np.maximum(peaks[past], 1e-6) * MARGIN / 127
        name = f"{past}.scale".replace("past_key_values", "kv")
        graph.initializer.append(numpy_helper.from_array(scale[None, :, None, :].astype(np.float32), name))
        inputs[slot] = name
    del node.input[:]
    node.input.extend(inputs)
    for name, value in (("k_quant_type", "PER_CHANNEL"), ("v_quant_type", "PER_CHANNEL"), ("kv_cache_bit_width", 8)):
        node.attribute.append(helper.make_attribute(name, value))


def _peaks(graph: Path, ids: list[int], window: int) -> dict:
    """The largest magnitude of each channel of keys and values, [kv_heads, head_dim], by the name of the input."""
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    pasts = {i.name: i.shape for i in session.get_inputs() if i.name.startswith("past_key_values.")}
    names = [name.replace("past_key_values", "present") for name in pasts]
    peaks = {name: np.zeros((shape[1], shape[3])) for name, shape in pasts.items()}
    for at in range(0, len(ids), window):
        part = np.array([ids[at:at + window]], np.int64)
        count = part.shape[1]
        feeds = {
            "input_ids": part, "seqlens_k": np.array([count - 1], np.int32),
            "total_sequence_length": np.array([count], np.int32), "logit_rows": np.array([count - 1]),
            **{name: np.zeros((1, shape[1], count, shape[3]), np.float32) for name, shape in pasts.items()},
        }
        for name, present in zip(pasts, session.run(names, feeds)):
            peaks[name] = np.maximum(peaks[name], np.abs(present[0]).max(axis=1))
    return peaks


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m forge.export.kv8", description=__doc__)
    parser.add_argument("directory", type=Path, help="an exported model directory")
    parser.add_argument("text", type=Path, help="a text file to calibrate on")
    args = parser.parse_args()
    try:
        add(args.directory, args.text.read_text())
    except ExportError as e:
        print(f"forge.export.kv8: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
