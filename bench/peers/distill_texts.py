#!/usr/bin/env python3
"""Texts to distill sentence embeddings from, and held-out pairs to measure with; then how well the cosines
of two models agree.

    distill_texts.py make DATA OUT [TEXTS]        OUT/texts.txt, OUT/first.txt, OUT/second.txt
    distill_texts.py agree TEACHER STUDENT        Spearman's correlation of cosines

DATA is a folder with `corpus` and `datasets`; TEXTS is how many lines to learn from (default: 60000). TEACHER and
STUDENT are folders with first.npy and second.npy, as `cloze embed --format npy` writes them.

The 5,000 pairs are of texts that are not learned from: half of them belong together (a question and its passage,
neighbours in an article, the same intent, one entailed by the other or not), half are drawn at random. What is held out is whole
books, articles, test files; a text that stands in both is learned from in neither.
"""

from __future__ import annotations

import csv
import json
import random
import re
import sys
from pathlib import Path
from typing import Iterator

RANDOM = random.Random(20)
PAIRS = 5000
HELD_OUT_BOOKS = ("Jack_London", "Jane_Austen", "Charles_Darwin", "H_G_Wells")


def clean(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def sentences(text: str) -> list[str]:
    found = map(clean, re.split(r"(?<=[.!?])[\"”']?\s+(?=[\"“'A-Z])", clean(text)))
    return [s for s in found if 25 <= len(s) <= 300 and "<unk>" not in s]


def wiki_paragraphs(path: Path) -> Iterator[list[str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if len(line) > 200:
            yield sentences(re.sub(r" @(.)@ ", r"\1", line))


def book(path: Path) -> list[str]:
    return sentences(path.read_text(encoding="utf-8", errors="replace"))


def table(path: Path, dialect: str) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter=dialect,
                                  quoting=csv.QUOTE_MINIMAL if dialect == "," else csv.QUOTE_NONE)


def plain(path: Path, encoding: str = "utf-8") -> list[str]:
    return [clean(line) for line in path.read_text(encoding=encoding).splitlines() if line.strip()]


def snips(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("train_*.json")):
        for items in json.loads(path.read_bytes().decode("utf-8", "replace")).values():
            yield from (clean("".join(part["text"] for part in item["data"])) for item in items)


def to_learn_from(data: Path) -> dict[str, list[str]]:
    sets = data / "datasets"
    clinc = json.loads((sets / "clinc150/data_full.json").read_text())
    books = [p for p in sorted((data / "corpus/gutenberg").glob("*.md")) if not p.name.startswith(HELD_OUT_BOOKS)]
    return {
        "books": [s for path in books for s in book(path)],
        "articles": [s for p in wiki_paragraphs(data / "corpus/wikitext-2-raw/valid.raw.txt") for s in p]
        + plain(sets / "clinc150/all_wiki_sents.txt"),
        "requests": [clean(text) for text, _ in clinc["train"]] + [row["text"] for row in table(
            sets / "banking77/train.csv", ",")] + list(snips(sets / "snips")),
        "reviews": plain(sets / "sentence_polarity/rt-polarity.pos", "latin-1")
        + plain(sets / "sentence_polarity/rt-polarity.neg", "latin-1")
        + plain(sets / "subjectivity/plot.tok.gt9.5000", "latin-1")
        + plain(sets / "subjectivity/quote.tok.gt9.5000", "latin-1"),
        "messages": [line.split("\t", 1)[1] for line in plain_lines(sets / "sms_spam/sms.tsv")],
        "pairs": [clean(item[key]) for item in map(json.loads, plain(sets / "breaking_nli/dataset.jsonl"))
                  for key in ("sentence1", "sentence2")],
    }


def plain_lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if "\t" in line]


def neighbours(lists: list[list[str]]) -> list[tuple[str, str]]:
    return [(a, b) for items in lists for a, b in zip(items[::2], items[1::2])]


def same_label(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    by_label: dict[str, list[str]] = {}
    for text, label in rows:
        by_label.setdefault(label, []).append(clean(text))
    return neighbours([RANDOM.sample(texts, len(texts)) for _, texts in sorted(by_label.items())])


def held_out(data: Path) -> dict[str, list[tuple[str, str]]]:
    sets = data / "datasets"
    clinc = json.loads((sets / "clinc150/data_full.json").read_text())
    books = [p for p in sorted((data / "corpus/gutenberg").glob("*.md")) if p.name.startswith(HELD_OUT_BOOKS)]
    return {
        "question and passage": [(clean(r["question"]), clean(r["sentence"])) for r in table(
            sets / "glue_qnli/dev.tsv", "\t") if r["question"] and r["sentence"]],
        "neighbours in an article": neighbours(list(wiki_paragraphs(data / "corpus/wikitext-2-raw/test.raw.txt"))),
        "neighbours in a book": neighbours([book(path) for path in books]),
        "the same intent": same_label([(r["text"], r["category"]) for r in table(sets / "banking77/test.csv", ",")]
                                      + [(text, label) for text, label in clinc["test"]]),
        "entailed or not": [(clean(r["sentence1"]), clean(r["sentence2"])) for r in table(
            sets / "med_nli/MED.tsv", "\t")],
    }


def choose_pairs(data: Path) -> list[tuple[str, str]]:
    """Half together, in parts as equal as there are enough; the other half two at random of the rest."""
    kinds = held_out(data)
    related: list[tuple[str, str]] = []
    rest: list[tuple[str, str]] = []
    for pairs in kinds.values():
        RANDOM.shuffle(pairs)
        count = PAIRS // 2 // len(kinds)
        related += pairs[:count]
        rest += pairs[count:2 * count + 100]
    RANDOM.shuffle(rest)
    lacking = PAIRS // 2 - len(related)
    texts = [text for pair in rest[lacking:] for text in pair]
    RANDOM.shuffle(texts)
    return related + rest[:lacking] + list(zip(texts[::2], texts[1::2]))[:PAIRS // 2]


def make(data: Path, out: Path, count: int) -> None:
    out.mkdir(parents=True, exist_ok=True)
    pairs = choose_pairs(data)
    held = {text.lower() for pair in pairs for text in pair}
    sources = to_learn_from(data)
    shares = {"books": 0.3, "articles": 0.25, "requests": 0.2, "reviews": 0.15, "messages": 0.05, "pairs": 0.05}
    texts: list[str] = []
    for name, found in sources.items():
        unique = sorted({text for text in map(clean, found) if text and text.lower() not in held and len(text) <= 300})
        RANDOM.shuffle(unique)
        texts += unique[:int(shares[name] * count)]
        print(f"{name}: {min(len(unique), int(shares[name] * count))} of {len(unique)}")
    RANDOM.shuffle(texts)
    (out / "texts.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    for name, side in (("first.txt", 0), ("second.txt", 1)):
        (out / name).write_text("\n".join(pair[side] for pair in pairs) + "\n", encoding="utf-8")
    print(f"{len(texts)} texts, {len(pairs)} pairs")


def ranks(values):
    import numpy as np
    order = np.argsort(values, kind="stable")
    out = np.empty(len(values))
    out[order] = np.arange(len(values))
    return out


def agree(teacher: Path, student: Path) -> None:
    import numpy as np

    def cosines(folder: Path):
        first, second = (np.load(folder / name).astype(float) for name in ("first.npy", "second.npy"))
        return (first * second).sum(1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)

    a, b = cosines(teacher), cosines(student)
    half = len(a) // 2

    def spearman(x, y) -> float:
        return float(np.corrcoef(ranks(x), ranks(y))[0, 1])

    print(f"{len(a)} pairs: the teacher's cosines lie between {a.min():.2f} and {a.max():.2f}, "
          f"half of them between {np.quantile(a, .25):.2f} and {np.quantile(a, .75):.2f}")
    print(f"Spearman {spearman(a, b):.4f}; of those that belong together {spearman(a[:half], b[:half]):.4f}, "
          f"of the others {spearman(a[half:], b[half:]):.4f}; mean difference {abs(a - b).mean():.4f}")


def main() -> None:
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 60000)
    else:
        agree(Path(sys.argv[2]), Path(sys.argv[3]))


if __name__ == "__main__":
    main()
