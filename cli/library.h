/*
 * library.h - texts kept in memory with their vectors, as a command reads them; from a cache as far
 * as it has them.
 */
#ifndef CLI_LIBRARY_H
#define CLI_LIBRARY_H

#include "input.h"
#include "open.h"

typedef struct cli_library {
    char *bytes;
    size_t used, capacity;
    size_t *ends; /* [count] of each text in bytes */
    float *vectors;
    size_t count, room;
} cli_library;

/* Reads all of `input`. `cache` may be NULL. Adds to the report. Exit code. */
int library_fill(cli_library *library, cli_input *input, cli_opened *opened,
                 const cloze_embed_options *options, cloze_vector_cache *cache,
                 cloze_embed_report *report);
void library_clear(cli_library *library);
cloze_text library_text(const cli_library *library, size_t i);

/* The cache that --cache names, or NULL. Exit code. */
int library_open_cache(cloze_vector_cache **out, const cli_settings *settings,
                       const cli_opened *opened, const cloze_embed_options *options);
/* Writes the cache, and says how much of it was used. Exit code. */
int library_save_cache(cloze_vector_cache *cache, const cli_settings *settings, size_t texts);

#endif
