"""The numbers that a quantized matrix can hold, in torch; the exporter finds the same grid again without loss."""

import torch


def int4(weight: torch.Tensor, block: int = 64) -> torch.Tensor:
    """Every block of a row on 16 levels; the peak of the block is the lowest level."""
    grouped = weight.reshape(-1, block)
    peak = grouped.gather(1, grouped.abs().argmax(1, keepdim=True))
    scale = peak / -8
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return ((grouped / scale).round().clamp(-8, 7) * scale).reshape(weight.shape)


def int8(weight: torch.Tensor) -> torch.Tensor:
    """Every row on 255 levels."""
    scale = weight.abs().amax(1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return (weight / scale).round().clamp(-127, 127) * scale


def quantizer(name: str, block: int = 64):
    if name == "int8":
        return int8
    if name == "int4":
        return lambda weight: int4(weight, block)
    raise ValueError(f"unknown quantization {name}: int4 or int8")
