"""Matrix products by scheme: how weights are stored and how a product with them is written as nodes.

All activations are [tokens, features]. Every scheme gives a token the same result whatever other tokens are in the
run: that is why `int8` scales activations a row at a time and not a tensor at a time. A scheme whose products are
`paired` keeps this promise for an even number of tokens only.
"""

import numpy as np
from onnx import TensorProto

from . import quantize
from .checkpoint import ExportError
from .graph import CONTRIB, Graph

SCHEMES = ("fp32", "int8", "int7", "int4")


class Fp32:
    paired = False

    def __init__(self, graph: Graph):
        self.graph = graph

    def project(self, x: str, name: str, weight: np.ndarray, bias: np.ndarray | None = None) -> str:
        y = self.graph.node("MatMul", [x, self.graph.constant(name, weight.T)])
        return _add(self.graph, y, name, bias)

    def embed(self, ids: str, name: str, weight: np.ndarray) -> str:
        return self.graph.node("Gather", [self.graph.constant(name, weight), ids])

    def tied_head(self, x: str, name: str, weight: np.ndarray) -> str:
        return self.graph.node("MatMul", [x, self.graph.node("Transpose", [name], perm=[1, 0])])


class Int8:
    """Weights int8 a row, activations uint8 a row around 128: MLAS has a fast kernel for just this pair.

    Without VNNI or its like that kernel adds two products in 16 bits, which hold them all only if weights have 7 bits:
    ONNX Runtime's `reduce_range`.
    """

    paired = False

    def __init__(self, graph: Graph, largest: int = 127):
        self.graph, self.largest = graph, largest
        self._quantized = {}
        # One zero point a row, the same for all products of a scheme: they have the same rows.
        self._middles = None

    def project(self, x: str, name: str, weight: np.ndarray, bias: np.ndarray | None = None) -> str:
        values, scale = quantize.per_row_int8(weight, self.largest)
        y = self._product(x, self.graph.constant(name, values.T), self.graph.constant(f"{name}.scale", scale))
        return _add(self.graph, y, name, bias)

    def embed(self, ids: str, name: str, weight: np.ndarray) -> str:
        g = self.graph
        values, scale = quantize.per_row_int8(weight, self.largest)
        rows = g.node("Gather", [g.constant(name, values), ids])
        scales = g.node("Gather", [g.constant(f"{name}.scale", scale), ids])
        wide = g.node("Cast", [rows], to=TensorProto.FLOAT)
        return g.node("Mul", [wide, g.node("Unsqueeze", [scales, g.constant("last_axis", np.array([-1]))])])

    def tied_head(self, x: str, name: str, weight: np.ndarray) -> str:
        # Folded when the session is created: the file holds the matrix once.
        transposed = self.graph.node("Transpose", [name], perm=[1, 0])
        return self._product(x, transposed, f"{name}.scale")

    def _product(self, x: str, weight: str, scale: str) -> str:
        g = self.graph
        values, row_scale = self._quantize(x)
        one = g.constant("one", np.array(1.0, np.float32))
        middle = g.constant("middle", np.array(128, np.uint8))
        y = g.node("MatMulIntegerToFloat", [values, weight, one, scale, middle], domain=CONTRIB)
        return g.node("Mul", [y, row_scale])

    def _quantize(self, x: str) -> tuple[str, str]:
        if x not in self._quantized:
            g = self.graph
            flat = g.constant("flat", np.array([-1]))
            peak = g.node("ReduceMax", [g.node("Abs", [x]), flat], keepdims=1)
            scale = g.node("Mul", [peak, g.constant("step", np.array(1 / 127, np.float32))])
            scales = g.node("Reshape", [scale, flat])
            if self._middles is None:
                middle = g.constant("middle", np.array(128, np.uint8))
                self._middles = g.node("Expand", [middle, g.node("Shape", [scales])])
            self._quantized[x] = g.node("QuantizeLinear", [x, scales, self._middles], axis=0), scale
        return self._quantized[x]


class Int4:
    """Weights of 4 (or, for a head, 8) bits with a scale a block; the product quantizes activations by itself."""

    def __init__(self, graph: Graph, block: int, bits: int = 4):
        if block not in (16, 32, 64, 128):
            raise ExportError(f"--block {block}: must be 16, 32, 64 or 128")
        self.graph, self.block, self.bits = graph, block, bits
        # MLAS multiplies two rows at a time, wide blocks with AVX-512 and those of 32 with AVX2, and a last odd row by a
        # kernel that rounds otherwise.
        self.paired = block > 16

    def project(self, x: str, name: str, weight: np.ndarray, bias: np.ndarray | None = None) -> str:
        values, scale = quantize.blocks(weight, self.block, self.bits)
        return self._product(x, self.graph.constant(name, values), name, scale, weight.shape, bias)

    def embed(self, ids: str, name: str, weight: np.ndarray) -> str:
        g = self.graph
        values, scale = quantize.blocks(weight, self.block, self.bits)
        table = g.node("Reshape", [g.constant(name, values), g.constant("table", np.array([weight.shape[0], -1]))])
        scales = g.constant(f"{name}.scale", scale)
        rows = g.node(
            "GatherBlockQuantized", [table, ids, scales], domain=CONTRIB,
            bits=self.bits, block_size=self.block, gather_axis=0, quantize_axis=1,
        )
        features = weight.shape[1]
        if features % self.block == 0:
            return rows
        zero, width, last = (g.constant(n, np.array([v])) for n, v in (("zero", 0), ("width", features), ("last", -1)))
        return g.node("Slice", [rows, zero, width, last])

    def tied_head(self, x: str, name: str, weight: np.ndarray) -> str:
        return self._product(x, name, name, None, weight.shape, None)

    def _product(self, x, values, name, scale, shape, bias) -> str:
        g = self.graph
        scales = f"{name}.scale" if scale is None else g.constant(f"{name}.scale", scale)
        inputs = [x, values, scales]
        if bias is not None:
            inputs += ["", "", g.constant(f"{name}.bias", bias)]
        return g.node(
            "MatMulNBits", inputs, domain=CONTRIB,
            K=shape[1], N=shape[0], bits=self.bits, block_size=self.block, accuracy_level=4,
        )


def scheme(name: str, graph: Graph, block: int):
    return {
        "fp32": lambda: Fp32(graph),
        "int8": lambda: Int8(graph),
        "int7": lambda: Int8(graph, 63),
        "int4": lambda: Int4(graph, block),
    }[name]()


def _add(graph: Graph, y: str, name: str, bias: np.ndarray | None) -> str:
    return y if bias is None else graph.node("Add", [y, graph.constant(f"{name}.bias", bias)])
