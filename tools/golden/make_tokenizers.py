#!/usr/bin/env python3
"""Makes test/golden/tokenizers: small tokenizers by the package's own trainers, each with rare
options, and what the package makes with them: every token of some texts (NAME.cases.json), and
hashes over the lines of text files, decoded text included (lines.txt).

Needs tokenizers and numpy of test/golden/text/requirements.txt. A tokenizer that is there is kept,
because the Unigram trainer does not give the same twice; nor do draws of dropout.

usage: CLOZE_DATA=... make_tokenizers.py TARGET_FOLDER
"""

from __future__ import annotations

import glob
import json
import os
import random
import sys
import zlib
from pathlib import Path

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers,
                        processors, trainers)

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "test" / "golden" / "text"))
import numpy  # noqa: E402
from reference import data_folder, hash_encodings, splitmix  # noqa: E402

LINES = ["unicode/16.0.0/NormalizationTest.txt", "unicode/16.0.0/GraphemeBreakTest.txt",
         "unicode/emoji-16.0/emoji-zwj-sequences.txt", "corpus/tinyshakespeare.txt"]
PIECES = ["hello", " world", "  ", "   ", "\n", "\n\n", "\r\n", " \n ", "\t", "don't", "I'LL", "we've",
          "'s", "'S", "'\u017f", "123", "12345", "1", "\u00bd", "\u0663\u0664", "IV", "\u2163", "a1b2", "_",
          "foo_bar", "\u00e9", "e\u0301", "\ufb01", "\u017f", "\u0130", "\u00df", "\u4e2d\u6587",
          "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8", "\u30ab\u30bf\u30ab\u30ca\u30fc", "\ud55c\uad6d\uc5b4",
          "\u1100\u1161\u11a8", "\u0915\u094d\u0937\u093f", "n\u0303\u0323", "\u0301", "\u0344", "\u2026", "--",
          "!?", "...", "$", "+", "<x>", "(a)", "\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
          "\u200b", "\ufeff", "\ufffd", "\u00a0", "\u3000", "\x85", "\x0b", "\x7f", "\x01",
          "\u041f\u0440\u0438\u0432\u0435\u0442", "\u05e2\u05d1\u05e8\u05d9\u05ea",
          "\u0627\u0644\u0639\u0631\u0628\u064a\u0629", "\u0e44\u0e17\u0e22", "\u2581", "\u2581\u2581a", "\u0120",
          "<unk>", "<0x0A>", "the", "The", "THE", "Tom", " Tom", " a", " ", "Hello, world! It's 2024."]


def random_texts(count: int, seed: int) -> list[str]:
    draw = random.Random(seed)
    return ["".join(draw.choice(PIECES) for _ in range(draw.randint(1, 9))) for _ in range(count)]


def lines(name: str) -> list[str]:
    made = []
    with open(os.path.join(data_folder(), name), "rb") as file:
        for line in file.read().split(b"\n"):
            try:
                made.append(line.decode("utf-8"))
            except UnicodeDecodeError:
                pass
    return made


def training_texts() -> list[str]:
    names = ["deu-eng.deu", "rus-eng.rus", "deu-eng.eng", "jpn-eng.jpn", "hin-eng.hin"]
    texts = [text for name in names for text in lines("multilingual/tatoeba/tatoeba." + name)]
    return texts + random_texts(2000, 2)


def train(made: Tokenizer, trainer) -> Tokenizer:
    made.train_from_iterator(training_texts(), trainer)
    return made


def byte_level_trainer(size: int, special: list[str]):
    return trainers.BpeTrainer(vocab_size=size, special_tokens=special, show_progress=False,
                               initial_alphabet=pre_tokenizers.ByteLevel.alphabet())


def ends(made: Tokenizer, first: str, last: str):
    return processors.TemplateProcessing(
        single=f"{first} $A {last}", pair=f"{first} $A {last} $B:1 {last}:1",
        special_tokens=[(first, made.token_to_id(first)), (last, made.token_to_id(last))])


def modern() -> Tokenizer:
    """NFC before byte-level BPE, as ModernBERT has it, and an added token that is normalized."""
    made = Tokenizer(models.BPE())
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    train(made, byte_level_trainer(600, ["[CLS]", "[SEP]"]))
    made.add_tokens([AddedToken("e\u0301", normalized=True), AddedToken("Tom", lstrip=True)])
    made.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=True),
                                               ends(made, "[CLS]", "[SEP]")])
    made.decoder = decoders.ByteLevel()
    return made


def letters() -> Tokenizer:
    """Normalizers of every kind, the letters of bytes among them, before whole words."""
    made = Tokenizer(models.WordLevel(unk_token="?"))
    made.normalizer = normalizers.Sequence([
        normalizers.Nmt(), normalizers.NFKC(),
        normalizers.Sequence([normalizers.Prepend("\u00e9_"), normalizers.Strip(left=False)]),
        normalizers.ByteLevel()])
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    train(made, trainers.WordLevelTrainer(vocab_size=500, special_tokens=["?"], show_progress=False))
    made.decoder = decoders.ByteLevel()
    return made


LLAMA = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def llama() -> Tokenizer:
    """The pattern of cl100k and Llama 3, whole words before merges."""
    made = Tokenizer(models.BPE(ignore_merges=True))
    made.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    train(made, byte_level_trainer(600, ["<|begin|>", "<|end|>"]))
    made.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False),
                                               ends(made, "<|begin|>", "<|end|>")])
    made.decoder = decoders.ByteLevel()
    return made


def falcon() -> Tokenizer:
    """Cuts around the letters of bytes, trimmed offsets."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.ByteLevel(),
        pre_tokenizers.Digits(), pre_tokenizers.Split("\u0120t", "merged_with_next")])
    train(made, byte_level_trainer(500, ["<|end|>"]))
    made.add_tokens([AddedToken("the", single_word=True), AddedToken("Hello", rstrip=True)])
    made.post_processor = processors.ByteLevel(trim_offsets=True)
    made.decoder = decoders.ByteLevel()
    return made


def scripts() -> Tokenizer:
    """Scripts, single digits and marks of spaces before the first text only."""
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.UnicodeScripts(), pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.Punctuation("merged_with_next"),
        pre_tokenizers.Metaspace(prepend_scheme="first")])
    train(made, trainers.UnigramTrainer(vocab_size=2500, special_tokens=["<unk>", "</s>"],
                                        unk_token="<unk>", show_progress=False))
    made.decoder = decoders.Metaspace(prepend_scheme="first")
    return made


def delimited() -> Tokenizer:
    """Fixed delimiters, lengths and marks before WordPiece."""
    made = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=20))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.CharDelimiterSplit("e"),
        pre_tokenizers.Split("  ", "merged_with_previous", invert=True),
        pre_tokenizers.Metaspace("_", prepend_scheme="always", split=False),
        pre_tokenizers.FixedLength(6)])
    train(made, trainers.WordPieceTrainer(vocab_size=600, special_tokens=["[UNK]"],
                                          show_progress=False))
    made.add_tokens([AddedToken("tom", lstrip=True, normalized=True)])
    made.post_processor = processors.ByteLevel(trim_offsets=True)
    made.decoder = decoders.WordPiece()
    return made


NEWEST = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
          r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+"
          r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+"
          r"[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def expressions() -> Tokenizer:
    """Expressions that are not known by their spelling, replacing and splitting."""
    made = Tokenizer(models.BPE())
    made.normalizer = normalizers.Sequence([
        normalizers.Replace(Regex(r"(?<=\d)[.,](?=\d)"), "\u00b7"),
        normalizers.Replace(Regex(r"[^\S\n]{2,}"), "  "), normalizers.NFC()])
    made.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(NEWEST), "removed", invert=True),
        pre_tokenizers.Split(Regex(r"(?=(?:\d{3})+$)"), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    train(made, byte_level_trainer(600, ["<|end|>"]))
    made.post_processor = processors.ByteLevel(trim_offsets=True, add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    return made


def fallback() -> Tokenizer:
    """Marks by the normalizer, bytes for what is unknown, and a decoder of four steps."""
    made = Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    train(made, trainers.UnigramTrainer(
        vocab_size=2600, unk_token="<unk>", show_progress=False,
        special_tokens=["<unk>", "<s>"] + ["<0x%02X>" % byte for byte in range(256)]))
    pairs = [tuple(pair) for pair in json.loads(made.to_str())["model"]["vocab"]]
    made.model = models.Unigram(pairs, 0, True)
    made.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"),
                                            normalizers.Replace(" ", "\u2581")])
    made.pre_tokenizer = pre_tokenizers.Split(Regex(r"(?<=\u2581)(?!\u2581)"), "isolated")
    made.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(),
                                      decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", made.token_to_id("<s>"))])
    return made


def speech() -> Tokenizer:
    """Single characters, and the decoder of speech models."""
    made = Tokenizer(models.WordLevel(unk_token="<unk>"))
    made.normalizer = normalizers.Sequence([
        normalizers.Lowercase(), normalizers.Replace(Regex(r"\s+"), "|")])
    made.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    train(made, trainers.WordLevelTrainer(vocab_size=300, special_tokens=["<pad>", "<unk>"],
                                          show_progress=False))
    made.decoder = decoders.CTC()
    return made


def suffixed() -> Tokenizer:
    """Words with a suffix that an expression puts in, which the decoder takes out."""
    made = Tokenizer(models.WordPiece(unk_token="[UNK]", continuing_subword_prefix=""))
    made.normalizer = normalizers.Sequence([
        normalizers.NFD(), normalizers.StripAccents(),
        normalizers.Replace(Regex(r"(?<=\S)(?=\s|$)"), "</w>")])
    made.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Digits(individual_digits=True)])
    train(made, trainers.WordPieceTrainer(vocab_size=900, special_tokens=["[UNK]"],
                                          continuing_subword_prefix="", show_progress=False))
    made.decoder = decoders.Sequence([decoders.BPEDecoder("</w>"), decoders.Replace("[UNK]", "\ufffd")])
    return made


def letter_trainer(special: list[str], **options):
    """Few letters, so that others are unknown."""
    return trainers.BpeTrainer(vocab_size=500, limit_alphabet=90, special_tokens=special, show_progress=False,
                               **options)


def continued() -> Tokenizer:
    """BPE whose pieces inside words have a prefix; unknown letters one by one."""
    made = Tokenizer(models.BPE(unk_token="[UNK]", continuing_subword_prefix="##"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    train(made, letter_trainer(["[UNK]"], continuing_subword_prefix="##"))
    made.decoder = decoders.WordPiece()
    return made


def ended() -> Tokenizer:
    """BPE whose last pieces have a suffix, as the first GPT and CLIP; unknown letters together."""
    made = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, end_of_word_suffix="</w>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    train(made, letter_trainer(["<unk>"], end_of_word_suffix="</w>"))
    made.add_tokens([AddedToken("Tom", normalized=False)])
    made.decoder = decoders.BPEDecoder("</w>")
    return made


def enclosed() -> Tokenizer:
    """Both affixes, and words that are tokens whole."""
    made = Tokenizer(models.BPE(unk_token="<unk>", ignore_merges=True, continuing_subword_prefix="@",
                                end_of_word_suffix="$"))
    made.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"\s+"), "removed"), pre_tokenizers.Punctuation()])
    train(made, letter_trainer(["<unk>"], continuing_subword_prefix="@", end_of_word_suffix="$"))
    return made


def marked() -> Tokenizer:
    """BPE behind marks of spaces, trimmed offsets."""
    made = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    train(made, letter_trainer(["<unk>", "<s>"]))
    made.add_tokens([AddedToken("Hello", normalized=True)])
    made.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=True),
                                               ends(made, "<s>", "<s>")])
    made.decoder = decoders.Metaspace(prepend_scheme="first")
    return made


def sentence() -> Tokenizer:
    """A text is one word, marks by the normalizer, bytes for what is unknown: Llama and Gemma."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    train(made, letter_trainer(["<unk>", "<s>"] + ["<0x%02X>" % byte for byte in range(256)]))
    model = json.loads(made.to_str())["model"]
    made.model = models.BPE(model["vocab"], [tuple(pair) for pair in model["merges"]], unk_token="<unk>",
                            fuse_unk=True, byte_fallback=True)
    made.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    made.pre_tokenizer = None
    made.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(),
                                      decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    return made


def lacking() -> Tokenizer:
    """The letters of bytes, of which the vocabulary lacks some, and no unknown token; some bytes to
    fall back on, but not all."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel()
    train(made, letter_trainer(["<s>"] + ["<0x%02X>" % byte for byte in range(0xB0, 0xC8)]))
    model = json.loads(made.to_str())["model"]
    made.model = models.BPE(model["vocab"], [tuple(pair) for pair in model["merges"]], byte_fallback=True)
    made.post_processor = processors.ByteLevel(trim_offsets=True)
    made.decoder = decoders.ByteLevel()
    return made


def dropped() -> Tokenizer:
    """Dropout of 1: no merge at all, and no words whole."""
    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    train(made, letter_trainer(["<unk>"]))
    model = json.loads(made.to_str())["model"]
    made.model = models.BPE(model["vocab"], [tuple(pair) for pair in model["merges"]], unk_token="<unk>",
                            dropout=1.0, ignore_merges=True)
    return made


MAKERS = [modern, letters, llama, falcon, scripts, delimited, expressions, fallback, speech, suffixed, continued,
          ended, enclosed, marked, sentence, lacking, dropped]


DROPPED_WORD, DROPOUT, DRAWS = "hello\u2581world", 0.3, 400000


def write_dropout(target: Path) -> None:
    """How often the package cuts a word in which way, with a dropout between 0 and 1."""
    model = json.loads((target / "marked.json").read_text())["model"]
    made = Tokenizer(models.BPE(model["vocab"], [tuple(pair) for pair in model["merges"]], dropout=DROPOUT))
    made.save(str(target / "dropout.json"), pretty=False)
    counts: dict[str, int] = {}
    for _ in range(DRAWS):
        cut = " ".join(made.encode(DROPPED_WORD).tokens)
        counts[cut] = counts.get(cut, 0) + 1
    common = {cut: count / DRAWS for cut, count in sorted(counts.items()) if count > DRAWS / 200}
    (target / "dropout.shares.json").write_text(json.dumps(
        {"word": DROPPED_WORD, "shares": common}, ensure_ascii=False, indent=0) + "\n")


def decoded_of(tokenizer: Tokenizer, ids: list[int], skip: bool) -> str:
    return tokenizer.decode(ids, skip_special_tokens=skip) if ids else ""


def cases_of(tokenizer: Tokenizer) -> list:
    texts = ["", "\u4e2d\u6587Tom"] + PIECES + random_texts(60, 1) + training_texts()[5:4000:500]
    made = []
    for text in texts:
        encoding = tokenizer.encode(text)
        made.append([text, encoding.ids, [place for offset in encoding.offsets for place in offset],
                     encoding.word_ids, decoded_of(tokenizer, encoding.ids, False),
                     decoded_of(tokenizer, encoding.ids, True)])
    return made


def hash_decoded(tokenizer: Tokenizer, encodings: list) -> int:
    values = numpy.array([zlib.crc32(decoded_of(tokenizer, encoding.ids, False).encode())
                          for encoding in encodings], dtype=numpy.uint64)
    with numpy.errstate(over="ignore"):
        weights = splitmix(numpy.arange(len(values), dtype=numpy.uint64))
        return int(((values + numpy.uint64(1)) * weights).sum(dtype=numpy.uint64))


def main() -> None:
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    tatoeba = sorted(glob.glob(os.path.join(data_folder(), "multilingual/tatoeba/*")))
    files = LINES + [os.path.relpath(path, data_folder()) for path in tatoeba
                     if not path.endswith(".eng")]
    with open(target / "lines.txt", "w") as hashes:
        hashes.write("# tokenizer, file, hash of tokens, hash of decoded text\n")
        for make in MAKERS:
            path = target / f"{make.__name__}.json"
            if not path.exists():
                make().save(str(path), pretty=False)
            tokenizer = Tokenizer.from_file(str(path))
            with open(target / f"{make.__name__}.cases.json", "w", encoding="utf-8") as out:
                out.write("[" + ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":"))
                                           for case in cases_of(tokenizer)) + "]\n")
            for file in files:
                encodings = tokenizer.encode_batch(lines(file))
                print(make.__name__, file, f"{hash_encodings(encodings):016x}",
                      f"{hash_decoded(tokenizer, encodings):016x}", file=hashes)
    if not (target / "dropout.json").exists():
        write_dropout(target)


if __name__ == "__main__":
    main()
