"""The exported graph against transformers, on small random models."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from safetensors.numpy import load_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM,
)

from forge.export import ExportError, export, kv8, quantize, restore

SHAPE = dict(
    hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    vocab_size=160, max_position_embeddings=128,
)
LLAMA3 = dict(
    rope_type="llama3", rope_theta=500.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
    original_max_position_embeddings=32,
)
MODELS = {
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**SHAPE, tie_word_embeddings=True)),
    "llama-untied": lambda: LlamaForCausalLM(LlamaConfig(**SHAPE, tie_word_embeddings=False)),
    "llama3-rope": lambda: LlamaForCausalLM(LlamaConfig(**SHAPE, rope_parameters=LLAMA3)),
    "llama-wide-heads": lambda: LlamaForCausalLM(LlamaConfig(**SHAPE, head_dim=32, tie_word_embeddings=True)),
    "qwen2": lambda: Qwen2ForCausalLM(Qwen2Config(**SHAPE, tie_word_embeddings=True)),
    "qwen3": lambda: Qwen3ForCausalLM(Qwen3Config(**SHAPE, head_dim=32, tie_word_embeddings=True)),
}
CAPACITY = 64
# Without it int8 products of large numbers saturate.
VNNI = "vnni" in Path("/proc/cpuinfo").read_text()


@pytest.fixture(params=MODELS)
def reference(request, tmp_path):
    torch.manual_seed(11)
    model = MODELS[request.param]().eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.ndim == 1:
                p.add_(torch.randn_like(p) * 0.2)
            else:
                p.mul_(4)
    model.save_pretrained(tmp_path / "hf")
    Tokenizer(models.BPE({"a": 0}, [])).save(str(tmp_path / "hf" / "tokenizer.json"))
    return model, tmp_path


class Runner:
    """Runs the graph with one key/value buffer as past and present, as the engine does."""

    def __init__(self, directory, rows, graph="model.onnx"):
        self.session = ort.InferenceSession(directory / graph, providers=["CPUExecutionProvider"])
        self.cache = {
            i.name: np.zeros((rows, i.shape[1], CAPACITY, i.shape[3]), np.int8 if "int8" in i.type else np.float32)
            for i in self.session.get_inputs() if i.name.startswith("past")
        }

    def run(self, ids, past, row=0):
        """The logits of the last token of each row, for rows `row` and on."""
        ids = np.array(ids, np.int64)
        batch, length = ids.shape
        totals = np.array(past, np.int32) + length
        views = {name: c[row:row + batch] for name, c in self.cache.items()}
        feeds = {
            "input_ids": ids, "seqlens_k": totals - 1, "total_sequence_length": totals.max(keepdims=True),
            "logit_rows": np.arange(batch) * length + length - 1, **views,
        }
        names = [o.name for o in self.session.get_outputs()]
        result = dict(zip(names, self.session.run(names, feeds)))
        for name, view in views.items():
            view[:] = result[name.replace("past_key_values", "present")]
        return result["logits"]


def expected(model, ids):
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0, -1].numpy()


def sequence(length, seed=0):
    return np.random.default_rng(seed).integers(0, SHAPE["vocab_size"], length).tolist()


def test_fp32_equals_transformers_in_prefill_chunks_and_batched_decode(reference):
    model, path = reference
    export(path / "hf", path / "out", "fp32")
    runner = Runner(path / "out", 3)
    texts = [sequence(n, n) for n in (5, 17, 33)]
    for row, text in enumerate(texts):
        middle = len(text) // 2
        runner.run([text[:middle]], [0], row)
        logits = runner.run([text[middle:]], [middle], row)
        np.testing.assert_allclose(logits[0], expected(model, text), atol=1e-4)
    for step in range(4):
        past = [len(t) for t in texts]
        for t in texts:
            t.append(sequence(1, step + len(t))[0])
        logits = runner.run([[t[-1]] for t in texts], past)
        for row, text in enumerate(texts):
            np.testing.assert_allclose(logits[row], expected(model, text), atol=1e-4)


def rounded(weight, quant, block):
    """What is left of a matrix after quantization, as the graph should see it."""
    if quant in ("int8", "int7"):
        values, scale = quantize.per_row_int8(weight, 127 if quant == "int8" else 63)
        return values * scale[:, None]
    packed, scale = quantize.blocks(weight, block, 4)
    values = np.stack([packed & 15, packed >> 4], axis=-1).reshape(*scale.shape, block).astype(np.float32)
    return ((values - 8) * scale[..., None]).reshape(len(weight), -1)[:, :weight.shape[1]]


@pytest.mark.parametrize(
    "quant,head,block",
    [("int8", "int8", 32), ("int7", "int7", 32), ("int4", "int4", 32), ("int4", "int4", 16), ("int4", "int8", 32)])
def test_quantized_equals_rounded_weights_and_a_row_does_not_depend_on_its_neighbours(reference, quant, head, block):
    model, path = reference
    export(path / "hf", path / "out", quant, block, head)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.ndim == 2:
                ends = "embed" in name or "lm_head" in name
                p.copy_(torch.from_numpy(rounded(p.numpy().copy(), head if ends else quant, block)))
    texts = [sequence(n, n) for n in (9, 14, 30)]
    together, alone = Runner(path / "out", 3), [Runner(path / "out", 1) for _ in texts]
    for row, text in enumerate(texts):
        logits = together.run([text], [0], row)[0]
        want = expected(model, text)
        if VNNI or "int8" not in (quant, head):
            assert np.linalg.norm(logits - want) / np.linalg.norm(want) < 0.06
        alone[row].run([text[:7]], [0])
        np.testing.assert_array_equal(logits, alone[row].run([text[7:]], [7])[0])
    past = [len(t) for t in texts]
    logits = together.run([[1], [2], [3]], past)
    for row in range(3):
        np.testing.assert_array_equal(logits[row], alone[row].run([[row + 1]], [past[row]])[0])


def test_8_bit_keys_and_values_are_close_and_rows_do_not_depend_on_their_neighbours(reference):
    model, path = reference
    export(path / "hf", path / "out", "fp32")
    vocabulary = {f"t{i}": i for i in range(SHAPE["vocab_size"])}
    words = Tokenizer(models.WordLevel(vocabulary, "t0"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.save(str(path / "out" / "tokenizer.json"))
    kv8.add(path / "out", " ".join(f"t{i}" for i in sequence(800)))
    assert "model.kv8.onnx" in (path / "out" / "SHA256SUMS").read_text()
    texts = [sequence(n, n) for n in (9, 14, 30)]
    together = Runner(path / "out", 3, "model.kv8.onnx")
    alone = [Runner(path / "out", 1, "model.kv8.onnx") for _ in texts]
    for row, text in enumerate(texts):
        together.run([text], [0], row)
        alone[row].run([text], [0])
    past = [len(t) for t in texts]
    logits = together.run([[1], [2], [3]], past)
    for row, text in enumerate(texts):
        want = expected(model, text + [row + 1])
        assert np.linalg.norm(logits[row] - want) / np.linalg.norm(want) < 0.04
        np.testing.assert_array_equal(logits[row], alone[row].run([[row + 1]], [past[row]])[0])


def test_refuses_what_it_cannot_run(tmp_path):
    config = LlamaConfig(**SHAPE)
    LlamaForCausalLM(config).save_pretrained(tmp_path)
    with pytest.raises(ExportError, match="tokenizer.json is missing"):
        export(tmp_path, tmp_path / "out")
    (tmp_path / "config.json").write_text('{"model_type": "mamba"}')
    with pytest.raises(ExportError, match="'mamba' is not supported"):
        export(tmp_path, tmp_path / "out")


@pytest.mark.parametrize("block,hidden", [(32, 128), (64, 128), (128, 128), (128, 64), (128, 192)])
def test_wide_blocks_keep_their_values_and_rows_do_not_depend_on_their_number(tmp_path, block, hidden):
    torch.manual_seed(5)
    shape = dict(SHAPE, hidden_size=hidden, intermediate_size=2 * hidden, num_hidden_layers=1)
    model = LlamaForCausalLM(LlamaConfig(**shape, tie_word_embeddings=True)).eval()
    model.save_pretrained(tmp_path / "hf")
    Tokenizer(models.BPE({"a": 0}, [])).save(str(tmp_path / "hf" / "tokenizer.json"))
    export(tmp_path / "hf", tmp_path / "out", "int4", block)
    with torch.no_grad():
        for p in model.parameters():
            if p.ndim == 2:
                p.copy_(torch.from_numpy(rounded(p.numpy().copy(), "int4", block)))
    text = sequence(20)
    alone = [Runner(tmp_path / "out", 1) for _ in range(5)]
    together = Runner(tmp_path / "out", 5)
    for row in range(5):
        logits = together.run([text], [0], row)[0]
        assert np.linalg.norm(logits - expected(model, text)) / np.linalg.norm(logits) < 0.06
        alone[row].run([text], [0])
    logits = together.run([[r] for r in range(5)], [20] * 5)
    for row in range(5):
        np.testing.assert_array_equal(logits[row], alone[row].run([[row]], [20])[0])


@pytest.mark.parametrize("quant,block", [("int4", 16), ("int4", 32), ("int4", 128), ("int8", 32), ("fp32", 32)])
def test_restored_weights_are_those_of_the_graph_and_export_to_the_same_graph(reference, quant, block):
    model, path = reference
    export(path / "hf", path / "out", quant, block)
    restore(path / "out", path / "again")
    restored = load_file(path / "again" / "model.safetensors")
    stored = load_file(path / "hf" / "model.safetensors")
    assert restored.keys() == stored.keys()
    for name, value in stored.items():
        want = rounded(value.copy(), quant, block) if value.ndim == 2 and quant != "fp32" else value
        np.testing.assert_array_equal(restored[name], want, name)
    export(path / "again", path / "back", quant, block)
    if quant == "int8":
        first, second = (onnx.load(path / d / "model.onnx").graph.initializer for d in ("out", "back"))
        for a, b in zip(first, second):
            np.testing.assert_allclose(*map(onnx.numpy_helper.to_array, (a, b)), rtol=2e-7, err_msg=a.name)
    else:
        for name in ("model.onnx", "model.onnx.data"):
            assert (path / "out" / name).read_bytes() == (path / "back" / name).read_bytes()


def test_restores_only_what_the_forge_wrote(tmp_path):
    with pytest.raises(ExportError, match="config.json is missing"):
        restore(tmp_path, tmp_path / "out")
    with pytest.raises(ExportError, match="name another one"):
        restore(tmp_path, tmp_path)


def test_a_damaged_directory_is_named(reference):
    model, path = reference
    export(path / "hf", path / "out", "int4", 16)
    weights = path / "out" / "model.onnx.data"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ExportError, match="truncated"):
        restore(path / "out", path / "again")
    stored = path / "hf" / "model.safetensors"
    whole = stored.read_bytes()
    stored.write_bytes(whole[:-100])
    with pytest.raises(ExportError, match="truncated"):
        export(path / "hf", path / "out")
    stored.write_bytes(whole[:-4000] + b"\xff" * 4000)
    with pytest.raises(ExportError, match="NaN or infinite"):
        export(path / "hf", path / "out")
