/* settle.c - the choice of what to explain, and where, where the caller leaves it open. */
#include "explain/explainer.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

/* ---- the target ---- */

static cloze_status choose_columns(cloze_explainer *e, const double *row, cloze_error *error)
{
    const cloze_explain_options *o = &e->options;
    cz_aim *aim = &e->aim;
    int64_t asked[2] = { o->target,
                         o->value == CLOZE_VALUE_MARGIN ? o->against : CLOZE_TARGET_BEST };
    for (int i = 0; i < 2; i++)
        if (asked[i] != CLOZE_TARGET_BEST && (asked[i] < 0 || (uint64_t)asked[i] >= aim->columns))
            return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                           "the model has no target %lld: it has %zu, counted from 0",
                           (long long)asked[i], aim->columns);
    aim->target = asked[0] < 0 ? cz_aim_best(row, aim->columns, SIZE_MAX) : (size_t)asked[0];
    aim->against = aim->target;
    if (o->value != CLOZE_VALUE_MARGIN)
        return CLOZE_OK;
    if (aim->columns < 2 || asked[1] == (int64_t)aim->target)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "a margin needs two different targets");
    aim->against = asked[1] < 0 ? cz_aim_best(row, aim->columns, aim->target) : (size_t)asked[1];
    return CLOZE_OK;
}

/* ---- the place ---- */

static bool covers(const cloze_explainer *e, size_t token, const cloze_explain_span *place)
{
    return e->sequences[token] == place->side && e->offsets[token].begin < place->end &&
           place->begin < e->offsets[token].end;
}

/* First and last token of the given place. */
static cloze_status given_tokens(const cloze_explainer *e, size_t *first, size_t *last,
                                 cloze_error *error)
{
    const cloze_explain_span *place = &e->options.place;
    *first = *last = SIZE_MAX;
    for (size_t i = 0; i < e->length; i++)
        if (covers(e, i, place)) {
            *first = *first == SIZE_MAX ? i : *first;
            *last = i;
        }
    if (*first == SIZE_MAX)
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND, "no token lies at bytes %zu to %zu of the %s",
                       place->begin, place->end, place->side ? "second text" : "text");
    return CLOZE_OK;
}

static cloze_status find_context(cloze_explainer *e, cloze_error *error)
{
    cz_spots *places = &e->places;
    for (size_t i = 0; i < e->length; i++)
        if (e->sequences[i] == 1) {
            places->context[0] = places->context[1] ? places->context[0] : i;
            places->context[1] = i + 1;
        }
    if (!places->context[1])
        return cz_fail(error, CLOZE_ERROR_TEXT, "the context has no tokens");
    if (!e->options.has_place)
        return CLOZE_OK;
    if (e->options.place.side != 1)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "an answer lies in the second text");
    return given_tokens(e, &places->row[0], &places->row[1], error);
}

static cloze_status find_mask(cloze_explainer *e, cloze_error *error)
{
    uint32_t mask;
    size_t last, first = 0;
    if (!cloze_tokenizer_role(e->model->tokenizer, CLOZE_TOKEN_MASK, &mask))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED, "the tokenizer of %.200s has no mask token",
                       e->model->path);
    cloze_status status = e->options.has_place ? given_tokens(e, &first, &last, error) : CLOZE_OK;
    while (!status && first < e->length && e->ids[first] != mask)
        first += e->options.has_place ? e->length : 1;
    if (!status && first >= e->length)
        status = cz_fail(error, CLOZE_ERROR_TEXT, "there is no mask token %s",
                         e->options.has_place ? "at this place" : "in the text");
    e->places.row[0] = first;
    return status;
}

/* The outcomes of the settling run, all rows. */
typedef struct settling {
    cloze_explainer *explainer;
    size_t *tokens;     /* tags: whose rows are asked for; */
    size_t count, best; /* the first that says something */
    size_t surest;
    double chance;
} settling;

static bool says_nothing(const cloze_model *model, size_t tag)
{
    return tag < model->tags.count && !strcmp(model->tags.names[tag], "O");
}

static void ask_tag(void *context, size_t number, cz_input *input)
{
    const settling *s = context;
    input->places.row[0] = s->tokens[number];
}

static cloze_status see_tag(void *context, size_t number, const cz_input *input, const double *row,
                            cloze_error *error)
{
    settling *s = context;
    double chance;
    int64_t tag = cz_aim_says(&s->explainer->aim, row, &chance);
    (void)input;
    (void)error;
    if (s->best == SIZE_MAX && !says_nothing(s->explainer->model, (size_t)tag))
        s->best = s->tokens[number];
    if (chance > s->chance) {
        s->chance = chance;
        s->surest = s->tokens[number];
    }
    return CLOZE_OK;
}

/* Without a given place: the first word whose tag says something, else the surest one. */
static cloze_status find_word(cloze_explainer *e, cloze_error *error)
{
    settling s = { .explainer = e, .best = SIZE_MAX, .chance = -1 };
    size_t last;
    if (e->options.has_place)
        return given_tokens(e, &e->places.row[0], &last, error);
    s.tokens = cz_allocate(&e->hooks.allocator, e->length, sizeof *s.tokens);
    if (!s.tokens)
        return cz_fail_memory(error, "words", e->length * sizeof *s.tokens);
    for (size_t i = 0; i < e->length; i++)
        if (e->sequences[i] >= 0 &&
            (!i || e->sequences[i - 1] < 0 || e->words[i] < 0 || e->words[i] != e->words[i - 1]))
            s.tokens[s.count++] = i;
    cloze_status status = cz_outcomes(e, s.count, ask_tag, &s, see_tag, &s, error);
    e->places.row[0] = s.best == SIZE_MAX ? s.surest : s.best;
    cz_release(&e->hooks.allocator, s.tokens);
    return status;
}

static cloze_status find_places(cloze_explainer *e, cloze_error *error)
{
    switch (e->aim.task) {
    case CLOZE_EXPLAIN_ANSWER:
        return find_context(e, error);
    case CLOZE_EXPLAIN_WORDS:
        return find_mask(e, error);
    case CLOZE_EXPLAIN_TAGS:
        return find_word(e, error);
    default:
        return CLOZE_OK;
    }
}

/* ---- the other text of a similarity ---- */

static cloze_status keep_vector(void *context, size_t number, const cz_input *input,
                                const double *row, cloze_error *error)
{
    cloze_explainer *e = context;
    double length = 0;
    (void)number;
    (void)input;
    for (size_t i = 0; i < e->aim.columns; i++)
        length += row[i] * row[i];
    if (!(length > 0))
        return cz_fail(error, CLOZE_ERROR_TEXT, "the second text's vector is zero");
    for (size_t i = 0; i < e->aim.columns; i++)
        e->other[i] = row[i] / sqrt(length);
    return CLOZE_OK;
}

static void other_text(void *context, size_t number, cz_input *input)
{
    const cloze_tokens *tokens = context;
    (void)number;
    input->length = tokens->length;
    input->own_positions = true;
    memcpy(input->ids, tokens->ids, tokens->length * sizeof *input->ids);
    memcpy(input->types, tokens->type_ids, tokens->length * sizeof *input->types);
}

static cloze_status embed_other(cloze_explainer *e, cloze_error *error)
{
    cloze_text text = { e->text[1], e->size[1] }, none = { NULL, 0 };
    cloze_tokenize_options how = { .ids_only = true };
    e->other = cz_allocate(&e->hooks.allocator, e->aim.columns, sizeof *e->other);
    if (!e->other)
        return cz_fail_memory(error, "a vector", e->aim.columns * sizeof *e->other);
    e->aim.other = e->other;
    cloze_status status =
        cloze_tokenize(e->model->tokenizer, text, none, &how, e->session->encoding, error);
    if (status)
        return status;
    cloze_tokens tokens = cloze_encoding_tokens(e->session->encoding, 0);
    if (!tokens.length || tokens.length > e->model->max_tokens)
        return cz_fail(error, CLOZE_ERROR_TEXT,
                       "the second text has %zu tokens, the model takes 1 to %zu", tokens.length,
                       e->model->max_tokens);
    return cz_outcomes(e, 1, other_text, &tokens, keep_vector, e, error);
}

/* ---- settling ---- */

static cloze_status settle(void *context, size_t number, const cz_input *input,
                           const double *outcome, cloze_error *error)
{
    cloze_explainer *e = context;
    cloze_status status = CLOZE_OK;
    (void)number;
    if (e->aim.task == CLOZE_EXPLAIN_ANSWER && !e->options.has_place)
        cz_aim_best_answer(e->places.context, outcome, e->places.row);
    if (e->aim.task != CLOZE_EXPLAIN_ANSWER && e->aim.task != CLOZE_EXPLAIN_SIMILARITY)
        status = choose_columns(e, outcome, error);
    if (status)
        return status;
    e->value = cz_aim_value(&e->aim, &e->places, outcome, input->length, NULL);
    e->chance = cz_aim_chance(&e->aim, &e->places, outcome, input->length);
    e->holds = cz_aim_holds(&e->aim, &e->places, outcome);
    return CLOZE_OK;
}

cloze_status cz_aim_settle(cloze_explainer *e, cloze_error *error)
{
    cloze_status status =
        e->aim.task == CLOZE_EXPLAIN_SIMILARITY ? embed_other(e, error) : find_places(e, error);
    if (status)
        return status;
    return cz_outcomes(e, 1, NULL, NULL, settle, e, error);
}
