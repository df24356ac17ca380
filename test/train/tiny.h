/*
 * tiny.h - a small task that can be learned in seconds: one of two words decides about a text of words
 * of the tokenizer.
 */
#ifndef CZ_TEST_TINY_H
#define CZ_TEST_TINY_H

#include <cloze/train.h>

enum { TINY_TRAIN = 48, TINY_DEV = 16 };

/* "TEST FOLDER/golden/classify/NAME". */
const char *tiny_model(const char *name);
/* An empty temporary folder; tiny_forget removes it with all that is in it. */
const char *tiny_folder(void);
void tiny_forget(void);

typedef struct tiny_run {
    cloze_train_options options;
    unsigned threads;
    const char *model;
    size_t stop;             /* after so many steps; 0: not */
    cloze_train_moment mark; /* see tiny_marked */
    bool marks;
} tiny_run;

/* What this test usually runs: 3 epochs of 6 steps. */
tiny_run tiny_usual(void);
/* A trainer with its examples; one at a time. Free it with tiny_free. */
cloze_trainer *tiny_trainer(const tiny_run *run);
void tiny_free(cloze_trainer *trainer);
/* Adds the examples of a split. */
void tiny_add(cloze_trainer *trainer, cloze_split split, size_t count, size_t seed);
/* SHA-256 of a file in the folder, in hexadecimal. */
const char *tiny_hash(const char *folder, const char *name);
/* Runs, saves into the folder if there is one; the status of the run. */
cloze_status tiny_go(const tiny_run *run, cloze_error *error);

#endif
