"""What an engine has to offer to take part, and the list of those that do."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workloads import Ids, Shape, Vectors


class Peer(ABC):
    """One engine in one setting. A peer lives in a process of its own."""

    def prepare(self, model: Path, shape: Shape, folder: Path) -> None:
        """Writes into `folder` what the engine loads, such as a converted model; not timed."""

    @abstractmethod
    def load(self, model: Path, shape: Shape, folder: Path, threads: int) -> None:
        """Gets ready to run: from files to the point where the next batch is fast."""

    @abstractmethod
    def embed(self, batch: Sequence[Ids]) -> Vectors:
        """The mean of the last layer's states over the tokens of each sequence."""


@dataclass(frozen=True)
class Entry:
    module: str
    setting: str
    says: str
    exact: bool = True
    """Computes in float32 all the way; others are shown, but their speed is another bargain."""
    starts: bool = True
    """False where the first vector waits for a compiler."""


PEERS = {
    "onnxruntime": Entry("peer_onnxruntime", "float32", "fused operators of com.microsoft"),
    "onnxruntime-exported": Entry("peer_exported", "float32", "transformers' model exported, then optimized"),
    "onnxruntime-int8": Entry("peer_onnxruntime", "int8", "dynamic quantization", exact=False),
    "torch": Entry("peer_torch", "eager", "inference mode, joined query, key and value, SDPA"),
    "torch-frozen": Entry("peer_torch", "frozen", "traced and frozen"),
    "torch-compiled": Entry("peer_torch", "compiled", "inductor with freezing", starts=False),
    "torch-nested": Entry("peer_torch", "nested", "nn.TransformerEncoder's fast path, nested tensors"),
    "transformers": Entry("peer_transformers", "eager", "AutoModel, inference mode"),
    "transformers-compiled": Entry("peer_transformers", "compiled", "AutoModel, inductor", starts=False),
    "openvino": Entry("peer_openvino", "f32", "intermediate form traced from PyTorch"),
    "openvino-bf16": Entry("peer_openvino", "bf16", "products in bfloat16", exact=False),
    "ctranslate2": Entry("peer_ctranslate2", "float32", "Encoder.forward_batch"),
    "ctranslate2-int8": Entry("peer_ctranslate2", "int8", "weights and products in int8", exact=False),
    "llama.cpp": Entry("peer_llama", "f32", "packed batches, float32 weights"),
    "llama.cpp-q8": Entry("peer_llama", "q8_0", "packed batches, Q8_0 weights", exact=False),
}


def make_peer(name: str) -> Peer:
    entry = PEERS[name]
    peer: Peer = importlib.import_module(entry.module).make(entry.setting)
    return peer
