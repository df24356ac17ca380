"""OpenVINO's CPU plug-in on its intermediate form, traced from torch_encoder.py."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy
import openvino

from peer import Peer
from workloads import Ids, Shape, Vectors, pad


class OpenVino(Peer):
    def __init__(self, precision: str) -> None:
        self.precision = precision

    def prepare(self, model: Path, shape: Shape, folder: Path) -> None:
        import torch

        from torch_encoder import load_encoder

        example = torch.full((2, 8), 7), torch.ones((2, 8), dtype=torch.int64)
        for masked in (False, True):
            encoder = load_encoder(model, shape, masked)
            traced = openvino.convert_model(encoder, example_input=example)
            openvino.save_model(traced, folder / f"masked-{masked}.xml", compress_to_fp16=False)

    def load(self, model: Path, shape: Shape, folder: Path, threads: int) -> None:
        self.folder = folder
        self.core = openvino.Core()
        self.settings = {
            "INFERENCE_PRECISION_HINT": self.precision, "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        }
        self.requests: dict[bool, openvino.InferRequest] = {}

    def request(self, masked: bool) -> openvino.InferRequest:
        if masked not in self.requests:
            compiled = self.core.compile_model(self.folder / f"masked-{masked}.xml", "CPU", self.settings)
            self.requests[masked] = compiled.create_infer_request()
        return self.requests[masked]

    def embed(self, batch: Sequence[Ids]) -> Vectors:
        ids, mask = pad(batch, numpy.int64)
        vectors: Vectors = self.request(not mask.all()).infer([ids, mask])[0]
        return vectors.copy()


def make(setting: str) -> Peer:
    return OpenVino(setting)
