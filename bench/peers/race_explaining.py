#!/usr/bin/env python3
"""Races attributions of one text against captum, shap and lime that drive PyTorch on the same model and tokens.

    python bench/peers/race_explaining.py --program build/bench/bench_explain --methods integrated-gradients

The model has the MiniLM shape, random weights and two labels; texts have 30 and 200 tokens. The peer gets the
batch (captum's internal_batch_size) that is fastest in one try, and has no text to tokenize. A method is an entry of
METHODS: its number of steps or samples, and the peer's function from a loaded model to attributions of tokens. What
lime and KernelSHAP draw is drawn by each for itself, so theirs and ours lie as far apart as two seeds do.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
from model_folder import word_of, write_tokenizer
from race import REST, remark
from workloads import SHAPES, Shape, sequences_of

LENGTHS = (30, 200)
MASK, SPECIAL = 4, 1
"""The id, and special tokens on either side."""
Attribute = Callable[[int], list[float]]
"""Of a batch of the peer's choice."""


def make_classifier(folder: Path, shape: Shape) -> None:
    if (folder / "model.safetensors").exists():
        return
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(7)
    config = BertConfig(vocab_size=shape.vocabulary, hidden_size=shape.hidden, num_hidden_layers=shape.layers,
                        num_attention_heads=shape.heads, intermediate_size=shape.intermediate, num_labels=2,
                        initializer_range=0.05)
    BertForSequenceClassification(config).save_pretrained(folder)
    write_tokenizer(folder, shape)


class Cloze:
    def __init__(self, program: Path, folder: Path, threads: int, method: str, number: int, ids: Any) -> None:
        text = " ".join(word_of(int(i)) for i in ids[SPECIAL:-SPECIAL])
        command = [str(program), str(folder), str(threads), method, str(number), text]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self) -> list[float]:
        """Seconds, then an attribution."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return [float(number) for number in self.process.stdout.readline().split()]

    def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def integrated_gradients(model: Any, ids: Any, steps: int) -> Attribute:
    from captum.attr import LayerIntegratedGradients

    baseline = ids.clone()
    baseline[0, SPECIAL:-SPECIAL] = MASK
    method = LayerIntegratedGradients(lambda given: model(input_ids=given).logits[:, 0],
                                      model.get_input_embeddings())

    def attribute(batch: int) -> list[float]:
        found = method.attribute(ids, baselines=baseline, n_steps=steps, method="gausslegendre",
                                 internal_batch_size=batch)
        return found[0, SPECIAL:-SPECIAL].sum(-1).tolist()

    return attribute


def saliency(model: Any, ids: Any, _: int) -> Attribute:
    from captum.attr import LayerGradientXActivation

    method = LayerGradientXActivation(lambda given: model(input_ids=given).logits[:, 0],
                                      model.get_input_embeddings(), multiply_by_inputs=False)
    return lambda _: method.attribute(ids)[0, SPECIAL:-SPECIAL].norm(dim=-1).tolist()


class Present:
    """The logit as a function of which tokens are present; the others are masked, or removed and the rest padded."""

    def __init__(self, model: Any, ids: Any, removes: bool = False) -> None:
        self.model, self.ids, self.removes, self.batch = model, ids, removes, 1
        self.units = ids.shape[1] - 2 * SPECIAL

    def __call__(self, rows: Any) -> Any:
        import torch

        present = torch.ones(len(rows), self.ids.shape[1], dtype=torch.bool)
        present[:, SPECIAL:-SPECIAL] = torch.tensor(numpy.asarray(rows) > 0.5)
        ask = self.shorter if self.removes else self.masked
        with torch.no_grad():
            return torch.cat([ask(part) for part in present.split(self.batch)])[:, 0].numpy()

    def masked(self, present: Any) -> Any:
        return self.model(input_ids=self.ids.expand(len(present), -1).where(present, MASK)).logits

    def shorter(self, present: Any) -> Any:
        import torch

        rows = [self.ids[0, row] for row in present]
        padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
        lengths = torch.tensor([len(row) for row in rows])
        attended = torch.arange(padded.shape[1]) < lengths[:, None]
        return self.model(input_ids=padded, attention_mask=attended.long()).logits


def kernel_shap(model: Any, ids: Any, _: int) -> Attribute:
    import shap

    ask = Present(model, ids)

    def attribute(batch: int) -> list[float]:
        ask.batch = batch
        explainer = shap.KernelExplainer(ask, numpy.zeros((1, ask.units)))
        return explainer.shap_values(numpy.ones(ask.units), l1_reg=False, silent=True).tolist()

    return attribute


def halves(units: int) -> Any:
    """Neighbours joined to a balanced tree, as scipy's matrix of merges."""
    merges: list[list[float]] = []

    def join(first: int, count: int) -> int:
        if count == 1:
            return first
        merges.append([join(first, count // 2), join(first + count // 2, count - count // 2), count / units, count])
        return units + len(merges) - 1

    join(0, units)
    return numpy.array(merges)


def partition_shap(model: Any, ids: Any, budget: int) -> Attribute:
    import shap

    ask = Present(model, ids)
    masker = shap.maskers.Partition(numpy.zeros((1, ask.units)), clustering=halves(ask.units))

    def attribute(batch: int) -> list[float]:
        ask.batch = batch
        explainer = shap.PartitionExplainer(ask, masker)
        ones = numpy.ones((1, ask.units))
        return explainer(ones, max_evals=budget, batch_size=batch, silent=True).values[0].tolist()

    return attribute


def lime(model: Any, ids: Any, samples: int) -> Attribute:
    from lime.lime_base import LimeBase
    from sklearn.metrics.pairwise import pairwise_distances

    ask, draw = Present(model, ids, removes=True), numpy.random.RandomState(1)

    def attribute(batch: int) -> list[float]:
        ask.batch = batch
        data = numpy.ones((samples, ask.units))
        for row, size in zip(data[1:], draw.randint(1, ask.units + 1, samples - 1)):
            row[draw.choice(ask.units, size, replace=False)] = 0
        distances = pairwise_distances(data, data[:1], metric="cosine").ravel() * 100
        base = LimeBase(lambda d: numpy.sqrt(numpy.exp(-(d**2) / 25**2)))
        found = base.explain_instance_with_data(data, ask(data)[:, None], distances, 0, ask.units,
                                                feature_selection="none")
        return [value for _, value in sorted(found[1])]

    return attribute


METHODS: dict[str, tuple[int, Callable[[Any, Any, int], Attribute], tuple[int, ...]]] = {
    "integrated-gradients": (50, integrated_gradients, (1, 5, 10, 25, 50)),
    "saliency": (0, saliency, (1,)),
    "kernel-shap": (0, kernel_shap, (16, 64)),
    "partition-shap": (500, partition_shap, (32,)),
    "lime": (5000, lime, (16, 64)),
}
"""Steps or samples, the peer, and the batches that it may take."""


def timed(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def race(method: str, ids: Any, model: Any, given: argparse.Namespace, folder: Path) -> None:
    import torch

    number, make, batches = METHODS[method]
    number = given.number or number
    attribute = make(model, torch.tensor(ids)[None], number)
    tried = {batch: min(timed(lambda batch=batch: attribute(batch)) for _ in range(2)) for batch in batches}
    best = min(tried, key=lambda batch: tried[batch])
    cloze = Cloze(given.program.resolve(), folder, given.threads, method, number, ids)
    ours, theirs = numpy.array(cloze.run()[1:]), numpy.array(attribute(best))
    apart = abs(ours - theirs).max() / abs(theirs).max()
    turns: dict[str, list[float]] = {"cloze": [], "peer": []}
    for number in range(given.rounds):
        for name in ("cloze", "peer") if number % 2 else ("peer", "cloze"):
            time.sleep(REST)
            turns[name].append(cloze.run()[0] if name == "cloze" else timed(lambda: attribute(best)))
    cloze.stop()
    ratio = statistics.median(b / a for a, b in zip(turns["cloze"], turns["peer"]))
    print(f"{method:24}{len(ids):4} tokens  cloze {statistics.median(turns['cloze']):7.3f} s ({min(turns['cloze']):.3f})"
          f"  peer, batch {best:2} {statistics.median(turns['peer']):7.3f} s ({min(turns['peer']):.3f})"
          f"  {ratio:5.2f} times  apart {apart:.1e} of the largest", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--program", type=Path, required=True, help="bench_explain, built for release")
    parser.add_argument("--methods", default=",".join(METHODS), help="with commas between")
    parser.add_argument("--shape", default="minilm", choices=sorted(SHAPES))
    parser.add_argument("--lengths", default=",".join(map(str, LENGTHS)))
    parser.add_argument("--number", type=int, help="of steps or samples, instead of each method's own")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "cloze-race")
    given = parser.parse_args()
    import torch
    from transformers import BertForSequenceClassification

    torch.set_num_threads(given.threads)
    shape = SHAPES[given.shape]
    folder = given.work / f"{shape.name}-labels"
    make_classifier(folder, shape)
    model = BertForSequenceClassification.from_pretrained(folder).eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    remark(f"{shape.name}, {given.threads} threads, {given.rounds} rounds; medians, in brackets the fastest")
    for method in given.methods.split(","):
        for length in map(int, given.lengths.split(",")):
            race(method, sequences_of([length], shape.vocabulary)[0], model, given, folder)


if __name__ == "__main__":
    main()
