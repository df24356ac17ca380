#!/usr/bin/env python3
"""Makes test/golden/fill: tiny masked language models with random weights, what transformers'
fill-mask pipeline returns for texts with one and several masks, with and without targets, and the
likelihoods of texts, computed here by masking token after token.

Models run in float64, one text at a time, so nothing is padded.

usage: make_fillers.py TARGET_FOLDER
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import warnings
from pathlib import Path

import torch
from token_tasks import MORE, SETTINGS, TEXTS, WORDS, make_tokenizer, save, vary
from transformers import CONFIG_MAPPING, AutoModelForMaskedLM, pipeline


def texts(number: int, mask: str) -> list[str]:
    draw = random.Random(120 + number)
    out = []
    for text in TEXTS + MORE:
        words = text.split()
        if words and len(words) < 20 and len(text) < 100:
            words[draw.randrange(len(words))] = mask
        out.append(" ".join(words) if len(words) < 20 and len(text) < 100 else mask)
    for _ in range(50):
        words = [draw.choice(WORDS) for _ in range(draw.randrange(1, 9))]
        for _ in range(draw.choice((1, 1, 2, 3))):
            words[draw.randrange(len(words))] = mask
        out.append(" ".join(words))
    return [text if mask in text else text + mask for text in out] + [f"the cat don't{mask}, it 's {mask} .", f" {mask}  {mask}"]


def sentences(number: int) -> list[str]:
    draw = random.Random(160 + number)
    odd = ["\u00e9t\u00e9", "\u65e5\u672c", "\U0001f600", "\u05e9\u05dc\u05d5\u05dd", "unaffable", "12,345.6", "don't", "##s"]
    return [" ".join(draw.choice(odd if draw.random() < 0.2 else WORDS) for _ in range(draw.randrange(1, 14)))
            for _ in range(50)]


def flat(result: list) -> list:
    lists = result if isinstance(result[0], list) else [result]
    return [[[round(item["score"], 10), item["token"], item["token_str"], item["sequence"]] for item in row]
            for row in lists]


def likelihood(model, tokenizer, text: str, later: bool) -> tuple[float, int]:
    encoded = tokenizer(text, return_tensors="pt", return_special_tokens_mask=True)
    special = encoded.pop("special_tokens_mask")[0]
    ids, words, total, count = encoded["input_ids"][0], encoded.word_ids(0), 0.0, 0
    for i in range(len(ids)):
        if special[i]:
            continue
        masked = ids.clone()
        for k in range(i, len(ids)):
            if k == i or (later and words[k] is not None and words[k] == words[i]):
                masked[k] = tokenizer.mask_token_id
        with torch.no_grad():
            logits = model(**(encoded | {"input_ids": masked[None]})).logits[0, i]
        total += torch.log_softmax(logits, -1)[ids[i]].item()
        count += 1
    return total, count


def main() -> None:
    target = Path(sys.argv[1])
    warnings.simplefilter("ignore")
    for number, (name, family) in enumerate([("pieces", "bert"), ("bytes", "roberta"), ("small", "distilbert")]):
        folder = target / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        tokenizer = make_tokenizer(name, family, folder)
        torch.manual_seed(140 + number)
        config = CONFIG_MAPPING[family](vocab_size=len(tokenizer), **SETTINGS[family])
        model = AutoModelForMaskedLM.from_config(config).eval()
        vary(model)
        tokenizer.clean_up_tokenization_spaces = name != "small"
        save(model, tokenizer, folder)
        fill = pipeline("fill-mask", model=model.double(), tokenizer=tokenizer, device="cpu")
        cases, mask = [], tokenizer.mask_token
        given = ["cat", "dog", ".", "the"] if family != "roberta" else ["cat", "dog", ".", "\u0120the"]
        given = [word for word in given if word in tokenizer.get_vocab()]
        for i, text in enumerate(texts(number, mask)):
            targets = dict(targets=given) if i % 5 == 4 else {}
            top = 2 + i % 4
            cases.append({"input": text, "top_k": top} | targets |
                         {"fillings": flat(fill(text, top_k=top, **targets))})
        scored = [text for text in TEXTS + MORE + sentences(number) if len(tokenizer(text)["input_ids"]) <= 40]
        scores = [{"input": text, "plain": likelihood(model, tokenizer, text, False),
                   "whole_words": likelihood(model, tokenizer, text, True)} for text in scored]
        lines = [json.dumps(case, ensure_ascii=True, separators=(",", ":")) for case in cases]
        (folder / "golden.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
        (folder / "likelihood.json").write_text(json.dumps(scores, ensure_ascii=True, indent=0) + "\n")


if __name__ == "__main__":
    main()
