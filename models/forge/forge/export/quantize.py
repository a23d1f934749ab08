"""Rounds weight matrices to few bits. Rows are output features, as in a checkpoint."""

import numpy as np


def per_row_int8(weight: np.ndarray, largest: int = 127) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 with one scale a row, up to `largest`."""
    scale = np.abs(weight).max(axis=1) / float(largest)
    scale[scale == 0] = 1.0
    return np.rint(weight / scale[:, None]).clip(-largest, largest).astype(np.int8), scale.astype(np.float32)


def blocks(weight: np.ndarray, block: int, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Unsigned integers around the middle with one scale a block; the scale with the least square error wins.

    Rows that end within a block are filled up with zeros. Scales are numbers that 16 bits hold, so that they take as few.
    """
    weight = np.pad(weight, ((0, 0), (0, -weight.shape[1] % block)))
    rows, columns = weight.shape
    grouped = weight.reshape(rows, columns // block, block).astype(np.float32)
    middle = 1 << (bits - 1)
    peak = np.take_along_axis(grouped, np.abs(grouped).argmax(axis=2)[..., None], axis=2)
    peak[peak == 0] = 1.0
    best_scale = best_error = best = None
    for shrink in np.linspace(0.84, 1.04, 11) if bits == 4 else (1.0,):
        scale = peak * np.float32(shrink / (-middle if bits == 4 else middle - 1))
        scale = _short(scale)
        quantized = np.rint(grouped / scale).clip(-middle, middle - 1)
        error = ((quantized * scale - grouped) ** 2).sum(axis=2, keepdims=True)
        if best is None:
            best, best_scale, best_error = quantized, scale, error
        else:
            better = error < best_error
            best = np.where(better, quantized, best)
            best_scale = np.where(better, scale, best_scale)
            best_error = np.where(better, error, best_error)
    values = (best + middle).astype(np.uint8)
    if bits == 4:
        values = values[..., 0::2] | (values[..., 1::2] << 4)
    return values, best_scale[..., 0].astype(np.float32)


def _short(scale: np.ndarray) -> np.ndarray:
    """Numbers of 16 bits, where there are such."""
    with np.errstate(over="ignore"):
        short = scale.astype(np.float16).astype(np.float32)
    return np.where((short == 0) | ~np.isfinite(short), scale, short)
