/* scale.c - see scale.h. */
#include "plot/scale.h"

#include <math.h>

static const double value_most = 1e300, value_least = 1e-300, far = 10000;

bool cz_drawable(double value, bool logarithmic)
{
    return value <= value_most && value >= (logarithmic ? value_least : -value_most);
}

void cz_range_add(cz_range *range, double value, bool logarithmic)
{
    if (!cz_drawable(value, logarithmic))
        return;
    range->low = range->any ? fmin(range->low, value) : value;
    range->high = range->any ? fmax(range->high, value) : value;
    range->any = true;
    range->broken |= value < floor(value) || value > floor(value);
}

static void widen_log(cz_scale *scale, double padding)
{
    double span = log10(scale->high) - log10(scale->low);
    double factor = span < 1e-9 ? 2 : pow(10, padding * span);
    scale->low = fmax(value_least / 10, scale->low / factor);
    scale->high = fmin(value_most * 10, scale->high * factor);
}

static void widen(cz_scale *scale, double padding)
{
    double span = scale->high - scale->low;
    double most = fmax(fabs(scale->low), fabs(scale->high));
    double more = padding * span;
    if (span <= 1e-9 * most || span < value_least)
        more = most > value_least * 1e10 ? most * 0.05 : 1;
    else if (scale->low >= 0 && scale->low < 0.15 * span) {
        scale->low = 0;
        scale->high += more;
        return;
    }
    scale->low -= more;
    scale->high += more;
}

cz_scale cz_scale_of(const cz_range *range, bool logarithmic, double padding)
{
    cz_scale scale = { .low = range->low,
                       .high = range->high,
                       .logarithmic = logarithmic,
                       .whole = range->any && !range->broken };
    if (!range->any) {
        scale.low = logarithmic ? 1 : 0;
        scale.high = logarithmic ? 10 : 1;
    } else if (logarithmic)
        widen_log(&scale, padding);
    else
        widen(&scale, padding);
    return scale;
}

double cz_scale_place(const cz_scale *scale, double value)
{
    double share = scale->logarithmic ? (log10(value) - log10(scale->low)) /
                                            (log10(scale->high) - log10(scale->low))
                                      : (value - scale->low) / (scale->high - scale->low);
    double place = scale->from + share * (scale->to - scale->from);
    return fmin(far, fmax(-far, place));
}
