"""One set of random weights in the formats of both engines: `python models.py FOLDER LLAMA_CPP_SOURCE`.

The shape is SmolLM2-135M's. Only speed is compared, so the weights need not be trained; both sides get the same
matrices, rounded by each engine's own scheme.
"""

import hashlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHAPE = dict(
    model_type="llama", architectures=["LlamaForCausalLM"], vocab_size=49152, hidden_size=576, intermediate_size=1536,
    num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3, head_dim=64, max_position_embeddings=2048,
    rms_norm_eps=1e-5, rope_theta=100000.0, tie_word_embeddings=True, hidden_act="silu", eos_token_id=288)

# Our directories: the scheme, and weights a scale in it.
SCHEMES = {"int8": ("int8", 32), "int4": ("int4", 32), "int4-64": ("int4", 64)}


def weights():
    import numpy as np

    rng = np.random.default_rng(1)
    hidden, ffn, kv = SHAPE["hidden_size"], SHAPE["intermediate_size"], 192

    def matrix(rows, columns):
        return (rng.standard_normal((rows, columns), np.float32) * 0.02).astype(np.float32)

    yield "model.embed_tokens.weight", matrix(SHAPE["vocab_size"], hidden)
    for layer in range(SHAPE["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        for name, rows, columns in (
                ("self_attn.q_proj", hidden, hidden), ("self_attn.k_proj", kv, hidden),
                ("self_attn.v_proj", kv, hidden), ("self_attn.o_proj", hidden, hidden),
                ("mlp.gate_proj", ffn, hidden), ("mlp.up_proj", ffn, hidden), ("mlp.down_proj", hidden, ffn)):
            yield f"{at}{name}.weight", matrix(rows, columns)
        yield f"{at}input_layernorm.weight", np.ones(hidden, np.float32)
        yield f"{at}post_attention_layernorm.weight", np.ones(hidden, np.float32)
    yield "model.norm.weight", np.ones(hidden, np.float32)


GGUF_NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}


def gguf_name(name):
    if name.startswith("model.layers."):
        _, _, layer, rest = name.split(".", 3)
        return f"blk.{layer}.{GGUF_NAMES[rest.removesuffix('.weight')]}.weight"
    return {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}[name]


def interleave(weight, heads):
    """The order of rotary pairs in GGUF."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(weight.shape)


def write_gguf(path, tensors, kind):
    import gguf

    types = gguf.GGMLQuantizationType
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(SHAPE["max_position_embeddings"])
    writer.add_embedding_length(SHAPE["hidden_size"])
    writer.add_block_count(SHAPE["num_hidden_layers"])
    writer.add_feed_forward_length(SHAPE["intermediate_size"])
    writer.add_head_count(SHAPE["num_attention_heads"])
    writer.add_head_count_kv(SHAPE["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(SHAPE["rms_norm_eps"])
    writer.add_rope_freq_base(SHAPE["rope_theta"])
    writer.add_vocab_size(SHAPE["vocab_size"])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list([f"t{i}" for i in range(SHAPE["vocab_size"])])
    writer.add_token_types([1] * SHAPE["vocab_size"])
    writer.add_token_merges(["t 0"])
    writer.add_eos_token_id(0)
    for name, weight in tensors.items():
        if name.endswith("q_proj.weight"):
            weight = interleave(weight, SHAPE["num_attention_heads"])
        elif name.endswith("k_proj.weight"):
            weight = interleave(weight, SHAPE["num_key_value_heads"])
        if weight.ndim == 1:
            writer.add_tensor(gguf_name(name), weight)
            continue
        # llama.cpp keeps a tied head at 8 bits in its Q4_0 files too.
        scheme = types.Q8_0 if kind == "q8_0" or "embed" in name else types.Q4_0
        writer.add_tensor(gguf_name(name), gguf.quants.quantize(weight, scheme), raw_dtype=scheme)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_tokenizer(folder):
    """The test model's, with a word for each token that the shape has: what is streamed must be text."""
    tiny = ROOT / "src/test/resources/models/tiny"
    tokenizer = json.loads((tiny / "tokenizer.json").read_text())
    for token in range(290, SHAPE["vocab_size"]):
        tokenizer["model"]["vocab"][f"\u0120t{token}"] = token
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    (folder / "tokenizer_config.json").write_bytes((tiny / "tokenizer_config.json").read_bytes())


def refresh(folder):
    """Weights take minutes to make and stay; what surrounds them is written anew."""
    write_tokenizer(folder)
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    names = [line.split(maxsplit=1)[1] for line in lines]
    (folder / "SHA256SUMS").write_text("".join(
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names))


def main():
    folder, source = Path(sys.argv[1]), Path(sys.argv[2])
    if all((folder / name).exists() for name in ("q4_0.gguf", *SCHEMES)):
        for name in SCHEMES:
            refresh(folder / name)
        return
    sys.path[:0] = [str(ROOT / "models" / "forge"), str(source / "gguf-py")]
    from forge.export import export
    from safetensors.numpy import save_file

    tensors = dict(weights())
    checkpoint = folder / "checkpoint"
    checkpoint.mkdir(parents=True, exist_ok=True)
    save_file(tensors, checkpoint / "model.safetensors")
    (checkpoint / "config.json").write_text(json.dumps(SHAPE))
    write_tokenizer(checkpoint)
    for name, (quant, block) in SCHEMES.items():
        export(checkpoint, folder / name, quant, block)
    for kind in ("q8_0", "q4_0"):
        write_gguf(folder / f"{kind}.gguf", tensors, kind)


main()
