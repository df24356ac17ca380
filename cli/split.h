/*
 * split.h - examples put into parts by a seed: some to learn from, some to measure with. Labels are
 * spread evenly; questions about one context stay together.
 */
#ifndef CLI_SPLIT_H
#define CLI_SPLIT_H

#include "examples.h"

/* One number for each example into `part`: 0 to learn from, 1 for `dev`, 2 for `test` of all (0 to
 * 1). What a label has only one of is learned from. Exit code. */
int split_parts(const cli_examples *examples, example_kind kind, double dev, double test,
                uint64_t seed, uint32_t *part);
/* The same from 0 to folds - 1, as equal in size as they can be. Exit code. */
int split_folds(const cli_examples *examples, example_kind kind, size_t folds, uint64_t seed,
                uint32_t *fold);

#endif
