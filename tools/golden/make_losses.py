#!/usr/bin/env python3
"""Makes test/ops/torch_losses.h, losses and their gradients, and test/backend/torch_adamw.h, steps of
AdamW, as PyTorch computes them in float64 from numbers that float32 holds too.

usage: make_losses.py TEST_FOLDER      (packages: requirements-new.txt)
"""

from __future__ import annotations

import contextlib
import math
import random
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
RANDOM = random.Random()


def numbers(*shape: int, wide: float = 2) -> torch.Tensor:
    count = math.prod(shape)
    return torch.tensor([round(RANDOM.uniform(-wide, wide) * 256) / 256 for _ in range(count)]).reshape(shape)


def word(x: float) -> str:
    return "NOT_THERE" if math.isnan(x) else repr(float(x))


def put(name: str, values) -> None:
    flat = torch.as_tensor(values).detach().flatten().tolist()
    lines, line = [], "   "
    for text in map(word, flat):
        if len(line) + len(text) + 2 > 100:
            lines.append(line)
            line = "   "
        line += " " + text + ","
    lines.append(line)
    print(f"static const double {name}[] = {{\n" + "\n".join(lines) + "\n};")


def learn(name: str, loss, *inputs: torch.Tensor) -> None:
    """The loss of the inputs, and the gradient for each."""
    inputs = tuple(x.clone().requires_grad_() for x in inputs)
    value = loss(*inputs)
    put(name, value)
    for letter, gradient in zip("xy", torch.autograd.grad(value, inputs)):
        put(f"{name}_d{letter}", gradient)


def cross_entropies() -> None:
    logits = numbers(6, 4, wide=4)
    logits[4] = torch.tensor([0.5, 12, -3, 0.25])  # sure of itself
    labels = torch.tensor([2, 0, -100, 3, 1, 0])
    weight = torch.tensor([0.5, 2, 1, 3.25])
    put("entropy_logits", logits)
    learn("entropy_plain", lambda x: F.cross_entropy(x, labels), logits)
    learn("entropy_weighted", lambda x: F.cross_entropy(x, labels, weight), logits)
    learn("entropy_smoothed", lambda x: F.cross_entropy(x, labels, label_smoothing=0.1), logits)
    learn("entropy_both", lambda x: F.cross_entropy(x, labels, weight, label_smoothing=0.25), logits)

    def focal(x: torch.Tensor, gamma: float, weight: torch.Tensor) -> torch.Tensor:
        kept = labels >= 0
        nll = F.cross_entropy(x[kept], labels[kept], reduction="none")
        own = weight[labels[kept]]
        return (own * (1 - torch.exp(-nll)) ** gamma * nll).sum() / own.sum()

    learn("entropy_focal", lambda x: focal(x, 2, torch.ones(4)), logits)
    learn("entropy_focal_weighted", lambda x: focal(x, 0.5, weight), logits)


def squared_errors() -> None:
    x, target = numbers(3, 2), numbers(3, 2)
    put("squared_x", x)
    put("squared_target", target)
    learn("squared", lambda x: F.mse_loss(x, target), x)


def binary_entropies() -> None:
    logits = numbers(5, 3, wide=4)
    logits[0] = torch.tensor([60, -60, -750])
    logits[1] = torch.tensor([60, -60, 750])
    targets = torch.tensor([[1, 0, 0], [0, 1, 1], [0.25, 0.75, 1], [math.nan, 0, 0.5], [1, math.nan, math.nan]])
    weight = torch.tensor([0.5, 2.75, 1])
    counts = ~torch.isnan(targets)

    def loss(x: torch.Tensor, weight: torch.Tensor | None = None) -> torch.Tensor:
        each = F.binary_cross_entropy_with_logits(x, torch.nan_to_num(targets), reduction="none", pos_weight=weight)
        return each[counts].mean()

    put("binary_logits", logits)
    put("binary_targets", targets)
    learn("binary", loss, logits)
    learn("binary_weighted", lambda x: loss(x, weight), logits)


def divergences() -> None:
    logits, teacher = numbers(4, 5, wide=6), numbers(4, 5, wide=6)
    teacher[1] = logits[1]
    teacher[3] = torch.tensor([2000, -2000, 0, 1999.5, 1])
    put("divergence_logits", logits)
    put("divergence_teacher", teacher)
    for name, t in (("cold", 1.0), ("warm", 2.5)):
        learn(f"divergence_{name}", lambda x: t * t * F.kl_div(
            F.log_softmax(x / t, -1), F.log_softmax(teacher / t, -1), reduction="batchmean", log_target=True), logits)


def cosines() -> None:
    """The last rows are shorter than the bound of 1e-8, or nothing at all."""
    x, y, way = numbers(6, 3), numbers(6, 3), numbers(6)
    x[3] *= 2.0**-28
    y[4] *= 2.0**-30
    x[4] *= 2.0**-29
    x[5] = 0
    y[2] = 4 * x[2]
    put("cosine_x", x)
    put("cosine_y", y)
    put("cosine_way", way)
    put("cosine_out", F.cosine_similarity(x, y))
    learn("cosine", lambda x, y: (F.cosine_similarity(x, y) * way).sum(), x, y)


def attention_errors() -> None:
    """Two sequences of three and one rows, two heads: queries and keys of a student, then its values."""
    own, teacher = numbers(4, 3 * 4), numbers(4, 2 * 6)
    put("attention_own", own)
    put("attention_teacher", teacher)

    def scores(x: torch.Tensor, size: int, scale: float) -> torch.Tensor:
        q, k = (part.reshape(len(x), 2, size).transpose(0, 1) for part in x.split(2 * size, -1)[:2])
        return (q @ k.transpose(1, 2) * scale).flatten()

    def loss(x: torch.Tensor) -> torch.Tensor:
        pairs = [(scores(a, 2, 0.75), scores(b, 3, 0.5)) for a, b in zip(x.split((3, 1)), teacher.split((3, 1)))]
        return F.mse_loss(torch.cat([a for a, _ in pairs]), torch.cat([b for _, b in pairs]))

    learn("attention", loss, own)


def products() -> None:
    x, y, way = numbers(2, 3), numbers(4, 3), numbers(2, 4)
    put("product_x", x)
    put("product_y", y)
    put("product_way", way)
    put("product_out", x @ y.T)
    learn("product", lambda x, y: (x @ y.T * way).sum(), x, y)


def steps() -> None:
    """Three steps; what they leave in value, first and second moment after each."""
    options = {"lr": 0.0123, "betas": (0.9, 0.985), "eps": 1e-6, "weight_decay": 0.17}
    value = numbers(2, 4).requires_grad_()
    put("adamw_value", value)
    for name, number in zip(("rate", "beta1", "beta2", "epsilon", "decay"),
                            (options["lr"], *options["betas"], options["eps"], options["weight_decay"])):
        print(f"static const double adamw_{name} = {number!r};")
    optimizer = torch.optim.AdamW([value], **options)
    gradients, after = [], []
    for step in range(3):
        value.grad = numbers(2, 4, wide=0.5**step)
        value.grad[1, 2] = 0
        gradients.append(value.grad.clone())
        optimizer.step()
        state = optimizer.state[value]
        after += [value.detach().clone(), state["exp_avg"].clone(), state["exp_avg_sq"].clone()]
    put("adamw_gradients", torch.stack(gradients))
    put("adamw_after", torch.stack(after))


def write(path: Path, *makers) -> None:
    guard = "_".join(("test", path.parent.name, path.stem, "h")).upper()
    with path.open("w") as file, contextlib.redirect_stdout(file):
        print(f"/* {path.name} - made by tools/golden/make_losses.py with PyTorch "
              + torch.__version__.split("+")[0] + ", in float64. */")
        print(f"#ifndef {guard}\n#define {guard}\n\n#include <math.h>\n")
        print("#define NOT_THERE ((double)NAN)\n")
        for make in makers:
            RANDOM.seed(make.__name__)  # what is added changes no other
            make()
        print("\n#endif")


def main() -> None:
    folder = Path(sys.argv[1])
    write(folder / "ops" / "torch_losses.h", cross_entropies, binary_entropies, squared_errors, divergences,
          attention_errors, cosines, products)
    write(folder / "backend" / "torch_adamw.h", steps)


if __name__ == "__main__":
    main()
