/* bench_lengths.c - see bench_lengths.h. */
#include "bench_lengths.h"

#include "say.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEQUENCES_MOST = 1000000, LENGTH_MOST = 1 << 20 };

static bool read_number(const char **text, size_t most, size_t *out)
{
    size_t number = 0;
    if (!isdigit((unsigned char)**text))
        return false;
    for (; isdigit((unsigned char)**text); ++*text)
        if ((number = number * 10 + (size_t)(**text - '0')) > most)
            return false;
    *out = number;
    return number > 0;
}

/* "16" or "32x128". */
static bool read_spec(const char *spec, size_t *sequences, size_t *length)
{
    size_t first;
    *sequences = 1;
    if (!read_number(&spec, SEQUENCES_MOST, &first))
        return false;
    *length = first;
    if (*spec == 'x') {
        spec++;
        *sequences = first;
        if (!read_number(&spec, LENGTH_MOST, length))
            return false;
    }
    return !*spec;
}

static int grow(size_t **lengths, size_t *room, size_t count)
{
    size_t *grown;
    if (count < *room)
        return 0;
    *room = *room ? 2 * *room : 256;
    if (!(grown = realloc(*lengths, *room * sizeof *grown)))
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    *lengths = grown;
    return 0;
}

static int read_file(const char *path, size_t **lengths, size_t *count)
{
    FILE *file = fopen(path, "r");
    char line[64];
    size_t room = 0;
    int code = 0;
    if (!file)
        return say_failure(errno == ENOENT ? (int)CLOZE_ERROR_NOT_FOUND : (int)CLOZE_ERROR_IO,
                           "--lengths %s: neither a length, nor NxLENGTH, nor a file: %s", path,
                           strerror(errno));
    while (!code && fgets(line, sizeof line, file)) {
        const char *text = line + strspn(line, " \t");
        if (*text == '\n' || *text == '\r' || !*text)
            continue;
        if ((code = grow(lengths, &room, *count)))
            break;
        if (*count == SEQUENCES_MOST || !read_number(&text, LENGTH_MOST, &(*lengths)[*count]) ||
            text[strspn(text, " \t\r\n")])
            code =
                say_failure(CLOZE_ERROR_FORMAT, "%s: line %zu is not a length", path, *count + 1);
        else
            ++*count;
    }
    fclose(file);
    if (!code && !*count)
        code = say_failure(CLOZE_ERROR_FORMAT, "%s: no lengths in it", path);
    return code;
}

static int fill(workload *out, const cloze_model *model, const size_t *lengths, size_t count,
                size_t rounds)
{
    uint32_t state = 1, vocabulary = (uint32_t)cloze_model_describe(model).vocabulary;
    for (size_t i = 0; i < count; i++)
        out->tokens += lengths[i];
    out->sequences = count;
    out->ids = calloc(out->tokens, sizeof *out->ids);
    out->offsets = calloc(count + 1, sizeof *out->offsets);
    out->seconds = calloc(rounds, sizeof *out->seconds);
    if (!out->ids || !out->offsets || !out->seconds)
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        out->offsets[i + 1] = out->offsets[i] + lengths[i];
    for (size_t i = 0; i < out->tokens; i++) {
        state = state * 1664525u + 1013904223u;
        out->ids[i] = (state >> 8) % vocabulary;
    }
    out->flops = cloze_model_work(model, lengths, count);
    return 0;
}

int workload_make(workload *out, const char *spec, const cloze_model *model, size_t rounds)
{
    size_t *lengths = NULL, count = 0, length;
    int code = 0;
    *out = (workload){ .name = spec };
    if (read_spec(spec, &count, &length)) {
        if (!(lengths = malloc(count * sizeof *lengths)))
            return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
        for (size_t i = 0; i < count; i++)
            lengths[i] = length;
    } else {
        count = 0;
        code = read_file(spec, &lengths, &count);
    }
    if (!code)
        code = fill(out, model, lengths, count, rounds);
    free(lengths);
    return code;
}

void workload_clear(workload *load)
{
    free(load->ids);
    free(load->offsets);
    free(load->seconds);
}
