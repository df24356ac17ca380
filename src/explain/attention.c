/* attention.c - what tokens look at. */
#include "explain/attention.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

cloze_status cz_attention_check(const cloze_explainer *e, cloze_error *error)
{
    if (!e->model->network->layers[0].mixes)
        return CLOZE_OK;
    return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                   "%.200s has no attention: it mixes tokens by a Fourier transform",
                   e->model->path);
}

size_t cz_attention_turns(const cloze_explainer *e)
{
    return e->model->network->config.layers * e->model->network->config.inner;
}

/* ---- one run, turn by turn ---- */

typedef struct walking {
    cz_attention_look *look;
    void *context;
    cz_attention_turn turn;
    bool stopped;
} walking;

static void look(void *context, const cz_look *at, cz_tensor *tensor)
{
    walking *w = context;
    cz_attention_turn *turn = &w->turn;
    if (!strcmp(at->point->name, "attention.projections")) {
        turn->projections = tensor;
        turn->global = NULL;
    } else if (!strcmp(at->point->name, "attention.global_projections")) {
        turn->global = tensor;
    } else if (!strcmp(at->point->name, "attention.probabilities")) {
        turn->layer = at->point->layer;
        turn->heads = tensor->rows / turn->tokens;
        turn->weights = tensor;
        w->stopped = w->stopped || !w->look(w->context, turn);
        turn->turn++;
    }
}

cloze_status cz_attention_walk(cloze_explainer *e, cz_attention_look *wanted, void *context,
                               cloze_error *error)
{
    walking w = { .look = wanted, .context = context, .turn.tokens = e->length };
    cz_copies copies = { .count = 1,
                         .layer = CZ_AT_WORDS,
                         .no_gradient = true,
                         .look = look,
                         .attention = true,
                         .context = &w };
    cloze_status status = cz_attention_check(e, error);
    return status ? status : cz_copies_run(e, &copies, error);
}

/* ---- all of it, for the caller ---- */

typedef struct visiting {
    cloze_attention_visit *visit;
    void *context;
    float *weights; /* [heads, tokens, tokens] */
    bool stopped;
} visiting;

static bool show(void *context, const cz_attention_turn *turn)
{
    visiting *v = context;
    size_t tokens = turn->tokens, rows = turn->heads * tokens;
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < tokens; c++)
            v->weights[r * tokens + c] = (float)cz_tensor_at(turn->weights, r, c);
    v->stopped = !v->visit(v->context, turn->layer, turn->heads, tokens, v->weights);
    return !v->stopped;
}

cloze_status cloze_explainer_attention(cloze_explainer *e, cloze_attention_visit *visit,
                                       void *context, cloze_error *error)
{
    visiting v = { .visit = visit, .context = context };
    size_t count = e->model->network->config.heads;
    e->runs_done = e->runs_total = 0;
    if (cz_multiply(count, e->length, &count) && cz_multiply(count, e->length, &count))
        v.weights = cz_allocate(&e->hooks.allocator, count, sizeof *v.weights);
    if (!v.weights)
        return cz_fail_memory(error, "the attention of a layer", count * sizeof *v.weights);
    cloze_status status = cz_attention_walk(e, show, &v, error);
    cz_release(&e->hooks.allocator, v.weights);
    if (!status && v.stopped)
        return cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    return status;
}

/* ---- the rows that F reads ---- */

static void add_pooling(unsigned bit, size_t length, double by, double *share)
{
    double n = (double)length;
    if (bit == CLOZE_POOLING_CLS)
        share[0] += by;
    else if (bit == CLOZE_POOLING_LAST)
        share[length - 1] += by;
    for (size_t i = 0; i < length && bit == CLOZE_POOLING_WEIGHTED; i++)
        share[i] += by * ((double)i + 1) / (n * (n + 1) / 2);
    for (size_t i = 0;
         i < length && bit & (CLOZE_POOLING_MEAN | CLOZE_POOLING_MEAN_SQRT | CLOZE_POOLING_MAX);
         i++)
        share[i] += by / n;
}

void cz_rows_read(const cloze_explainer *e, double *share)
{
    unsigned pooling = 0;
    for (size_t i = 0; i < e->length; i++)
        share[i] = 0;
    if (e->aim.task == CLOZE_EXPLAIN_SIMILARITY)
        pooling = e->model->pipeline.pooling;
    else if (e->aim.task == CLOZE_EXPLAIN_LABELS)
        pooling = e->model->network->config.pools_mean ? CLOZE_POOLING_MEAN : CLOZE_POOLING_CLS;
    if (pooling) {
        double parts = __builtin_popcount(pooling);
        for (unsigned bit = 1; bit <= pooling; bit <<= 1)
            if (pooling & bit)
                add_pooling(bit, e->length, 1 / parts, share);
        return;
    }
    size_t rows = e->aim.task == CLOZE_EXPLAIN_ANSWER ? 2 : 1;
    for (size_t k = 0; k < rows; k++)
        share[e->places.row[k]] += 1 / (double)rows;
}

/* ---- of a layer, as an attribution ---- */

typedef struct asked_layer {
    const cloze_attribution_options *options;
    size_t layer, turns;
    const double *share;
    double *tokens;
} asked_layer;

static double weight_of(const asked_layer *asked, const cz_attention_turn *turn, size_t i, size_t j)
{
    double sum = 0, highest = 0;
    if (asked->options->has_head)
        return cz_tensor_at(turn->weights, asked->options->head * turn->tokens + i, j);
    for (size_t h = 0; h < turn->heads; h++) {
        double weight = cz_tensor_at(turn->weights, h * turn->tokens + i, j);
        sum += weight;
        highest = fmax(highest, weight);
    }
    return asked->options->highest ? highest : sum / (double)turn->heads;
}

static bool add_rows(void *context, const cz_attention_turn *turn)
{
    asked_layer *asked = context;
    if (turn->layer != asked->layer)
        return true;
    for (size_t i = 0; i < turn->tokens; i++)
        for (size_t j = 0; j < turn->tokens && asked->share[i] != 0; j++)
            asked->tokens[j] += asked->share[i] * weight_of(asked, turn, i, j);
    asked->turns++;
    return true;
}

static cloze_status check_options(const cloze_explainer *e,
                                  const cloze_attribution_options *options, cloze_error *error)
{
    const cz_config *config = &e->model->network->config;
    if (options->has_layer && (options->layer < 1 || options->layer > (int64_t)config->layers))
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                       "there is no attention in layer %lld: the model has layers 1 to %zu",
                       (long long)options->layer, config->layers);
    if (options->has_head && options->head >= config->heads)
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                       "there is no head %zu: layers have %zu, counted from 0", options->head,
                       config->heads);
    if (options->has_head && options->highest)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "one head or the highest of all: both cannot be asked for");
    return CLOZE_OK;
}

cloze_status cz_attention(cloze_explainer *e, const cloze_attribution_options *options,
                          cz_attribution *out, cloze_error *error)
{
    size_t layers = e->model->network->config.layers;
    asked_layer asked = { .options = options,
                          .layer = options->has_layer ? (size_t)options->layer : layers,
                          .tokens = out->tokens };
    cloze_status status = check_options(e, options, error);
    if (status)
        return status;
    double *share = cz_allocate(&e->hooks.allocator, e->length, sizeof *share);
    if (!share)
        return cz_fail_memory(error, "rows of attention", e->length * sizeof *share);
    cz_rows_read(e, share);
    asked.share = share;
    for (size_t i = 0; i < e->length; i++)
        out->tokens[i] = 0;
    status = cz_attention_walk(e, add_rows, &asked, error);
    for (size_t i = 0; i < e->length && !status; i++)
        out->tokens[i] /= (double)asked.turns;
    if (!status)
        cz_units_of_tokens(e, out);
    cz_release(&e->hooks.allocator, share);
    return status;
}
