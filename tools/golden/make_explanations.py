#!/usr/bin/env python3
"""Makes test/golden/explain/gradients.json: what captum says of golden models in float64. Attributions are of
tokens, summed over columns: saliency (Saliency, its length), input times gradient, integrated gradients at the
words' embeddings and at a layer (LayerIntegratedGradients, 50 steps of Gauss and Legendre; RoBERTa's positions count no padding, so nothing is a
mask there), and NoiseTunnel over
InputXGradient with the noise of base/draw.c.

Needs: pip install torch==2.15.0 transformers==4.57.6 captum==0.9.0

usage: make_explanations.py test/golden test/golden/explain
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from unittest import mock

import torch
from captum.attr import InputXGradient, LayerGradientXActivation, LayerIntegratedGradients, NoiseTunnel

from explained import Case, Explained, draw_normal

STEPS, SAMPLES, SEED, SHARE = 50, 3, 11, 0.1
CASES = [
    Case("classify/sentiment", "labels", "The cat sits outside and plays guitar."),
    Case("classify/sentiment", "labels", "I love pasta, it is awesome!", value="probability", target=0, layer=0),
    Case("classify/topics", "labels", "A man is playing the guitar", value="probability", target=2),
    Case("classify/topics", "labels", "The new movie is so great", value="margin", target=0, against=3),
    Case("classify/inference", "labels", "The cat sits outside.", pair="A cat is in the garden", target=1),
    Case("classify/inference", "labels", "I love pasta", pair="do you like pizza?", value="probability"),
    Case("classify/reviews", "labels", "The new movie is so great, I love it.", value="margin", target=2, against=0),
    Case("classify/roberta_prelayernorm", "labels", "I love pasta and the weather is lovely"),
    Case("classify/rembert", "labels", "The cat plays in the garden", value="margin", target=1, against=0, layer=2),
    Case("classify/megatron_bert", "labels", "A woman watches TV", pair="The new movie is awesome", absence="padding"),
    Case("tag/pieces", "tags", "He drove to the stadium today", place=(16, 23)),
    Case("tag/bytes", "tags", "the cat sits outside", value="margin", target=1, against=0, place=(4, 7)),
    Case("answer/pieces", "answer", "Where does Evan live?", pair="Evan lives in the garden", place=(14, 24)),
    Case("answer/bytes", "answer", "who plays?", pair="a man is playing guitar", value="margin", place=(2, 5)),
    Case("answer/pieces", "answer", "who is it", pair="the dog sits inside", value="probability", place=(4, 7)),
    Case("fill/pieces", "words", "The cat [MASK] outside today", value="probability"),
    Case("fill/bytes", "words", "I love <mask> and pasta"),
    Case("sentence/roberta", "similarity", "Do you like what it is?", pair="cat"),
]


def of_tokens(case: Explained, rows) -> list[float]:
    rows = rows[0] if isinstance(rows, tuple) else rows
    return rows[0, :case.ids.shape[1]].sum(-1).tolist()


def smoothed(case: Explained, plain: torch.Tensor) -> list[float]:
    spread = SHARE * float(plain.max() - plain.min())
    noise = torch.tensor([[[spread * draw_normal(SEED, "noise", sample, row * plain.shape[2] + column)
                            for column in range(plain.shape[2])] for row in range(plain.shape[1])]
                          for sample in range(SAMPLES)], dtype=torch.float64)
    method = NoiseTunnel(InputXGradient(lambda embeddings: case.forward(embeddings=embeddings)))
    with mock.patch("captum.attr._core.noise_tunnel.torch.normal", lambda mean, deviation: noise):
        return of_tokens(case, method.attribute(plain, nt_samples=SAMPLES, stdevs=1.0))


def explain(root: Path, wanted: Case) -> dict:
    case = Explained(root, wanted)
    plain = case.words(case.ids).detach()
    gradient = LayerGradientXActivation(case.forward, case.words, multiply_by_inputs=False)
    product = LayerGradientXActivation(case.forward, case.words)
    told = {"value_of": wanted.value} | {k: v for k, v in vars(wanted).items() if k != "value" and v not in ("", None)}
    with torch.no_grad():
        told |= {"tokens": case.ids[0].tolist(), "value": case.forward(case.ids).item(),
                 "nothing": case.forward(case.nothing).item()}
    told["saliency"] = gradient.attribute(case.ids)[0, :case.ids.shape[1]].norm(dim=-1).tolist()
    told["input-x-gradient"] = of_tokens(case, product.attribute(case.ids))
    for name, module in (("words", case.words), ("layer-wise", case.layer(wanted.layer))):
        method = LayerIntegratedGradients(case.forward, module)
        with mock.patch.object(torch.Tensor, "float", torch.Tensor.double):  # captum rounds them
            told[name] = of_tokens(case, method.attribute(case.ids, baselines=case.nothing, n_steps=STEPS,
                                                          method="gausslegendre"))
    told["smoothgrad"] = smoothed(case, plain)
    return told


def main() -> None:
    root, target = Path(sys.argv[1]), Path(sys.argv[2])
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)  # captum makes weights of that type
    target.mkdir(parents=True, exist_ok=True)
    made = [explain(root, case) for case in CASES]
    versions = {"torch": torch.__version__.split("+")[0], "captum": "0.9.0", "transformers": "4.57.6"}
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in made)
    (target / "gradients.json").write_text(
        f'{{"versions":{json.dumps(versions)},"steps":{STEPS},"samples":{SAMPLES},"seed":{SEED},"noise":{SHARE},'
        f'"cases":[\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
