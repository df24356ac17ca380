/* rollout.c - matrices of layers, and how they are joined. */
#include "explain/attention.h"

#include "base/error.h"

#include <string.h>

double *cz_mixing_of(const cz_mixing *mixing, size_t turn)
{
    return mixing->matrix + turn * mixing->tokens * mixing->tokens;
}

cloze_status cz_mixing_make(const cloze_explainer *e, cz_mixing *out, cloze_error *error)
{
    const cloze_allocator *allocator = &e->hooks.allocator;
    size_t count = cz_attention_turns(e), inner = e->model->network->config.inner;
    *out = (cz_mixing){ .turns = count, .tokens = e->length };
    out->layer = cz_allocate(allocator, count, sizeof *out->layer);
    if (cz_multiply(count, e->length, &count) && cz_multiply(count, e->length, &count))
        out->matrix = cz_allocate_zero(allocator, count, sizeof *out->matrix);
    if (!out->layer || !out->matrix)
        return cz_fail_memory(error, "a matrix for each layer", count * sizeof *out->matrix);
    for (size_t t = 0; t < out->turns; t++)
        out->layer[t] = t / inner + 1;
    return CLOZE_OK;
}

void cz_mixing_clear(const cloze_explainer *e, cz_mixing *mixing)
{
    cz_release(&e->hooks.allocator, mixing->layer);
    cz_release(&e->hooks.allocator, mixing->matrix);
}

void cz_mixing_normalize(cz_mixing *mixing)
{
    size_t n = mixing->tokens;
    for (size_t r = 0; r < mixing->turns * n; r++) {
        double *row = mixing->matrix + r * n, sum = 0;
        for (size_t j = 0; j < n; j++)
            sum += row[j];
        for (size_t j = 0; j < n && sum > 0; j++)
            row[j] /= sum;
        if (!(sum > 0))
            row[r % n] = 1;
    }
}

/* ---- attention ---- */

static bool keep_mean(void *context, const cz_attention_turn *turn)
{
    double *to = cz_mixing_of(context, turn->turn);
    size_t n = turn->tokens;
    for (size_t h = 0; h < turn->heads; h++)
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                to[i * n + j] += cz_tensor_at(turn->weights, h * n + i, j) / (double)turn->heads;
    for (size_t i = 0; i < n; i++)
        to[i * n + i] += 1;
    return true;
}

cloze_status cz_mixing_attend(cloze_explainer *e, cz_mixing *out, cloze_error *error)
{
    cloze_status status = cz_mixing_make(e, out, error);
    if (!status)
        status = cz_attention_walk(e, keep_mean, out, error);
    if (!status)
        cz_mixing_normalize(out);
    return status;
}

/* ---- joining ---- */

/* to += row * matrix; both [n]. */
static void add_product(const double *row, const double *matrix, size_t n, double *to)
{
    for (size_t k = 0; k < n; k++)
        for (size_t j = 0; j < n; j++)
            to[j] += row[k] * matrix[k * n + j];
}

cloze_status cz_mixing_join_rows(const cloze_explainer *e, const cz_mixing *mixing,
                                 const double *share, double *to, cloze_error *error)
{
    size_t n = mixing->tokens;
    double *from = cz_allocate(&e->hooks.allocator, n, sizeof *from);
    if (!from)
        return cz_fail_memory(error, "a row of tokens", n * sizeof *from);
    memcpy(to, share, n * sizeof *to);
    for (size_t t = mixing->turns; t-- > 0;) {
        memcpy(from, to, n * sizeof *from);
        memset(to, 0, n * sizeof *to);
        add_product(from, cz_mixing_of(mixing, t), n, to);
    }
    cz_release(&e->hooks.allocator, from);
    return CLOZE_OK;
}

typedef struct product {
    const double *left, *right;
    double *to;
    size_t tokens;
} product;

static void multiply_row(void *context, size_t row, size_t worker)
{
    const product *p = context;
    (void)worker;
    memset(p->to + row * p->tokens, 0, p->tokens * sizeof *p->to);
    add_product(p->left + row * p->tokens, p->right, p->tokens, p->to + row * p->tokens);
}

cloze_status cz_mixing_show(const cloze_explainer *e, const cz_mixing *mixing, bool joined,
                            cloze_matrix_visit *visit, void *context, cloze_error *error)
{
    size_t n = mixing->tokens, count = n * n; /* one of the matrices that are there */
    double *room = cz_allocate(&e->hooks.allocator, 2 * count, sizeof *room);
    const double *before = NULL;
    bool goes_on = true;
    if (!room)
        return cz_fail_memory(error, "a matrix", 2 * count * sizeof *room);
    for (size_t t = 0; t < mixing->turns && goes_on; t++) {
        const double *matrix = cz_mixing_of(mixing, t);
        if (joined && before) {
            product p = { matrix, before, room + t % 2 * count, n };
            cz_pool_run(e->model->engine->pool, n, multiply_row, &p);
            matrix = p.to;
        }
        before = matrix;
        goes_on = visit(context, mixing->layer[t], n, matrix);
    }
    cz_release(&e->hooks.allocator, room);
    return goes_on ? CLOZE_OK : cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
}

cloze_status cz_mixing_attribute(const cloze_explainer *e, const cz_mixing *mixing,
                                 cz_attribution *out, cloze_error *error)
{
    double *share = cz_allocate(&e->hooks.allocator, e->length, sizeof *share);
    if (!share)
        return cz_fail_memory(error, "a row of tokens", e->length * sizeof *share);
    cz_rows_read(e, share);
    cloze_status status = cz_mixing_join_rows(e, mixing, share, out->tokens, error);
    if (!status)
        cz_units_of_tokens(e, out);
    cz_release(&e->hooks.allocator, share);
    return status;
}

/* ---- rollout ---- */

cloze_status cz_rollout(cloze_explainer *e, const cloze_attribution_options *options,
                        cz_attribution *out, cloze_error *error)
{
    cz_mixing mixing = { 0 };
    cloze_status status = cz_mixing_attend(e, &mixing, error);
    (void)options;
    if (!status)
        status = cz_mixing_attribute(e, &mixing, out, error);
    cz_mixing_clear(e, &mixing);
    return status;
}

cloze_status cloze_explainer_rollout(cloze_explainer *e, cloze_matrix_visit *visit, void *context,
                                     cloze_error *error)
{
    cz_mixing mixing = { 0 };
    e->runs_done = e->runs_total = 0;
    cloze_status status = cz_mixing_attend(e, &mixing, error);
    if (!status)
        status = cz_mixing_show(e, &mixing, true, visit, context, error);
    cz_mixing_clear(e, &mixing);
    return status;
}
