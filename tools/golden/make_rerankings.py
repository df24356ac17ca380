#!/usr/bin/env python3
"""Makes test/golden/rerank/golden.json: what sentence-transformers' CrossEncoder.rank returns for
queries and passages over the one-label models of test/golden/classify, in float64, with the
activation that the folder implies and with none.

usage: make_rerankings.py CLASSIFY_FOLDER TARGET_FILE
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import torch
from make_classifiers import inputs
from sentence_transformers import CrossEncoder

QUERIES = ["the cat", "Do you like pizza?", "", "  where is the garden\u2003", "\U0001f600 great", "\u0645\u0631\u062d\u0628\u0627"]


def main() -> None:
    cases = []
    for number, name in enumerate(("similarity", "one")):
        for plain in (False, True):
            encoder = CrossEncoder(str(Path(sys.argv[1]) / name), device="cpu",
                                   default_activation_function=torch.nn.Identity() if plain else None)
            encoder.model.double()
            for query in QUERIES:
                passages = random.Random(f"{name}{query}").sample(inputs(number, False), 12)
                ranking = encoder.rank(query, passages, show_progress_bar=False)
                cases.append({"folder": name, "plain": plain, "query": query, "passages": passages,
                              "order": [item["corpus_id"] for item in ranking],
                              "scores": [float(item["score"]) for item in ranking]})
    Path(sys.argv[2]).write_text(json.dumps(cases, ensure_ascii=True, indent=0) + "\n")


if __name__ == "__main__":
    main()
