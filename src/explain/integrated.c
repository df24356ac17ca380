/*
 * integrated.c - integrated gradients: along the straight line from what is absent to what is there,
 * the gradient at Gauss and Legendre's nodes. More nodes are taken until the parts add up.
 */
#include "explain/explainer.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

enum { STEPS_USUAL = 50, STEPS_MOST = 4096, TIMES_MOST = 16 };

typedef struct line {
    const cloze_explainer *explainer;
    uint32_t absent;
    double *ends;          /* [2, tokens, width] rows of the input, then of nothing; */
    double *difference;    /* afterwards the input less nothing, in the place of the input */
    double value[2];       /* F there */
    double *node, *weight; /* [steps] from 0, nothing, to 1, the input */
    double *tokens;
} line;

/* ---- nodes ---- */

/* Legendre's polynomial of degree `degree` at x, and its slope. */
static double legendre(size_t degree, double x, double *slope)
{
    double before = 1, at = x;
    for (size_t k = 2; k <= degree; k++) {
        double next = ((2 * (double)k - 1) * x * at - ((double)k - 1) * before) / (double)k;
        before = at;
        at = next;
    }
    *slope = (double)degree * (x * at - before) / (x * x - 1);
    return at;
}

/* The roots by Newton's method from Tricomi's guess; they lie between -1 and 1, and are moved to 0 to 1. */
static void lay_nodes(size_t count, double *node, double *weight)
{
    const double pi = 3.14159265358979323846;
    for (size_t i = 0; i < (count + 1) / 2; i++) {
        double x = cos(pi * ((double)i + 0.75) / ((double)count + 0.5)), slope = 1, step = 1;
        for (int turn = 0; turn < 100 && fabs(step) > 1e-16; turn++) {
            step = legendre(count, x, &slope) / slope;
            x -= step;
        }
        legendre(count, x, &slope);
        size_t mirrored = count - 1 - i;
        node[i] = (1 - x) / 2;
        node[mirrored] = (1 + x) / 2;
        weight[i] = weight[mirrored] = 1 / ((1 - x * x) * slope * slope);
    }
}

/* ---- the ends ---- */

static void make_end(void *context, size_t number, cz_input *input)
{
    const line *l = context;
    for (size_t i = 0; i < input->length && number; i++)
        if (l->explainer->unit_of[i] != SIZE_MAX)
            input->ids[i] = l->absent;
}

static void keep_end(void *context, size_t number, double *rows, size_t length, size_t width)
{
    const line *l = context;
    memcpy(l->ends + number * length * width, rows, length * width * sizeof *rows);
}

static cloze_status keep_value(void *context, size_t number, double value, const double *gradient,
                               size_t length, size_t width, cloze_error *error)
{
    line *l = context;
    (void)gradient;
    (void)length;
    (void)width;
    (void)error;
    l->value[number] = value;
    return CLOZE_OK;
}

static cloze_status see_ends(cloze_explainer *e, line *l, int64_t layer, cloze_error *error)
{
    size_t count = e->length * cz_width_at(e, layer);
    cz_copies copies = { .count = 2,
                         .make = make_end,
                         .layer = layer,
                         .no_gradient = true,
                         .move = keep_end,
                         .done = keep_value,
                         .context = l };
    cloze_status status = cz_copies_run(e, &copies, error);
    l->difference = l->ends;
    for (size_t i = 0; i < count && !status; i++)
        l->difference[i] -= l->ends[count + i];
    return status;
}

/* ---- the line ---- */

static void move_to_node(void *context, size_t step, double *rows, size_t length, size_t width)
{
    const line *l = context;
    const double *nothing = l->ends + length * width;
    for (size_t i = 0; i < length * width; i++)
        rows[i] = nothing[i] + l->node[step] * l->difference[i];
}

static cloze_status add_node(void *context, size_t step, double value, const double *gradient,
                             size_t length, size_t width, cloze_error *error)
{
    const line *l = context;
    (void)value;
    (void)error;
    for (size_t i = 0; i < length; i++) {
        double part = 0;
        for (size_t c = i * width; c < (i + 1) * width; c++)
            part += l->difference[c] * gradient[c];
        l->tokens[i] += l->weight[step] * part;
    }
    return CLOZE_OK;
}

static cloze_status walk(cloze_explainer *e, line *l, int64_t layer, size_t steps,
                         cloze_error *error)
{
    cz_copies copies = { .count = steps,
                         .layer = layer,
                         .begins = layer != CZ_AT_WORDS,
                         .move = move_to_node,
                         .done = add_node,
                         .context = l };
    e->runs_total = e->runs_done + steps;
    lay_nodes(steps, l->node, l->weight);
    memset(l->tokens, 0, e->length * sizeof *l->tokens);
    return cz_copies_run(e, &copies, error);
}

/* F of the input less F of nothing, less what the parts add up to. */
static double gap_of(const cloze_explainer *e, const line *l)
{
    double gap = l->value[0] - l->value[1];
    for (size_t i = 0; i < e->length; i++)
        gap -= l->tokens[i];
    return gap;
}

static cloze_status integrate(cloze_explainer *e, const cloze_attribution_options *options, line *l,
                              cloze_attribution_report *report, cloze_error *error)
{
    int64_t layer = cz_gradient_layer(options);
    size_t first = options->steps ? options->steps : STEPS_USUAL;
    cloze_status status = see_ends(e, l, layer, error);
    report->bound = options->bound > 0 ? options->bound : 0.05;
    double allowed = report->bound * fabs(l->value[0] - l->value[1]);
    for (size_t steps = first; !status; steps *= 2) {
        status = walk(e, l, layer, steps, error);
        report->steps = steps;
        report->gap = gap_of(e, l);
        if (fabs(report->gap) <= allowed || steps >= TIMES_MOST * first)
            break;
    }
    report->nothing = l->value[1];
    return status;
}

static cloze_status check(const cloze_attribution_options *options, cloze_error *error)
{
    if (options->steps > STEPS_MOST)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "integrated gradients begin with 1 to %d steps, not %zu", STEPS_MOST,
                       options->steps);
    if (!(options->bound >= 0))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "the gap that is allowed is a share, not less than 0");
    return CLOZE_OK;
}

cloze_status cz_integrated_gradients(cloze_explainer *e, const cloze_attribution_options *options,
                                     cz_attribution *out, cloze_error *error)
{
    const cloze_allocator *allocator = &e->hooks.allocator;
    size_t width = cz_width_at(e, cz_gradient_layer(options)), count;
    size_t most = TIMES_MOST * (options->steps ? options->steps : STEPS_USUAL);
    line l = { .explainer = e, .tokens = out->tokens };
    cloze_status status = check(options, error);
    if (!status && options->absence == CLOZE_ABSENT_REMOVED)
        status = cz_fail(error, CLOZE_ERROR_ARGUMENT,
                         "integrated gradients need a token where a unit is absent: there is no "
                         "line from a text to a shorter one; choose mask, padding or unknown");
    if (!status)
        status = cz_absent_id(e, options->absence, &l.absent, error);
    if (status)
        return status;
    if (cz_multiply(2 * e->length, width, &count))
        l.ends = cz_allocate(allocator, count, sizeof *l.ends);
    l.node = cz_allocate(allocator, most, sizeof *l.node);
    l.weight = cz_allocate(allocator, most, sizeof *l.weight);
    status = l.ends && l.node && l.weight
                 ? integrate(e, options, &l, &out->report, error)
                 : cz_fail_memory(error, "rows of two inputs", 2 * e->length * width);
    if (!status)
        cz_units_of_tokens(e, out);
    cz_release(allocator, l.ends);
    cz_release(allocator, l.node);
    cz_release(allocator, l.weight);
    return status;
}
