"""PyTorch in four ways: eager, traced and frozen, compiled by inductor, nn.TransformerEncoder."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy
import torch
from torch import Tensor, nn

from model_folder import EPSILON
from peer import Peer
from torch_encoder import load_encoder, mean
from workloads import Ids, Shape, Vectors, pad

Forward = Callable[[Tensor, Tensor], Tensor]


class Torch(Peer):
    """Eager. One function for batches with padding, made when needed, and one for those without."""

    def load(self, model: Path, shape: Shape, folder: Path, threads: int) -> None:
        torch.set_num_threads(threads)
        torch.set_num_interop_threads(1)
        torch.set_flush_denormal(True)
        self.model, self.shape, self.folder = model, shape, folder
        self.functions: dict[bool, Forward] = {}
        self.encoder = load_encoder(model, shape, masked=True)

    def function(self, masked: bool) -> Forward:
        encoder = copy.copy(self.encoder)  # the weights are shared
        encoder.masked = masked
        return encoder

    def embed(self, batch: Sequence[Ids]) -> Vectors:
        ids, real = map(torch.from_numpy, pad(batch, numpy.int64))
        masked = not bool(real.all())
        with torch.inference_mode():
            if masked not in self.functions:
                self.functions[masked] = self.function(masked)
            return self.functions[masked](ids, real).numpy()


class Frozen(Torch):
    def prepare(self, model: Path, shape: Shape, folder: Path) -> None:
        example = torch.full((2, 8), 7), torch.ones((2, 8), dtype=torch.int64)
        for masked in (False, True):
            encoder = load_encoder(model, shape, masked)
            with torch.no_grad():
                torch.jit.trace(encoder, example).save(folder / f"masked-{masked}.pt")

    def function(self, masked: bool) -> Forward:
        return torch.jit.freeze(torch.jit.load(self.folder / f"masked-{masked}.pt").eval())


class Compiled(Torch):
    def function(self, masked: bool) -> Forward:
        import torch._inductor.config as inductor

        inductor.freezing = True
        return torch.compile(super().function(masked), dynamic=True)


class Nested(Torch):
    """Padding is taken out by nested tensors inside of nn.TransformerEncoder."""

    def load(self, model: Path, shape: Shape, folder: Path, threads: int) -> None:
        super().load(model, shape, folder, threads)
        with torch.device("meta"):
            layer = nn.TransformerEncoderLayer(
                shape.hidden, shape.heads, shape.intermediate, activation="gelu",
                layer_norm_eps=EPSILON, batch_first=True)
            self.layers = nn.TransformerEncoder(layer, shape.layers, enable_nested_tensor=True)
        state = {}
        for number, ours in enumerate(self.encoder.layers):
            prefix = f"layers.{number}."
            for kind in ("weight", "bias"):
                state[f"{prefix}self_attn.in_proj_{kind}"] = getattr(ours.qkv, kind)
                for theirs, part in (("self_attn.out_proj", ours.attention_output),
                                     ("linear1", ours.up), ("linear2", ours.down),
                                     ("norm1", ours.attention_norm), ("norm2", ours.norm)):
                    state[f"{prefix}{theirs}.{kind}"] = getattr(part, kind)
        self.layers.load_state_dict(state, assign=True)
        self.layers.eval()

    def function(self, masked: bool) -> Forward:
        def forward(ids: Tensor, real: Tensor) -> Tensor:
            padding = real == 0 if masked else None
            x = self.layers(self.encoder.embeddings(ids), src_key_padding_mask=padding)
            return mean(x, real)

        return forward


def make(setting: str) -> Peer:
    return {"eager": Torch, "frozen": Frozen, "compiled": Compiled, "nested": Nested}[setting]()
