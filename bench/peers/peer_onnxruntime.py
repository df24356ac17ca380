"""onnxruntime on a graph of its fused operators (onnx_graph.py), CPU provider."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy
import onnxruntime

from peer import Peer
from workloads import Ids, Shape, Vectors, pad


class OnnxRuntime(Peer):
    def __init__(self, int8: bool) -> None:
        self.int8 = int8

    def prepare(self, model: Path, shape: Shape, folder: Path) -> None:
        import onnx

        from model_folder import read_weights
        from onnx_graph import make_graph

        for masked, name in ((True, "masked"), (False, "plain")):
            exact = folder / f"{name}-float32.onnx"
            onnx.save(make_graph(read_weights(model), shape, masked), exact)
            if self.int8:
                from onnxruntime.quantization import QuantType, quantize_dynamic

                quantize_dynamic(exact, folder / f"{name}-int8.onnx", weight_type=QuantType.QInt8,
                                 op_types_to_quantize=["MatMul", "Attention"],
                                 extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})

    def load(self, model: Path, shape: Shape, folder: Path, threads: int) -> None:
        self.folder, self.threads = folder, threads
        self.sessions: dict[str, onnxruntime.InferenceSession] = {}

    def session(self, name: str) -> onnxruntime.InferenceSession:
        if name not in self.sessions:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = self.threads
            options.inter_op_num_threads = 1
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
            options.log_severity_level = 3
            path = self.folder / f"{name}-{'int8' if self.int8 else 'float32'}.onnx"
            self.sessions[name] = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"])
        return self.sessions[name]

    def embed(self, batch: Sequence[Ids]) -> Vectors:
        ids, mask = pad(batch, numpy.int32)
        session = self.session("plain" if mask.all() else "masked")
        mean: Vectors = session.run(["mean"], {"input_ids": ids, "mask": mask})[0]
        return mean


def make(setting: str) -> Peer:
    return OnnxRuntime(int8=setting == "int8")
