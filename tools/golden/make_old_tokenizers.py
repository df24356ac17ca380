#!/usr/bin/env python3
"""Makes test/golden/old: folders of small tokenizers in files older than tokenizer.json, and what
transformers makes of them (NAME/cases.json); and hashes over the lines of text files of what it makes
of the real old files in the data folder (lines.txt), for every class that reads such files.

Needs what requirements-old.txt lists. Models that are there are kept.

usage: CLOZE_DATA=... make_old_tokenizers.py TARGET_FOLDER
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import sentencepiece
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "test" / "golden" / "text"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from make_tokenizers import PIECES, byte_level_trainer, lines, random_texts, train, training_texts  # noqa: E402
from reference import data_folder, hash_encodings  # noqa: E402

SPECIALS = ["<mask>", "  <mask> ", "a<mask>b", "<s>", "</s>x", " </s> ", "<pad>", "<unk>", "[CLS]",
            "[MASK]", "the  [MASK] .", "x[SEP]y", "[UNK]", "[PAD]", "<new>", "a <new> b", "<x>", " <y> z",
            "<|endoftext|>", "<sep>  t", "``Tom''", "\u00c9cole 1,234,5 a,", "THE \uff34om", "a  b   c ",
            " lead", "<extra_id_0> a", "<s>NOTUSED", "\u2581the", "[mask]", "xyz\u2603\u2603 \u2603"]
FILES = ["unicode/16.0.0/NormalizationTest.txt", "unicode/emoji-16.0/emoji-zwj-sequences.txt",
         "corpus/tinyshakespeare.txt"] + [
    f"multilingual/tatoeba/tatoeba.{name}" for name in
    ("ara-eng.ara", "cmn-eng.cmn", "deu-eng.deu", "fra-eng.fra", "hin-eng.hin", "jpn-eng.jpn",
     "kor-eng.kor", "rus-eng.rus", "tha-eng.tha", "tur-eng.tur", "vie-eng.vie")]

MASK = {"content": "<mask>", "lstrip": True, "rstrip": False, "normalized": True, "single_word": False}


def added(content: str, **flags) -> dict:
    return {"__type": "AddedToken", "content": content, "lstrip": False, "rstrip": False,
            "normalized": True, "single_word": False} | flags


def listed(content: str, **flags) -> dict:
    return {"content": content, "lstrip": False, "rstrip": False, "normalized": False,
            "single_word": False, "special": True} | flags


# name: kind of vocabulary, and the files beside it; ids behind the vocabulary are those of SIZES.
SIZES = {"merges": 420, "lines": 300}
CASES = {
    "roberta": ("merges", {"config.json": {"model_type": "roberta"}}),
    "roberta_stated": ("merges", {
        "tokenizer_config.json": {"tokenizer_class": "RobertaTokenizerFast", "mask_token": "<mask>"},
        "special_tokens_map.json": {"mask_token": MASK, "cls_token": "<cls>", "additional_special_tokens":
                                    ["<x>", {"content": "<y>", "lstrip": True}]},
        "added_tokens.json": {"<cls>": 420, "<new>": 421}}),
    "roberta_spaced": ("merges", {
        "config.json": {"model_type": "roberta"},
        "tokenizer_config.json": {"add_prefix_space": True, "trim_offsets": False,
                                  "sep_token": added("<sep>", rstrip=True)}}),
    "longformer": ("merges", {
        "config.json": {"model_type": "longformer"},
        "tokenizer_config.json": {"model_max_length": 512, "add_prefix_space": True}}),
    "deberta": ("merges", {"config.json": {"model_type": "deberta"},
                           "tokenizer_config.json": {"do_lower_case": False, "vocab_type": "gpt2"}}),
    "deberta_listed": ("merges", {"tokenizer_config.json": {
        "tokenizer_class": "DebertaTokenizer", "cls_token": "[CLS]", "mask_token": "[MASK]",
        "added_tokens_decoder": {"420": listed("[CLS]"), "421": listed("[SEP]"),
                                 "422": listed("[MASK]", lstrip=True, rstrip=True),
                                 "423": listed("<new>", special=False, normalized=True)}}}),
    "gpt2": ("merges", {"config.json": {"model_type": "gpt2"},
                        "tokenizer_config.json": {"add_bos_token": True}}),
    "mpnet": ("lines", {"config.json": {"model_type": "mpnet"}}),
    "bert_added": ("lines", {"config.json": {"model_type": "bert"},
                             "tokenizer_config.json": {"bos_token": "<x>", "do_lower_case": False},
                             "added_tokens.json": {"[MASK]": 300, "<new>": 301}}),
}
PIECES_CASES = {
    "albert": ("cls", "spiece.model", {"config.json": {"model_type": "albert"}}),
    "albert_cased": ("plain", "spiece.model", {
        "tokenizer_config.json": {"tokenizer_class": "AlbertTokenizer", "do_lower_case": False,
                                  "keep_accents": True, "bos_token": "<s>",
                                  "mask_token": added("[MASK]", lstrip=True)}}),
    "fnet": ("cls", "spiece.model", {"config.json": {"model_type": "fnet"}}),
    "camembert": ("plain", "sentencepiece.bpe.model", {"config.json": {"model_type": "camembert"}}),
    "camembert_more": ("plain", "sentencepiece.bpe.model", {
        "config.json": {"model_type": "camembert"},
        "special_tokens_map.json": {"additional_special_tokens": ["<x>", "<y>"], "mask_token": "<mask>"}}),
    "xlm_roberta": ("plain", "sentencepiece.bpe.model", {"config.json": {"model_type": "xlm-roberta"}}),
    "deberta_v2": ("plain", "spm.model", {
        "config.json": {"model_type": "deberta-v2"}, "added_tokens.json": {"[MASK]": 300},
        "tokenizer_config.json": {"do_lower_case": False, "vocab_type": "spm"}}),
    "deberta_v2_split": ("cls", "spm.model", {
        "tokenizer_config.json": {"tokenizer_class": "DebertaV2Tokenizer", "do_lower_case": True,
                                  "split_by_punct": True, "unk_token": "<unk>"}}),
    "rembert": ("cls", "sentencepiece.model", {"config.json": {"model_type": "rembert"}}),
    "bigbird": ("cls", "spiece.model", {"config.json": {"model_type": "big_bird"}}),
    "t5": ("plain", "spiece.model", {"config.json": {"model_type": "t5"},
                                     "tokenizer_config.json": {"extra_ids": 3, "legacy": False}}),
    "albert_bpe": ("clsbpe", "spiece.model", {"config.json": {"model_type": "albert"}}),
    "camembert_bpe": ("plainbpe", "sentencepiece.bpe.model", {"config.json": {"model_type": "camembert"}}),
    "xlm_roberta_bpe": ("plainbpe", "sentencepiece.bpe.model", {"config.json": {"model_type": "xlm-roberta"}}),
    "deberta_v2_bpe": ("plainbpe", "spm.model", {"config.json": {"model_type": "deberta-v2"}}),
    "reformer": ("plain", "spiece.model", {"config.json": {"model_type": "reformer"}}),
}
CASES |= {name: (kind + ":" + file, beside) for name, (kind, file, beside) in PIECES_CASES.items()}
# The real files: class, and where they come from.
REAL = [("Roberta", {"vocab.json": "roberta-base/vocab.json", "merges.txt": "roberta-base/merges.txt"}),
        ("Deberta", {"vocab.json": "roberta-base/vocab.json", "merges.txt": "roberta-base/merges.txt"}),
        ("GPT2", {"vocab.json": "gpt2/vocab.json", "merges.txt": "gpt2/merges.txt"}),
        ("Albert", {"spiece.model": "albert-base-v2/spiece.model"}),
        ("FNet", {"spiece.model": "albert-base-v2/spiece.model"}),
        ("T5", {"spiece.model": "t5-base/spiece.model"}),
        ("XLMRoberta", {"sentencepiece.bpe.model": "sp-fixtures/sp_test_ja_model.model"}),
        ("DebertaV2", {"spm.model": "sp-fixtures/test_sentencepiece_with_bytefallback.model"})]


def make_merges(folder: Path) -> None:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<|endoftext|>"]
    train(tokenizer, byte_level_trainer(SIZES["merges"], special))
    tokenizer.model.save(str(folder))


def make_lines(folder: Path) -> None:
    words = sorted({character for text in PIECES for character in text.lower() if not character.isspace()})
    start = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "<s>", "</s>"]
    vocabulary = start + words + ["##" + word for word in words]
    (folder / "vocab.txt").write_text("\n".join(vocabulary[:SIZES["lines"]]) + "\n", encoding="utf-8")


def make_pieces(folder: Path, kind: str, file: str) -> None:
    if kind.startswith("cls"):
        special = dict(pad_id=0, pad_piece="<pad>", unk_id=1, bos_id=-1, eos_id=-1,
                       control_symbols=["[CLS]", "[SEP]", "[MASK]"])
    else:
        special = dict(user_defined_symbols=["<new>"])
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(training_texts()[::20]), model_writer=made, vocab_size=300,
        model_type="bpe" if kind.endswith("bpe") else "unigram", character_coverage=0.98,
        normalization_rule_name="identity", minloglevel=2, num_threads=1, **special)
    (folder / file).write_bytes(made.getvalue())


MAKERS = {"merges": (make_merges, ["vocab.json", "merges.txt"]), "lines": (make_lines, ["vocab.txt"])}


def cases_of(tokenizer) -> list:
    texts = [""] + PIECES + SPECIALS + random_texts(40, 3)
    pairs = [(text, None) for text in texts] + list(zip(texts[::7], reversed(texts[::7])))
    made = []
    for text, pair in pairs:
        encoding = tokenizer.backend_tokenizer.encode(text, pair)
        made.append([text, pair, encoding.ids, [place for offset in encoding.offsets for place in offset],
                     encoding.type_ids, [-1 if word is None else word for word in encoding.word_ids],
                     tokenizer.backend_tokenizer.decode(encoding.ids, skip_special_tokens=False)])
    return made


def make_case(target: Path, name: str, kind: str, beside: dict) -> None:
    folder = target / name
    folder.mkdir(parents=True, exist_ok=True)
    if ":" in kind:
        kind, file = kind.split(":")
        if not (folder / file).exists():
            make_pieces(folder, kind, file)
    elif not all((folder / file).exists() for file in MAKERS[kind][1]):
        MAKERS[kind][0](folder)
    for file, content in beside.items():
        (folder / file).write_text(json.dumps(content, indent=1) + "\n")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    with open(folder / "cases.json", "w", encoding="utf-8") as out:
        out.write("[" + ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":"))
                                   for case in cases_of(tokenizer)) + "]\n")


def hash_real(out, name: str, files: dict) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for file, source in files.items():
            shutil.copy(os.path.join(data_folder(), "tokenizers", source), os.path.join(folder, file))
        tokenizer = getattr(transformers, name + "TokenizerFast").from_pretrained(folder)
    for file in FILES:
        encodings = tokenizer.backend_tokenizer.encode_batch(lines(file))
        print(name, next(iter(files.values())), file, f"{hash_encodings(encodings):016x}", file=out)


def main() -> None:
    target = Path(sys.argv[1])
    for name, (kind, beside) in CASES.items():
        make_case(target, name, kind, beside)
    with open(target / "lines.txt", "w") as out:
        out.write("# class, its file, lines, hash of their tokens\n")
        for name, files in REAL:
            hash_real(out, name, files)


if __name__ == "__main__":
    main()
