"""What the golden scripts share: the package's tokenizers for the four vocabularies, and the hash of
encodings that test/text/encoding_hash.h computes in C."""
import os

import numpy
from tokenizers import AddedToken, BertWordPieceTokenizer, Tokenizer

VOCABULARIES = [("bert-base-uncased", True), ("bert-base-cased", False),
                ("bert-base-multilingual-cased", False), ("bert-base-chinese", True),
                ("roberta-base", None)]


def data_folder():
    return os.environ["CLOZE_DATA"]


def vocabulary_tokenizer(name, lower):
    """As BertTokenizerFast makes it from a vocab.txt; the tokenizer.json itself where `lower` is None."""
    if lower is None:
        return Tokenizer.from_file(os.path.join(data_folder(), "tokenizers", name, "tokenizer.json"))
    vocabulary = {}
    path = os.path.join(data_folder(), "tokenizers", name, "vocab.txt")
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines.readlines()):
            vocabulary[line.rstrip("\n")] = number
    tokenizer = BertWordPieceTokenizer(vocabulary, lowercase=lower)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in
                                  ("[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]")])
    return tokenizer


def splitmix(values):
    """SplitMix64's output for the state `values` (numpy uint64), element by element."""
    z = values + numpy.uint64(0x9E3779B97F4A7C15)
    z = (z ^ z >> numpy.uint64(30)) * numpy.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> numpy.uint64(27)) * numpy.uint64(0x94D049BB133111EB)
    return z ^ z >> numpy.uint64(31)


def values_of(encoding):
    """One value for the length; three a token: id, type and mask; offsets; number of the word."""
    length = len(encoding.ids)
    values = numpy.empty(1 + 3 * length, dtype=numpy.uint64)
    values[0] = length
    if length:
        offsets = numpy.array(encoding.offsets, dtype=numpy.uint64)
        values[1::3] = (numpy.array(encoding.ids, dtype=numpy.uint64)
                        | numpy.array(encoding.type_ids, dtype=numpy.uint64) << numpy.uint64(32)
                        | numpy.array(encoding.special_tokens_mask, dtype=numpy.uint64)
                        << numpy.uint64(40))
        values[2::3] = offsets[:, 0] | offsets[:, 1] << numpy.uint64(32)
        values[3::3] = [0 if word is None else word + 1 for word in encoding.word_ids]
    return values


def hash_encodings(encodings):
    """Sum of (value + 1) * SplitMix64(number of the value), modulo 2 to the 64."""
    parts = [values_of(encoding) for encoding in encodings]
    if not parts:
        return 0
    values = numpy.concatenate(parts)
    with numpy.errstate(over="ignore"):
        weights = splitmix(numpy.arange(len(values), dtype=numpy.uint64))
        return int(((values + numpy.uint64(1)) * weights).sum(dtype=numpy.uint64))
