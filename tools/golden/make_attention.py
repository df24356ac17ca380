#!/usr/bin/env python3
"""Makes test/golden/explain/attention.json: what attention tells about inputs of golden models, and the three
models that only this needs.

Attention is what transformers' eager models return; value zeroing is done by hooks on their maps of values;
gradients of attention are autograd's, of those same matrices. Rollout is NumPy's, flow is networkx's. Longformer's
attention is not one matrix there: its layer is replaced by a dense one, which must make the same states. All in
float64.

Matrices lie layer by layer in one list. "share" tells how much of each row F reads. "rows" are attributions of
"attention": the mean of heads in the last layer, head 1 of the first, the highest head of the first.

Needs: pip install torch==2.15.0 transformers==4.57.6 networkx==3.6.1 numpy==2.4.6 sentencepiece==0.2.1

usage: make_attention.py test/golden
"""

from __future__ import annotations

import json
import math
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import networkx
import numpy
import torch
import transformers
from token_tasks import SETTINGS, SIZES, TRAINED_PIECES, make_tokenizer, save, vary
from transformers import CONFIG_MAPPING, AutoModelForSequenceClassification, AutoTokenizer

import longformer
import make_models


@dataclass
class Case:
    folder: str
    task: str
    text: str
    pair: str | None = None
    head: str = ""


CASES = [
    Case("classify/sentiment", "labels", "The new movie is so great"),
    Case("classify/topics", "labels", "A woman watches TV in the garden"),
    Case("classify/inference", "labels", "I love pasta", "the cat sits"),
    Case("classify/paraphrase", "labels", "Do you like pizza?", "I love pizza"),
    Case("classify/one", "labels", "It's so sunny outside!"),
    Case("classify/reviews", "labels", "The cat plays in the garden and the dog sits outside"),
    Case("classify/rembert", "labels", "the cat sits"),
    Case("classify/megatron_bert", "labels", "two new movies", "a woman plays guitar"),
    Case("classify/roberta_prelayernorm", "labels", "the weather is lovely"),
    Case("classify/xlm_roberta_xl", "labels", "the cat", "a dog"),
    Case("explain/modernbert", "labels", "The cat plays in the garden, the dog sits outside, so lovely"),
    Case("explain/albert_inner", "labels", "he drove to the stadium"),
    Case("tag/pieces", "tags", "A man is playing guitar"),
    Case("answer/pieces", "answer", "who plays?", "the cat plays in the garden"),
    Case("fill/small", "words", "A man is [MASK] guitar"),
    Case("sentence/mpnet", "similarity", "the cat sits outside", "a dog is playing"),
    Case("sentence/deberta_v2", "similarity", "the cat", "a dog is playing"),
    Case("sentence/longformer", "similarity", "The cat plays in the garden and sits", "a dog is playing"),
]
CLASSES = {"labels": "SequenceClassification", "tags": "TokenClassification", "answer": "QuestionAnswering",
           "words": "MaskedLM"}
VALUES = ("attention.self.value", "attention.self.value_global", "attention.v_lin", "attention.attn.v",
          "attention.self.value_proj", "attention.value", "attn.Wqkv")


def make_folders(target: Path) -> None:
    """A model with rotary positions and near layers, one whose layers have inner ones, and one without attention."""
    wanted = {
        "modernbert": SIZES | dict(num_hidden_layers=4, global_attn_every_n_layers=3, local_attention=6,
                                   classifier_pooling="mean", pad_token_id=0, bos_token_id=2, cls_token_id=2,
                                   eos_token_id=3, sep_token_id=3, reference_compile=False),
        "albert_inner": SETTINGS["albert"] | dict(inner_group_num=2, intermediate_size=28),
        "fnet": {key: value for key, value in SIZES.items() if key != "num_attention_heads"},
    }
    for number, (name, settings) in enumerate(wanted.items()):
        folder = target / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        tokenizer = make_tokenizer(name, "bert", folder)
        if name == "modernbert":
            tokenizer.model_input_names = ["input_ids", "attention_mask"]
        torch.manual_seed(90 + number)
        config = CONFIG_MAPPING[name.split("_")[0]](vocab_size=len(tokenizer), id2label={0: "no", 1: "yes"},
                                                    label2id={"no": 0, "yes": 1}, **settings)
        model = AutoModelForSequenceClassification.from_config(config).eval()
        vary(model)
        for parameter_name, parameter in model.named_parameters():
            if parameter_name.endswith("norm.weight"):
                parameter.data += 1
        save(model, tokenizer, folder)


class DenseLongformer(torch.nn.Module):
    """LongformerSelfAttention with whole matrices."""

    def __init__(self, plain, seen: list):
        super().__init__()
        self.plain, self.seen = plain, seen

    def heads(self, x):
        return x.view(x.shape[1], self.plain.num_heads, -1).transpose(0, 1)

    def forward(self, hidden_states, attention_mask=None, is_index_global_attn=None, **_):
        plain, length = self.plain, hidden_states.shape[1]
        scale, places = math.sqrt(plain.head_dim), torch.arange(length)
        present, everything = attention_mask[0] >= 0, is_index_global_attn[0]
        near = (places[:, None] - places).abs() <= plain.one_sided_attn_window_size
        sees = (near | everything) & present

        def soften(query, key, mask):
            scores = self.heads(query(hidden_states)) @ self.heads(key(hidden_states)).transpose(1, 2) / scale
            return scores.masked_fill(~mask, -math.inf).softmax(-1)

        local = soften(plain.query, plain.key, sees | ~present[:, None])
        whole = soften(plain.query_global, plain.key_global, present.expand(length, -1))
        rows = everything[:, None]
        attention = torch.where(rows, whole, local)
        self.seen.append(attention)
        made = torch.where(rows, attention @ self.heads(plain.value_global(hidden_states)),
                           attention @ self.heads(plain.value(hidden_states)))
        return (made.transpose(0, 1).reshape(1, length, -1),)


class Explained:
    """A model, its input, and F."""

    def __init__(self, root: Path, case: Case):
        self.case, self.folder = case, root / case.folder
        kind = CLASSES.get(case.task)
        load = getattr(transformers, "AutoModelFor" + kind if kind else "AutoModel").from_pretrained
        family = json.loads((self.folder / "config.json").read_text())["model_type"]
        self.near = family == "longformer"
        self.model = load(self.folder, **({} if self.near else {"attn_implementation": "eager"})).double().eval()
        if (self.folder / "tokenizer.json").exists():
            self.tokenizer = AutoTokenizer.from_pretrained(self.folder)
        else:
            kind, pieces = TRAINED_PIECES[family]
            self.tokenizer = kind(str(self.folder / pieces.name))
        self.given = self.encode(case.text, None if case.task == "similarity" else case.pair)
        self.length = self.given["input_ids"].shape[1]
        if case.task == "similarity":
            states = self.body()(**self.encode(case.pair)).last_hidden_state[0].mean(0)
            self.other = (states / states.norm()).detach()
        self.dense = []
        if self.near:
            self.make_dense()
        self.aim()

    def encode(self, text: str, pair: str | None = None) -> dict:
        given = self.tokenizer(text, pair, return_tensors="pt")
        if not getattr(self.model.config, "type_vocab_size", 0):
            given.pop("token_type_ids", None)
        return dict(given)

    def body(self):
        return self.model.base_model if self.case.task != "similarity" else self.model

    def make_dense(self) -> None:
        before = self.model(**self.given, output_hidden_states=True).hidden_states
        for layer in self.body().encoder.layer:
            layer.attention.self = DenseLongformer(layer.attention.self, self.dense)
        after = self.model(**self.given, output_hidden_states=True).hidden_states
        assert max((a - b).abs().max() for a, b in zip(before, after)) < 1e-12

    def run(self):
        self.dense.clear()
        return self.model(**self.given, output_hidden_states=True, output_attentions=not self.near)

    def aim(self) -> None:
        """What is explained, and the rows it is read from."""
        case, length, result = self.case, self.length, self.run()
        share = torch.zeros(length, dtype=torch.float64)
        self.place, self.target = None, None
        if case.task == "labels":
            self.target = int(result.logits[0].argmax())
            if getattr(self.model.config, "classifier_pooling", "cls") == "mean":
                share += 1 / length
            else:
                share[0] = 1
        elif case.task == "similarity":
            share += 1 / length
        elif case.task == "answer":
            # The context's third and fourth token; the test asks for this place.
            first = self.given["input_ids"][0].tolist().index(self.tokenizer.sep_token_id) + 3
            self.rows = [first, first + 1]
            share[self.rows] = 0.5
        else:
            row = 4 if case.task == "words" else 2
            self.rows = [row]
            self.target = int(result.logits[0, row].argmax())
            share[row] = 1
        if case.task in ("answer", "tags", "words"):
            ids = self.tokenizer(case.text, case.pair, return_offsets_mapping=True)["offset_mapping"]
            self.place = [ids[self.rows[0]][0], ids[self.rows[-1]][1]]
        self.share = share

    def value(self, result):
        task = self.case.task
        if task == "similarity":
            states = result.last_hidden_state[0].mean(0)
            return states @ self.other / states.norm()
        if task == "answer":
            return result.start_logits[0, self.rows[0]] + result.end_logits[0, self.rows[1]]
        return result.logits[0, self.target] if task == "labels" else result.logits[0, self.rows[0], self.target]

    def attention(self, result) -> list[torch.Tensor]:
        """[heads, tokens, tokens] of every turn, as they are in the graph (Longformer's with padding)."""
        return list(self.dense) if self.near else list(result.attentions)

    def cut(self, matrices: list[torch.Tensor]) -> list[numpy.ndarray]:
        """Without the batch and what pads it."""
        size = matrices[0].shape[-1]
        return [m.detach().reshape(-1, size, size)[:, :self.length, :self.length].numpy() for m in matrices]

    def states(self) -> list[torch.Tensor]:
        """After every layer; the last as heads read it."""
        given = dict(self.given)
        if self.near and self.case.task == "labels":  # as the head wants it
            given["global_attention_mask"] = torch.eye(1, self.length, dtype=torch.int64)
        result = self.body()(**given, output_hidden_states=True)
        return [*result.hidden_states[1:-1], result.last_hidden_state]


def flat(matrices) -> list[float]:
    return [float(f"{x:.13g}") for x in numpy.asarray(matrices, dtype=numpy.float64).reshape(-1)]


def normalized(matrix: numpy.ndarray) -> numpy.ndarray:
    return matrix / matrix.sum(-1, keepdims=True)


def joined(matrices: list[numpy.ndarray]) -> list[numpy.ndarray]:
    made = []
    for matrix in matrices:
        made.append(matrix @ made[-1] if made else matrix)
    return made


def flow(matrices: list[numpy.ndarray]) -> numpy.ndarray:
    """Shares of the maximum flows from each token of the last layer to each of the input."""
    graph, size, top = networkx.DiGraph(), len(matrices[0]), len(matrices)
    for level, matrix in enumerate(matrices):
        for i in range(size):
            for j in range(size):
                graph.add_edge((level + 1, i), (level, j), capacity=float(matrix[i, j]))
    flows = [[networkx.maximum_flow_value(graph, (top, i), (0, j)) for j in range(size)] for i in range(size)]
    return normalized(numpy.array(flows))


def zeroed(e: Explained) -> numpy.ndarray:
    """1 - cosine of every state after every layer, without the value of every token there."""
    config = e.model.config
    layers = getattr(config, "num_hidden_layers", None) or config.n_layers
    calls, wanted = {}, {}

    def hook(module, _, output):
        number = calls[module] = calls.get(module, -1) + 1
        shared = len(modules) // kinds == 1
        if wanted["layer"] != (number if shared else modules.index(module) // kinds):
            return output
        output = output.clone()
        first = output.shape[-1] * 2 // 3 if fused else 0
        (output if output.shape[0] == 1 else output.transpose(0, 1))[0, wanted["token"], first:] = 0
        return output

    named = [(name, m) for name, m in e.model.named_modules() if name.replace(".plain", "").endswith(VALUES)]
    modules, fused = [m for _, m in named], named[0][0].endswith("Wqkv")
    kinds = 2 if e.near else 1
    handles = [m.register_forward_hook(hook) for m in modules]
    wanted.update(layer=-1, token=-1)
    plain = e.states()
    matrices = numpy.zeros((layers, e.length, e.length))
    for layer in range(layers):
        for token in range(e.length):
            calls.clear()
            wanted.update(layer=layer, token=token)
            changed = e.states()[layer]
            cosine = torch.nn.functional.cosine_similarity(plain[layer][0], changed[0], dim=-1, eps=1e-300)
            matrices[layer, :, token] = 1 - cosine.detach().numpy()
    for handle in handles:
        handle.remove()
    assert (matrices > 0).any(axis=(1, 2)).all()
    return normalized(matrices)


def weighed(e: Explained) -> list[numpy.ndarray]:
    result = e.run()
    attention = e.attention(result)
    gradients = torch.autograd.grad(e.value(result), attention)
    made = [torch.relu(a * g) for a, g in zip(attention, gradients)]
    return joined([numpy.eye(e.length) + m.mean(0) for m in e.cut(made)])


def tell(root: Path, case: Case) -> dict:
    e = Explained(root, case)
    result = e.run()
    attention = e.cut(e.attention(result))
    share, inner = e.share.numpy(), getattr(e.model.config, "inner_group_num", 1)
    mixed = [normalized(m.mean(0) + numpy.eye(e.length)) for m in attention]
    first = attention[:inner]
    rows = [sum(share @ m.mean(0) for m in attention[-inner:]) / inner,
            sum(share @ m[1] for m in first) / inner,
            sum(share @ m.max(0) for m in first) / inner]
    told = {"folder": case.folder, "task": case.task, "text": case.text, "pair": case.pair or "",
            "place": e.place, "tokens": e.length, "turns": len(attention), "value": flat([e.value(result).item()]),
            "share": flat(share), "rows": flat(rows), "rollout": flat(joined(mixed)), "flow": flat(flow(mixed)),
            "gradient_attention": flat(weighed(e))}
    if inner == 1:
        told["value_zeroing"] = flat(zeroed(e))
    return told


def random_graphs() -> list[dict]:
    """Flows through deeper graphs, whose capacities follow from a number: see test_attention.c."""
    graphs = []
    for layers, size, modulus in [(6, 9, 97), (4, 7, 13), (12, 5, 31), (1, 6, 23), (2, 8, 11)]:
        state, matrices = layers * 1000 + size, []
        for _ in range(layers):
            matrix = numpy.zeros((size, size))
            for i in range(size):
                for j in range(size):
                    state = (state * 1103515245 + 12345) % 2 ** 31
                    matrix[i, j] = max(0, (state >> 16) % modulus - modulus // 2) ** 2
                matrix[i, i] += 1
            matrices.append(normalized(matrix))
        graphs.append({"layers": layers, "tokens": size, "modulus": modulus, "flow": flat(flow(matrices))})
    return graphs


def main() -> None:
    root = Path(sys.argv[1])
    torch.set_num_threads(1)
    longformer.soften_in_double()
    make_models.turn_in_double()
    make_folders(root / "explain")
    cases = []
    for case in CASES:
        print(case.folder, flush=True)
        cases.append(tell(root, case))
    versions = {m.__name__: m.__version__ for m in (torch, transformers, networkx, numpy)}
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    graphs = ",\n".join(json.dumps(graph, separators=(",", ":")) for graph in random_graphs())
    (root / "explain" / "attention.json").write_text(
        f'{{"versions":{json.dumps(versions)},\n"cases":[\n{lines}],\n"graphs":[\n{graphs}]}}\n')


if __name__ == "__main__":
    main()
