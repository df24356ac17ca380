/*
 * smoothgrad.c - input times gradient, averaged over inputs with noise, so that what only one point
 * shows is evened out.
 */
#include "explain/explainer.h"

#include "base/draw.h"
#include "base/error.h"

#include <math.h>
#include <string.h>

enum { SAMPLES_USUAL = 5, SAMPLES_MOST = 1 << 20 };

typedef struct smoothing {
    const cloze_explainer *explainer;
    int64_t layer;
    cz_draw draw;
    double *rows; /* [tokens, width] what is multiplied, without noise */
    double deviation;
    double *tokens;         /* the sum over samples */
    double *mean, *squares; /* [units] of the samples so far (Welford) */
    double *unit;           /* [units] of one sample */
} smoothing;

static double noise_at(const smoothing *s, size_t sample, size_t element)
{
    return s->deviation * cz_draw_normal(&s->draw, sample, (uint32_t)element);
}

static void add_noise(void *context, size_t sample, double *rows, size_t length, size_t width)
{
    const smoothing *s = context;
    for (size_t i = 0; i < length * width; i++)
        rows[i] += noise_at(s, sample, i);
}

static void add_to_units(smoothing *s, size_t samples)
{
    for (size_t u = 0; u < s->explainer->unit_count; u++) {
        double off = s->unit[u] - s->mean[u];
        s->mean[u] += off / (double)samples;
        s->squares[u] += off * (s->unit[u] - s->mean[u]);
    }
}

static cloze_status add_product(void *context, size_t sample, double value, const double *gradient,
                                size_t length, size_t width, cloze_error *error)
{
    smoothing *s = context;
    const size_t *unit_of = s->explainer->unit_of;
    (void)value;
    (void)error;
    memset(s->unit, 0, s->explainer->unit_count * sizeof *s->unit);
    for (size_t i = 0; i < length; i++) {
        double part = 0;
        for (size_t c = i * width; c < (i + 1) * width; c++)
            part += (s->rows[c] + noise_at(s, sample, c)) * gradient[c];
        s->tokens[i] += part;
        if (unit_of[i] != SIZE_MAX)
            s->unit[unit_of[i]] += part;
    }
    add_to_units(s, sample + 1);
    return CLOZE_OK;
}

static void keep_rows(void *context, size_t copy, double *rows, size_t length, size_t width)
{
    const smoothing *s = context;
    (void)copy;
    memcpy(s->rows, rows, length * width * sizeof *rows);
}

/* What the noise is added to, and its range. */
static cloze_status see_rows(cloze_explainer *e, smoothing *s, double share, cloze_error *error)
{
    size_t width = cz_width_at(e, s->layer);
    double low = INFINITY, high = -INFINITY;
    cz_copies copies = {
        .count = 1, .layer = s->layer, .no_gradient = true, .move = keep_rows, .context = s
    };
    bool words = s->layer == CZ_AT_WORDS;
    cloze_status status = words ? CLOZE_OK : cz_copies_run(e, &copies, error);
    if (words)
        cz_word_rows(e, s->rows);
    for (size_t i = 0; i < e->length * width && !status; i++) {
        low = fmin(low, s->rows[i]);
        high = fmax(high, s->rows[i]);
    }
    s->deviation = share * (high - low);
    return status;
}

static cloze_status smooth(cloze_explainer *e, smoothing *s, size_t samples, cz_attribution *out,
                           cloze_error *error)
{
    cz_copies copies = {
        .count = samples, .layer = s->layer, .move = add_noise, .done = add_product, .context = s
    };
    e->runs_total = e->runs_done + samples;
    memset(out->tokens, 0, e->length * sizeof *out->tokens);
    cloze_status status = cz_copies_run(e, &copies, error);
    for (size_t i = 0; i < e->length; i++)
        out->tokens[i] /= (double)samples;
    return status;
}

static cloze_status run(cloze_explainer *e, smoothing *s, double share, size_t samples,
                        cz_attribution *out, cloze_error *error)
{
    const cloze_allocator *allocator = &e->hooks.allocator;
    size_t count, width = cz_width_at(e, s->layer);
    if (!cz_multiply(e->length, width, &count) || count > UINT32_MAX)
        return cz_fail_memory(error, "the noise of an input", e->length * width);
    s->rows = cz_allocate(allocator, count, sizeof *s->rows);
    s->unit = cz_allocate(allocator, e->unit_count, sizeof *s->unit);
    s->mean = cz_allocate_zero(allocator, e->unit_count, sizeof *s->mean);
    s->squares = cz_allocate_zero(allocator, e->unit_count, sizeof *s->squares);
    cloze_status status = s->rows && s->unit && s->mean && s->squares
                              ? see_rows(e, s, share, error)
                              : cz_fail_memory(error, "the noise of an input", count);
    if (!status)
        status = smooth(e, s, samples, out, error);
    for (size_t u = 0; u < e->unit_count && !status; u++)
        out->spread[u] = cz_interval(s->squares[u], samples);
    cz_release(allocator, s->rows);
    cz_release(allocator, s->unit);
    cz_release(allocator, s->mean);
    cz_release(allocator, s->squares);
    return status;
}

cloze_status cz_smoothgrad(cloze_explainer *e, const cloze_attribution_options *options,
                           cz_attribution *out, cloze_error *error)
{
    size_t samples = options->samples ? options->samples : SAMPLES_USUAL;
    double share = options->noise > 0 ? options->noise : 0.1;
    smoothing s = { .explainer = e,
                    .layer = cz_gradient_layer(options),
                    .draw = { options->seed, CZ_DRAW_NOISE, 0 },
                    .tokens = out->tokens };
    if (samples > SAMPLES_MOST || !(options->noise >= 0) || !(options->noise <= 1))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "SmoothGrad takes up to %d samples, and noise from 0 to 1 of the range of "
                       "the embeddings",
                       SAMPLES_MOST);
    cloze_status status = run(e, &s, share, samples, out, error);
    if (!status)
        cz_units_of_tokens(e, out);
    out->report.samples = samples;
    out->report.noise = share;
    out->report.exact = false;
    return status;
}
