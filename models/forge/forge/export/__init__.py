"""Turns a Hugging Face checkpoint of a decoder into an edgeway model directory.

    python -m forge.export CHECKPOINT TARGET --quant int8

The graph is written by hand with `onnx.helper`, because what makes it fast on a CPU is its shape: attention with
the rotary embedding inside and one buffer as past and present, one product for query, key and value, and logits of
the wanted rows only.
"""

from .directory import ExportError, export
from .restore import restore

__all__ = ["ExportError", "export", "restore"]
