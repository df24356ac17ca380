/* library.c - see library.h. */
#include "library.h"

#include "say.h"

#include <stdlib.h>
#include <string.h>

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

cloze_text library_text(const cli_library *library, size_t i)
{
    size_t begin = i ? library->ends[i - 1] : 0;
    return (cloze_text){ library->bytes + begin, library->ends[i] - begin };
}

void library_clear(cli_library *library)
{
    free(library->bytes);
    free(library->ends);
    free(library->vectors);
}

static bool make_room(cli_library *library, const cloze_text *texts, size_t count, size_t dimension)
{
    size_t bytes = library->used + 1, row;
    for (size_t i = 0; i < count; i++)
        bytes += texts[i].size;
    if (bytes > library->capacity) {
        char *grown = realloc(library->bytes, 2 * bytes);
        if (!grown)
            return false;
        library->bytes = grown;
        library->capacity = 2 * bytes;
    }
    if (library->count + count > library->room) {
        size_t room = 2 * (library->count + count), size;
        if (__builtin_mul_overflow(dimension, sizeof(float), &row) ||
            __builtin_mul_overflow(room, row, &size))
            return false;
        size_t *ends = realloc(library->ends, room * sizeof *ends);
        if (ends)
            library->ends = ends;
        float *vectors = realloc(library->vectors, size);
        if (vectors)
            library->vectors = vectors;
        if (!ends || !vectors)
            return false;
        library->room = room;
    }
    return true;
}

static int add_chunk(cli_library *library, const cli_input *input, cli_opened *opened,
                     const cloze_embed_options *options, cloze_vector_cache *cache,
                     cloze_embed_report *total)
{
    size_t count = input_count(input), dimension = cloze_embed_dimension(opened->model, options);
    const cloze_text *texts = input_texts(input);
    cloze_embed_report report = { 0 };
    cloze_error error;
    cloze_status status;
    float *vectors;
    if (!make_room(library, texts, count, dimension))
        return out_of_memory();
    vectors = library->vectors + library->count * dimension;
    status =
        cache ? cloze_vector_cache_embed(cache, texts, count, vectors, &report, &error)
              : cloze_embed(opened->session, texts, count, options, vectors, NULL, &report, &error);
    if (status)
        return say_embed_error(opened, input, options, vectors, &error);
    for (size_t i = 0; i < count; i++) {
        if (texts[i].size)
            memcpy(library->bytes + library->used, texts[i].data, texts[i].size);
        library->used += texts[i].size;
        library->ends[library->count++] = library->used;
    }
    opened->done += count;
    total->texts += count;
    total->truncated_texts += report.truncated_texts;
    total->truncated_tokens += report.truncated_tokens;
    return 0;
}

int library_fill(cli_library *library, cli_input *input, cli_opened *opened,
                 const cloze_embed_options *options, cloze_vector_cache *cache,
                 cloze_embed_report *report)
{
    int code = 0;
    while (!code && input_count(input)) {
        code = add_chunk(library, input, opened, options, cache, report);
        if (!code)
            code = input_next(input);
    }
    return code;
}

int library_open_cache(cloze_vector_cache **out, const cli_settings *settings,
                       const cli_opened *opened, const cloze_embed_options *options)
{
    cloze_error error;
    cloze_cache_state state;
    *out = NULL;
    if (!settings->vector_cache)
        return 0;
    if (cloze_vector_cache_open(out, opened->session, options, settings->vector_cache, &error))
        return say_error(&error, NULL);
    state = cloze_vector_cache_state(*out);
    if (state == CLOZE_CACHE_FOREIGN)
        say_note(settings->quiet,
                 "%s was made by another model, with other options or another version of cloze; "
                 "it is made anew",
                 settings->vector_cache);
    if (state == CLOZE_CACHE_DAMAGED)
        say_note(settings->quiet, "%s is damaged; it is made anew", settings->vector_cache);
    return 0;
}

int library_save_cache(cloze_vector_cache *cache, const cli_settings *settings, size_t texts)
{
    cloze_error error;
    if (!cache)
        return 0;
    if (cloze_vector_cache_save(cache, &error))
        return say_error(&error, NULL);
    say_note(settings->quiet, "%zu of %zu texts were in %s", cloze_vector_cache_found(cache), texts,
             settings->vector_cache);
    return 0;
}
