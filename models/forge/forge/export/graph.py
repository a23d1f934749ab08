"""A small builder over `onnx.helper`: values are names, nodes are appended in order."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

CONTRIB = "com.microsoft"


class Graph:
    def __init__(self):
        self.nodes, self.initializers, self.inputs, self.outputs = [], {}, [], []
        self._count = 0

    def input(self, name: str, kind: int, shape: list) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, name: str, kind: int, shape: list) -> str:
        self.outputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def constant(self, name: str, value: np.ndarray) -> str:
        """An initializer; the same name twice is the same tensor."""
        if name not in self.initializers:
            self.initializers[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def node(self, op: str, inputs: list, outputs: int | list = 1, domain: str = "", **attributes):
        """Appends a node; answers its output's name, or the list of them."""
        self._count += 1
        name = f"{op}_{self._count}"
        names = outputs if isinstance(outputs, list) else [f"{name}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, name=name, domain=domain, **attributes))
        return names[0] if len(names) == 1 else names

    def model(self, metadata: dict):
        graph = helper.make_graph(
            self.nodes, "decoder", self.inputs, self.outputs, list(self.initializers.values())
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid(CONTRIB, 1)],
            ir_version=10,
            producer_name="edgeway",
        )
        helper.set_model_props(model, metadata)
        return model


FLOAT, INT64, INT32 = TensorProto.FLOAT, TensorProto.INT64, TensorProto.INT32
