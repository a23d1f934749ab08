"""Writes the graph of a decoder.

Inputs are `input_ids` [batch, sequence], `seqlens_k` [batch] (length of each row after this run, less one),
`total_sequence_length` (the longest of them) and `logit_rows` (which of the batch * sequence tokens need logits);
keys and values come as `past_key_values.N.key|value` [batch, kv_heads, capacity, head_dim] and leave as
`present.N.key|value`, which may be the same memory.
"""

import numpy as np

from . import rope
from .checkpoint import Checkpoint
from .graph import CONTRIB, FLOAT, INT32, INT64, Graph
from .linear import scheme


class Unchanged:
    """Rows as they are."""

    def fill(self, x: str, rank: int) -> str:
        return x

    def cut(self, x: str) -> str:
        return x


class Even:
    """Adds a row of zeros where their number is odd, and takes it away again.

    Edgeway's own products do without: it puts 1 in the place of `two` when it opens a graph with them.
    """

    def __init__(self, g: Graph, rows: str):
        self.g = g
        self.count = g.node("Shape", [rows])
        self.odd = g.node("Mod", [self.count, g.constant("two", np.array([2]))])
        self.zero = g.constant("zero", np.array([0]))

    def fill(self, x: str, rank: int) -> str:
        pads = [self.zero] * rank + [self.odd] + [self.zero] * (rank - 1)
        return self.g.node("Pad", [x, self.g.node("Concat", pads, axis=0)])

    def cut(self, x: str) -> str:
        return self.g.node("Slice", [x, self.zero, self.count, self.zero])


def build(checkpoint: Checkpoint, quant: str, block: int, head: str, context: int):
    arch, g = checkpoint.architecture, Graph()
    body, ends = scheme(quant, g, block), scheme(head, g, block)
    ids = g.input("input_ids", INT64, ["batch", "sequence"])
    lengths = g.input("seqlens_k", INT32, ["batch"])
    total = g.input("total_sequence_length", INT32, [1])
    wanted = g.input("logit_rows", INT64, ["rows"])
    cos, sin = (g.constant(n, t) for n, t in zip(("cos", "sin"), rope.tables(arch, context)))
    flat = g.constant("flat", np.array([-1]))
    shape = g.node("Shape", [ids])
    flat_ids = g.node("Reshape", [ids, flat])
    even = Even(g, flat_ids) if body.paired else Unchanged()
    even_wanted = Even(g, wanted) if ends.paired else Unchanged()

    shapes = {}

    def shaped(x: str, features: int) -> str:
        if features not in shapes:
            shapes[features] = g.node("Concat", [shape, g.constant(f"width{features}", np.array([features]))], axis=0)
        return g.node("Reshape", [x, shapes[features]])

    def batched(x: str, features: int) -> str:
        return shaped(even.cut(x), features)

    def reshaped(x: str, features: int) -> str:
        return g.node("Reshape", [x, g.constant(f"tokens{features}", np.array([-1, features]))])

    def tokens(x: str, features: int) -> str:
        return even.fill(reshaped(x, features), 2)

    def weight(layer: int, name: str) -> np.ndarray:
        return checkpoint.tensor(f"model.layers.{layer}.{name}.weight")

    def attention(x: str, layer: int) -> str:
        prefix = f"model.layers.{layer}.self_attn."
        names = [f"{prefix}{p}_proj" for p in "qkv"]
        packed = np.concatenate([checkpoint.tensor(f"{n}.weight") for n in names])
        bias = None
        if checkpoint.has(f"{names[0]}.bias"):
            bias = np.concatenate([checkpoint.tensor(f"{n}.bias") for n in names])
        qkv = batched(body.project(x, f"{prefix}qkv", packed, bias), packed.shape[0])
        query, key, value = qkv, "", ""
        if arch.qk_norm:
            query, key, value = normed_heads(qkv, layer)
        past = []
        for part in ("key", "value"):
            dims = ["batch", arch.kv_heads, "capacity", arch.head_dim]
            past.append(g.input(f"past_key_values.{layer}.{part}", FLOAT, dims))
            g.output(f"present.{layer}.{part}", FLOAT, dims)
        y, _, _ = g.node(
            "GroupQueryAttention", [query, key, value, *past, lengths, total, cos, sin],
            [f"{prefix}out", f"present.{layer}.key", f"present.{layer}.value"], domain=CONTRIB,
            num_heads=arch.heads, kv_num_heads=arch.kv_heads, do_rotary=1,
            scale=float(arch.head_dim) ** -0.5,
        )
        bias = checkpoint.tensor(f"{prefix}o_proj.bias") if checkpoint.has(f"{prefix}o_proj.bias") else None
        width = arch.heads * arch.head_dim
        return body.project(tokens(y, width), f"{prefix}o_proj", weight(layer, "self_attn.o_proj"), bias)

    def normed_heads(qkv: str, layer: int) -> list:
        q, kv = arch.heads * arch.head_dim, arch.kv_heads * arch.head_dim
        parts = g.node("Split", [qkv, g.constant("qkv", np.array([q, kv, kv]))], 3, axis=-1)
        for i, (part, width) in enumerate((("q", q), ("k", kv))):
            name = f"model.layers.{layer}.self_attn.{part}_norm.weight"
            heads = reshaped(parts[i], arch.head_dim)
            normed = g.node(
                "SimplifiedLayerNormalization", [heads, g.constant(name, checkpoint.tensor(name))],
                axis=-1, epsilon=arch.norm_eps, stash_type=1,
            )
            parts[i] = shaped(normed, width)
        return parts

    def feed_forward(x: str, layer: int) -> str:
        gate = body.project(x, f"model.layers.{layer}.mlp.gate_proj", weight(layer, "mlp.gate_proj"))
        up = body.project(x, f"model.layers.{layer}.mlp.up_proj", weight(layer, "mlp.up_proj"))
        silu = g.node("QuickGelu", [gate], domain=CONTRIB, alpha=1.0)
        return body.project(
            g.node("Mul", [silu, up]), f"model.layers.{layer}.mlp.down_proj", weight(layer, "mlp.down_proj")
        )

    def norm(name: str) -> str:
        return g.constant(name, checkpoint.tensor(name))

    def add_and_norm(x: str, residual: str, name: str) -> tuple[str, str]:
        g._count += 1
        outputs = [f"{name}.out", "", "", f"{name}.sum"]
        g.node(
            "SkipSimplifiedLayerNormalization", [x, residual, norm(name)], outputs, domain=CONTRIB,
            epsilon=arch.norm_eps,
        )
        return outputs[0], outputs[3]

    table = checkpoint.tensor("model.embed_tokens.weight")
    residual = ends.embed(even.fill(flat_ids, 1), "model.embed_tokens", table)
    x = g.node(
        "SimplifiedLayerNormalization", [residual, norm("model.layers.0.input_layernorm.weight")],
        axis=-1, epsilon=arch.norm_eps, stash_type=1,
    )
    for layer in range(arch.layers):
        y = attention(x, layer)
        x, residual = add_and_norm(y, residual, f"model.layers.{layer}.post_attention_layernorm.weight")
        y = feed_forward(x, layer)
        if layer + 1 < arch.layers:
            x, residual = add_and_norm(y, residual, f"model.layers.{layer + 1}.input_layernorm.weight")
    rows = even_wanted.fill(wanted, 1)
    y, residual = (g.node("Gather", [v, rows]) for v in (y, residual))
    x, _ = add_and_norm(y, residual, "model.norm.weight")
    if arch.tied or not checkpoint.has("lm_head.weight"):
        logits = ends.tied_head(x, "model.embed_tokens", table)
    else:
        logits = ends.project(x, "lm_head", checkpoint.tensor("lm_head.weight"))
    g.node("Identity", [even_wanted.cut(logits)], [g.output("logits", FLOAT, ["rows", arch.vocab])])
    return g.model({"edgeway.layout": "1", "edgeway.quant": quant, "edgeway.head": head})
