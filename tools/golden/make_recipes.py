#!/usr/bin/env python3
"""Makes test/golden/recipes.json: the rates of transformers' schedules, and what three steps of AdamW on
all examples at once make of losses and gradients, with each setting that a recipe may have. PyTorch in
float64, without dropout.

usage: make_recipes.py GOLDEN_FOLDER TARGET_FILE
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import AutoModel, AutoModelForSequenceClassification, optimization

STEPS, RATE, DECAY = 3, 1e-3, 0.01
TEXTS = ["The cat sits outside", "I love pasta", "A woman watches the new movie", "Do you like pizza?", "rain again"]
PAIRS = ["a dog", "the man likes pasta", "The new movie is so great", "pizza", "the weather is lovely today"]
LABELS = [0, 1, 1, 1, 0]
SCORES = [0.25, 0.75, 1.0, -0.5, 0.0]


def schedules() -> list[dict]:
    def rates(make, steps=20, **given):
        parameter = torch.nn.Parameter(torch.zeros(1))
        optimizer = torch.optim.SGD([parameter], lr=1.0)
        schedule = make(optimizer, **given)
        out = []
        for _ in range(steps):
            out.append(schedule.get_last_lr()[0])
            optimizer.step()
            schedule.step()
        return out

    o, usual = optimization, {"num_warmup_steps": 4, "num_training_steps": 20}
    return [
        {"kind": "linear", "rates": rates(o.get_linear_schedule_with_warmup, **usual)},
        {"kind": "cosine", "rates": rates(o.get_cosine_schedule_with_warmup, **usual)},
        {"kind": "cosine", "cycles": 1.5, "rates": rates(o.get_cosine_schedule_with_warmup, num_cycles=1.5, **usual)},
        {"kind": "restarts",
         "rates": rates(o.get_cosine_with_hard_restarts_schedule_with_warmup, num_cycles=1, **usual)},
        {"kind": "restarts", "cycles": 3,
         "rates": rates(o.get_cosine_with_hard_restarts_schedule_with_warmup, num_cycles=3, **usual)},
        {"kind": "polynomial", "power": 2,
         "rates": rates(o.get_polynomial_decay_schedule_with_warmup, lr_end=0, power=2.0, **usual)},
        {"kind": "constant", "rates": rates(o.get_constant_schedule_with_warmup, num_warmup_steps=4)},
        {"kind": "stable", "decay": 0.25,
         "rates": rates(o.get_wsd_schedule, num_warmup_steps=4, num_stable_steps=11, num_decay_steps=5,
                        decay_type="linear", min_lr_ratio=0.0)},
    ]


class Texts:
    def __init__(self, folder: Path):
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()

    def __call__(self, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        ids = [self.tokenizer.encode(text).ids for text in texts]
        longest = max(map(len, ids))
        mask = torch.tensor([[1] * len(own) + [0] * (longest - len(own)) for own in ids])
        return torch.tensor([own + [0] * (longest - len(own)) for own in ids]), mask


def depth_of(name: str, layers: int) -> int:
    parts = name.split(".")
    if "embeddings" in parts:
        return 0
    return int(parts[parts.index("layer") + 1]) + 1 if "layer" in parts else layers + 1


def learn(model, loss_of, layer_decay=1.0, correct=True, clip=1.0) -> dict:
    """AdamW by hand, in the order of torch.optim.AdamW, which has no switch for its bias correction."""
    model.double().eval()
    layers = max(depth_of(name, -1) for name, _ in model.named_parameters())
    moments = {name: [torch.zeros_like(value), torch.zeros_like(value)] for name, value in model.named_parameters()}
    losses, norms = [], []
    for step in range(1, STEPS + 1):
        model.zero_grad()
        loss = loss_of(model)
        loss.backward()
        learning = [(name, value) for name, value in model.named_parameters() if value.grad is not None]
        norm = math.sqrt(sum(float((value.grad**2).sum()) for _, value in learning))
        losses.append(float(loss.detach()))
        norms.append(norm)
        with torch.no_grad():
            for name, value in learning:
                gradient = value.grad * min(1.0, clip / (norm + 1e-6)) if clip else value.grad
                rate = RATE * layer_decay ** (layers + 1 - depth_of(name, layers))
                first, second = moments[name]
                value.mul_(1 - rate * (DECAY if value.dim() > 1 else 0))
                first.mul_(0.9).add_(gradient, alpha=0.1)
                second.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
                corrections = (1 - 0.9**step, 1 - 0.999**step) if correct else (1, 1)
                value.sub_(rate / corrections[0] * first / (second.sqrt() / math.sqrt(corrections[1]) + 1e-8))
    return {"losses": losses, "norms": norms}


def labelled(folder: Path, loss, **how) -> dict:
    ids, mask = Texts(folder)(TEXTS)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    return learn(model, lambda m: loss(m(input_ids=ids, attention_mask=mask).logits), **how)


def embedded(folder: Path, loss) -> dict:
    texts = Texts(folder)
    both = [texts(TEXTS), texts(PAIRS)]

    def embed(model, ids, mask):
        states = model(input_ids=ids, attention_mask=mask).last_hidden_state
        mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return torch.nn.functional.normalize(mean)

    return learn(AutoModel.from_pretrained(folder), lambda m: loss(*(embed(m, *own) for own in both)))


def focal(logits: torch.Tensor) -> torch.Tensor:
    entropy = torch.nn.functional.cross_entropy(logits, torch.tensor(LABELS), reduction="none")
    return ((1 - torch.exp(-entropy)) ** 2 * entropy).mean()


def recipes(golden: Path) -> dict:
    labels, scores = torch.tensor(LABELS), torch.tensor(SCORES).double()
    counts = torch.bincount(labels).double()
    entropy = torch.nn.functional.cross_entropy
    weights, balanced = torch.tensor([1.0, 3.0]).double(), len(LABELS) / (2 * counts)
    sentiment, mean = golden / "classify/sentiment", golden / "sentence/mean"
    return {
        "plain": labelled(sentiment, lambda x: entropy(x, labels)),
        "weights": labelled(sentiment, lambda x: entropy(x, labels, weight=weights)),
        "smoothing": labelled(sentiment, lambda x: entropy(x, labels, weight=weights, label_smoothing=0.2)),
        "balanced": labelled(sentiment, lambda x: entropy(x, labels, weight=balanced)),
        "focal": labelled(sentiment, focal),
        "layer_decay": labelled(sentiment, lambda x: entropy(x, labels), layer_decay=0.5),
        "uncorrected": labelled(sentiment, lambda x: entropy(x, labels), correct=False, clip=0.0),
        "clipped": labelled(sentiment, lambda x: entropy(x, labels), clip=0.1),
        "ranking": embedded(mean, lambda a, b: entropy(20 * a @ b.T, torch.arange(len(a)))),
        "similarity": embedded(mean, lambda a, b: ((a * b).sum(1) - scores).pow(2).mean()),
    }


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    made = {"texts": TEXTS, "pairs": PAIRS, "labels": LABELS, "scores": SCORES, "schedules": schedules(),
            "recipes": recipes(Path(sys.argv[1]))}
    Path(sys.argv[2]).write_text(json.dumps(made, indent=1) + "\n")
