/* json_line.h - one line of a JSON lines file: the text, or pair of texts, that it holds. */
#ifndef CLI_JSON_LINE_H
#define CLI_JSON_LINE_H

#include <cloze/status.h>

typedef struct json_line {
    void *root; /* keeps the texts alive */
    cloze_text text, pair;
} json_line;

/* `where` is for messages. A line that is a plain string is its own text. Returns an exit code. */
int json_line_parse(json_line *out, cloze_text line, const char *field, const char *pair_field,
                    const char *where);
void json_line_clear(json_line *line);

#endif
