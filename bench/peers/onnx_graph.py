"""BERT as ONNX with the fused operators of com.microsoft, which onnxruntime's own optimizer would
make from a PyTorch export if it recognized it; built directly, nothing is left to recognition.

Inputs: input_ids and mask, int32 [batch, length]. Output: mean, float32 [batch, hidden].
`masked=False` leaves the mask out of attention, for batches whose sequences are equally long.
"""

from __future__ import annotations

from typing import Any

import numpy
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from model_folder import EPSILON, Weights, joined_qkv
from workloads import Shape

MICROSOFT = "com.microsoft"


class Graph:
    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(numpy.ascontiguousarray(value), name))
        return name

    def weight(self, name: str, transposed: bool = False) -> str:
        value = self.weights[name]
        return self.constant(name, value.T if transposed else value)

    def node(self, kind: str, inputs: list[str], outputs: int = 1, domain: str = "",
             **attributes: Any) -> list[str]:
        number = len(self.nodes)
        names = [f"{kind}_{number}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, name=f"{kind}_{number}",
                                           domain=domain, **attributes))
        return names

    def fused(self, kind: str, inputs: list[str], outputs: int = 1, **attributes: Any) -> list[str]:
        return self.node(kind, inputs, outputs, MICROSOFT, **attributes)


def make_graph(weights: Weights, shape: Shape, masked: bool) -> onnx.ModelProto:
    g = Graph(weights)
    [types] = g.node("Sub", ["input_ids", "input_ids"])
    x, mask_index = g.fused("EmbedLayerNormalization", [
        "input_ids", types, *(g.weight(f"embeddings.{table}_embeddings.weight")
                              for table in ("word", "position", "token_type")),
        g.weight("embeddings.LayerNorm.weight"), g.weight("embeddings.LayerNorm.bias"), "mask",
    ], outputs=2, epsilon=EPSILON)
    for layer in range(shape.layers):
        x = add_layer(g, shape, layer, x, mask_index if masked else "")
    model = helper.make_model(
        helper.make_graph(
            g.nodes + mean_nodes(x), "bert",
            [helper.make_tensor_value_info(name, TensorProto.INT32, ["batch", "length"])
             for name in ("input_ids", "mask")],
            [helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["batch", shape.hidden])],
            g.constants + [numpy_helper.from_array(numpy.array([axis]), f"axis_{axis}")
                           for axis in (1, 2)]),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)])
    model.ir_version = 8
    return model


def add_layer(g: Graph, shape: Shape, layer: int, x: str, mask_index: str) -> str:
    prefix = f"encoder.layer.{layer}."
    qkv, bias = joined_qkv(g.weights, layer)
    [h] = g.fused("Attention", [x, g.constant(prefix + "qkv.weight", qkv.T),
                                g.constant(prefix + "qkv.bias", bias), mask_index],
                  num_heads=shape.heads)
    [h] = g.node("MatMul", [h, g.weight(prefix + "attention.output.dense.weight", transposed=True)])
    x = add_and_norm(g, h, x, prefix + "attention.output.")
    [h] = g.node("MatMul", [x, g.weight(prefix + "intermediate.dense.weight", transposed=True)])
    [h] = g.fused("BiasGelu", [h, g.weight(prefix + "intermediate.dense.bias")])
    [h] = g.node("MatMul", [h, g.weight(prefix + "output.dense.weight", transposed=True)])
    return add_and_norm(g, h, x, prefix + "output.")


def add_and_norm(g: Graph, h: str, x: str, prefix: str) -> str:
    [out] = g.fused("SkipLayerNormalization", [
        h, x, g.weight(prefix + "LayerNorm.weight"), g.weight(prefix + "LayerNorm.bias"),
        g.weight(prefix + "dense.bias")], epsilon=EPSILON)
    return out


def mean_nodes(x: str) -> list[onnx.NodeProto]:
    node = helper.make_node
    return [
        node("Cast", ["mask"], ["real"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["real", "axis_2"], ["real_column"]),
        node("Mul", [x, "real_column"], ["kept"]),
        node("ReduceSum", ["kept", "axis_1"], ["sum"], keepdims=0),
        node("ReduceSum", ["real", "axis_1"], ["count"], keepdims=1),
        node("Div", ["sum", "count"], ["mean"]),
    ]
