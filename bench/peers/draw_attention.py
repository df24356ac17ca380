#!/usr/bin/env python3
"""What a user of transformers runs for a picture of all heads: python draw_attention.py MODEL OUT.png TEXT"""

from __future__ import annotations

import sys

import matplotlib

matplotlib.use("Agg")
import torch
from matplotlib import pyplot
from transformers import AutoModel, AutoTokenizer


def main() -> None:
    folder, out, text = sys.argv[1:]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    with torch.no_grad():
        layers = model(**tokenizer(text, return_tensors="pt"), output_attentions=True).attentions
    rows, columns = len(layers), layers[0].shape[1]
    figure, axes = pyplot.subplots(rows, columns, figsize=(columns, rows), squeeze=False)
    for layer in range(rows):
        for head in range(columns):
            axes[layer][head].imshow(layers[layer][0, head].numpy(), cmap="Blues", interpolation="nearest")
            axes[layer][head].set_xticks([])
            axes[layer][head].set_yticks([])
    figure.savefig(out)


if __name__ == "__main__":
    main()
