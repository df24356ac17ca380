/* loss.c - losses: one number from many. */
#include "ops/ops.h"

#include <math.h>

static bool is_amount(double number)
{
    return isfinite(number) && number >= 0;
}

static void check_total(cz_run *run, double total)
{
    if (!is_amount(total))
        cz_run_fail(run, CLOZE_ERROR_ARGUMENT, "a loss cannot be divided by a total of %g", total);
}

static void check_weights(cz_run *run, const float *weight, size_t classes)
{
    for (size_t c = 0; weight && c < classes; c++)
        if (!is_amount((double)weight[c]))
            cz_run_fail(run, CLOZE_ERROR_ARGUMENT,
                        "the weight of class %zu is %g: it must be a number from 0 on", c,
                        (double)weight[c]);
}

static void check_alike(cz_run *run, const cz_tensor *x, const cz_tensor *target)
{
    if (x->rows != target->rows || x->columns != target->columns)
        cz_run_fail(run, CLOZE_ERROR_ARGUMENT, "targets of %zu x %zu do not fit %zu x %zu",
                    target->rows, target->columns, x->rows, x->columns);
}

/* ---- cross entropy ---- */

typedef struct cross_entropy_node {
    cz_cross_entropy_call call;
    cz_tensor *logits, *loss;
} cross_entropy_node;

static void cross_entropy_backward(cz_run *run, void *argument)
{
    cross_entropy_node *node = argument;
    node->call.d_loss = node->loss->gradient;
    node->call.d_logits = cz_run_gradient(run, node->logits);
    if (node->call.d_logits && cz_run_computes(run))
        cz_run_check(run, run->backend->cross_entropy_backward(&run->place, &node->call), NULL, 0);
}

static void check_terms(cz_run *run, const cz_entropy_terms *terms, size_t classes)
{
    check_total(run, terms->total);
    check_weights(run, terms->class_weight, classes);
    if (!(terms->smoothing >= 0 && terms->smoothing <= 1))
        cz_run_fail(run, CLOZE_ERROR_ARGUMENT, "a smoothing of %g is not between 0 and 1",
                    terms->smoothing);
    if (!is_amount(terms->focal))
        cz_run_fail(run, CLOZE_ERROR_ARGUMENT, "a focal exponent of %g is not a number from 0 on",
                    terms->focal);
    if (terms->smoothing > 0 && terms->focal > 0)
        cz_run_fail(run, CLOZE_ERROR_ARGUMENT,
                    "smoothed labels and a focal loss do not go together: choose one");
}

static void check_labels(cz_run *run, const int64_t *labels, size_t rows, size_t classes)
{
    for (size_t i = 0; i < rows; i++)
        if (labels[i] >= 0 && (uint64_t)labels[i] >= classes)
            cz_run_fail(run, CLOZE_ERROR_ARGUMENT, "label %lld of row %zu is not below %zu",
                        (long long)labels[i], i, classes);
}

cz_tensor *cz_cross_entropy(cz_run *run, cz_tensor *logits, const int64_t *labels,
                            const cz_entropy_terms *terms)
{
    cross_entropy_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *loss = cz_run_tensor(run, 1, 1);
    if (!cz_run_failed(run))
        check_labels(run, labels, logits->rows, logits->columns);
    if (terms && !cz_run_failed(run))
        check_terms(run, terms, logits->columns);
    if (cz_run_failed(run))
        return &run->empty;
    *node =
        (cross_entropy_node){ { .logits = logits, .labels = labels, .loss = loss }, logits, loss };
    if (terms)
        node->call.terms = *terms;
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->cross_entropy(&run->place, &node->call), NULL, 0);
    cz_run_record(run, cross_entropy_backward, loss, node);
    return loss;
}

/* ---- binary entropy ---- */

typedef struct binary_entropy_node {
    cz_binary_entropy_call call;
    cz_tensor *logits, *loss;
} binary_entropy_node;

static void binary_entropy_backward(cz_run *run, void *argument)
{
    binary_entropy_node *node = argument;
    node->call.d_loss = node->loss->gradient;
    node->call.d_logits = cz_run_gradient(run, node->logits);
    if (node->call.d_logits && cz_run_computes(run))
        cz_run_check(run, run->backend->binary_entropy_backward(&run->place, &node->call), NULL, 0);
}

static void check_targets(cz_run *run, const cz_tensor *targets)
{
    for (size_t i = 0; i < targets->rows && cz_run_computes(run); i++)
        for (size_t c = 0; c < targets->columns; c++) {
            double target = cz_tensor_at(targets, i, c);
            if (target < 0 || target > 1)
                cz_run_fail(run, CLOZE_ERROR_ARGUMENT,
                            "the target of row %zu, class %zu is %g: it must be between 0 and 1", i,
                            c, target);
        }
}

cz_tensor *cz_binary_entropy(cz_run *run, cz_tensor *logits, const cz_tensor *targets,
                             const float *positive_weight, double total)
{
    binary_entropy_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *loss = cz_run_tensor(run, 1, 1);
    check_total(run, total);
    check_alike(run, logits, targets);
    if (!cz_run_failed(run))
        check_weights(run, positive_weight, logits->columns);
    check_targets(run, targets);
    if (cz_run_failed(run))
        return &run->empty;
    *node = (binary_entropy_node){ { .logits = logits,
                                     .targets = targets,
                                     .positive_weight = positive_weight,
                                     .total = total,
                                     .loss = loss },
                                   logits,
                                   loss };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->binary_entropy(&run->place, &node->call), NULL, 0);
    cz_run_record(run, binary_entropy_backward, loss, node);
    return loss;
}

/* ---- squared error ---- */

typedef struct squared_error_node {
    cz_squared_error_call call;
    cz_tensor *x, *loss;
} squared_error_node;

static void squared_error_backward(cz_run *run, void *argument)
{
    squared_error_node *node = argument;
    node->call.d_loss = node->loss->gradient;
    node->call.d_x = cz_run_gradient(run, node->x);
    if (node->call.d_x && cz_run_computes(run))
        cz_run_check(run, run->backend->squared_error_backward(&run->place, &node->call), NULL, 0);
}

cz_tensor *cz_squared_error(cz_run *run, cz_tensor *x, const cz_tensor *target, double total)
{
    squared_error_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *loss = cz_run_tensor(run, 1, 1);
    check_total(run, total);
    check_alike(run, x, target);
    if (cz_run_failed(run))
        return &run->empty;
    *node =
        (squared_error_node){ { .x = x, .target = target, .total = total, .loss = loss }, x, loss };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->squared_error(&run->place, &node->call), NULL, 0);
    cz_run_record(run, squared_error_backward, loss, node);
    return loss;
}

/* ---- divergence ---- */

typedef struct divergence_node {
    cz_divergence_call call;
    cz_tensor *logits, *loss;
} divergence_node;

static void divergence_backward(cz_run *run, void *argument)
{
    divergence_node *node = argument;
    node->call.d_loss = node->loss->gradient;
    node->call.d_logits = cz_run_gradient(run, node->logits);
    if (node->call.d_logits && cz_run_computes(run))
        cz_run_check(run, run->backend->divergence_backward(&run->place, &node->call), NULL, 0);
}

cz_tensor *cz_divergence(cz_run *run, cz_tensor *logits, const cz_tensor *teacher,
                         double temperature, double total)
{
    divergence_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *loss = cz_run_tensor(run, 1, 1);
    check_total(run, total);
    check_alike(run, logits, teacher);
    if (!(isfinite(temperature) && temperature > 0))
        cz_run_fail(run, CLOZE_ERROR_ARGUMENT, "a temperature of %g is not a number above 0",
                    temperature);
    if (cz_run_failed(run))
        return &run->empty;
    *node = (divergence_node){ { .logits = logits,
                                 .teacher = teacher,
                                 .temperature = temperature,
                                 .total = total,
                                 .loss = loss },
                               logits,
                               loss };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->divergence(&run->place, &node->call), NULL, 0);
    cz_run_record(run, divergence_backward, loss, node);
    return loss;
}

/* ---- places ---- */

typedef struct places_node {
    cz_places_call call;
    cz_tensor *logits, *loss;
} places_node;

static void places_backward(cz_run *run, void *argument)
{
    places_node *node = argument;
    node->call.d_loss = node->loss->gradient;
    node->call.d_logits = cz_run_gradient(run, node->logits);
    if (node->call.d_logits && cz_run_computes(run))
        cz_run_check(run, run->backend->places_backward(&run->place, &node->call), NULL, 0);
}

cz_tensor *cz_places(cz_run *run, cz_tensor *logits, const cz_packing *packing, const size_t *place,
                     double total)
{
    places_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *loss = cz_run_tensor(run, 1, 1);
    check_total(run, total);
    if (cz_run_failed(run))
        return &run->empty;
    *node = (places_node){
        { .logits = logits, .packing = packing, .place = place, .total = total, .loss = loss },
        logits,
        loss
    };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->places(&run->place, &node->call), NULL, 0);
    cz_run_record(run, places_backward, loss, node);
    return loss;
}
