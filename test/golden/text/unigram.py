#!/usr/bin/env python3
"""Makes small Unigram tokenizers with the package's trainer, one for each group of rare options
(unigram_*.json), and writes unigram.txt: hashes of what the package makes of the lines of text files
with them and with t5-base.

    CLOZE_DATA=... python unigram.py
"""
import glob
import os

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers,
                        processors, trainers)

from reference import data_folder, hash_encodings

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = ["unicode/16.0.0/NormalizationTest.txt", "unicode/emoji-16.0/emoji-zwj-sequences.txt",
         "unicode/16.0.0/GraphemeBreakTest.txt"]


def lines(path):
    with open(os.path.join(data_folder(), path), "rb") as file:
        for line in file.read().split(b"\n"):
            try:
                yield line.decode("utf-8")
            except UnicodeDecodeError:
                pass


def train(tokenizer, size, tokens):
    names = ["deu-eng.deu", "rus-eng.rus", "deu-eng.eng"]
    texts = [t for n in names for t in lines("multilingual/tatoeba/tatoeba." + n)]
    trainer = trainers.UnigramTrainer(vocab_size=size, special_tokens=tokens, unk_token="<unk>",
                                      show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)


def first():
    """A mark before the first text only, replaced spaces, added tokens of every kind."""
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.Sequence([
        normalizers.Replace("``", '"'), normalizers.Replace("''", '"'), normalizers.Lowercase(),
        normalizers.Strip(), normalizers.Replace(Regex(" {2,}"), " ")])
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    made.decoder = decoders.Metaspace(prepend_scheme="first")
    train(made, 700, ["<s>", "<unk>", "</s>"])
    made.add_tokens([AddedToken("Tom", normalized=True), AddedToken("the", single_word=True),
                     AddedToken("you", lstrip=True, rstrip=True, normalized=False)])
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B:1 </s>:1",
        special_tokens=[("<s>", made.token_to_id("<s>")), ("</s>", made.token_to_id("</s>"))])
    return made


def whole():
    """One word a text, bytes for what is unknown where all are there."""
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.Sequence([
        normalizers.Strip(left=False), normalizers.Replace(Regex(" {2,}"), "\u2581\u2581")])
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
    made.decoder = decoders.Metaspace(prepend_scheme="never")
    train(made, 600, ["<unk>"] + ["<0x%02X>" % b for b in range(0x20, 0x100) if b != 0xE4])
    vocabulary = [tuple(pair) for pair in __import__("json").loads(made.to_str())["model"]["vocab"]]
    made.model = models.Unigram(vocabulary, 0, True)
    return made


def split():
    """Rules before the marks, none put in, a mark of its own."""
    made = Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Punctuation(), pre_tokenizers.Metaspace("_", prepend_scheme="never")])
    made.decoder = decoders.Metaspace("_", prepend_scheme="always")
    train(made, 600, ["<unk>"])
    return made


def plain():
    """No pre-tokenizer and no normalizer."""
    made = Tokenizer(models.Unigram())
    train(made, 600, ["<unk>"])
    return made


def albert():
    """What ALBERT does to a text before its map."""
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.Sequence([
        normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(),
        normalizers.Replace(Regex(" {2,}"), " ")])
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    train(made, 600, ["<unk>"])
    return made


def words():
    """A WordLevel: no Unigram, but as simple."""
    made = Tokenizer(models.WordLevel(unk_token="?"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    texts = list(lines("multilingual/tatoeba/tatoeba.deu-eng.deu"))
    made.train_from_iterator(texts, trainers.WordLevelTrainer(
        vocab_size=800, special_tokens=["?"], show_progress=False))
    return made


def main():
    root = data_folder()
    made = [("t5-base", Tokenizer.from_file(os.path.join(root, "tokenizers/t5-base/tokenizer.json")))]
    for make in first, whole, split, plain, albert, words:
        path = os.path.join(HERE, "unigram_%s.json" % make.__name__)
        if not os.path.exists(path):  # the trainer does not give the same twice
            make().save(path, pretty=False)
        made.append((make.__name__, Tokenizer.from_file(path)))
    files = FILES + [os.path.relpath(path, root) for path in
                     sorted(glob.glob(os.path.join(root, "multilingual/tatoeba/*")))]
    with open(os.path.join(HERE, "unigram.txt"), "w") as out:
        out.write("# tokenizer, file, hash\n")
        for name, tokenizer in made:
            tokenizer.no_truncation()
            for file in files:
                print(name, file, f"{hash_encodings(tokenizer.encode_batch(list(lines(file)))):016x}",
                      file=out)


main()
