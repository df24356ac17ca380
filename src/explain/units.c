/* units.c - the tokens of an input as units: tokens, words, sentences or the caller's spans. */
#include "explain/explainer.h"

#include "base/error.h"
#include "text/unicode.h"

cloze_absence cz_absence_of(const cloze_explainer *explainer, cloze_absence absence)
{
    uint32_t id;
    if (absence != CLOZE_ABSENT_DEFAULT)
        return absence;
    return cloze_tokenizer_role(explainer->model->tokenizer, CLOZE_TOKEN_MASK, &id)
               ? CLOZE_ABSENT_MASK
               : CLOZE_ABSENT_PADDING;
}

cloze_status cz_absent_id(const cloze_explainer *explainer, cloze_absence absence, uint32_t *id,
                          cloze_error *error)
{
    static const struct {
        cloze_token_role role;
        const char *name;
    } of[] = { [CLOZE_ABSENT_MASK] = { CLOZE_TOKEN_MASK, "mask" },
               [CLOZE_ABSENT_PADDING] = { CLOZE_TOKEN_PADDING, "padding" },
               [CLOZE_ABSENT_UNKNOWN] = { CLOZE_TOKEN_UNKNOWN, "unknown" } };
    const cloze_model *model = explainer->model;
    const cloze_tokenizer *tokenizer = model->tokenizer;
    absence = cz_absence_of(explainer, absence);
    if (absence < CLOZE_ABSENT_MASK || absence > CLOZE_ABSENT_UNKNOWN)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "no token stands for what is removed");
    if (!cloze_tokenizer_role(tokenizer, of[absence].role, id) ||
        *id >= model->network->config.vocabulary)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "the tokenizer of %.200s has no %s token to put in place of what is taken "
                       "away; choose another absence",
                       model->path, of[absence].name);
    return CLOZE_OK;
}

/* ---- sentences ---- */

static bool ends_sentence(uint32_t point)
{
    return point == '.' || point == '!' || point == '?' || point == 0x3002 || point == 0xff01 ||
           point == 0xff1f || point == 0x0964 || point == 0x061f;
}

static bool is_wide_end(uint32_t point)
{
    return point == 0x3002 || point == 0xff01 || point == 0xff1f;
}

static bool is_space(uint32_t point)
{
    return point == ' ' || point == '\t' || point == '\r' || point == '\n' || point == 0xa0;
}

/* The byte behind the sentence that begins at `at`. */
static size_t sentence_end(const char *text, size_t size, size_t at)
{
    bool closing = false;
    while (at < size) {
        size_t next = at;
        uint32_t point = cz_utf8_read(text, &next);
        if (point == '\n' || (closing && is_space(point)))
            return next;
        if (is_wide_end(point))
            return next;
        closing = ends_sentence(point) ||
                  (closing && (point == '"' || point == '\'' || point == ')' || point == 0x201d));
        at = next;
    }
    return size;
}

/* Which unit of its kind each token belongs to: numbers that only ascend within a side, -1: none. */
static void number_sentences(const cloze_explainer *e, int side, int64_t *number)
{
    size_t end = 0;
    int64_t sentence = -1;
    for (size_t i = 0; i < e->length; i++) {
        if (e->sequences[i] != side)
            continue;
        while (e->offsets[i].begin >= end && end < e->size[side]) {
            end = sentence_end(e->text[side], e->size[side], end);
            sentence++;
        }
        number[i] = sentence < 0 ? 0 : sentence;
    }
}

/* ---- spans ---- */

static bool is_boundary(const char *text, size_t size, size_t at)
{
    return at == size || ((unsigned char)text[at] & 0xc0) != 0x80;
}

static cloze_status check_spans(const cloze_explainer *e, cloze_error *error)
{
    const cloze_explain_options *o = &e->options;
    for (size_t i = 0; i < o->span_count; i++) {
        const cloze_explain_span *span = &o->spans[i];
        bool side = span->side == 0 || span->side == 1;
        if (!side || span->begin >= span->end || span->end > e->size[span->side] ||
            !is_boundary(e->text[span->side], e->size[span->side], span->begin) ||
            !is_boundary(e->text[span->side], e->size[span->side], span->end))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "span %zu (bytes %zu to %zu) is no part of its text", i + 1, span->begin,
                           span->end);
        for (size_t k = 0; k < i; k++)
            if (o->spans[k].side == span->side && span->begin < o->spans[k].end &&
                o->spans[k].begin < span->end)
                return cz_fail(error, CLOZE_ERROR_ARGUMENT, "spans %zu and %zu overlap", k + 1,
                               i + 1);
    }
    return CLOZE_OK;
}

static cloze_status number_spans(const cloze_explainer *e, int64_t *number, cloze_error *error)
{
    const cloze_explain_options *o = &e->options;
    cloze_status status = check_spans(e, error);
    for (size_t s = 0; s < o->span_count && !status; s++) {
        const cloze_explain_span *span = &o->spans[s];
        bool found = false;
        for (size_t i = 0; i < e->length; i++)
            if (e->sequences[i] == span->side && e->offsets[i].begin < span->end &&
                span->begin < e->offsets[i].end && number[i] < 0) {
                number[i] = (int64_t)s;
                found = true;
            }
        if (!found)
            status = cz_fail(error, CLOZE_ERROR_ARGUMENT,
                             "span %zu (bytes %zu to %zu) holds no token of its own", s + 1,
                             span->begin, span->end);
    }
    return status;
}

/* ---- units ---- */

static void number_words(const cloze_explainer *e, int64_t *number)
{
    for (size_t i = 0; i < e->length; i++)
        if (e->sequences[i] >= 0)
            number[i] = e->words[i] >= 0 ? e->words[i] : INT64_MAX - (int64_t)(e->length - i);
}

static cloze_status number_tokens(const cloze_explainer *e, int64_t *number, cloze_error *error)
{
    switch (e->options.unit) {
    case CLOZE_UNIT_WORDS:
        number_words(e, number);
        return CLOZE_OK;
    case CLOZE_UNIT_TOKENS:
        for (size_t i = 0; i < e->length; i++)
            number[i] = (int64_t)i;
        return CLOZE_OK;
    case CLOZE_UNIT_SENTENCES:
        number_sentences(e, 0, number);
        number_sentences(e, 1, number);
        return CLOZE_OK;
    case CLOZE_UNIT_SPANS:
        return number_spans(e, number, error);
    default:
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no unit %d", (int)e->options.unit);
    }
}

/* A mask is what F asks about, not what the answer is made of. */
static void add_units(cloze_explainer *e, const int64_t *number)
{
    size_t before = SIZE_MAX;
    uint32_t mask = UINT32_MAX;
    bool asked = e->options.task == CLOZE_EXPLAIN_WORDS &&
                 cloze_tokenizer_role(e->model->tokenizer, CLOZE_TOKEN_MASK, &mask);
    for (size_t i = 0; i < e->length; i++) {
        int side = e->sequences[i];
        e->unit_of[i] = SIZE_MAX;
        if (side < 0 || number[i] < 0 || e->options.side_fixed[side] ||
            (asked && e->ids[i] == mask)) {
            before = SIZE_MAX;
            continue;
        }
        bool goes_on =
            before != SIZE_MAX && e->sequences[before] == side && number[before] == number[i];
        if (!goes_on)
            e->units[e->unit_count++] =
                (cz_unit){ .span = { e->offsets[i].begin, e->offsets[i].end, side }, .first = i };
        cz_unit *unit = &e->units[e->unit_count - 1];
        unit->count++;
        if (e->offsets[i].end > unit->span.end)
            unit->span.end = e->offsets[i].end;
        e->unit_of[i] = e->unit_count - 1;
        before = i;
    }
}

cloze_status cz_units_make(cloze_explainer *e, cloze_error *error)
{
    const cloze_allocator *allocator = &e->hooks.allocator;
    int64_t *number = cz_allocate(allocator, e->length, sizeof *number);
    e->units = cz_allocate(allocator, e->length, sizeof *e->units);
    e->unit_of = cz_allocate(allocator, e->length, sizeof *e->unit_of);
    cloze_status status = CLOZE_OK;
    if (!number || !e->units || !e->unit_of)
        status = cz_fail_memory(error, "units", e->length * sizeof *e->units);
    for (size_t i = 0; i < e->length && number; i++)
        number[i] = -1;
    if (!status)
        status = number_tokens(e, number, error);
    if (!status)
        add_units(e, number);
    if (!status && !e->unit_count)
        status = cz_fail(error, CLOZE_ERROR_TEXT,
                         "there is nothing to explain: the text has no tokens beside special ones");
    cz_release(allocator, number);
    return status;
}
