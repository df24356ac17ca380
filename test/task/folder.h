/*
 * folder.h - golden sentence-transformers folders and the real checkpoint, for the tests of this
 * room.
 */
#ifndef CZ_TEST_FOLDER_H
#define CZ_TEST_FOLDER_H

#include "../temporary.h"

#include "formats/safetensors.h"

#include <cloze/cloze.h>

/* TEST_DATA/golden/NAME into `out`. */
const char *golden_path(char *out, size_t size, const char *name);
/* A new folder with links to these files of TEST_DATA/golden/NAME; remove_linked removes it, and `made`, a file
 * that the test has put there. */
void link_golden(const char *name, const char *const *files, size_t count,
                 char folder[TEMPORARY_SIZE]);
void remove_linked(const char *folder, const char *const *files, size_t count, const char *made);
/* The texts that the sentence folders were made with; free with free_texts. */
cloze_text *golden_texts(size_t *count);
void free_texts(cloze_text *texts, size_t count);

typedef struct opened {
    cloze_engine *engine;
    cloze_model *model;
    cloze_session *session;
} opened;

typedef struct open_options {
    unsigned threads;
    const char *isa;
    cloze_precision precision;
    cloze_packing packing;
    size_t batch_tokens;
    const cloze_hooks *hooks;
    cloze_progress progress;
} open_options;

/* Fails the test when it cannot be opened. */
void open_model(opened *o, const char *path, const open_options *options);
void close_model(opened *o);

/* The folder of the real all-MiniLM-L6-v2, or false: CLOZE_MODEL, or the hub cache. */
bool real_model(char *out, size_t size);
/* The data folder, or NULL. */
const char *data_folder(void);

#endif
