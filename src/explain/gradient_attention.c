/*
 * gradient_attention.c - attention times dF/d attention (Chefer, Gur, Wolf 2021). What a head makes is
 * the sum of values times attention, so dF/d attention of row i and token j is the gradient of what the
 * head made of row i times the value of token j: one run back, one more forward, nothing of the size of all
 * attention at a time.
 */
#include "explain/attention.h"

#include "base/error.h"

#include <string.h>

typedef struct weighing {
    const cloze_explainer *explainer;
    cz_mixing *mixing;
    size_t width;     /* of all heads */
    cz_tensor **made; /* [turns] what the heads made, while it lives */
    size_t seen;
    double *gradient;  /* [turns, tokens, width] */
    double *values[2]; /* [width, tokens] of a turn; as tokens that see everything see them */
    double *along;     /* [tokens] */
} weighing;

/* ---- dF/d what heads made ---- */

static void keep_made(void *context, const cz_look *at, cz_tensor *tensor)
{
    weighing *w = context;
    if (!strcmp(at->point->name, "attention.context"))
        w->made[w->seen++] = tensor;
}

/* Where nothing flowed back F does not depend on it. */
static cloze_status keep_gradients(void *context, size_t copy, double value, const double *gradient,
                                   size_t length, size_t width, cloze_error *error)
{
    const weighing *w = context;
    (void)copy;
    (void)value;
    (void)gradient;
    (void)width;
    (void)error;
    for (size_t t = 0; t < w->seen; t++)
        for (size_t i = 0; i < length && w->made[t]->gradient; i++)
            cz_row_read(w->made[t]->gradient, i, w->gradient + (t * length + i) * w->width);
    return CLOZE_OK;
}

/* ---- times attention ---- */

/* Values column by column, so that a row's products with all tokens run along memory. */
static void read_values(const weighing *w, const cz_tensor *of, size_t first, double *to)
{
    size_t n = w->mixing->tokens;
    for (size_t j = 0; j < n; j++)
        for (size_t c = 0; c < w->width; c++)
            to[c * n + j] = cz_tensor_at(of, j, first + c);
}

static bool sees_everything(const weighing *w, size_t token)
{
    const cloze_session *session = w->explainer->session;
    for (size_t g = 0; g < session->global_length[0]; g++)
        if (session->global_row[session->global_begin[0] + g] == token)
            return true;
    return false;
}

static void add_row(const weighing *w, const cz_attention_turn *turn, size_t i)
{
    size_t n = turn->tokens, size = w->width / turn->heads;
    const double *gradient = w->gradient + (turn->turn * n + i) * w->width;
    const double *values = w->values[turn->global && sees_everything(w, i)];
    double *row = cz_mixing_of(w->mixing, turn->turn) + i * n;
    for (size_t h = 0; h < turn->heads; h++) {
        memset(w->along, 0, n * sizeof *w->along);
        for (size_t c = h * size; c < (h + 1) * size; c++)
            for (size_t j = 0; j < n; j++)
                w->along[j] += gradient[c] * values[c * n + j];
        for (size_t j = 0; j < n; j++)
            if (w->along[j] > 0)
                row[j] +=
                    w->along[j] * cz_tensor_at(turn->weights, h * n + i, j) / (double)turn->heads;
    }
    row[i] += 1;
}

static bool add_turn(void *context, const cz_attention_turn *turn)
{
    const weighing *w = context;
    read_values(w, turn->projections, 2 * w->width, w->values[0]);
    if (turn->global)
        read_values(w, turn->global, w->width, w->values[1]);
    for (size_t i = 0; i < turn->tokens; i++)
        add_row(w, turn, i);
    return true;
}

/* ---- both ---- */

static bool make(weighing *w, const cloze_allocator *allocator)
{
    size_t tokens = w->mixing->tokens, turns = w->mixing->turns, row, count;
    if (!cz_multiply(tokens, w->width, &row) || !cz_multiply(turns, row, &count))
        return false;
    w->made = cz_allocate(allocator, turns, sizeof *w->made);
    w->gradient = cz_allocate_zero(allocator, count, sizeof *w->gradient);
    w->along = cz_allocate(allocator, tokens, sizeof *w->along);
    for (int i = 0; i < 2; i++)
        w->values[i] = cz_allocate(allocator, row, sizeof *w->values[i]);
    return w->made && w->gradient && w->along && w->values[0] && w->values[1];
}

static void clear(weighing *w, const cloze_allocator *allocator)
{
    cz_release(allocator, w->made);
    cz_release(allocator, w->gradient);
    cz_release(allocator, w->along);
    cz_release(allocator, w->values[0]);
    cz_release(allocator, w->values[1]);
}

/* I + the mean over heads of what is positive, of each turn. */
static cloze_status weigh(cloze_explainer *e, cz_mixing *out, cloze_error *error)
{
    weighing w = { .explainer = e, .mixing = out, .width = e->model->network->config.hidden };
    cz_copies copies = {
        .count = 1, .layer = CZ_AT_WORDS, .done = keep_gradients, .look = keep_made, .context = &w
    };
    cloze_status status = cz_attention_check(e, error);
    if (!status)
        status = cz_mixing_make(e, out, error);
    if (status)
        return status;
    if (!make(&w, &e->hooks.allocator))
        status = cz_fail_memory(error, "gradients of attention",
                                out->turns * e->length * w.width * sizeof *w.gradient);
    if (!status)
        status = cz_copies_run(e, &copies, error);
    if (!status)
        status = cz_attention_walk(e, add_turn, &w, error);
    clear(&w, &e->hooks.allocator);
    return status;
}

cloze_status cz_gradient_attention(cloze_explainer *e, const cloze_attribution_options *options,
                                   cz_attribution *out, cloze_error *error)
{
    cz_mixing mixing = { 0 };
    cloze_status status = weigh(e, &mixing, error);
    (void)options;
    if (!status)
        status = cz_mixing_attribute(e, &mixing, out, error);
    cz_mixing_clear(e, &mixing);
    return status;
}

cloze_status cloze_explainer_gradient_attention(cloze_explainer *e, cloze_matrix_visit *visit,
                                                void *context, cloze_error *error)
{
    cz_mixing mixing = { 0 };
    e->runs_done = e->runs_total = 0;
    cloze_status status = weigh(e, &mixing, error);
    if (!status)
        status = cz_mixing_show(e, &mixing, true, visit, context, error);
    cz_mixing_clear(e, &mixing);
    return status;
}
