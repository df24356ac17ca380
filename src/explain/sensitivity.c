/* sensitivity.c - do a method's numbers stay when the input hardly moves? */
#include "explain/explainer.h"

#include "base/draw.h"
#include "base/error.h"

#include <math.h>

enum { SAMPLES_USUAL = 10 };

/* The whole block is drawn; tokens that belong to no unit are not shifted by it. */
static void draw_shift(double *shift, size_t count, double radius, uint64_t seed, size_t sample)
{
    const cz_draw draw = { seed, CZ_DRAW_NOISE, 0 };
    for (size_t i = 0; i < count; i++)
        shift[i] = radius * (2 * cz_draw_unit(&draw, sample, (uint32_t)i) - 1);
}

static double length_of(const double *x, const double *less, size_t count)
{
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        double number = less ? x[i] - less[i] : x[i];
        squares += number * number;
    }
    return sqrt(squares);
}

/* The method's numbers of the shifted input, whose F is another. */
static cloze_status attribute_shifted(cloze_explainer *e, const cloze_attribution_options *method,
                                      const double *shift, double *units, cloze_error *error)
{
    double value = e->value;
    e->shift = shift;
    cloze_status status = cz_values(e, 1, NULL, NULL, &e->value, error);
    if (!status)
        status = cloze_attribute(e, method, units, NULL, NULL, NULL, error);
    e->shift = NULL;
    e->value = value;
    return status;
}

cloze_status cz_sensitivity(cloze_explainer *e, const cloze_attribution_options *method,
                            const double *units, const cz_sensitivity_options *options,
                            double *sensitivity, cloze_error *error)
{
    const cloze_allocator *allocator = &e->hooks.allocator;
    size_t count = e->length * cz_width_at(e, CZ_AT_WORDS);
    size_t samples = options->samples ? options->samples : SAMPLES_USUAL;
    double radius = options->radius > 0 ? options->radius : 0.02;
    double length = length_of(units, NULL, e->unit_count);
    if (method->absence == CLOZE_ABSENT_REMOVED)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "sensitivity needs a token where a unit is absent: in a shorter text the "
                       "moved embeddings have no place");
    double *shift = cz_allocate(allocator, count, sizeof *shift);
    double *moved = cz_allocate(allocator, e->unit_count, sizeof *moved);
    cloze_status status = shift && moved
                              ? CLOZE_OK
                              : cz_fail_memory(error, "moved embeddings", count * sizeof *shift);
    *sensitivity = 0;
    for (size_t i = 0; i < samples && !status; i++) {
        draw_shift(shift, count, radius, options->seed, i);
        status = attribute_shifted(e, method, shift, moved, error);
        if (!status)
            *sensitivity = fmax(*sensitivity,
                                length_of(units, moved, e->unit_count) / (length > 0 ? length : 1));
    }
    cz_release(allocator, shift);
    cz_release(allocator, moved);
    return status;
}
