"""llama.cpp through llama-cpp-python's plain bindings. It packs the sequences of a batch, as
cloze does, and then masks all tokens against all. Its GELU is a table in half precision."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path

import llama_cpp
import numpy

from peer import Peer
from workloads import BATCH, Ids, Shape, Vectors

MOST_TOKENS = 4096
"""Of one batch, which the largest workload fills."""
MEAN_POOLING = 1


class Llama(Peer):
    def __init__(self, kind: str) -> None:
        self.kind = kind

    def prepare(self, model: Path, shape: Shape, folder: Path) -> None:
        from gguf import GGMLQuantizationType, GGUFWriter, PoolingType, quants

        from model_folder import EPSILON, joined_qkv, read_weights

        weights = read_weights(model)
        writer = GGUFWriter(folder / "model.gguf", "bert")
        writer.add_context_length(shape.positions)
        writer.add_embedding_length(shape.hidden)
        writer.add_feed_forward_length(shape.intermediate)
        writer.add_block_count(shape.layers)
        writer.add_head_count(shape.heads)
        writer.add_layer_norm_eps(EPSILON)
        writer.add_causal_attention(False)
        writer.add_pooling_type(PoolingType.MEAN)
        writer.add_tokenizer_model("none")
        writer.add_vocab_size(shape.vocabulary)
        writer.add_token_type_count(2)

        def add(name: str, value: numpy.ndarray, product: bool = False) -> None:
            if product and self.kind == "q8_0":
                packed = quants.quantize(value, GGMLQuantizationType.Q8_0)
                writer.add_tensor(name, packed, raw_dtype=GGMLQuantizationType.Q8_0)
            else:
                writer.add_tensor(name, numpy.ascontiguousarray(value))

        def add_pair(target: str, source: str) -> None:
            value = weights[source + ".weight"]
            add(target + ".weight", value, product=value.ndim == 2)
            add(target + ".bias", weights[source + ".bias"])

        add("token_embd.weight", weights["embeddings.word_embeddings.weight"], product=True)
        add("position_embd.weight", weights["embeddings.position_embeddings.weight"])
        add("token_types.weight", weights["embeddings.token_type_embeddings.weight"])
        add_pair("token_embd_norm", "embeddings.LayerNorm")
        for layer in range(shape.layers):
            theirs, ours = f"blk.{layer}.", f"encoder.layer.{layer}."
            qkv, bias = joined_qkv(weights, layer)
            add(theirs + "attn_qkv.weight", qkv, product=True)
            add(theirs + "attn_qkv.bias", bias)
            for target, source in (("attn_output", "attention.output.dense"),
                                   ("attn_output_norm", "attention.output.LayerNorm"),
                                   ("ffn_up", "intermediate.dense"), ("ffn_down", "output.dense"),
                                   ("layer_output_norm", "output.LayerNorm")):
                add_pair(theirs + target, ours + source)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

    def load(self, model: Path, shape: Shape, folder: Path, threads: int) -> None:
        self.hidden = shape.hidden
        llama_cpp.llama_log_set(silence, None)
        llama_cpp.llama_backend_init()
        settings = llama_cpp.llama_model_default_params()
        loaded = llama_cpp.llama_model_load_from_file(str(folder / "model.gguf").encode(), settings)
        if not loaded:
            raise RuntimeError("llama.cpp does not take the model")
        context = llama_cpp.llama_context_default_params()
        context.n_ctx = context.n_batch = context.n_ubatch = MOST_TOKENS
        context.n_seq_max = BATCH
        context.n_threads = context.n_threads_batch = threads
        context.embeddings = True
        context.kv_unified = True
        context.pooling_type = MEAN_POOLING
        self.context = llama_cpp.llama_init_from_model(loaded, context)
        self.batch = llama_cpp.llama_batch_init(MOST_TOKENS, 0, 1)

    def embed(self, batch: Sequence[Ids]) -> Vectors:
        count = 0
        for number, ids in enumerate(batch):
            for position, token in enumerate(ids.tolist()):
                self.batch.token[count] = token
                self.batch.pos[count] = position
                self.batch.n_seq_id[count] = 1
                self.batch.seq_id[count][0] = number
                self.batch.logits[count] = True
                count += 1
        self.batch.n_tokens = count
        if llama_cpp.llama_encode(self.context, self.batch):
            raise RuntimeError("llama.cpp could not run the batch")
        vectors = numpy.empty((len(batch), self.hidden), dtype=numpy.float32)
        for number in range(len(batch)):
            address = llama_cpp.llama_get_embeddings_seq(self.context, number)
            vectors[number] = numpy.ctypeslib.as_array(
                ctypes.cast(address, ctypes.POINTER(ctypes.c_float)), (self.hidden,))
        return vectors


@llama_cpp.llama_log_callback
def silence(level: int, text: bytes, user_data: ctypes.c_void_p) -> None:
    pass


def make(setting: str) -> Peer:
    return Llama(setting)
