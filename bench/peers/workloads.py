"""What is measured, and how: shapes of models, sequences of token ids, and the protocol of timing.

Every engine gets the same ids and gives one vector a sequence, the mean of the last layer's states.
How a sequence list is cut into batches belongs to the workload, since that is what users of padded
engines choose; what an engine does inside of a batch is its own affair.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray

Ids = NDArray[numpy.int64]
Vectors = NDArray[numpy.float32]
Embed = Callable[[Sequence[Ids]], Vectors]

ROUNDS = 7
SECONDS_OF_A_TURN = 0.15
BATCH = 32
PAD, CLS, SEP, FIRST_WORD = 0, 2, 3, 5
"""Ids of the vocabulary that model_folder.py writes: a sequence is CLS, words, SEP."""


@dataclass(frozen=True)
class Shape:
    name: str
    layers: int
    hidden: int
    heads: int
    intermediate: int
    natural: int
    """How many of the natural lengths are used."""
    vocabulary: int = 30522
    positions: int = 512
    types: int = 2
    window: int = 0
    """Keys that a token sees around it, half on either side (Longformer); 0: all (BERT)."""
    family: str = "bert"
    """A model_type of transformers; folders of all but BERT and Longformer are made by transformers."""
    settings: tuple[tuple[str, Any], ...] = ()
    """What its configuration says beside the sizes, with the names that the family has for them."""
    alone: tuple[int, ...] = ()
    """Lengths of single texts to run instead of the usual workloads, for families that cannot pad."""

    def flops(self, length: int) -> float:
        """2 a multiply-add: products, scores and weighted sums of real tokens; nothing else."""
        h, f = self.hidden, self.intermediate
        unseen = max(0, length - 1 - self.window // 2) if self.window else 0
        pairs = length * length - unseen * (unseen + 1)
        return self.layers * (length * (8.0 * h * h + 4.0 * h * f) + 4.0 * pairs * h)


SHAPES = {shape.name: shape for shape in (
    Shape("minilm", layers=6, hidden=384, heads=12, intermediate=1536, natural=1000),
    Shape("bert-base", layers=12, hidden=768, heads=12, intermediate=3072, natural=256),
    Shape("tiny", layers=2, hidden=64, heads=4, intermediate=256, natural=64, vocabulary=1000),
    Shape("distilbert-base", layers=6, hidden=768, heads=12, intermediate=3072, natural=256, types=0,
          family="distilbert"),
    Shape("albert-base", layers=12, hidden=768, heads=12, intermediate=3072, natural=256,
          vocabulary=30000, family="albert", settings=(
              ("hidden_size", 768), ("num_attention_heads", 12), ("intermediate_size", 3072))),
    Shape("deberta-v3-base", layers=12, hidden=768, heads=12, intermediate=3072, natural=256,
          vocabulary=128100, types=0, family="deberta-v2", settings=(
              ("hidden_size", 768), ("num_attention_heads", 12), ("num_hidden_layers", 12),
              ("intermediate_size", 3072), ("relative_attention", True), ("position_buckets", 256),
              ("norm_rel_ebd", "layer_norm"), ("share_att_key", True), ("pos_att_type", ["p2c", "c2p"]),
              ("max_relative_positions", -1), ("position_biased_input", False), ("type_vocab_size", 0))),
    Shape("fnet-base", layers=12, hidden=768, heads=1, intermediate=3072, natural=0, vocabulary=32000,
          positions=4096, types=4, family="fnet", alone=(512, 4096), settings=(
              ("max_position_embeddings", 4096),)),
    Shape("longformer-base", layers=12, hidden=768, heads=12, intermediate=3072, natural=0,
          vocabulary=50265, positions=4098, types=1, window=512),
)}


@dataclass(frozen=True)
class Workload:
    name: str
    lengths: tuple[int, ...]
    batch: int
    """Sequences that a padded engine takes at a time, in the order of `lengths`."""

    @property
    def tokens(self) -> int:
        return sum(self.lengths)


def workloads_of(shape: Shape, natural: Sequence[int]) -> list[Workload]:
    if shape.window:
        return [Workload(f"1x{length}", (length,), 1) for length in (512, 1024, 2048, 4096)]
    if shape.alone:
        return [Workload(f"1x{length}", (length,), 1) for length in shape.alone]
    lengths = tuple(natural[: shape.natural])
    return [
        Workload("1x16", (16,), 1),
        Workload("1x128", (128,), 1),
        Workload("1x512", (512,), 1),
        Workload("32x128", (128,) * 32, BATCH),
        Workload("natural, one by one", lengths, 1),
        Workload("natural, as they come", lengths, BATCH),
        Workload("natural, sorted", tuple(sorted(lengths)), BATCH),
    ]


def read_lengths(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split()]


def sequences_of(lengths: Sequence[int], vocabulary: int) -> list[Ids]:
    draw = numpy.random.default_rng(1)
    sequences = []
    for length in lengths:
        ids = draw.integers(FIRST_WORD, vocabulary, length, dtype=numpy.int64)
        ids[0], ids[-1] = CLS, SEP
        sequences.append(ids)
    return sequences


def run_once(embed: Embed, sequences: Sequence[Ids], batch: int) -> Vectors:
    return numpy.concatenate([embed(sequences[first : first + batch])
                              for first in range(0, len(sequences), batch)])


def measure_turn(embed: Embed, sequences: Sequence[Ids], batch: int) -> float:
    """Seconds of one pass, from as many passes as fill a turn."""
    begun = time.perf_counter()
    passes = 0
    while not passes or time.perf_counter() - begun < SECONDS_OF_A_TURN:
        run_once(embed, sequences, batch)
        passes += 1
    return (time.perf_counter() - begun) / passes


def pad(batch: Sequence[Ids], kind: type[numpy.signedinteger]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Ids and the mask of real tokens, [sequences, longest]."""
    longest = max(map(len, batch))
    ids = numpy.full((len(batch), longest), PAD, dtype=kind)
    mask = numpy.zeros((len(batch), longest), dtype=kind)
    for row, sequence in enumerate(batch):
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    return ids, mask
