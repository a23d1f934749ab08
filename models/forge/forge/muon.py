"""Muon for the matrices of the layers, AdamW for everything else, as one optimizer with one learning rate."""

from collections import defaultdict

import torch


def orthogonalize(g: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """The nearest semi-orthogonal matrices, by the quintic Newton-Schulz iteration, for a stack of matrices."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = g.bfloat16() if g.is_cuda else g.float()
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        y = x @ x.mT
        x = a * x + (b * y + c * y @ y) @ x
    return (x.mT if tall else x).to(g.dtype)


class Muon(torch.optim.Optimizer):
    """Keller Jordan's Muon with Moonshot's scale, so that AdamW's learning rates apply."""

    def __init__(self, parameters, lr: float, momentum: float = 0.95, weight_decay: float = 0.1):
        super().__init__(list(parameters), {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            stacks = defaultdict(list)
            for p in group["params"]:
                if p.grad is not None:
                    stacks[p.shape].append(p)
            for shape, parameters in stacks.items():
                grads = torch.stack([p.grad for p in parameters])
                moments = []
                for p in parameters:
                    state = self.state[p]
                    if "momentum" not in state:
                        state["momentum"] = torch.zeros_like(p)
                    moments.append(state["momentum"])
                torch._foreach_lerp_(moments, list(grads.unbind(0)), 1 - group["momentum"])
                update = orthogonalize(torch.lerp(grads, torch.stack(moments), group["momentum"]))
                scale = 0.2 * max(shape) ** 0.5 * group["lr"]
                torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
                torch._foreach_add_(parameters, list(update.unbind(0)), alpha=-scale)


def optimizers(model: torch.nn.Module, lr: float, fused: bool, muon: bool = True) -> list[torch.optim.Optimizer]:
    """Without `muon`, whose iteration costs a CPU more than a short step does, AdamW has the matrices too."""
    trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    if not muon:
        return [torch.optim.AdamW([p for _, p in trained], lr, betas=(0.9, 0.98), weight_decay=0.0, fused=fused)]
    matrices = [p for n, p in trained if p.ndim == 2 and "embed" not in n]
    others = [p for n, p in trained if p.ndim != 2 or "embed" in n]
    return [Muon(matrices, lr), torch.optim.AdamW(others, lr, betas=(0.9, 0.95), weight_decay=0.01, fused=fused)]
