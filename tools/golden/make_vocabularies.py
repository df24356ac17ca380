#!/usr/bin/env python3
"""Makes test/golden/vocabulary/merges.json and unigram.json: what the trainers of the tokenizers package make of small
texts, of made-up words, and of files of the shared data (those are named, with digests alone).

Every case is trained several times, and the script stops where the package does not give the same
each time. It numbers the characters that continue a word ("##x") at random; in most WordPiece cases
they are special tokens, which have fixed ids. The Unigram trainer gives scores by chance to characters
that it dropped: of it the set of tokens and the sum of their scores are kept, and scores that are the
same each time.

usage: make_vocabularies.py TARGET_FOLDER DATA_FOLDER
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

RUNS = 4
SHOWN = 120  # more tokens or merges than this are kept as a digest
BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ANGLE = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
FILMS = [
    "A wonderful film, wonderfully played.",
    "The film is long; the longer it plays the longer it seems.",
    "Played for laughs, it was laughable; playing it again will not help.",
    "Caf\u00e9s, na\u00efve fa\u00e7ades and 12,345 extras: nothing was spared.",
    "",
    "  spaces   and\ttabs  ",
]


def made_up(seed: int, words: int, most: int, letters: list[str]) -> list[str]:
    """Lines of eight words; test_merges.c makes the same ones."""
    state = seed

    def draw(limit):
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (state >> 33) % limit

    lines, line = [], []
    for _ in range(words):
        size = 1 + draw(most)
        line.append("".join(letters[min(draw(len(letters)), draw(len(letters)))] for _ in range(size)))
        if len(line) == 8:
            lines.append(" ".join(line))
            line = []
    return lines


def pipeline(case: dict):
    kind, lower = case["kind"], case.get("lower", False)
    shared = dict(vocab_size=case["size"], min_frequency=case.get("min_frequency", 2), show_progress=False)
    if kind == "wordpiece":
        out = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        out.normalizer = normalizers.BertNormalizer(lowercase=lower)
        out.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        return out, trainers.WordPieceTrainer(special_tokens=BERT + case.get("special", []),
                                              limit_alphabet=case.get("alphabet", 1000),
                                              initial_alphabet=list(case.get("characters", "")), **shared)
    shared.update(special_tokens=ANGLE + case.get("special", []), max_token_length=case.get("longest"))
    lowering = [normalizers.Lowercase()] if lower else []
    if kind == "byte-level":
        out = Tokenizer(models.BPE())
        if lower:
            out.normalizer = lowering[0]
        out.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        return out, trainers.BpeTrainer(initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **shared)
    out = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    out.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), *lowering,
                                           normalizers.Replace(Regex(" {2,}"), " ")])
    out.pre_tokenizer = pre_tokenizers.Metaspace()
    if kind == "unigram":
        out.model = models.Unigram()
        del shared["min_frequency"], shared["max_token_length"]
        return out, trainers.UnigramTrainer(unk_token="<unk>", max_piece_length=case.get("longest", 17) - 1,
                                            initial_alphabet=list(case.get("characters", "")), **shared)
    return out, trainers.BpeTrainer(limit_alphabet=case.get("alphabet", 1000),
                                    initial_alphabet=list(case.get("characters", "")), **shared)


def train(case: dict, lines: list[str]):
    tokenizer, trainer = pipeline(case)
    tokenizer.train_from_iterator(lines, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    return tokens, [list(pair) for pair in model.get("merges", [])]


def digest(lines) -> str:
    return hashlib.sha256("".join(line + "\n" for line in lines).encode()).hexdigest()


def lines_of(case: dict, data: Path) -> list[str]:
    if "texts" in case:
        return case["texts"]
    if "file" in case:
        lines = (data / case["file"]).read_bytes().decode().split("\n")
        return [line.rstrip("\r") for line in (lines if lines[-1] else lines[:-1])]
    return made_up(case["seed"], case["words"], case["most"], case["letters"])


def cases() -> list[dict]:
    few, some = list("ab"), list("etaoinshr")
    marks = list("a\u00e9\u4e2d\U0001f600#")
    continued = ["##" + c for c in sorted(some)]
    latin = ["##" + chr(c) for c in [*range(0x61, 0x7B), 0xE7, 0xE9, 0xEF, *range(0x31, 0x36)]]
    out = [
        dict(name="films", kind="byte-level", size=330, texts=FILMS),
        dict(name="films, lower case", kind="byte-level", lower=True, size=300, min_frequency=1, texts=FILMS),
        dict(name="films as words", kind="wordpiece", size=120, texts=FILMS, special=latin),
        dict(name="films, few characters", kind="wordpiece", lower=True, size=200, min_frequency=3,
             texts=FILMS * 3, special=latin, characters="xyz\u4e2d"),
    ]
    for seed, (words, most, letters) in enumerate([
            (40, 4, few), (400, 9, few), (4000, 12, few), (3000, 14, some), (20000, 9, some), (3000, 7, marks)]):
        made = dict(seed=seed + 1, words=words, most=most, letters=letters)
        name = f"{words} words of {len(letters)} letters"
        out.append(dict(name=name, kind="byte-level", size=2000, min_frequency=1, **made))
        out.append(dict(name=name + ", short tokens", kind="byte-level", size=1000, longest=5, **made))
        if letters == some:
            out.append(dict(name=name, kind="wordpiece", size=1500, special=continued, **made))
        if letters == few:
            out.append(dict(name=name, kind="wordpiece", size=1500, min_frequency=1, special=["##a", "##b"],
                            **made))
    out.append(dict(name="characters left out", kind="wordpiece", size=600, alphabet=6, special=continued,
                    seed=9, words=6000, most=9, letters=some))
    for case in list(out):
        if case["kind"] == "byte-level":
            least = len({c for line in lines_of(case, Path()) for c in line}) + 40
            out.append({**case, "kind": "bpe", "size": max(case["size"] - 200, least)})
    out.append(dict(name="characters left out", kind="bpe", size=600, alphabet=6, seed=9, words=6000, most=9,
                    letters=some))
    for file in ["corpus/tinyshakespeare.txt", "corpus/wikitext-2-raw/valid.raw.txt",
                 "multilingual/tatoeba/tatoeba.cmn-eng.cmn", "multilingual/tatoeba/tatoeba.ben-eng.ben"]:
        out.append(dict(name=file, kind="byte-level", size=8000, file=file))
        out.append(dict(name=file, kind="bpe", size=8000, file=file, alphabet=6000))
    return out


def unigrams() -> list[dict]:
    some, marks = list("etaoinshr"), list("a\u00e9\u4e2d\U0001f600#")
    out = [
        dict(name="films", kind="unigram", size=90, texts=FILMS),
        dict(name="films, lower case", kind="unigram", size=200, lower=True, texts=FILMS),
        dict(name="films, more characters", kind="unigram", size=100, texts=FILMS, characters="xyz\u4e2d"),
    ]
    for seed, (words, most, letters) in enumerate([
            (40, 4, some), (400, 9, some), (3000, 14, some), (20000, 9, some), (3000, 7, marks), (300, 40, marks)]):
        made = dict(kind="unigram", seed=seed + 1, words=words, most=most, letters=letters)
        name = f"{words} words of {len(letters)} letters"
        for size in [60, 300, 2000]:
            out.append(dict(name=name, size=size, **made))
        out.append(dict(name=name + ", short tokens", size=200, longest=4, **made))
    for file in ["corpus/tinyshakespeare.txt", "multilingual/tatoeba/tatoeba.cmn-eng.cmn",
                 "multilingual/tatoeba/tatoeba.ben-eng.ben"]:
        out.append(dict(name=file, kind="unigram", size=8000, file=file))
    return out


def train_unigram(case: dict, lines: list[str]):
    scores = []
    for _ in range(RUNS):
        tokenizer, trainer = pipeline(case)
        tokenizer.train_from_iterator(lines, trainer)
        scores.append(dict(json.loads(tokenizer.to_str())["model"]["vocab"]))
    if any(other.keys() != scores[0].keys() for other in scores):
        raise SystemExit(f"{case['name']} (unigram): not the same each time")
    close = {token: score for token, score in scores[0].items()
             if score and all(abs(other[token] - score) < 1e-9 for other in scores)}
    return scores[0], close


def write(path: Path, made: list[dict]):
    with open(path, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in made) + "\n]\n")


def make_unigrams(data: Path) -> list[dict]:
    made = []
    for case in unigrams():
        tokens, close = train_unigram(case, lines_of(case, data))
        step = max(1, len(close) // SHOWN)
        case.update(token_count=len(tokens), score_sum=sum(tokens.values()),
                    token_digest=digest(sorted(tokens, key=str.encode)),
                    scores=[list(pair) for pair in close.items()][::step])
        made.append(case)
        print("unigram", case["name"], len(tokens), len(close))
    return made


def main():
    target, data = Path(sys.argv[1]), Path(sys.argv[2])
    made = []
    for case in cases():
        lines = lines_of(case, data)
        tokens, merges = train(case, lines)
        for _ in range(RUNS - 1):
            if (tokens, merges) != train(case, lines):
                raise SystemExit(f"{case['name']} ({case['kind']}): not the same each time")
        case.update(token_count=len(tokens), token_digest=digest(tokens), merge_count=len(merges),
                    merge_digest=digest(" ".join(pair) for pair in merges))
        if "file" not in case and len(merges) <= SHOWN:
            case["merges"] = merges
        made.append(case)
        print(case["kind"], case["name"], len(tokens), len(merges))
    target.mkdir(parents=True, exist_ok=True)
    write(target / "merges.json", made)
    write(target / "unigram.json", make_unigrams(data))


main()
