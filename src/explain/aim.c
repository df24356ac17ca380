/* aim.c - F as a function of what the model makes of an input, its slope there, and what the model says. */
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

size_t cz_aim_best(const double *row, size_t columns, size_t except)
{
    size_t best = except == 0 ? 1 : 0;
    for (size_t i = best + 1; i < columns; i++)
        if (i != except && row[i] > row[best])
            best = i;
    return best;
}

void cz_aim_best_answer(const size_t context[2], const double *outcome, size_t row[2])
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
        cz_aim_best_answer(places->context, outcome, row);
        return row[0] == places->row[0] && row[1] == places->row[1];
    }
    if (aim->function == CLOZE_SCORE_SIGMOID)
        return outcome[aim->target] > 0;
    return cz_aim_best(outcome, aim->columns, SIZE_MAX) == aim->target;
}

int64_t cz_aim_says(const cz_aim *aim, const double *outcome, double *chance)
{
    cz_aim said = *aim;
    *chance = NAN;
    if (aim->task == CLOZE_EXPLAIN_ANSWER || aim->task == CLOZE_EXPLAIN_SIMILARITY)
        return -1;
    said.target = cz_aim_best(outcome, aim->columns, SIZE_MAX);
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
