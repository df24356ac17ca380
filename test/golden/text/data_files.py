#!/usr/bin/env python3
"""Writes data_files.txt: for every text file of the data folder and each vocabulary the hash of the
package's encodings of its lines (those that are UTF-8), or of the character sequences that its
fields spell in hex.

    CLOZE_DATA=... python data_files.py > data_files.txt
"""
import os
import re
import sys
import zipfile

os.environ["TOKENIZERS_PARALLELISM"] = "true"

from reference import VOCABULARIES, data_folder, hash_encodings, vocabulary_tokenizer

HEX = re.compile(rb"[0-9A-F]{4,6}$")
FOLDERS = ("datasets", "multilingual", "unicode")


def lines(data):
    for line in data.split(b"\n"):
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError:
            pass


def sequences(data):
    """Fields between ';' and tabs, before '#', that are hex numbers with spaces between."""
    for line in data.split(b"\n"):
        for field in line.split(b"#")[0].replace(b"\t", b";").split(b";"):
            words = [w for w in field.split(b" ") if w not in (b"", b"\xc3\xb7", b"\xc3\x97")]
            codes = [int(w, 16) for w in words if HEX.match(w)]
            if codes and len(codes) == len(words) and all(
                    c < 0x110000 and not 0xD800 <= c < 0xE000 for c in codes):
                yield "".join(map(chr, codes))


def sources():
    root = data_folder()
    for folder in FOLDERS:
        for path, _, names in sorted(os.walk(os.path.join(root, folder))):
            for name in sorted(names):
                full = os.path.join(path, name)
                relative = os.path.relpath(full, root)
                if name.endswith(".zip"):
                    with zipfile.ZipFile(full) as archive:
                        for member in archive.infolist():
                            if not member.is_dir():
                                yield relative + "!" + member.filename, archive.read(member)
                    continue
                with open(full, "rb") as file:
                    yield relative, file.read()


def main():
    tokenizers = [(name, vocabulary_tokenizer(name, lower)) for name, lower in VOCABULARIES]
    print("# file, how, texts, hashes for", *(name for name, _ in tokenizers))
    for path, data in sources():
        kinds = [("lines", lines)] + ([("sequences", sequences)] if path[:7] == "unicode" else [])
        for kind, cut in kinds:
            texts = list(cut(data))
            if kind == "sequences" and not texts:
                continue
            hashes = [f"{hash_encodings(t.encode_batch(texts)):016x}" for _, t in tokenizers]
            print(path.replace(" ", "%20"), kind, len(texts), *hashes, flush=True)
            print(path, file=sys.stderr)


main()
