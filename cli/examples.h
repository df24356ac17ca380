/*
 * examples.h - labelled texts to learn from, read whole from files: columns, JSON lines, CoNLL,
 * SQuAD, a folder of texts for each label, plain lines.
 *
 * What is wrong in a file is refused by its line. All is kept until examples_clear.
 */
#ifndef CLI_EXAMPLES_H
#define CLI_EXAMPLES_H

#include "keep.h"
#include "labels.h"
#include "rows.h"

#include <cloze/tokenizer.h>

/* Further layouts beside those of rows.h. */
enum { LAYOUT_LINES = LAYOUT_SQUAD + 1, LAYOUT_FOLDER };

/* What a file shall say of each text. */
typedef enum example_kind {
    EXAMPLES_LABELS = 1, /* one label */
    EXAMPLES_SETS,       /* any number of labels */
    EXAMPLES_NUMBERS,    /* one number, or several */
    EXAMPLES_TAGS,       /* a label for each word */
    EXAMPLES_ANSWERS,    /* a question (text), and where in a context (pair) it is answered */
    EXAMPLES_TEXTS,      /* nothing */
    EXAMPLES_RANKING,    /* what belongs to it (pair), and maybe what does not (negative) */
    EXAMPLES_SIMILARITY  /* a second text, and a number that says how alike they are */
} example_kind;

typedef struct cli_example {
    cloze_text text, pair, negative; /* data NULL: not there */
    const cloze_text *words;         /* [label_count] TAGS */
    const uint32_t *labels;          /* [label_count] numbers of cli_labels */
    size_t label_count;
    const float *numbers; /* [number_count] NUMBERS, SIMILARITY */
    size_t number_count;
    size_t answer_begin, answer_end;  /* ANSWERS: bytes of pair; equal: there is no answer */
    const cloze_token_offset *others; /* [other_count] ANSWERS: more that are right */
    size_t other_count;
    const char *file;
    size_t line;  /* of `file` */
    bool counted; /* SQuAD: `line` is the number of the question */
} cli_example;

typedef struct cli_examples {
    cli_example *item;
    size_t count, room;
    size_t skipped;  /* rows without a text or a label, where those are skipped */
    size_t searched; /* answers that did not stand where the file says */
    cli_keep keep;
} cli_examples;

typedef struct example_format {
    example_kind kind;
    int layout;   /* 0: as the file's name says */
    int encoding; /* of encoding.h */
    bool pairs;   /* LABELS, SETS, NUMBERS: of two texts */
    bool no_header, skip_empty;
    char separator; /* between the labels of a cell; 0: a comma */
    /* Columns by name or number; NULL: by usual names. */
    const char *text_column, *pair_column, *negative_column, *label_column;
    const char *label_columns; /* SETS, NUMBERS: a column for each, by commas */
} example_format;

/* Adds what a file, or a folder, holds. Labels that are not known are added while `labels` is open,
 * else refused. `path` must last as long as `out`. Exit code. */
int examples_read(cli_examples *out, const example_format *format, cli_labels *labels,
                  const char *path);
/* The same of bytes in memory, which are changed; they stay the caller's. */
int examples_read_bytes(cli_examples *out, const example_format *format, cli_labels *labels,
                        const char *name, char *bytes, size_t size);
void examples_clear(cli_examples *examples);
/* "FILE:LINE" for messages. */
const char *example_where(const cli_example *example, char *out, size_t size);

/* Whether there is something to learn: some examples, and not all labelled the same. Exit code. */
int examples_check(const cli_examples *examples, const example_format *format,
                   const cli_labels *labels);
/* Have all the same labels, or the same numbers? */
bool examples_all_the_same(const cli_examples *examples);

#endif
