"""AutoModel of transformers, eager or compiled: the way that most people run a model, and the only one
that PyTorch has for families which nobody rewrote."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy
import torch
from transformers import AutoModel

from peer import Peer
from torch_encoder import mean
from workloads import Ids, Shape, Vectors, pad


def arguments_of(family: str, ids: torch.Tensor, real: torch.Tensor) -> dict[str, torch.Tensor]:
    return {"input_ids": ids} if family == "fnet" else {"input_ids": ids, "attention_mask": real}


class Transformers(Peer):
    def __init__(self, compiled: bool) -> None:
        self.compiled = compiled

    def load(self, model: Path, shape: Shape, folder: Path, threads: int) -> None:
        torch.set_num_threads(threads)
        torch.set_num_interop_threads(1)
        torch.set_flush_denormal(True)
        self.family = shape.family
        self.model = AutoModel.from_pretrained(model).eval()
        if self.compiled:
            import torch._inductor.config as inductor

            inductor.freezing = True
            self.model = torch.compile(self.model)

    def embed(self, batch: Sequence[Ids]) -> Vectors:
        ids, real = map(torch.from_numpy, pad(batch, numpy.int64))
        with torch.inference_mode():
            states = self.model(**arguments_of(self.family, ids, real)).last_hidden_state
            return mean(states, real).numpy()


def make(setting: str) -> Peer:
    return Transformers(setting == "compiled")
