"""The tables of the rotary position embedding."""

import math

import numpy as np

from .checkpoint import Architecture, ExportError


def tables(arch: Architecture, context: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosines and sines, [context, head_dim / 2]."""
    angles = np.outer(np.arange(context, dtype=np.float64), frequencies(arch))
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def frequencies(arch: Architecture) -> np.ndarray:
    base = arch.rope_theta ** (-np.arange(0, arch.head_dim, 2, dtype=np.float64) / arch.head_dim)
    scaling = arch.rope_scaling
    if scaling is None:
        return base
    kind = scaling.get("rope_type") or scaling.get("type")
    if kind == "linear":
        return base / scaling["factor"]
    if kind == "llama3":
        return _llama3(base, scaling)
    raise ExportError(f"rope scaling {kind!r} is not supported: linear or llama3 is")


def _llama3(base: np.ndarray, scaling: dict) -> np.ndarray:
    """Long waves are stretched, short ones kept, those between blended (Llama 3.1)."""
    factor, low, high = scaling["factor"], scaling["low_freq_factor"], scaling["high_freq_factor"]
    original = scaling["original_max_position_embeddings"]
    wavelength = 2 * math.pi / base
    blend = np.clip((original / wavelength - low) / (high - low), 0.0, 1.0)
    return (1 - blend) * base / factor + blend * base
