"""Makes a random model in the layout that onnxruntime-genai and onnx-community publish, and what transformers says of it.
Run with models/forge on the path: PYTHONPATH=models/forge python src/test/resources/models/make-common.py"""

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from transformers import LlamaConfig, LlamaForCausalLM

from forge.export import export

here = Path(__file__).parent
target = here / "common"
tokenizer = here / "tiny"
torch.manual_seed(8)
model = LlamaForCausalLM(LlamaConfig(
    vocab_size=290, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
    num_key_value_heads=1, head_dim=16, max_position_embeddings=256, tie_word_embeddings=True, eos_token_id=289)).eval()
with torch.no_grad():
    for p in model.parameters():
        if p.ndim == 2:
            p.mul_(6)

with tempfile.TemporaryDirectory() as folder:
    source = Path(folder) / "hf"
    model.save_pretrained(source)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tokenizer / name, source / name)
    export(source, Path(folder) / "out", "fp32")
    graph = onnx.load(Path(folder) / "out" / "model.onnx")

g = graph.graph
keep = [i for i in g.input if i.name == "input_ids"]
for name, length in (("attention_mask", "total"), ("position_ids", "sequence")):
    keep.append(helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", length]))
for value in (*g.input, *g.output):
    if value.name.startswith(("past_key_values.", "present.")):
        value.type.tensor_type.shape.dim[2].dim_param = "past" if value.name.startswith("past") else "total"
keep += [i for i in g.input if i.name.startswith("past_key_values.")]
del g.input[:]
g.input.extend(keep)


def constant(name, value):
    g.initializer.append(numpy_helper.from_array(np.array(value), name))
    return name


axis, one, zero = constant("c.axis", np.array([1])), constant("c.one", 1), constant("c.zero", 0)
front = [
    helper.make_node("ReduceSum", ["attention_mask", axis], ["c.sum"], keepdims=0),
    helper.make_node("Sub", ["c.sum", one], ["c.less"]),
    helper.make_node("Cast", ["c.less"], ["seqlens_k"], to=TensorProto.INT32),
    helper.make_node("Shape", ["attention_mask"], ["c.total"], start=1),
    helper.make_node("Cast", ["c.total"], ["total_sequence_length"], to=TensorProto.INT32),
    helper.make_node("Size", ["input_ids"], ["c.size"]),
    helper.make_node("Range", [zero, "c.size", one], ["logit_rows"]),
    helper.make_node("Shape", ["input_ids"], ["c.shape"]),
    helper.make_node("Concat", ["c.shape", constant("c.vocab", np.array([290]))], ["c.out"], axis=0),
]
last = next(n for n in g.node if "logits" in n.output)
last.output[0] = "c.logits"
nodes = front + list(g.node) + [helper.make_node("Reshape", ["c.logits", "c.out"], ["logits"])]
del g.node[:]
g.node.extend(nodes)
shape = next(o for o in g.output if o.name == "logits").type.tensor_type.shape
del shape.dim[:]
for size in ("batch", "sequence", 290):
    d = shape.dim.add()
    setattr(d, "dim_value" if isinstance(size, int) else "dim_param", size)

target.mkdir(exist_ok=True)
(target / "onnx").mkdir(exist_ok=True)
onnx.save_model(graph, target / "onnx" / "model.onnx")
for name in ("tokenizer.json", "tokenizer_config.json"):
    shutil.copyfile(tokenizer / name, target / name)
(target / "genai_config.json").write_text(json.dumps(
    {"model": {"context_length": 256, "eos_token_id": 289, "vocab_size": 290}}) + "\n")
prompts = [np.random.default_rng(n).integers(0, 288, n).tolist() for n in (3, 70, 130)]
goldens = []
for prompt in prompts:
    ids = torch.tensor([prompt])
    with torch.no_grad():
        logits = model(ids).logits[0, -1]
        text = []
        for _ in range(20):
            text.append(int(model(ids).logits[0, -1].argmax()))
            ids = torch.cat([ids, torch.tensor([[text[-1]]])], 1)
    goldens.append({"prompt": prompt, "logits": [round(float(x), 6) for x in logits], "greedy": text})
(target / "goldens.json").write_text(json.dumps(goldens) + "\n")
