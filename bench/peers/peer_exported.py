"""onnxruntime on the model of transformers as PyTorch exports it, run through onnxruntime's own optimizer
of transformers where that knows the family. What people do with families that nobody wrote a graph for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy
import onnxruntime
import torch
from transformers import AutoModel

from peer import Peer
from peer_transformers import arguments_of
from torch_encoder import mean
from workloads import Ids, Shape, Vectors, pad

FUSED_AS = {"bert": "bert", "distilbert": "bert", "albert": "bert", "deberta-v2": "bert"}


class Mean(torch.nn.Module):
    def __init__(self, model: torch.nn.Module, family: str) -> None:
        super().__init__()
        self.model, self.family = model, family

    def forward(self, input_ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        states = self.model(**arguments_of(self.family, input_ids, mask)).last_hidden_state
        return mean(states, mask)


class Exported(Peer):
    def prepare(self, model: Path, shape: Shape, folder: Path) -> None:
        whole = Mean(AutoModel.from_pretrained(model, attn_implementation="eager"), shape.family).eval()
        ids, mask = torch.randint(5, 900, (2, 9)), torch.ones(2, 9, dtype=torch.int64)
        mask[1, 6:] = 0
        names = dict(input_names=["input_ids", "mask"], output_names=["mean"], opset_version=18)
        if shape.family == "fnet":  # the older exporter has no Fourier transform
            batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
            torch.onnx.export(whole, (ids, mask), folder / "model.onnx", dynamo=True, **names, dynamic_shapes={
                "input_ids": {0: batch, 1: length}, "mask": {0: batch, 1: length}})
            return
        axes = {0: "batch", 1: "length"}
        torch.onnx.export(whole, (ids, mask), folder / "model.onnx", dynamo=False, **names,
                          dynamic_axes={"input_ids": axes, "mask": axes, "mean": {0: "batch"}})
        from onnxruntime.transformers.optimizer import optimize_model

        better = optimize_model(str(folder / "model.onnx"), FUSED_AS[shape.family], num_heads=shape.heads,
                                hidden_size=shape.hidden, opt_level=0)
        better.save_model_to_file(str(folder / "model.onnx"))

    def load(self, model: Path, shape: Shape, folder: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options,
                                                    providers=["CPUExecutionProvider"])
        self.wanted = {given.name for given in self.session.get_inputs()}

    def embed(self, batch: Sequence[Ids]) -> Vectors:
        ids, mask = pad(batch, numpy.int64)
        given = {"input_ids": ids, "mask": mask}
        found: Vectors = self.session.run(["mean"], {name: given[name] for name in self.wanted})[0]
        return found


def make(setting: str) -> Peer:
    return Exported()
