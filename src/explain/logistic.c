/* logistic.c - see logistic.h. The problem is convex: L-BFGS (Liu, Nocedal 1989) finds the only minimum. */
#include "explain/logistic.h"

#include <math.h>
#include <string.h>

enum { PAIRS = CZ_LOGISTIC_PAIRS, STEPS_MOST = 20000, HALVINGS_MOST = 60 };

/* The largest slope that is left, for each example. */
#define FLAT 1e-10

typedef struct fitting {
    const cz_labelled *data;
    double strength;
    size_t rows, size;                                  /* of weights; numbers in all */
    double *at, *slope, *next, *next_slope, *direction; /* [size] */
    double *moved, *turned;                             /* [PAIRS, size] */
    double product[PAIRS];                              /* of the two */
    size_t pairs, newest;
    double *logits; /* [classes] */
} fitting;

static size_t rows_of(size_t classes)
{
    return classes == 2 ? 1 : classes;
}

static double dot(const double *a, const double *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Of two classes the first is always 0. */
static void logits_of(const double *weights, size_t classes, size_t features, const float *x,
                      double *logits)
{
    size_t rows = rows_of(classes);
    logits[0] = 0;
    for (size_t r = 0; r < rows; r++) {
        const double *row = weights + r * (features + 1);
        double sum = row[features];
        for (size_t f = 0; f < features; f++)
            sum += row[f] * (double)x[f];
        logits[classes - rows + r] = sum;
    }
}

/* -log p(label); the logits become probabilities. */
static double soften(double *logits, size_t classes, uint32_t label)
{
    double highest = logits[0], sum = 0;
    for (size_t c = 1; c < classes; c++)
        highest = fmax(highest, logits[c]);
    double own = logits[label] - highest;
    for (size_t c = 0; c < classes; c++)
        sum += logits[c] = exp(logits[c] - highest);
    for (size_t c = 0; c < classes; c++)
        logits[c] /= sum;
    return log(sum) - own;
}

/* What is made small, and its slope. */
static double objective(const fitting *f, const double *at, double *slope)
{
    const cz_labelled *data = f->data;
    size_t width = data->features + 1;
    double sum = 0;
    memset(slope, 0, f->size * sizeof *slope);
    for (size_t i = 0; i < data->count; i++) {
        const float *x = data->x + i * data->features;
        logits_of(at, data->classes, data->features, x, f->logits);
        sum += f->strength * soften(f->logits, data->classes, data->labels[i]);
        for (size_t r = 0; r < f->rows; r++) {
            size_t class = data->classes - f->rows + r;
            double by = f->strength * (f->logits[class] - (class == data->labels[i] ? 1 : 0));
            for (size_t k = 0; k < data->features; k++)
                slope[r * width + k] += by * (double)x[k];
            slope[r * width + data->features] += by;
        }
    }
    for (size_t r = 0; r < f->rows; r++)
        for (size_t k = 0; k < data->features; k++) {
            sum += at[r * width + k] * at[r * width + k] / 2;
            slope[r * width + k] += at[r * width + k];
        }
    return sum;
}

/* ---- steps ---- */

/* The slope turned by what the last steps tell of the curvature, downwards. */
static void choose_direction(fitting *f)
{
    double share[PAIRS];
    for (size_t i = 0; i < f->size; i++)
        f->direction[i] = -f->slope[i];
    for (size_t k = 0; k < f->pairs; k++) {
        size_t p = (f->newest + PAIRS - k) % PAIRS;
        const double *moved = f->moved + p * f->size, *turned = f->turned + p * f->size;
        share[k] = dot(moved, f->direction, f->size) / f->product[p];
        for (size_t i = 0; i < f->size; i++)
            f->direction[i] -= share[k] * turned[i];
    }
    if (f->pairs) {
        const double *turned = f->turned + f->newest * f->size;
        double scale = f->product[f->newest] / dot(turned, turned, f->size);
        for (size_t i = 0; i < f->size; i++)
            f->direction[i] *= scale;
    }
    for (size_t k = f->pairs; k-- > 0;) {
        size_t p = (f->newest + PAIRS - k) % PAIRS;
        const double *moved = f->moved + p * f->size, *turned = f->turned + p * f->size;
        double back = share[k] - dot(turned, f->direction, f->size) / f->product[p];
        for (size_t i = 0; i < f->size; i++)
            f->direction[i] += back * moved[i];
    }
}

static void remember_step(fitting *f)
{
    size_t p = f->pairs ? (f->newest + 1) % PAIRS : 0;
    double *moved = f->moved + p * f->size, *turned = f->turned + p * f->size;
    for (size_t i = 0; i < f->size; i++) {
        moved[i] = f->next[i] - f->at[i];
        turned[i] = f->next_slope[i] - f->slope[i];
    }
    double product = dot(moved, turned, f->size);
    if (!(product > 0))
        return;
    f->product[p] = product;
    f->newest = p;
    f->pairs += f->pairs < PAIRS;
}

/* Goes down far enough by Wolfe's two conditions, by bisection: where the slope is still steep it
 * goes further. Near the minimum, where sums cannot tell any more, the slope alone decides. */
static bool step_down(fitting *f, double *value)
{
    double along = dot(f->slope, f->direction, f->size), low = 0, high = INFINITY;
    double step = f->pairs ? 1 : 1 / (1 + sqrt(dot(f->slope, f->slope, f->size)));
    for (int k = 0; k < HALVINGS_MOST; k++) {
        for (size_t i = 0; i < f->size; i++)
            f->next[i] = f->at[i] + step * f->direction[i];
        double next = objective(f, f->next, f->next_slope);
        double then = dot(f->next_slope, f->direction, f->size);
        if (!(next <= *value + 1e-4 * step * along + 1e-14 * fabs(*value))) {
            high = step;
        } else if (then < 0.9 * along) {
            low = step;
        } else {
            *value = next;
            return true;
        }
        step = isinf(high) ? 2 * step : (low + high) / 2;
    }
    return false;
}

static bool is_flat(const fitting *f)
{
    double steepest = 0;
    for (size_t i = 0; i < f->size; i++)
        steepest = fmax(steepest, fabs(f->slope[i]));
    return steepest <= FLAT * f->strength * (double)f->data->count;
}

static void swap(double **a, double **b)
{
    double *kept = *a;
    *a = *b;
    *b = kept;
}

static bool descend(fitting *f)
{
    double value = objective(f, f->at, f->slope);
    for (size_t k = 0; k < STEPS_MOST && !is_flat(f); k++) {
        choose_direction(f);
        if (!step_down(f, &value)) {
            if (!f->pairs)
                return false;
            f->pairs = 0; /* what was remembered misleads */
            continue;
        }
        remember_step(f);
        swap(&f->at, &f->next);
        swap(&f->slope, &f->next_slope);
    }
    return is_flat(f);
}

/* ---- for callers ---- */

size_t cz_logistic_size(size_t features, size_t classes)
{
    return rows_of(classes) * (features + 1);
}

bool cz_logistic_fit(const cz_labelled *data, double strength, double *weights, double *room)
{
    fitting f = { .data = data, .strength = strength, .rows = rows_of(data->classes) };
    double **const part[] = { &f.at, &f.slope, &f.next, &f.next_slope, &f.direction };
    f.size = cz_logistic_size(data->features, data->classes);
    for (size_t i = 0; i < 5; i++)
        *part[i] = room + i * f.size;
    f.moved = room + 5 * f.size;
    f.turned = f.moved + PAIRS * f.size;
    f.logits = f.turned + PAIRS * f.size;
    memset(f.at, 0, f.size * sizeof *f.at);
    bool found = descend(&f);
    memcpy(weights, f.at, f.size * sizeof *weights);
    return found;
}

cz_logistic_score cz_logistic_try(const cz_labelled *data, const double *weights, double *room)
{
    size_t hits = 0;
    double sum = 0;
    for (size_t i = 0; i < data->count; i++) {
        size_t best = 0;
        logits_of(weights, data->classes, data->features, data->x + i * data->features, room);
        for (size_t c = 1; c < data->classes; c++)
            best = room[c] > room[best] ? c : best;
        hits += best == data->labels[i];
        sum += soften(room, data->classes, data->labels[i]);
    }
    return (cz_logistic_score){ (double)hits / (double)data->count, sum / (double)data->count };
}
