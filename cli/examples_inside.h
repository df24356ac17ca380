/* examples_inside.h - what the readers of examples.h share. */
#ifndef CLI_EXAMPLES_INSIDE_H
#define CLI_EXAMPLES_INSIDE_H

#include "examples.h"

enum { WHERE_SIZE = 4096 + 32 };

typedef struct example_reader {
    cli_examples *out;
    const example_format *format;
    cli_labels *labels;
    const char *name; /* of the file */
} example_reader;

/* Slots of the rows. */
enum { TEXT, PAIR, NEGATIVE, LABEL, LABELS_AT_MOST = ROWS_SLOTS - LABEL };

typedef struct row_reader {
    example_reader *reader;
    cli_rows *rows;
    size_t columns; /* of labels; 1, or as many as --label-columns names */
    bool pairs, negatives, labels, json;
    char separator;
    bool each;                           /* a column of 0 and 1 for each label */
    uint32_t each_label[LABELS_AT_MOST]; /* whose column it is */
} row_reader;

/* Each returns an exit code. */
/* Binds the slots to columns. */
int examples_bind(row_reader *row, int layout);
int examples_from_rows(example_reader *reader, char *bytes, size_t size, int layout);
int examples_from_lines(example_reader *reader, char *bytes, size_t size);
int examples_from_squad(example_reader *reader, const char *bytes, size_t size);
/* JSON lines with a question, a context and answers as SQuAD's are exported. */
int examples_from_answers(example_reader *reader, char *bytes, size_t size);
int examples_from_folder(example_reader *reader);

/* A copy of `example`, whose texts are kept already. Exit code. */
int example_add(example_reader *reader, const cli_example *example);
int example_keep(example_reader *reader, cloze_text text, cloze_text *out);
/* The same of a context, which is shared with the example before where it is the same one. */
int example_keep_context(example_reader *reader, cloze_text text, cloze_text *out);
bool text_is_blank(cloze_text text);
/* One label of an example. */
int example_label(example_reader *reader, cloze_text name, cli_example *example);
/* Something is missing in the row: refused, or *skip becomes true. */
int example_lacks(example_reader *reader, const cli_example *example, const char *what, bool *skip);
/* Where `answer` stands in the context: at `begin`, else where it is nearest to it. */
int example_answer(example_reader *reader, cli_example *example, cloze_text answer, size_t begin);
/* The same, if it stands there at all, of one that is right, too; `others` has room for it. */
void example_other_answer(const cli_example *example, cloze_text answer, size_t begin,
                          cloze_token_offset *others, size_t *count);

#endif
