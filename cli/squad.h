/*
 * squad.h - files of questions in SQuAD's layout: articles, their paragraphs, and the questions of
 * each with all that answers them.
 */
#ifndef CLI_SQUAD_H
#define CLI_SQUAD_H

#include <cloze/status.h>

#include <jansson.h>

typedef struct squad_question {
    const char *name;             /* of the file */
    const char *id;               /* NULL: it has none */
    cloze_text question, context; /* data NULL: not there */
    const json_t *answers;        /* a list of objects, whose text is there */
} squad_question;

/* The JSON of a file, or of bytes; the caller frees it with json_decref. Exit code. */
int json_file_load(json_t **out, const char *path);
int json_bytes_load(json_t **out, const char *name, const char *bytes, size_t size);

/* Calls `visit` for every question, and stops at what it returns if that is not 0. Exit code. */
typedef int squad_visit(void *context, const squad_question *question);
int squad_walk(const json_t *root, const char *name, squad_visit *visit, void *context);
/* What is wrong with a file. Exit code. */
int squad_damaged(const char *name, const char *what);

cloze_text json_text(const json_t *string); /* data NULL: it is none */

#endif
