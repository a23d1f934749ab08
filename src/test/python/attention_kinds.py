"""Makes graphs of one attention, of kinds that edgeway's own kernels know and of others: python attention_kinds.py FOLDER"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HEADS, KV_HEADS, CONTEXT = 4, 2, 16
# Features of a head, and how many of them are rotated.
KINDS = {"whole": (32, 32), "unrotated": (32, 0), "in-part": (32, 16), "of-256": (256, 256), "of-112": (112, 112)}


def graph(features, rotated):
    wide = (HEADS + 2 * KV_HEADS) * features
    past = [1, KV_HEADS, "past", features]
    inputs = [("qkv", TensorProto.FLOAT, [1, "tokens", wide]), ("past_key", TensorProto.FLOAT, past),
              ("past_value", TensorProto.FLOAT, past), ("seqlens_k", TensorProto.INT32, [1]),
              ("total_sequence_length", TensorProto.INT32, [1])]
    outputs = [("out", TensorProto.FLOAT, [1, "tokens", HEADS * features]), ("present_key", TensorProto.FLOAT, None),
               ("present_value", TensorProto.FLOAT, None)]
    tables, names = [], ["qkv", "", "", "past_key", "past_value", "seqlens_k", "total_sequence_length"]
    if rotated:
        angles = np.arange(CONTEXT)[:, None] * 10000.0 ** (-np.arange(rotated // 2) * 2 / rotated)
        tables = [numpy_helper.from_array(f(angles).astype(np.float32), n) for n, f in (("cos", np.cos), ("sin", np.sin))]
        names += ["cos", "sin"]
    node = helper.make_node("GroupQueryAttention", names, ["out", "present_key", "present_value"], domain="com.microsoft",
                            num_heads=HEADS, kv_num_heads=KV_HEADS, do_rotary=int(rotated > 0))
    model = helper.make_model(
        helper.make_graph([node], "attention", [helper.make_tensor_value_info(*i) for i in inputs],
                          [helper.make_tensor_value_info(*o) for o in outputs], tables),
        opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)])
    model.ir_version = 10
    return model


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for kind, shape in KINDS.items():
        onnx.save(graph(*shape), folder / f"{kind}.onnx")


if __name__ == "__main__":
    main()
