"""Answers of a checkpoint to many prompts at once: prompts of nearly one length share a batch and its key/value buffers."""

from typing import Iterable

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from .model import Llama, rotate
from .tokenizer import render

END, PAD = 2, 0
# Prompts of a batch are filled up on the left by less than this, or by this share of the longest where that is more:
# long prompts are seldom of one length.
STEP, SLACK = 8, 0.12


class Cache:
    """Keys and values of a batch, room for all that will be said, and which places of a row are filling."""

    def __init__(self, model: Llama, rows: int, length: int, kind: torch.dtype, device):
        s = model.shape
        self.keys = torch.zeros(s.layers, rows, s.kv_heads, length, s.head_dim, dtype=kind, device=device)
        self.values = torch.zeros_like(self.keys)
        self.real = torch.ones(rows, length, dtype=torch.bool, device=device)
        self.filled = 0


def forward(model: Llama, ids: torch.Tensor, cache: Cache) -> torch.Tensor:
    """The logits behind the last of `ids`."""
    s, start, end = model.shape, cache.filled, cache.filled + ids.shape[1]
    x = model.model.embed_tokens(ids).to(cache.keys.dtype)
    cos, sin = model.cos[start:end].to(x.dtype), model.sin[start:end].to(x.dtype)
    mask = cache.real[:, None, None, :end]
    if start == 0:
        own = torch.eye(end, dtype=torch.bool, device=ids.device)
        mask = mask & torch.ones(end, end, dtype=torch.bool, device=ids.device).tril() | own
    for n, layer in enumerate(model.model.layers):
        a, y = layer.self_attn, layer.input_layernorm(x)
        view = lambda t: t.view(*ids.shape, -1, s.head_dim).transpose(1, 2)
        q, k = rotate(view(a.q_proj(y)), cos, sin), rotate(view(a.k_proj(y)), cos, sin)
        cache.keys[n, :, :, start:end], cache.values[n, :, :, start:end] = k, view(a.v_proj(y))
        k, v = cache.keys[n, :, :, :end], cache.values[n, :, :, :end]
        repeat = s.heads // s.kv_heads
        mixed = F.scaled_dot_product_attention(q, k.repeat_interleave(repeat, 1), v.repeat_interleave(repeat, 1), attn_mask=mask)
        x = x + a.o_proj(mixed.transpose(1, 2).reshape(*ids.shape, -1))
        x = x + layer.mlp(layer.post_attention_layernorm(x))
    cache.filled = end
    return F.linear(model.model.norm(x[:, -1]), model.model.embed_tokens.effective().to(x.dtype)).float()


class Said:
    """What a model answered: the tokens before the end, whether it ended, and how sure it was of each."""

    __slots__ = ("ids", "ended", "entropies", "margins")

    def __init__(self, ids: list[int], ended: bool, entropies: list[float], margins: list[float]):
        self.ids, self.ended, self.entropies, self.margins = ids, ended, entropies, margins


def generate(model: Llama, prompts: list[list[int]], device: str, longest: int, temperature: float = 0.0, seed: int = 0,
             watch: int = 0) -> list[Said]:
    """Greedy, or sampled at a temperature; of the first `watch` tokens entropy (nats) and margin of the two likeliest are kept."""
    cuda = device.startswith("cuda")
    kind = torch.bfloat16 if cuda else torch.float32
    most = 1024 if cuda else 32
    room = model.shape.context - longest
    prompts = [p[-room:] for p in prompts]
    order = sorted(range(len(prompts)), key=lambda i: -len(prompts[i]))
    out, random = [None] * len(prompts), torch.Generator(device=device).manual_seed(seed)
    while order:
        width = -(-len(prompts[order[0]]) // STEP) * STEP
        width = min(width, room)
        budget = max(1, min(most, (400_000 if cuda else 8_000) // (width + longest)))
        shortest = width - max(STEP, int(width * SLACK))
        chosen = [i for i in order[:budget] if len(prompts[i]) > shortest]
        order = order[len(chosen):]
        ids = torch.full((len(chosen), width), PAD)
        for n, i in enumerate(chosen):
            ids[n, width - len(prompts[i]):] = torch.tensor(prompts[i])
        ids = ids.to(device)
        with torch.no_grad(), torch.autocast(device.split(":")[0], torch.bfloat16, enabled=cuda):
            made = _batch(model, ids, [width - len(prompts[i]) for i in chosen], kind, longest, temperature, random, watch)
        for i, said in zip(chosen, made):
            out[i] = said
    return out


def _batch(model, ids, gaps, kind, longest, temperature, random, watch) -> list[Said]:
    cache = Cache(model, len(ids), ids.shape[1] + longest, kind, ids.device)
    for n, gap in enumerate(gaps):
        cache.real[n, :gap] = False
    ended, made, sure = torch.zeros(len(ids), dtype=torch.bool, device=ids.device), [], []
    for step in range(longest):
        logits = forward(model, ids, cache)
        if step < watch:
            likely = logits.softmax(-1)
            top = likely.topk(2, -1).values
            sure.append(torch.stack((torch.special.entr(likely).sum(-1), top[:, 0] - top[:, 1])))
        if temperature > 0:
            ids = torch.multinomial((logits / temperature).softmax(-1), 1, generator=random)
        else:
            ids = logits.argmax(-1, keepdim=True)
        made.append(ids)
        ended |= ids[:, 0] == END
        if step % 8 == 7 and bool(ended.all()):
            break
    rows = torch.cat(made, 1).tolist()
    entropies, margins = torch.stack(sure).permute(1, 2, 0).tolist() if sure else ([[]] * len(rows),) * 2
    out = []
    for row, e, m in zip(rows, entropies, margins):
        done = END in row
        count = row.index(END) if done else len(row)
        seen = min(len(e), count + 1)
        out.append(Said(row[:count], done, e[:seen], m[:seen]))
    return out


def answers(model: Llama, tokenizer: Tokenizer, prompts: Iterable[list], device: str, longest: int, **how) -> list[tuple[str, Said]]:
    """The same for conversations: the text of each answer and how it came about."""
    texts = [render(turns, generate=True) for turns in prompts]
    rows = [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
    said = generate(model, rows, device, longest, **how)
    return list(zip(tokenizer.decode_batch([s.ids for s in said]), said))
