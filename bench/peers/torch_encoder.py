"""BERT in PyTorch as one would write it for speed: query, key and value in one product, attention
by scaled_dot_product_attention, no mask where nothing is padded. Longformer's window (without global
tokens): blocks of queries over the keys that they reach, under a mask of the band."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from model_folder import EPSILON
from workloads import Shape


class Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads, self.window = shape.heads, shape.window
        self.qkv = nn.Linear(shape.hidden, 3 * shape.hidden)
        self.attention_output = nn.Linear(shape.hidden, shape.hidden)
        self.attention_norm = nn.LayerNorm(shape.hidden, EPSILON)
        self.up = nn.Linear(shape.hidden, shape.intermediate)
        self.down = nn.Linear(shape.intermediate, shape.hidden)
        self.norm = nn.LayerNorm(shape.hidden, EPSILON)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        rows, length, hidden = x.shape
        qkv = self.qkv(x).view(rows, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        if self.window:
            h = banded(qkv[0], qkv[1], qkv[2], self.window // 2, mask)
        else:
            h = functional.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], attn_mask=mask)
        h = h.transpose(1, 2).reshape(rows, length, hidden)
        x = self.attention_norm(x + self.attention_output(h))
        return self.norm(x + self.down(functional.gelu(self.up(x))))


def banded(q: Tensor, k: Tensor, v: Tensor, window: int, mask: Tensor | None) -> Tensor:
    length, blocks = q.shape[2], []
    for first in range(0, length, window):
        last = min(first + window, length)
        begin, end = max(0, first - window), min(length, last + window)
        queries, keys = torch.arange(first, last), torch.arange(begin, end)
        near = (queries[:, None] - keys[None]).abs() <= window
        if mask is not None:
            near = near & mask[..., begin:end]
        blocks.append(functional.scaled_dot_product_attention(
            q[:, :, first:last], k[:, :, begin:end], v[:, :, begin:end], attn_mask=near))
    return torch.cat(blocks, dim=2)


class Encoder(nn.Module):
    """ids [rows, length] and real [rows, length] (1 for tokens, 0 for padding) -> [rows, hidden]."""

    def __init__(self, shape: Shape, masked: bool) -> None:
        super().__init__()
        self.masked = masked
        self.words = nn.Embedding(shape.vocabulary, shape.hidden)
        self.positions = nn.Embedding(shape.positions, shape.hidden)
        self.types = nn.Embedding(shape.types, shape.hidden)
        self.first_position = 2 if shape.window else 0
        self.norm = nn.LayerNorm(shape.hidden, EPSILON)
        self.layers = nn.ModuleList([Layer(shape) for _ in range(shape.layers)])

    def embeddings(self, ids: Tensor) -> Tensor:
        positions = torch.arange(ids.shape[1], device=ids.device) + self.first_position
        return self.norm(self.words(ids) + self.positions(positions) + self.types.weight[0])

    def forward(self, ids: Tensor, real: Tensor) -> Tensor:
        x = self.embeddings(ids)
        mask = real[:, None, None, :].bool() if self.masked else None
        for layer in self.layers:
            x = layer(x, mask)
        return mean(x, real)


def mean(x: Tensor, real: Tensor) -> Tensor:
    weight = real.to(x.dtype)
    return (x * weight[:, :, None]).sum(1) / weight.sum(1, keepdim=True)


def load_encoder(folder: Path, shape: Shape, masked: bool) -> Encoder:
    stored = load_file(folder / "model.safetensors")
    state = {
        "words.weight": stored["embeddings.word_embeddings.weight"],
        "positions.weight": stored["embeddings.position_embeddings.weight"],
        "types.weight": stored["embeddings.token_type_embeddings.weight"],
    }
    for kind in ("weight", "bias"):
        state[f"norm.{kind}"] = stored[f"embeddings.LayerNorm.{kind}"]
        for layer in range(shape.layers):
            theirs, ours = f"encoder.layer.{layer}.", f"layers.{layer}."
            state[f"{ours}qkv.{kind}"] = torch.cat(
                [stored[f"{theirs}attention.self.{name}.{kind}"] for name in ("query", "key", "value")])
            for mine, name in (("attention_output", "attention.output.dense"),
                               ("attention_norm", "attention.output.LayerNorm"),
                               ("up", "intermediate.dense"), ("down", "output.dense"),
                               ("norm", "output.LayerNorm")):
                state[f"{ours}{mine}.{kind}"] = stored[f"{theirs}{name}.{kind}"]
    with torch.device("meta"):
        encoder = Encoder(shape, masked)
    encoder.load_state_dict(state, assign=True)
    return encoder.eval()
