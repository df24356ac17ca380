/*
 * aim.c - F as a function of what the model makes of an input, its slope there, and the choice of what to
 * explain where the caller leaves it open.
 */
#include "explain/explainer.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

/* Tokens of an answer that is looked for, as the pipeline's default. */
enum { LONGEST_ANSWER = 15 };

size_t cz_aim_rows(const cz_aim *aim, size_t length)
{
    return aim->task == CLOZE_EXPLAIN_ANSWER ? length : 1;
}

/* ---- F and its slope ---- */

static double log_sum(const double *x, size_t count, size_t step)
{
    double highest = -INFINITY, sum = 0;
    for (size_t i = 0; i < count; i++)
        highest = fmax(highest, x[i * step]);
    for (size_t i = 0; i < count; i++)
        sum += exp(x[i * step] - highest);
    return highest + log(sum);
}

/* Probability of column `target` of a row; slope += by * its derivative. */
static double row_chance(const cz_aim *aim, const double *row, double by, double *slope)
{
    if (aim->function == CLOZE_SCORE_SIGMOID) {
        double p = 1 / (1 + exp(-row[aim->target]));
        if (slope)
            slope[aim->target] += by * p * (1 - p);
        return p;
    }
    if (aim->function != CLOZE_SCORE_SOFTMAX)
        return NAN;
    double whole = log_sum(row, aim->columns, 1), p = exp(row[aim->target] - whole);
    for (size_t i = 0; i < aim->columns && slope; i++)
        slope[i] += by * p * ((i == aim->target ? 1 : 0) - exp(row[i] - whole));
    return p;
}

/* Begins (column 0) or ends (1) among the context's tokens and the first, which means none. */
static double side_chance(const cz_spots *places, const double *outcome, size_t column,
                          double *share)
{
    size_t first = places->context[0], behind = places->context[1];
    const double *x = outcome + column;
    double of_context = log_sum(x + 2 * first, behind - first, 2);
    double whole = fmax(of_context, x[0]);
    whole += log(exp(of_context - whole) + exp(x[0] - whole));
    for (size_t i = first; i < behind && share; i++)
        share[2 * i + column] = exp(x[2 * i] - whole);
    if (share)
        share[column] = exp(x[0] - whole);
    return exp(x[2 * places->row[column]] - whole);
}

static double answer_chance(const cz_spots *places, const double *outcome, double *slope)
{
    double begin = side_chance(places, outcome, 0, slope);
    double p = begin * side_chance(places, outcome, 1, slope);
    if (!slope)
        return p;
    for (size_t i = 0; i < places->context[1]; i++)
        for (size_t c = 0; c < 2; c++)
            slope[2 * i + c] = -p * slope[2 * i + c];
    slope[2 * places->row[0]] += p;
    slope[2 * places->row[1] + 1] += p;
    return p;
}

static double answer_value(const cz_aim *aim, const cz_spots *places, const double *outcome,
                           double *slope)
{
    size_t begin = 2 * places->row[0], end = 2 * places->row[1] + 1;
    double value = outcome[begin] + outcome[end];
    if (aim->value == CLOZE_VALUE_PROBABILITY)
        return answer_chance(places, outcome, slope);
    if (slope)
        slope[begin] = slope[end] = 1;
    if (aim->value == CLOZE_VALUE_MARGIN) {
        value -= outcome[0] + outcome[1];
        for (size_t c = 0; c < 2 && slope; c++)
            slope[c] -= 1;
    }
    return value;
}

static double row_value(const cz_aim *aim, const double *row, double *slope)
{
    if (aim->value == CLOZE_VALUE_PROBABILITY)
        return row_chance(aim, row, 1, slope);
    double value = row[aim->target];
    if (slope)
        slope[aim->target] = 1;
    if (aim->value == CLOZE_VALUE_MARGIN) {
        value -= row[aim->against];
        if (slope)
            slope[aim->against] -= 1;
    }
    return value;
}

double cz_aim_value(const cz_aim *aim, const cz_spots *places, const double *outcome, size_t length,
                    double *slope)
{
    double value = 0;
    if (slope)
        memset(slope, 0, cz_aim_rows(aim, length) * aim->columns * sizeof *slope);
    if (aim->task == CLOZE_EXPLAIN_ANSWER)
        return answer_value(aim, places, outcome, slope);
    if (aim->task != CLOZE_EXPLAIN_SIMILARITY)
        return row_value(aim, outcome, slope);
    for (size_t i = 0; i < aim->columns; i++)
        value += outcome[i] * aim->other[i];
    if (slope)
        memcpy(slope, aim->other, aim->columns * sizeof *slope);
    return value;
}

double cz_aim_chance(const cz_aim *aim, const cz_spots *places, const double *outcome,
                     size_t length)
{
    (void)length;
    if (aim->task == CLOZE_EXPLAIN_SIMILARITY)
        return NAN;
    if (aim->task == CLOZE_EXPLAIN_ANSWER)
        return answer_chance(places, outcome, NULL);
    return row_chance(aim, outcome, 0, NULL);
}

/* ---- what the model says ---- */

/* The best column, but not `except`. */
static size_t best_column(const double *row, size_t columns, size_t except)
{
    size_t best = except == 0 ? 1 : 0;
    for (size_t i = best + 1; i < columns; i++)
        if (i != except && row[i] > row[best])
            best = i;
    return best;
}

static void best_answer(const size_t context[2], const double *outcome, size_t row[2])
{
    double best = -INFINITY;
    for (size_t i = context[0]; i < context[1]; i++)
        for (size_t k = i; k < context[1] && k - i < LONGEST_ANSWER; k++)
            if (outcome[2 * i] + outcome[2 * k + 1] > best) {
                best = outcome[2 * i] + outcome[2 * k + 1];
                row[0] = i;
                row[1] = k;
            }
}

bool cz_aim_decides(const cz_aim *aim)
{
    return aim->task != CLOZE_EXPLAIN_SIMILARITY &&
           (aim->columns > 1 || aim->function == CLOZE_SCORE_SIGMOID);
}

bool cz_aim_holds(const cz_aim *aim, const cz_spots *places, const double *outcome)
{
    size_t row[2] = { 0 };
    if (!cz_aim_decides(aim))
        return true;
    if (aim->task == CLOZE_EXPLAIN_ANSWER) {
        best_answer(places->context, outcome, row);
        return row[0] == places->row[0] && row[1] == places->row[1];
    }
    if (aim->function == CLOZE_SCORE_SIGMOID)
        return outcome[aim->target] > 0;
    return best_column(outcome, aim->columns, SIZE_MAX) == aim->target;
}

int64_t cz_aim_says(const cz_aim *aim, const double *outcome, double *chance)
{
    cz_aim said = *aim;
    *chance = NAN;
    if (aim->task == CLOZE_EXPLAIN_ANSWER || aim->task == CLOZE_EXPLAIN_SIMILARITY)
        return -1;
    said.target = best_column(outcome, aim->columns, SIZE_MAX);
    if (aim->function == CLOZE_SCORE_SIGMOID && !(outcome[said.target] > 0))
        return -1;
    *chance = row_chance(&said, outcome, 0, NULL);
    return (int64_t)said.target;
}

/* ---- what can be asked of the model ---- */

static cloze_status check_pair(const cloze_explainer *e, cloze_error *error)
{
    cloze_explain_task task = e->options.task;
    bool needs = task == CLOZE_EXPLAIN_ANSWER || task == CLOZE_EXPLAIN_SIMILARITY;
    if (needs && !e->size[1])
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "%s",
                       task == CLOZE_EXPLAIN_ANSWER
                           ? "an answer is explained of a question and a context: the context is "
                             "missing"
                           : "a similarity is explained of two texts: the second is missing");
    if (e->size[1] && (task == CLOZE_EXPLAIN_TAGS || task == CLOZE_EXPLAIN_WORDS))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "this task has no second text");
    return CLOZE_OK;
}

static cz_head_kind head_of(cloze_explain_task task)
{
    static const cz_head_kind of[] = { [CLOZE_EXPLAIN_LABELS] = CZ_HEAD_LABELS,
                                       [CLOZE_EXPLAIN_TAGS] = CZ_HEAD_TAGS,
                                       [CLOZE_EXPLAIN_ANSWER] = CZ_HEAD_SPANS,
                                       [CLOZE_EXPLAIN_WORDS] = CZ_HEAD_WORDS,
                                       [CLOZE_EXPLAIN_SIMILARITY] = CZ_HEAD_LABELS };
    return of[task];
}

static cloze_status similarity_columns(cloze_explainer *e, cloze_error *error)
{
    const cz_pipeline *pipeline = &e->model->pipeline;
    size_t pooled = cz_pooled_width(pipeline->pooling, e->model->network->config.hidden);
    e->aim.columns = cz_pipeline_width(pipeline, pooled);
    if (pipeline->lower_case)
        return cz_fail(
            error, CLOZE_ERROR_UNSUPPORTED,
            "the modules of %.200s lower-case texts before the tokenizer: places in such "
            "texts cannot be told",
            e->model->path);
    return CLOZE_OK;
}

cloze_status cz_aim_begin(cloze_explainer *e, cloze_error *error)
{
    static const char *const names[] = { "a classification", "a token classification",
                                         "a question answering", "a masked language modelling" };
    const cloze_explain_options *o = &e->options;
    const cloze_model *model = e->model;
    cz_aim *aim = &e->aim;
    if (o->task >= CLOZE_EXPLAIN_TASKS || o->value >= CLOZE_VALUES)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no such task or value");
    cloze_status status = check_pair(e, error);
    if (status)
        return status;
    *aim = (cz_aim){ .task = o->task, .value = o->value, .head = head_of(o->task) };
    aim->function = o->task == CLOZE_EXPLAIN_LABELS ? model->labels.function : CLOZE_SCORE_SOFTMAX;
    if (o->task == CLOZE_EXPLAIN_SIMILARITY)
        return o->value == CLOZE_VALUE_LOGIT
                   ? similarity_columns(e, error)
                   : cz_fail(error, CLOZE_ERROR_ARGUMENT,
                             "a similarity has neither margin nor probability");
    aim->columns = cz_head_columns(model->network, aim->head);
    if (!aim->columns)
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                       "%.200s has no %s head: there is nothing to "
                       "explain",
                       model->path, names[o->task] + 2);
    if (o->task == CLOZE_EXPLAIN_LABELS || o->task == CLOZE_EXPLAIN_TAGS)
        status = cz_labels_check(o->task == CLOZE_EXPLAIN_LABELS ? &model->labels : &model->tags,
                                 model, error);
    if (!status && o->value == CLOZE_VALUE_PROBABILITY && aim->function == CLOZE_SCORE_NONE)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "%.200s gives numbers, not probabilities: explain its logit", model->path);
    return status;
}

/* ---- what to explain ---- */

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
    aim->target = asked[0] < 0 ? best_column(row, aim->columns, SIZE_MAX) : (size_t)asked[0];
    aim->against = aim->target;
    if (o->value != CLOZE_VALUE_MARGIN)
        return CLOZE_OK;
    if (aim->columns < 2 || asked[1] == (int64_t)aim->target)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "a margin needs two different targets");
    aim->against = asked[1] < 0 ? best_column(row, aim->columns, aim->target) : (size_t)asked[1];
    return CLOZE_OK;
}

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
    cz_aim aim = s->explainer->aim;
    (void)input;
    (void)error;
    aim.target = best_column(row, aim.columns, SIZE_MAX);
    double chance = row_chance(&aim, row, 0, NULL);
    if (s->best == SIZE_MAX && !says_nothing(s->explainer->model, aim.target))
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
        best_answer(e->places.context, outcome, e->places.row);
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
