"""The Llama architecture, small enough to compile whole; parameter names are those of `transformers`."""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

from .sizes import Shape
from .tokenizer import END, END_OF_TEXT


class Norm(nn.Module):
    def __init__(self, size: int, eps: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x):
        return F.rms_norm(x, (x.shape[-1],), self.weight.to(x.dtype), self.eps)


class Projection(nn.Linear):
    """A matrix that may be trained as if it were already quantized (straight-through)."""

    quantizer = None

    def __init__(self, fan_in: int, fan_out: int):
        super().__init__(fan_in, fan_out, bias=False)

    def forward(self, x):
        return F.linear(x, self.effective())

    def effective(self):
        if self.quantizer is None:
            return self.weight
        return self.weight + (self.quantizer(self.weight) - self.weight).detach()


class Embedding(nn.Embedding):
    quantizer = None

    def effective(self):
        if self.quantizer is None:
            return self.weight
        return self.weight + (self.quantizer(self.weight) - self.weight).detach()

    def forward(self, ids):
        return F.embedding(ids, self.effective())


class Attention(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        width = shape.head_dim
        self.q_proj = Projection(shape.hidden, shape.heads * width)
        self.k_proj = Projection(shape.hidden, shape.kv_heads * width)
        self.v_proj = Projection(shape.hidden, shape.kv_heads * width)
        self.o_proj = Projection(shape.heads * width, shape.hidden)

    def forward(self, x, cos, sin):
        batch, length, _ = x.shape
        width = self.shape.head_dim
        q = self.q_proj(x).view(batch, length, -1, width).transpose(1, 2)
        k = self.k_proj(x).view(batch, length, -1, width).transpose(1, 2)
        v = self.v_proj(x).view(batch, length, -1, width).transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        repeat = self.shape.heads // self.shape.kv_heads
        if repeat > 1:
            k, v = k.repeat_interleave(repeat, 1), v.repeat_interleave(repeat, 1)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, length, -1))


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class FeedForward(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.gate_proj = Projection(shape.hidden, shape.ffn)
        self.up_proj = Projection(shape.hidden, shape.ffn)
        self.down_proj = Projection(shape.ffn, shape.hidden)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.input_layernorm = Norm(shape.hidden, shape.norm_eps)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = Norm(shape.hidden, shape.norm_eps)
        self.mlp = FeedForward(shape)

    def forward(self, x, cos, sin):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        return x + self.mlp(self.post_attention_layernorm(x))


class Body(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.embed_tokens = Embedding(shape.vocab, shape.hidden)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.hidden, shape.norm_eps)


class Llama(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.model = Body(shape)
        frequencies = shape.rope_theta ** (-torch.arange(0, shape.head_dim, 2).float() / shape.head_dim)
        angles = torch.outer(torch.arange(shape.context).float(), frequencies)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        self.apply(self._initialize)
        for layer in self.model.layers:
            nn.init.zeros_(layer.self_attn.o_proj.weight)
            nn.init.zeros_(layer.mlp.down_proj.weight)

    @staticmethod
    def _initialize(module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)

    def embedded(self, ids):
        x = self.model.embed_tokens(ids)
        if torch.is_autocast_enabled(ids.device.type):
            x = x.to(torch.get_autocast_dtype(ids.device.type))
        return x

    def through(self, x, first: int, end: int):
        """What layers `first` to `end`, the latter not with them, make of it."""
        cos, sin = self.cos[:x.shape[1]].to(x.dtype), self.sin[:x.shape[1]].to(x.dtype)
        for layer in self.model.layers[first:end]:
            x = layer(x, cos, sin)
        return x

    def hidden(self, ids):
        return self.model.norm(self.through(self.embedded(ids), 0, self.shape.layers))

    def forward(self, ids):
        return F.linear(self.hidden(ids), self.model.embed_tokens.effective())

    def quantize_with(self, matrices, embedding):
        """Trains and answers from now on through these quantizers; None takes them off."""
        for module in self.modules():
            if isinstance(module, Projection):
                module.quantizer = matrices
            elif isinstance(module, Embedding):
                module.quantizer = embedding
        return self


def config(shape: Shape) -> dict:
    """The configuration as `transformers` writes it."""
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": shape.vocab,
        "hidden_size": shape.hidden, "intermediate_size": shape.ffn, "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads, "num_key_value_heads": shape.kv_heads, "head_dim": shape.head_dim,
        "max_position_embeddings": shape.context, "rms_norm_eps": shape.norm_eps, "rope_theta": shape.rope_theta,
        "hidden_act": "silu", "attention_bias": False, "mlp_bias": False, "tie_word_embeddings": True,
        "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 0, "torch_dtype": "float32",
    }


def shape_of(directory: Path) -> Shape:
    path = directory / "config.json"
    if not path.is_file():
        raise ModelError(f"{directory} is not a model directory: it has no config.json")
    c = json.loads(path.read_text())
    if c.get("model_type") != "llama" or not c.get("tie_word_embeddings"):
        raise ModelError(f"{path}: only Llama models with tied embeddings can be trained here")
    return Shape(hidden=c["hidden_size"], layers=c["num_hidden_layers"], heads=c["num_attention_heads"],
                 kv_heads=c["num_key_value_heads"], ffn=c["intermediate_size"],
                 head_dim=c.get("head_dim", c["hidden_size"] // c["num_attention_heads"]), vocab=c["vocab_size"],
                 context=c["max_position_embeddings"], rope_theta=c.get("rope_theta", 10000.0), norm_eps=c["rms_norm_eps"])


class ModelError(Exception):
    """A model directory that cannot be used."""


def save(model: Llama, directory: Path, tokenizer: Path, dtype=torch.float32) -> None:
    """An HF directory: weights, configuration and tokenizer."""
    directory.mkdir(parents=True, exist_ok=True)
    weights = {k: v.detach().to("cpu", dtype).contiguous() for k, v in model.state_dict().items()}
    save_file(weights, str(directory / "model.safetensors"), metadata={"format": "pt"})
    (directory / "config.json").write_text(json.dumps(config(model.shape), indent=1))
    (directory / "generation_config.json").write_text(json.dumps(
        {"bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 0, "do_sample": False, "max_new_tokens": 256}, indent=1))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (directory / name).write_text((tokenizer / name).read_text(encoding="utf-8"), encoding="utf-8")


def load(directory: Path, device="cpu") -> Llama:
    shape = shape_of(directory)
    model = Llama(shape)
    path = directory / "model.safetensors"
    try:
        weights = load_file(str(path))
    except Exception as e:
        raise ModelError(f"{path} cannot be read, it may be truncated: {e}") from e
    expected = model.state_dict()
    for name, tensor in expected.items():
        if name not in weights:
            raise ModelError(f"{path} lacks {name}")
        if weights[name].shape != tensor.shape:
            raise ModelError(f"{path}: {name} is {tuple(weights[name].shape)}, config.json asks for {tuple(tensor.shape)}")
        if not torch.isfinite(weights[name]).all():
            raise ModelError(f"{path}: {name} holds NaN or infinite values")
    model.load_state_dict({k: weights[k].float() for k in expected})
    return model.to(device)


def check_vocabulary(model: Llama, tokenizer) -> None:
    if tokenizer.get_vocab_size() != model.shape.vocab:
        raise ModelError(f"the tokenizer has {tokenizer.get_vocab_size()} tokens, the model {model.shape.vocab}")
    for token, wanted in ((END_OF_TEXT, 0), (END, 2)):
        if tokenizer.token_to_id(token) != wanted:
            raise ModelError(f"the tokenizer has {token} at {tokenizer.token_to_id(token)}, not at {wanted}")
