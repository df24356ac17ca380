#!/usr/bin/env python3
"""Makes test/golden/answer: tiny question answering models with random weights, and what
transformers' question-answering pipeline returns for questions and contexts.

Needs the newer transformers of requirements-new.txt, whose pipeline makes equal answers one. The
pipeline takes one question at a time, so nothing is padded; the models run in float64.

usage: make_answers.py TARGET_FOLDER [NAME ...]
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import warnings
from pathlib import Path

import longformer
import torch
from token_tasks import MORE, SETTINGS, TEXTS, WORDS, make_tokenizer, save, vary
from transformers import CONFIG_MAPPING, AutoModelForQuestionAnswering, pipeline

QUESTIONS = ["Where does Jaisy live?", "Where does Evan live?", "who"]
CONTEXTS = ["Jaisy lives in Jakarta", "While Jaisy lives in Jakarta, Evan is in The Hague.", "cat", "caf\u00e9 \u4e2d\u6587",
            "\U0001f600 great", "\u05e9\u05dc\u05d5\u05dd cat", "The cat. the CAT! the cat", "\u0130x \u0130X i\u0307x"]


def cases(number: int):
    draw = random.Random(80 + number)
    joined = [word + ending for word in WORDS for ending in ("", "s", "ing", "ed", "er")]

    def text(least: int, most: int) -> str:
        return " ".join(draw.choice(joined) for _ in range(draw.randrange(least, most)))

    contexts = CONTEXTS + [item for item in TEXTS + MORE if item.strip()]
    short = [dict(question=draw.choice(QUESTIONS), context=context) for context in contexts]
    short += [dict(question=text(1, 3), context=text(5, 40)) for _ in range(60)]
    long = [dict(question=draw.choice(["who", "what is it"]), context=text(80, 200)) for _ in range(16)]
    for i, case in enumerate(short):
        yield case, dict(top_k=1 if i % 2 else 4, handle_impossible_answer=i % 3 == 0, align_to_words=i % 4 != 1)
    for i, case in enumerate(long):
        yield case, dict(top_k=1 + i % 3, handle_impossible_answer=i % 3 == 1, align_to_words=i % 4 != 2,
                         max_seq_len=40 + i, doc_stride=5 + i, max_answer_len=3 + 2 * i)
        yield case, dict(top_k=3)
        if number == 2:  # no windows
            yield case, dict(top_k=2, max_seq_len=400)


def main() -> None:
    target, names = Path(sys.argv[1]), sys.argv[2:]
    longformer.soften_in_double()
    warnings.simplefilter("ignore")
    for number, (name, family) in enumerate([("pieces", "bert"), ("bytes", "roberta"), ("long", "longformer")]):
        if names and name not in names:
            continue
        folder = target / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        tokenizer = make_tokenizer(name, family, folder)
        torch.manual_seed(90 + number)
        config = CONFIG_MAPPING[family](vocab_size=len(tokenizer), **SETTINGS[family])
        model = AutoModelForQuestionAnswering.from_config(config).eval()
        vary(model)
        save(model, tokenizer, folder)
        answer = pipeline("question-answering", model=model.double(), tokenizer=tokenizer, device="cpu")
        found = []
        for case, options in cases(number):
            result = answer(case, **options)
            result = result if isinstance(result, list) else [result]
            # Where a context has fewer spans than asked for, the pipeline fills up with impossible ones.
            result = [item for item in result if item["score"] > 0]
            found.append(case | options | {"answers": [
                [round(float(item["score"]), 10), item["start"], item["end"]] for item in result]})
        (folder / "golden.json").write_text(
            "[\n" + ",\n".join(json.dumps(case, ensure_ascii=True, separators=(",", ":")) for case in found) + "\n]\n")


if __name__ == "__main__":
    main()
