#!/usr/bin/env python3
"""Races `cloze vocabulary` against the trainers of the tokenizers package, on the same files with the
same settings, rounds interleaved: counting and training together, medians of seconds, of the clock
and of the processor. cloze has one thread; the package runs with one and with as many as it likes,
each in a process of its own. Also compares what came out.

    python bench/peers/race_vocabularies.py build/cloze FILE... [--size 30000] [--kinds unigram,bpe]

Needs: pip install tokenizers==0.23.3
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

KINDS = ["wordpiece", "byte-level", "bpe", "unigram"]
BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ANGLE = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def pipeline(kind, size):
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
    shared = dict(vocab_size=size, show_progress=False)
    if kind == "wordpiece":
        out = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        out.normalizer = normalizers.BertNormalizer(lowercase=False)
        out.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        return out, trainers.WordPieceTrainer(special_tokens=BERT, limit_alphabet=1000, min_frequency=2, **shared)
    shared["special_tokens"] = ANGLE
    if kind == "byte-level":
        out = Tokenizer(models.BPE())
        out.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        return out, trainers.BpeTrainer(initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), min_frequency=2,
                                        **shared)
    out = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True) if kind == "bpe" else models.Unigram())
    out.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(),
                                           normalizers.Replace(Regex(" {2,}"), " ")])
    out.pre_tokenizer = pre_tokenizers.Metaspace()
    if kind == "bpe":
        return out, trainers.BpeTrainer(limit_alphabet=1000, min_frequency=2, **shared)
    return out, trainers.UnigramTrainer(unk_token="<unk>", **shared)


def lines_of(files):
    """As cloze reads them."""
    lines = []
    for path in files:
        with open(path, "rb") as file:
            found = file.read().decode().split("\n")
        lines += [line.rstrip("\r") for line in (found if found[-1] else found[:-1])]
    return lines


def peer(kind, size, target, files):
    tokenizer, trainer = pipeline(kind, size)
    lines = lines_of(files)
    begin, worked = time.perf_counter(), time.process_time()
    tokenizer.train_from_iterator(lines, trainer)
    seconds, worked = time.perf_counter() - begin, time.process_time() - worked
    tokenizer.save(target)
    print(seconds, worked, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def run_peer(given, kind, target, threads):
    environment = dict(os.environ, TOKENIZERS_PARALLELISM="true" if threads != 1 else "false")
    if threads == 1:
        environment["RAYON_NUM_THREADS"] = "1"
    output = subprocess.run([sys.executable, __file__, given.program, *given.files, "--size", str(given.size),
                             "--peer", kind, target], env=environment, check=True, capture_output=True, text=True)
    return [float(word) for word in output.stdout.split()]


def run_cloze(given, kind, folder):
    command = [given.program, "vocabulary", "-q", "--kind", kind, "-n", str(given.size), folder]
    for path in given.files:
        command += ["-f", path]
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"cloze failed: {command}")
    return time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def tokens_of(path):
    with open(path) as file:
        vocabulary = json.load(file)["model"]["vocab"]
    return set(vocabulary) if isinstance(vocabulary, dict) else {token for token, _ in vocabulary}


def count_tokens(path, lines):
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(path)
    return sum(len(one) for one in tokenizer.encode_batch(lines, add_special_tokens=False))


def race(given, kind):
    ours, one, many = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "package.json")
        for number in range(given.rounds):
            made = os.path.join(folder, f"made{number}")
            ours.append(run_cloze(given, kind, made))
            one.append(run_peer(given, kind, target, 1))
            many.append(run_peer(given, kind, target, 0))
        made = os.path.join(made, "tokenizer.json")
        theirs, mine = tokens_of(target), tokens_of(made)
        lines = lines_of(given.files)[::10]
        counts = count_tokens(target, lines), count_tokens(made, lines)
    def median(rows, column):
        return statistics.median(row[column] for row in rows)

    def times(rows, column):
        return statistics.median(row[column] / own[column] for row, own in zip(rows, ours))

    print(f"| {kind} | {median(ours, 0):.2f} | {median(ours, 1):.2f} "
          f"| {median(one, 0):.1f} ({times(one, 0):.1f}) | {median(one, 1):.1f} ({times(one, 1):.1f}) "
          f"| {median(many, 0):.1f} ({times(many, 0):.1f}) | {median(ours, 2):.0f} | {median(one, 2):.0f} "
          f"| {len(mine & theirs)} of {len(mine)} | {counts[1] / counts[0] - 1:+.2%} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--size", type=int, default=30000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--peer", nargs=2, metavar=("KIND", "TARGET"))
    given = parser.parse_args()
    if given.peer:
        peer(given.peer[0], given.size, given.peer[1], given.files)
        return
    print("| kind | cloze | cloze, processor | package, 1 thread (times) | package, 1 thread, processor (times) "
          "| package, all threads (times) | cloze, MB | package, MB | same tokens | tokens of the text |")
    print("|---" * 10 + "|")
    for kind in given.kinds.split(","):
        race(given, kind)


main()
