"""Step `quantize`: puts weights on the int8 or int4 grid: rounded, calibrated layer by layer, or healed by training."""

import torch

from . import grid
from .model import Llama, Projection


class CalibrationError(Exception):
    """Calibration that cannot be solved."""


def round_to_nearest(model: Llama, bits: str, block: int) -> Llama:
    q = grid.quantizer(bits, block)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, (Projection, torch.nn.Embedding)):
                module.weight.copy_(q(module.weight))
    return model


def calibrated(model: Llama, bits: str, block: int, batches: list[torch.Tensor], damp: float = 0.01) -> Llama:
    """GPTQ: rounds column by column and lets the columns to come make up for the error, by the inputs seen."""
    q = grid.quantizer(bits, block)
    with torch.no_grad():
        for layer in model.model.layers:
            for group in _by_input(layer):
                hessian = _hessian(model, group[0], batches)
                for projection in group:
                    projection.weight.copy_(_solve(projection.weight.float(), hessian, bits, block, damp))
        model.model.embed_tokens.weight.copy_(q(model.model.embed_tokens.weight))
    return model


def _by_input(layer) -> list[list[Projection]]:
    a, m = layer.self_attn, layer.mlp
    return [[a.q_proj, a.k_proj, a.v_proj], [a.o_proj], [m.gate_proj, m.up_proj], [m.down_proj]]


def _hessian(model: Llama, projection: Projection, batches: list[torch.Tensor]) -> torch.Tensor:
    size = projection.in_features
    total = torch.zeros(size, size, device=projection.weight.device)

    class Reached(Exception):
        pass

    def look(_, inputs):
        nonlocal total
        x = inputs[0].reshape(-1, size).float()
        total += x.T @ x
        raise Reached

    hook = projection.register_forward_pre_hook(look)
    try:
        for ids in batches:
            try:
                model.hidden(ids)
            except Reached:
                pass
    finally:
        hook.remove()
    return total


def _solve(weight: torch.Tensor, hessian: torch.Tensor, bits: str, block: int, damp: float) -> torch.Tensor:
    columns = weight.shape[1]
    h = hessian.clone()
    dead = h.diagonal() == 0
    h[dead, dead] = 1
    h.diagonal().add_(damp * h.diagonal().mean())
    try:
        inverse = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(h)), upper=True)
    except torch.linalg.LinAlgError as e:
        raise CalibrationError(f"the calibration inputs do not span the layer: give more text or a larger --damp ({e})") from e
    w, out = weight.clone(), torch.empty_like(weight)
    width = block if bits == "int4" else columns
    for start in range(0, columns, width):
        end = start + width
        part = w[:, start:end]
        if bits == "int4":
            scale = part.gather(1, part.abs().argmax(1, keepdim=True)) / -8
            low, high = -8, 7
        else:
            scale = weight.abs().amax(1, keepdim=True) / 127
            low, high = -127, 127
        scale = torch.where(scale == 0, torch.ones_like(scale), scale)
        errors = torch.zeros_like(part)
        for i in range(start, end):
            column = w[:, i:i + 1]
            rounded = (column / scale).round().clamp(low, high) * scale
            out[:, i:i + 1] = rounded
            error = (column - rounded) / inverse[i, i]
            w[:, i + 1:end] -= error @ inverse[i:i + 1, i + 1:end]
            errors[:, i - start:i - start + 1] = error
        w[:, end:] -= errors @ inverse[start:end, end:]
    return out
