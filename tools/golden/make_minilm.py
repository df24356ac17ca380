#!/usr/bin/env python3
"""Makes test/golden/minilm: 2,000 texts of the data folder, named by file and line so that no text
of others is committed, and what sentence-transformers (float32, CPU) makes of them with the real
all-MiniLM-L6-v2; the documented similarities; the chapter's five most similar pairs.

Lines are counted from 0 and end at a line feed; each is given to the model without it.

usage: make_minilm.py MODEL_FOLDER DATA_FOLDER TARGET_FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer, util

# File below the data folder, and how many of its lines to take, evenly spread.
SOURCES = {
    "datasets/uci_sentiment_sentences/amazon_cells_labelled.txt": 200,
    "datasets/uci_sentiment_sentences/imdb_labelled.txt": 200,
    "datasets/uci_sentiment_sentences/yelp_labelled.txt": 200,
    "datasets/tatoeba_eng_fra/fra.txt": 200,
    "corpus/wikitext-2-raw/valid.raw.txt": 300,
    "corpus/tinyshakespeare.txt": 100,
    **{f"multilingual/tatoeba/tatoeba.{language}-eng.{side}": 50
       for language in ("deu", "rus", "ara", "cmn", "jpn", "kor", "hin", "tha")
       for side in (language, "eng")},
}
DOCUMENTED = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
CHAPTER = [
    "The cat sits outside", "A man is playing guitar", "I love pasta", "The new movie is awesome",
    "The cat plays in the garden", "A woman watches TV", "The new movie is so great",
    "Do you like pizza?",
]


def choose(lines: list[bytes], count: int) -> list[int]:
    usable = [number for number, line in enumerate(lines) if line.strip()]
    return [usable[i * len(usable) // count] for i in range(count)]


def main() -> None:
    model_folder, data, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    target.mkdir(parents=True, exist_ok=True)
    index, texts = [], []
    for name, count in SOURCES.items():
        lines = (data / name).read_bytes().split(b"\n")
        for number in choose(lines, count):
            index.append(f"{name}\t{number}")
            texts.append(lines[number].decode())
    model = SentenceTransformer(model_folder, device="cpu")
    vectors = model.encode(texts, batch_size=1, convert_to_tensor=True)
    (target / "index.tsv").write_text("\n".join(index) + "\n")
    save_file({"embeddings": vectors}, target / "vectors.safetensors")

    documented = model.encode(DOCUMENTED, convert_to_tensor=True)
    chapter = model.encode(CHAPTER, convert_to_tensor=True)
    save_file({"documented": util.cos_sim(documented, documented),
               "chapter": util.cos_sim(chapter, chapter)}, target / "similarities.safetensors")
    print(len(texts), "texts", json.dumps(util.cos_sim(documented, documented).tolist()))


if __name__ == "__main__":
    main()
