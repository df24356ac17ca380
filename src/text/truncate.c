/*
 * truncate.c - which pieces stay when a text is too long, and the windows of the rest; the rules of
 * the package's truncate_encodings and Encoding::truncate.
 */
#include "text/parts.h"

static bool append_span(cloze_encoding *encoding, cz_spans *spans, size_t begin, size_t end)
{
    if (!cz_grow(&encoding->hooks.allocator, (void **)&spans->items, &spans->capacity,
                 spans->count + 1, sizeof *spans->items))
        return false;
    spans->items[spans->count++] = (cz_span){ begin, end };
    return true;
}

/* Windows of at most `most` of `count` pieces, each sharing `stride` with the one before. */
static cloze_status cut(cloze_encoding *encoding, cz_spans *spans, size_t count, size_t most,
                        const cloze_tokenize_options *options, cloze_error *error)
{
    size_t step = most - options->stride, end = most;
    if (most && options->stride >= most)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "a stride of %zu needs windows of more than that, but only %zu tokens of "
                       "text fit beside the others; raise the limit of tokens or lower the stride",
                       options->stride, most);
    spans->count = 0;
    if (!most) { /* an empty window, and everything in the next */
        if (!append_span(encoding, spans, 0, 0) ||
            (options->overflow && !append_span(encoding, spans, 0, count)))
            return cz_text_memory(error);
        return CLOZE_OK;
    }
    for (;; end += step) {
        size_t last = end < count ? end : count, first = end - most;
        bool made = options->truncate_left
                        ? append_span(encoding, spans, count > end ? count - end : 0, count - first)
                        : append_span(encoding, spans, first, last);
        if (!made)
            return cz_text_memory(error);
        if (end >= count || !options->overflow)
            return CLOZE_OK;
    }
}

/* What longest_first leaves of both: the shorter stays while the longer gives, then halves. */
static void share(size_t first, size_t second, size_t most, size_t *keep_first, size_t *keep_second)
{
    bool swapped = first > second;
    size_t shorter = swapped ? second : first, longer = shorter;
    if (shorter <= most && most - shorter > longer)
        longer = most - shorter;
    if (shorter + longer > most) {
        shorter = most / 2;
        longer = shorter + most % 2;
    }
    *keep_first = swapped ? longer : shorter;
    *keep_second = swapped ? shorter : longer;
}

static cloze_status too_short(cloze_error *error, const char *which, size_t count, size_t remove)
{
    return cz_fail(error, CLOZE_ERROR_TEXT,
                   "only the %s text may be truncated, but it has %zu tokens and %zu must go",
                   which, count, remove);
}

/* Pieces kept of each text when both together may have `most`. */
static cloze_status decide(const cloze_tokenize_options *options, bool has_pair, size_t most,
                           const size_t counts[2], size_t keep[2], cloze_error *error)
{
    size_t total = counts[0] + counts[1], remove = total - most;
    size_t which = options->truncation == CLOZE_TRUNCATE_ONLY_SECOND;
    if (!most) {
        keep[0] = keep[1] = 0;
        return CLOZE_OK;
    }
    if (options->truncation == CLOZE_TRUNCATE_LONGEST_FIRST) {
        if (has_pair)
            share(counts[0], counts[1], most, &keep[0], &keep[1]);
        else
            keep[0] = most;
        return CLOZE_OK;
    }
    if (which && !has_pair)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "only the second text may be truncated, but none was given");
    if (counts[which] <= remove)
        return too_short(error, which ? "second" : "first", counts[which], remove);
    keep[which] = counts[which] - remove;
    return CLOZE_OK;
}

cloze_status cz_truncate(const cloze_tokenizer *tokenizer, const cloze_tokenize_options *options,
                         bool has_pair, cloze_encoding *encoding, cloze_error *error)
{
    const cz_template *template = has_pair ? &tokenizer->pair : &tokenizer->single;
    size_t counts[2] = { encoding->parts[0].count, has_pair ? encoding->parts[1].count : 0 };
    size_t keep[2] = { counts[0], counts[1] }, most = options->max_length;
    size_t added = options->no_special_tokens || !tokenizer->has_template ? 0 : template->added;
    cloze_status status = CLOZE_OK;
    if (options->max_length && options->max_length < added)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "a limit of %zu tokens is less than the %zu special ones",
                       options->max_length, added);
    most -= options->max_length ? added : 0;
    if (options->max_length && (counts[0] + counts[1] > most || !most))
        status = decide(options, has_pair, most, counts, keep, error);
    for (size_t i = 0; i < 2 && !status; i++) {
        cz_spans *spans = &encoding->spans[i];
        spans->count = 0;
        if (keep[i] < counts[i])
            status = cut(encoding, spans, counts[i], keep[i], options, error);
        else if (!append_span(encoding, spans, 0, counts[i]))
            status = cz_text_memory(error);
    }
    return status;
}
