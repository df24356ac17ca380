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

/* Makes the run that a test is about; its options have no folder. */
typedef tiny_run tiny_make(void);
/* `file` has the same bytes for 1, 2 and 3 threads, kept and recomputed. */
void tiny_check_threads(tiny_make *make, const char *file);
/* A run that is stopped after step 1, 1 + each, ... up to `last` and goes on with one thread ends in the
 * same bytes. */
void tiny_check_stops(tiny_make *make, const char *file, size_t each, size_t last);

#endif
