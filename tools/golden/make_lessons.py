#!/usr/bin/env python3
"""Makes test/golden/lessons: a tiny teacher and a tinier student with random weights, and the losses that the
student has from its teacher, with the gradient of every parameter, as PyTorch computes them in float64.

Both folders hold the heads of labels and of masked words in one file; that of labels serves for tags, too. Every text is run alone, so nothing is
padded. Scores of attention are made of what the linear maps of queries and keys give.

usage: make_lessons.py test/golden/lessons      (packages: requirements-new.txt)
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from token_tasks import SLIGHT, make_tokenizer, vary
from transformers import BertConfig, BertForMaskedLM, BertForSequenceClassification

TEXTS = ["the cat sits outside", "i love pasta", "a man is playing guitar in the garden", "pizza", "do you like tv ?"]
LABELS = [1, 0, 1, 1, 0]
NUMBERS = [[1, 0], [0, 1], [1, 1], [0, 0], [0, 1]]
PROJECTION = "distillation.projection.weight"
MASKED = [[1, 4], [3, 4], [8, 17], [13, 4], [18, 4], [24, 30]]  # row of all texts together, what stands there then


@dataclass
class Case:
    name: str
    learning: str
    teaching: float = 0
    temperature: float = 2
    last: float = 0
    states: float = 0
    attention: float = 0
    layers: list[int] = field(default_factory=lambda: [2, 3])
    student: str = "student"


CASES = [
    Case("soft", "labels", teaching=1, temperature=2.5),
    Case("last", "labels", last=1),
    Case("states", "labels", states=1),
    Case("attention", "labels", attention=1, layers=[1, 3]),
    Case("all", "labels", teaching=0.3, temperature=1.5, last=0.5, states=0.25, attention=0.125, layers=[1, 2]),
    Case("sets", "sets", teaching=0.4),
    Case("numbers", "numbers", teaching=0.4),
    Case("tags", "tags", teaching=0.7, temperature=3),
    Case("words", "words", teaching=0.6, temperature=1.5, last=0.5),
    Case("vectors", "vectors"),
    Case("directions", "directions"),
    Case("wider", "labels", last=0.5, states=1, student="narrow"),
    Case("wider words", "words", teaching=0.6, states=0.5, student="narrow"),
]


class Model:
    """A file with both heads, and its run in float64 over the same weights."""

    def __init__(self, folder: Path, layers: int, intermediate: int, seed: int, **others: int):
        torch.manual_seed(seed)
        folder.mkdir(parents=True)
        tokenizer = make_tokenizer("lessons", "bert", folder)
        config = BertConfig(vocab_size=len(tokenizer), id2label={0: "no", 1: "yes"}, label2id={"no": 0, "yes": 1},
                            **(SLIGHT | dict(num_hidden_layers=layers, intermediate_size=intermediate,
                                             max_position_embeddings=16) | others))
        config._attn_implementation = "eager"
        self.labels = BertForSequenceClassification(config).eval()
        self.words = BertForMaskedLM(config).eval()
        vary(self.labels)
        vary(self.words)
        self.words.bert.embeddings = self.labels.bert.embeddings
        self.words.bert.encoder = self.labels.bert.encoder
        self.words.cls.predictions.decoder.weight = self.labels.bert.embeddings.word_embeddings.weight
        self.words.cls.predictions.decoder.bias = self.words.cls.predictions.bias
        tensors = {name: p.data for model in (self.labels, self.words) for name, p in model.named_parameters()}
        tensors.pop("cls.predictions.decoder.bias", None)
        tensors.pop("cls.predictions.decoder.weight", None)
        save_file({name: value.contiguous().clone() for name, value in tensors.items()},
                  folder / "model.safetensors", {"format": "pt"})
        config.architectures = ["BertModel"]  # so that all heads are there
        config.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        (folder / "vocab.txt").unlink(missing_ok=True)
        self.tokenizer = tokenizer
        self.labels.double()
        self.words.double()
        self.heads = config.num_attention_heads

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        found = {name: p for model in (self.labels, self.words) for name, p in model.named_parameters()}
        return {name: p for name, p in found.items() if "decoder" not in name}

    def run(self, ids: list[list[int]]) -> dict:
        """Of all texts together: states of each layer [tokens, hidden], scores of each layer, logits, vectors."""
        seen: dict = {"states": [], "scores": [], "labels": [], "tags": [], "words": [], "vectors": []}
        for own in ids:
            kept: dict = {}
            hooks = [getattr(layer.attention.self, kind).register_forward_hook(
                lambda _, __, out, key=(number, kind): kept.__setitem__(key, out[0]))
                for number, layer in enumerate(self.labels.bert.encoder.layer) for kind in ("query", "key")]
            out = self.labels(input_ids=torch.tensor([own]), output_hidden_states=True)
            for hook in hooks:
                hook.remove()
            last = out.hidden_states[-1]
            seen["states"].append([state[0] for state in out.hidden_states])
            seen["scores"].append([self.scores(kept[number, "query"], kept[number, "key"])
                                   for number in range(len(self.labels.bert.encoder.layer))])
            seen["labels"].append(out.logits[0])
            seen["tags"].append(self.labels.classifier(last)[0, 1:-1])
            seen["words"].append(self.words.cls(last)[0])
            seen["vectors"].append(last[0].mean(0))
        layers = len(self.labels.bert.encoder.layer)
        return {"states": [torch.cat([s[i] for s in seen["states"]]) for i in range(layers + 1)],
                "scores": [torch.cat([s[i].flatten() for s in seen["scores"]]) for i in range(layers)],
                "labels": torch.stack(seen["labels"]), "words": torch.cat(seen["words"]), "tags": torch.cat(seen["tags"]),
                "vectors": torch.stack(seen["vectors"])}

    def scores(self, q: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
        split = (len(q), self.heads, -1)
        q, k = q.reshape(split).transpose(0, 1), k.reshape(split).transpose(0, 1)
        return q @ k.transpose(1, 2) / q.shape[-1] ** 0.5


def divergence(own: torch.Tensor, teacher: torch.Tensor, t: float) -> torch.Tensor:
    return t * t * F.kl_div(F.log_softmax(own / t, -1), F.log_softmax(teacher / t, -1), reduction="batchmean",
                            log_target=True)


def both_losses(case: Case, own: dict, teacher: dict, asked: list[int], answers: list[int]) -> tuple:
    """The usual loss, and what the teacher says of the same."""
    t = case.temperature
    if case.learning == "labels":
        return F.cross_entropy(own["labels"], torch.tensor(LABELS)), divergence(own["labels"], teacher["labels"], t)
    if case.learning == "tags":  # every word is one token, and they take turns
        tags = [i % 2 for text in TEXTS for i in range(len(text.split()))]
        return F.cross_entropy(own["tags"], torch.tensor(tags)), divergence(own["tags"], teacher["tags"], t)
    if case.learning == "words":
        x, y = own["words"][asked], teacher["words"][asked]
        return F.cross_entropy(x, torch.tensor(answers)), divergence(x, y, t)
    gold = torch.tensor(NUMBERS, dtype=torch.float64)
    if case.learning == "numbers":
        return F.mse_loss(own["labels"], gold), F.mse_loss(own["labels"], teacher["labels"])
    soft = F.binary_cross_entropy_with_logits(own["labels"] / t, torch.sigmoid(teacher["labels"] / t))
    return F.binary_cross_entropy_with_logits(own["labels"], gold), t * t * soft


def loss_of(case: Case, own: dict, teacher: dict, asked: list[int], answers: list[int],
            weight: torch.Tensor | None) -> torch.Tensor:
    """`weight` maps states of a narrower student to the teacher's width (TinyBERT)."""
    if case.learning in ("vectors", "directions"):
        x, y = own["vectors"], teacher["vectors"].float().double()
        if case.learning == "vectors":
            return ((x - y) ** 2).sum(1).mean()
        return F.cosine_embedding_loss(x, y, torch.ones(len(x), dtype=torch.float64))
    hard, soft = both_losses(case, own, teacher, asked, answers)
    loss = case.teaching * soft + (1 - case.teaching) * hard
    if weight is not None:
        own = own | dict(states=[F.linear(states, weight) for states in own["states"]])
    last, goal = own["states"][-1], teacher["states"][-1]
    if case.last:
        loss = loss + case.last * F.cosine_embedding_loss(last, goal, torch.ones(len(last), dtype=torch.float64))
    if case.states:
        for i, other in enumerate([0, *case.layers]):
            loss = loss + case.states * F.mse_loss(own["states"][i], teacher["states"][other])
    if case.attention:
        for i, other in enumerate(case.layers):
            loss = loss + case.attention * F.mse_loss(own["scores"][i], teacher["scores"][other - 1])
    return loss


def main() -> None:
    target = Path(sys.argv[1])
    shutil.rmtree(target, ignore_errors=True)
    teacher, student = Model(target / "teacher", 3, 20, 1), Model(target / "student", 2, 16, 2)
    students = {"student": student, "narrow": Model(target / "narrow", 2, 16, 3, hidden_size=8, num_attention_heads=2)}
    projection = torch.randn(SLIGHT["hidden_size"], 8, dtype=torch.float64, requires_grad=True)
    ids = student.tokenizer(TEXTS)["input_ids"]
    flat = [token for own in ids for token in own]
    masked, at = [list(own) for own in ids], 0
    for own in masked:
        for i in range(len(own)):
            own[i] = dict(MASKED).get(at, own[i])
            at += 1
    asked = [row for row, _ in MASKED]
    gradients: dict[str, torch.Tensor] = {}
    cases = []
    for case in CASES:
        seen = masked if case.learning == "words" else ids
        with torch.no_grad():
            shown = teacher.run(seen)
        own, narrow = students[case.student], case.student == "narrow"
        loss = loss_of(case, own.run(seen), shown, asked, [flat[row] for row in asked], projection if narrow else None)
        parameters = own.parameters() | ({PROJECTION: projection} if narrow else {})
        found = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
        gradients |= {f"{case.name}/{name}": gradient.contiguous()
                      for name, gradient in zip(parameters, found) if gradient is not None}
        cases.append(vars(case) | {"loss": loss.item()})
        if case.name == "vectors":
            gradients["teacher/vectors"] = shown["vectors"].float()
    gradients[PROJECTION] = projection.detach()
    save_file(gradients, target / "gradients.safetensors")
    (target / "lessons.json").write_text(json.dumps(
        dict(texts=TEXTS, labels=LABELS, numbers=NUMBERS, masked=MASKED, cases=cases), indent=1) + "\n")


if __name__ == "__main__":
    main()
