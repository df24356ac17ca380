/*
 * explain/logistic.h - multinomial logistic regression with an L2 penalty, as scikit-learn's
 * LogisticRegression defines it: of two classes one row of weights, of more a row each.
 */
#ifndef CZ_EXPLAIN_LOGISTIC_H
#define CZ_EXPLAIN_LOGISTIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cz_labelled {
    size_t count, features, classes; /* two classes at least */
    const float *x;                  /* [count, features] */
    const uint32_t *labels;          /* [count] below classes */
} cz_labelled;

enum { CZ_LOGISTIC_PAIRS = 20 }; /* steps that L-BFGS remembers */

/* Numbers of weights [rows, features + 1], the last of a row its intercept. */
size_t cz_logistic_size(size_t features, size_t classes);
/* Numbers of room that fitting needs, as a multiple of that, and so many more. */
enum { CZ_LOGISTIC_ROOM = 5 + 2 * CZ_LOGISTIC_PAIRS };

/* weights receive the minimum of strength * sum of -log p(label) + |weights|^2 / 2, intercepts left
 * out. room [CZ_LOGISTIC_ROOM * size + classes]. False: it was not reached. */
bool cz_logistic_fit(const cz_labelled *data, double strength, double *weights, double *room);

/* Share of labels that are the likeliest class (the first of equals), and the mean of -log p(label).
 * room [classes]. */
typedef struct cz_logistic_score {
    double right, loss;
} cz_logistic_score;
cz_logistic_score cz_logistic_try(const cz_labelled *data, const double *weights, double *room);

#endif
