"""Step `prune`: removes attention heads and feed-forward channels that matter least, the same count in every layer."""

from dataclasses import replace

import torch

from .model import Llama


def importance(model: Llama, batches: list[torch.Tensor]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """For each layer how much each head and each channel adds to the residual, on average over the text."""
    totals = [[0, 0] for _ in model.model.layers]
    hooks = []

    def watch(position: int, which: int, width: int):
        def look(module, inputs):
            parts = inputs[0].detach().float().reshape(-1, module.in_features // width, width)
            columns = module.weight.detach().float().T.reshape(-1, width, module.out_features)
            if width == 1:
                size = parts.abs().mean((0, 2)) * columns.norm(dim=(1, 2))
            else:
                size = torch.einsum("tnw,nwo->tno", parts[:4096], columns).norm(dim=-1).mean(0)
            totals[position][which] = totals[position][which] + size
        return look

    for n, layer in enumerate(model.model.layers):
        hooks.append(layer.self_attn.o_proj.register_forward_pre_hook(watch(n, 0, model.shape.head_dim)))
        hooks.append(layer.mlp.down_proj.register_forward_pre_hook(watch(n, 1, 1)))
    try:
        with torch.no_grad():
            for ids in batches:
                model.hidden(ids)
    finally:
        for hook in hooks:
            hook.remove()
    return [tuple(t) for t in totals]


def prune(model: Llama, scores: list, heads_per_group: int, ffn: int) -> Llama:
    """A smaller copy: in each key/value group the best heads, in each layer the best channels."""
    old = model.shape
    groups, each = old.kv_heads, old.heads // old.kv_heads
    if not 1 <= heads_per_group <= each or not 1 <= ffn <= old.ffn:
        raise ValueError(f"cannot keep {heads_per_group} of {each} heads a group and {ffn} of {old.ffn} channels")
    small = Llama(replace(old, heads=groups * heads_per_group, ffn=ffn)).to(model.cos.device)
    weights = {k: v.clone() for k, v in model.state_dict().items()}
    for n, (head_scores, channel_scores) in enumerate(scores):
        kept = head_scores.view(groups, each).topk(heads_per_group, 1).indices.sort(1).values
        heads = (kept + torch.arange(groups, device=kept.device)[:, None] * each).flatten()
        rows = (heads[:, None] * old.head_dim + torch.arange(old.head_dim, device=heads.device)).flatten()
        channels = channel_scores.topk(ffn).indices.sort().values
        a, m = f"model.layers.{n}.self_attn.", f"model.layers.{n}.mlp."
        weights[a + "q_proj.weight"] = weights[a + "q_proj.weight"][rows]
        weights[a + "o_proj.weight"] = weights[a + "o_proj.weight"][:, rows]
        for name in ("gate_proj", "up_proj"):
            weights[m + name + ".weight"] = weights[m + name + ".weight"][channels]
        weights[m + "down_proj.weight"] = weights[m + "down_proj.weight"][:, channels]
    small.load_state_dict(weights)
    return small


def steps(heads_per_group: int, ffn: int) -> list[tuple[int, int]]:
    """The curve: three sizes from a light to a heavy cut."""
    cut = lambda share: max(32, int(ffn * share) // 32 * 32)
    fewer = max(1, heads_per_group - 1)
    return [(heads_per_group, cut(0.75)), (fewer, cut(0.75)), (fewer, cut(0.5))]
