/*
 * answers.c - a predicted answer beside the right ones, as the evaluation scripts of SQuAD 1.1 and
 * 2.0 compare them: normalized texts for the exact match, multisets of words for F1.
 */
#include "base/error.h"
#include "base/memory.h"
#include "text/unicode.h"

#include <cloze/metrics.h>

#include <stdlib.h>
#include <string.h>

/* A text as it is compared: words with one space between them. */
typedef struct normal {
    uint32_t *points; /* code points, while it is made */
    char *text;
    size_t size;
    cloze_text *words; /* sorted */
    size_t count;
} normal;

static bool is_space(uint32_t c)
{
    /* Python's str.split knows four separators beside White_Space. */
    return (c >= 0x1c && c <= 0x1f) || c == 0x85 || (c >= 9 && c <= 13) ||
           (cz_unicode_flags_of(c) & CZ_UNICODE_SPACE);
}

static bool is_ascii_punctuation(uint32_t c)
{
    return (c > 32 && c < 48) || (c > 57 && c < 65) || (c > 90 && c < 97) || (c > 122 && c < 127);
}

/* \w of Python's regular expressions; the underscore is punctuation and gone by then. */
static bool is_word(uint32_t c)
{
    unsigned kind = cz_unicode_kind_of(c);
    return kind == CZ_KIND_LETTER || kind == CZ_KIND_NUMBER;
}

/* Takes ASCII punctuation out in place; the new count. */
static size_t drop_punctuation(uint32_t *points, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_ascii_punctuation(points[i]))
            points[kept++] = points[i];
    return kept;
}

/* ---- words ---- */

/* The length of an article that begins at `at`; 0 if none does. */
static size_t article(const uint32_t *points, size_t count, size_t at)
{
    static const char *const articles[] = { "a", "an", "the" };
    if (at && is_word(points[at - 1]))
        return 0;
    for (size_t k = 0; k < sizeof articles / sizeof *articles; k++) {
        size_t size = strlen(articles[k]), i = 0;
        while (i < size && at + i < count && points[at + i] == (unsigned char)articles[k][i])
            i++;
        if (i == size && (at + i == count || !is_word(points[at + i])))
            return size;
    }
    return 0;
}

/* Writes the words of lower-cased `points`; articles are spaces. */
static void write_words(normal *out, const uint32_t *points, size_t count)
{
    size_t begin = 0;
    for (size_t i = 0; i <= count;) {
        size_t gap = i == count ? 1 : article(points, count, i);
        if (!gap && is_space(points[i]))
            gap = 1;
        if (!gap) {
            out->size += cz_utf8_put(out->text + out->size, points[i++]);
            continue;
        }
        if (out->size > begin) {
            out->words[out->count++] = (cloze_text){ out->text + begin, out->size - begin };
            out->text[out->size++] = ' ';
            begin = out->size;
        }
        i += gap;
    }
    if (out->size)
        out->size--; /* the space behind the last word */
}

static int by_bytes(const void *left, const void *right)
{
    const cloze_text *a = left, *b = right;
    size_t size = a->size < b->size ? a->size : b->size;
    int first = memcmp(a->data, b->data, size);
    return first ? first : a->size < b->size ? -1 : a->size > b->size;
}

static void clear(normal *text, const cloze_allocator *allocator)
{
    cz_release(allocator, text->points);
    cz_release(allocator, text->text);
    cz_release(allocator, text->words);
}

static cloze_status normalize(normal *out, cloze_text text, const cloze_allocator *allocator,
                              cloze_error *error)
{
    size_t room, count = 0, bad = text.size ? cz_utf8_check(text.data, text.size) : 0;
    *out = (normal){ 0 };
    if (bad < text.size)
        return cz_fail_at(error, CLOZE_ERROR_TEXT, bad, "an answer is not UTF-8 at byte %zu", bad);
    /* A code point may become CZ_UNICODE_LONGEST of four bytes each, and a space behind. */
    if (!cz_multiply(text.size + 1, CZ_UNICODE_LONGEST + 1, &room))
        return cz_fail_memory(error, "an answer", text.size);
    out->points = cz_allocate(allocator, room, sizeof *out->points);
    out->text = cz_allocate(allocator, room, 4);
    out->words = cz_allocate(allocator, text.size + 1, sizeof *out->words);
    if (!out->points || !out->text || !out->words) {
        clear(out, allocator);
        return cz_fail_memory(error, "an answer", text.size);
    }
    uint32_t *lowered = out->points + text.size + 1;
    for (size_t at = 0; at < text.size;)
        out->points[count++] = cz_utf8_read(text.data, &at);
    count = drop_punctuation(lowered, cz_unicode_lower_all(out->points, count, lowered));
    write_words(out, lowered, count);
    qsort(out->words, out->count, sizeof *out->words, by_bytes);
    return CLOZE_OK;
}

/* ---- scores ---- */

static double f1_of(const normal *predicted, const normal *gold, cloze_squad_version version)
{
    size_t common = 0, i = 0, j = 0;
    double precision, recall;
    if (version == CLOZE_SQUAD_2 && (!predicted->count || !gold->count))
        return predicted->count == gold->count;
    while (i < predicted->count && j < gold->count) {
        int order = by_bytes(&predicted->words[i], &gold->words[j]);
        common += !order;
        i += order <= 0;
        j += order >= 0;
    }
    if (!common)
        return 0;
    precision = (double)common / (double)predicted->count;
    recall = (double)common / (double)gold->count;
    return 2 * precision * recall / (precision + recall);
}

static void keep_best(const normal *predicted, const normal *gold, cloze_squad_version version,
                      cloze_answer_score *best)
{
    bool exact = predicted->size == gold->size && !memcmp(predicted->text, gold->text, gold->size);
    double f1 = f1_of(predicted, gold, version);
    best->exact = exact ? 1 : best->exact;
    best->f1 = f1 > best->f1 ? f1 : best->f1;
}

cloze_status cloze_score_answer(cloze_text predicted, const cloze_text *gold, size_t gold_count,
                                cloze_squad_version version, const cloze_hooks *hooks,
                                cloze_answer_score *out, cloze_error *error)
{
    const cloze_allocator *allocator = hooks ? &hooks->allocator : NULL;
    static const normal nothing;
    cloze_answer_score best = { 0, 0 };
    normal ours, theirs;
    size_t compared = 0;
    cloze_status status;
    if (version > CLOZE_SQUAD_1)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no version %d of SQuAD's script",
                       (int)version);
    if (!gold_count && version == CLOZE_SQUAD_1)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "a question of SQuAD 1.1 has at least one answer");
    if ((status = normalize(&ours, predicted, allocator, error)))
        return status;
    for (size_t i = 0; i < gold_count && !status; i++) {
        if ((status = normalize(&theirs, gold[i], allocator, error)))
            break;
        /* The second script leaves out answers of which nothing stays. */
        if (version == CLOZE_SQUAD_1 || theirs.size) {
            keep_best(&ours, &theirs, version, &best);
            compared++;
        }
        clear(&theirs, allocator);
    }
    if (!status && !compared)
        best.exact = best.f1 = f1_of(&ours, &nothing, version);
    clear(&ours, allocator);
    if (!status)
        *out = best;
    return status;
}
