/* agreement.c - whether two attributions order units alike. */
#include "explain/faithful.h"

#include <cloze/metrics.h>

#include <math.h>

static int sign_of(double a, double b)
{
    return (a > b) - (a < b);
}

/* Kendall 1945: pairs in the same order less those in the other; ties shrink the whole. */
static double tau_b(const double *x, const double *y, size_t count)
{
    double same = 0, x_apart = 0, y_apart = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++) {
            int a = sign_of(x[i], x[k]), b = sign_of(y[i], y[k]);
            same += a * b;
            x_apart += a != 0;
            y_apart += b != 0;
        }
    return x_apart > 0 && y_apart > 0 ? same / sqrt(x_apart * y_apart) : (double)NAN;
}

cloze_status cz_rank_correlations(const double *x, const double *y, size_t count,
                                  const cloze_hooks *hooks, double *spearman, double *kendall,
                                  cloze_error *error)
{
    cloze_agreement agreement;
    cloze_status status = cloze_agree(x, y, count, hooks, &agreement, error);
    if (status)
        return status;
    *spearman = agreement.spearman;
    *kendall = tau_b(x, y, count);
    return CLOZE_OK;
}
