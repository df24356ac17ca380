#!/usr/bin/env python3
"""Makes test/golden/explain/behaviour.json, and two classifiers that say different labels of its texts: texts, what they may become by each change, and what classifiers of
transformers say of all of these.

Changes that are drawn (typos, numbers, names) are given as all that can come of a text, by rules written here
again; those of English are written by hand. "rates" are what CheckList's expectations (inv, monotonic) count:
[check, expectation, tolerance, applies, failures]. Models run in float64, one text at a time.

Needs: pip install torch==2.15.0 transformers==4.57.6

usage: make_behaviour.py test/golden
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import unicodedata
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BertConfig, BertForSequenceClassification

NAMES = ["Evan", "Anna", "Zo\u00eb", "\u674e\u660e"]
# text, negated, affirmed, contracted, expanded; None: as it is
TEXTS = [
    ("The new movie is awesome", "The new movie is not awesome", None, None, None),
    ("I love pasta, Anna.", "I do not love pasta, Anna.", None, None, None),
    ("It is not so great!", None, "It is so great!", "It isn't so great!", None),
    ("It's so sunny outside", "It's not so sunny outside", None, None, "It is so sunny outside"),
    ("A man is playing 7 guitars", "A man is not playing 7 guitars", None, None, None),
    ("Evan and Zo\u00eb drove to the stadium.", None, None, None, None),
    ("Do you like what you see?", "Do you like what you do not see?", None, None, None),
    ("They are in the garden and it is lovely.", "They are not in the garden and it is lovely.", None,
     "They're in the garden and it's lovely.", None),
    ("We can't watch tv in 24", None, "We can watch tv in 24", None, "We cannot watch tv in 24"),
    ("caf\u00e9 \u4e2d\u6587 \U0001f600 great", None, None, None, None),
    ("She loves the cat and the dog", "She does not love the cat and the dog", None, None, None),
    ("You should not sit outside", None, "You should sit outside", "You shouldn't sit outside", None),
    ("I never play inside", None, "I play inside", None, None),
    ("\u674e\u660e\u5728\u5317\u4eac 12", None, None, None, None),
    ("cat", None, None, None, None),
    ("one, two, three: cats & dogs.", None, None, None, None),
    ("The woman won't watch 40 movies", None, "The woman will watch 40 movies", None,
     "The woman will not watch 40 movies"),
    ("", None, None, None, None),
    ("the cat is " * 30, "the cat is not " + "the cat is " * 29, None, None, None),
    ("e\u0301te\u0301 is lovely", "e\u0301te\u0301 is not lovely", None, None, None),
    ("Is the weather lovely today?", None, None, None, None),
    ("That was a great guitar", "That was not a great guitar", None, None, None),
    ("He sits, she sits, I sit", None, None, None, None),
    ("they'll love it", "they'll not love it", None, None, "they will love it"),
]
CASES = [("explain/behaviour", False), ("classify/megatron_bert", True), ("explain/behaviour_each", False)]
ENGLISH = ["negate", "affirm", "contract", "expand"]
SPACES = " \t\n\r"


def is_letter(c: str) -> bool:
    return unicodedata.category(c).startswith("L")


def typos(text: str) -> list[str]:
    made = []
    for i in range(len(text) - 1):
        a, b, behind = text[i], text[i + 1], text[i + 2:i + 3]
        if is_letter(a) and is_letter(b) and a.lower() != b.lower() and not (
                behind and unicodedata.category(behind).startswith("M")):
            made.append(text[:i] + b + a + text[i + 2:])
    return made


def punctuation(text: str) -> list[str]:
    bare = text.rstrip(SPACES)
    space = text[len(bare):]
    stripped = bare.rstrip(".!\u2026\u3002\uff01")
    if not stripped:
        return []
    if stripped != bare:
        return [stripped + space]
    if not stripped[-1].isalnum():
        return []
    return [stripped + ("\u3002" if "\u4e00" <= stripped[-1] <= "\u9fff" else ".") + space]


def numbers(texts: tuple[str, ...]) -> list[tuple[str, ...]]:
    """These texts have one number each at most, or the same one."""
    pattern = re.compile(r"(?<![0-9A-Za-z_\u00c0-\u024f.,:/-])([0-9]+)(?![0-9A-Za-z_.,:/-])")
    found = {match for text in texts for match in pattern.findall(text)}
    assert len(found) < 2
    made = []
    for old in found:
        value, far = int(old), max(1, int(old) // 5)
        for other in range(value - far, value + far + 1):
            if other != value and other > 0 and len(str(other)) == len(old):
                made.append(tuple(pattern.sub(str(other), text) for text in texts))
    return made


def names(texts: tuple[str, ...]) -> list[tuple[str, ...]]:
    pattern = re.compile(r"(?<!\w)(" + "|".join(name for name in NAMES if name.isascii() or name[0] == "Z") + r")(?!\w)|" +
                         NAMES[3])
    made = []
    for by in range(1, len(NAMES)):
        made.append(tuple(pattern.sub(lambda m: NAMES[(NAMES.index(m.group(0)) + by) % len(NAMES)], text) for text in texts))
    return [one for one in made if one != texts]


def changes(number: int, texts: tuple[str, ...]) -> dict[str, list[tuple[str, ...]]]:
    first, rest = texts[0], texts[1:]
    made = {"typo": [(one, *rest) for one in typos(first)], "punctuation": [(one, *rest) for one in punctuation(first)],
            "numbers": numbers(texts), "names": names(texts)}
    for i, change in enumerate(ENGLISH):
        other = TEXTS[number][i + 1]
        made[change] = [] if other is None else [(other, *rest)]
    return made


class Classifier:
    def __init__(self, folder: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager").double().eval()
        config = self.model.config
        self.each = config.problem_type == "multi_label_classification"
        self.most = config.max_position_embeddings
        self.cache: dict[tuple[str, ...], list[float] | None] = {}

    def scores(self, texts: tuple[str, ...]) -> list[float] | None:
        """None: it is too long."""
        if texts not in self.cache:
            tokens = self.tokenizer(*[text for i, text in enumerate(texts) if not i or text], return_tensors="pt")
            if tokens["input_ids"].shape[1] > self.most:
                self.cache[texts] = None
            else:
                with torch.no_grad():
                    logits = self.model(**tokens).logits[0]
                found = torch.sigmoid(logits) if self.each else torch.softmax(logits, 0)
                self.cache[texts] = [round(value, 9) for value in found.tolist()]
        return self.cache[texts]


def make_folder(target: Path, name: str, problem: str | None) -> None:
    """Random weights, and a bias under which labels are as likely as one another over the texts."""
    folder = target / "explain" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"]:
        shutil.copyfile(target / "classify" / "topics" / file, folder / file)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(11)
    labels = {0: "bad", 1: "fair", 2: "good"}
    model = BertForSequenceClassification(BertConfig(
        vocab_size=len(tokenizer), hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20,
        max_position_embeddings=64, id2label=labels, label2id={v: k for k, v in labels.items()},
        problem_type=problem)).eval()
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) * 0.7
    model.classifier.weight.data *= 6
    with torch.no_grad():
        logits = torch.stack([model(**tokenizer(text[0], return_tensors="pt", truncation=True, max_length=64)).logits[0]
                              for text in TEXTS])
        model.classifier.bias -= logits.mean(0)
    model.save_pretrained(folder)


def says(classifier: Classifier, scores: list[float]):
    if classifier.each:
        return [score > 0.5 for score in scores]
    return max(range(len(scores)), key=lambda i: scores[i])


def rate(classifier: Classifier, rows: list, expectation: str, tolerance: float) -> tuple[int, int]:
    """inv and monotonic of CheckList, of the label that is said before."""
    applies = failures = 0
    for before, after in rows:
        if before is None or after is None:
            continue
        label = max(range(len(before)), key=lambda i: before[i])
        rise = after[label] - before[label]
        if expectation == "same" and classifier.each:
            applies += 1
            failures += any((b > 0.5) != (a > 0.5) and abs(a - b) > tolerance for b, a in zip(before, after))
        elif expectation == "same":
            applies += 1
            failures += says(classifier, before) != says(classifier, after) and (not tolerance or abs(rise) > tolerance)
        elif expectation == "fall" and before[label] < 1 - tolerance:
            applies += 1
            failures += rise > tolerance
        elif expectation == "rise" and before[label] > tolerance:
            applies += 1
            failures += -rise > tolerance
    return applies, failures


def make(target: Path, folder: str, paired: bool) -> dict:
    classifier = Classifier(target / folder)
    inputs = [(text[0], TEXTS[(i * 5 + 3) % 17][0]) if paired else (text[0],) for i, text in enumerate(TEXTS)]
    made = [changes(i, texts) for i, texts in enumerate(inputs)]
    out = {"folder": folder, "names": NAMES, "texts": [list(texts) for texts in inputs],
           "before": [classifier.scores(texts) for texts in inputs], "changes": {}, "rates": []}
    for change in made[0]:
        out["changes"][change] = [[[*one, classifier.scores(one)] for one in row[change]] for row in made]
    for change in ["punctuation", *ENGLISH]:
        rows = [(out["before"][i], row[0][-1]) for i, row in enumerate(out["changes"][change]) if row]
        for expectation, tolerance in [("same", 0), ("same", 0.05), ("fall", 0), ("fall", 0.02), ("rise", 0)]:
            out["rates"].append([change, expectation, tolerance, *rate(classifier, rows, expectation, tolerance)])
    # Known labels: every third is not known.
    labels = len(out["before"][0])
    out["gold"] = [-1 if i % 3 == 2 else i * 7 % labels for i in range(len(inputs))]
    known = [(gold, scores) for gold, scores in zip(out["gold"], out["before"]) if gold >= 0 and scores is not None]
    wrong = sum(not says(classifier, s)[g] if classifier.each else says(classifier, s) != g for g, s in known)
    out["rates"].append(["nothing", "gold", 0, len(known), wrong])
    return out


def main() -> None:
    target = Path(sys.argv[1])
    make_folder(target, "behaviour", None)
    make_folder(target, "behaviour_each", "multi_label_classification")
    cases = [make(target, folder, paired) for folder, paired in CASES]
    lines = []
    for case in cases:
        lines.append(",\n".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=True)}" for key, value in case.items()))
    (target / "explain" / "behaviour.json").write_text('{"cases": [{' + "},\n{".join(lines) + "}]}\n")


if __name__ == "__main__":
    main()
