/* least_squares.c - see least_squares.h. */
#include "explain/least_squares.h"

#include "base/error.h"

#include <math.h>

static void take_set(cz_fit_sums *s, const uint64_t *set, double w, double y, size_t *present)
{
    size_t count = 0;
    for (size_t u = 0; u < s->units; u++)
        if (cz_set_has(set, u))
            present[count++] = u;
    s->w += w;
    s->wy += w * y;
    for (size_t i = 0; i < count; i++) {
        double *row = s->wzz + present[i] * s->units;
        s->wz[present[i]] += w;
        s->wzy[present[i]] += w * y;
        for (size_t k = 0; k <= i; k++)
            row[present[k]] += w;
    }
}

cloze_status cz_fit_sums_take(cz_fit_sums *s, const cz_coalitions *c, double base,
                              cloze_error *error)
{
    const cloze_allocator *allocator = &c->explainer->hooks.allocator;
    size_t units = c->units, square;
    *s = (cz_fit_sums){ .units = units };
    size_t *present = cz_allocate(allocator, units, sizeof *present);
    s->wz = cz_allocate_zero(allocator, units, sizeof *s->wz);
    s->wzy = cz_allocate_zero(allocator, units, sizeof *s->wzy);
    if (cz_multiply(units, units, &square))
        s->wzz = cz_allocate_zero(allocator, square, sizeof *s->wzz);
    bool made = present && s->wz && s->wzy && s->wzz;
    for (size_t i = 0; i < c->count && made; i++)
        if (c->weights[i] > 0)
            take_set(s, cz_coalition(c, i), c->weights[i], c->values[i] - base, present);
    cz_release(allocator, present);
    return made ? CLOZE_OK : cz_fail_memory(error, "equations", units * units * sizeof *s->wzz);
}

void cz_fit_sums_clear(cz_fit_sums *s, const cloze_allocator *allocator)
{
    cz_release(allocator, s->wz);
    cz_release(allocator, s->wzy);
    cz_release(allocator, s->wzz);
}

bool cz_factor(double *a, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        double *row = a + i * size, whole = row[i];
        for (size_t k = 0; k <= i; k++) {
            const double *other = a + k * size;
            double sum = row[k];
            for (size_t c = 0; c < k; c++)
                sum -= row[c] * other[c];
            row[k] = k < i ? sum / other[k] : sum;
        }
        /* What rounding leaves of a singular matrix is not a pivot. */
        if (!(row[i] > whole * 1e-12))
            return false;
        row[i] = sqrt(row[i]);
    }
    return true;
}

void cz_factor_solve(const double *factor, size_t size, double *x)
{
    for (size_t i = 0; i < size; i++) {
        for (size_t k = 0; k < i; k++)
            x[i] -= factor[i * size + k] * x[k];
        x[i] /= factor[i * size + i];
    }
    for (size_t i = size; i-- > 0;) {
        for (size_t k = i + 1; k < size; k++)
            x[i] -= factor[k * size + i] * x[k];
        x[i] /= factor[i * size + i];
    }
}
