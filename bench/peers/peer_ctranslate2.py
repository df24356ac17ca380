"""CTranslate2's Encoder. The model is described by hand, as its converter would from a BertModel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import ctranslate2
import numpy

from peer import Peer
from workloads import Ids, Shape, Vectors


class CTranslate2(Peer):
    def __init__(self, compute_type: str) -> None:
        self.compute_type = compute_type

    def prepare(self, model: Path, shape: Shape, folder: Path) -> None:
        from ctranslate2.specs import common_spec, transformer_spec

        from model_folder import EPSILON, joined_qkv, read_weights, word_of

        weights = read_weights(model)
        spec = transformer_spec.TransformerEncoderModelSpec(transformer_spec.TransformerEncoderSpec(
            shape.layers, shape.heads, pre_norm=False, activation=common_spec.Activation.GELU,
            layernorm_embedding=True, num_source_embeddings=2,
            embeddings_merge=common_spec.EmbeddingsMerge.ADD))
        encoder = spec.encoder

        def linear(target: common_spec.LinearSpec, name: str) -> None:
            target.weight, target.bias = weights[name + ".weight"], weights[name + ".bias"]

        def norm(target: common_spec.LayerNormSpec, name: str) -> None:
            target.gamma, target.beta = weights[name + ".weight"], weights[name + ".bias"]

        encoder.scale_embeddings = False
        encoder.embeddings[0].weight = weights["embeddings.word_embeddings.weight"]
        encoder.embeddings[1].weight = weights["embeddings.token_type_embeddings.weight"]
        encoder.position_encodings.encodings = weights["embeddings.position_embeddings.weight"]
        norm(encoder.layernorm_embedding, "embeddings.LayerNorm")
        for number, layer in enumerate(encoder.layer):
            prefix = f"encoder.layer.{number}."
            qkv = layer.self_attention.linear[0]
            qkv.weight, qkv.bias = joined_qkv(weights, number)
            linear(layer.self_attention.linear[1], prefix + "attention.output.dense")
            norm(layer.self_attention.layer_norm, prefix + "attention.output.LayerNorm")
            linear(layer.ffn.linear_0, prefix + "intermediate.dense")
            linear(layer.ffn.linear_1, prefix + "output.dense")
            norm(layer.ffn.layer_norm, prefix + "output.LayerNorm")
        spec.config.layer_norm_epsilon = EPSILON
        spec.config.unk_token = "[UNK]"
        spec.register_vocabulary([word_of(token) for token in range(shape.vocabulary)])
        spec.validate()
        spec.optimize(quantization=None if self.compute_type == "float32" else self.compute_type)
        spec.save(str(folder))

    def load(self, model: Path, shape: Shape, folder: Path, threads: int) -> None:
        self.encoder = ctranslate2.Encoder(str(folder), device="cpu", intra_threads=threads,
                                           compute_type=self.compute_type)

    def embed(self, batch: Sequence[Ids]) -> Vectors:
        output = self.encoder.forward_batch([ids.tolist() for ids in batch])
        states = numpy.array(output.last_hidden_state)
        return numpy.stack([rows[: len(ids)].mean(0) for rows, ids in zip(states, batch)])


def make(setting: str) -> Peer:
    return CTranslate2(setting)
