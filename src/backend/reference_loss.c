/* reference_loss.c - losses: one number from many. */
#include "backend/reference.h"

static double highest_of(const cz_tensor *logits, size_t row)
{
    double top = at(logits, row, 0);
    for (size_t c = 1; c < logits->columns; c++)
        top = fmax(top, at(logits, row, c));
    return top;
}

static double exp_sum(const cz_tensor *logits, size_t row, double top)
{
    double sum = 0;
    for (size_t c = 0; c < logits->columns; c++)
        sum += exp(at(logits, row, c) - top);
    return sum;
}

static double log_sum_exp(const cz_tensor *logits, size_t row)
{
    double top = highest_of(logits, row);
    return top + log(exp_sum(logits, row, top));
}

/* ---- cross entropy ---- */

static double class_weight(const cz_cross_entropy_call *call, size_t c)
{
    return call->terms.class_weight ? (double)call->terms.class_weight[c] : 1;
}

/* What the sum of the losses is divided by. */
static double entropy_total(const cz_cross_entropy_call *call)
{
    double total = 0;
    if (call->terms.total > 0)
        return call->terms.total;
    for (size_t i = 0; i < call->logits->rows; i++)
        if (call->labels[i] >= 0)
            total += class_weight(call, (size_t)call->labels[i]);
    return total;
}

static bool labels_are_classes(const cz_cross_entropy_call *call)
{
    for (size_t i = 0; i < call->logits->rows; i++)
        if (call->labels[i] >= 0 && (uint64_t)call->labels[i] >= call->logits->columns)
            return false;
    return true;
}

/* How much of row i's loss is -log p of class c, but for focal. */
static double said(const cz_cross_entropy_call *call, size_t i, size_t c)
{
    double smoothing = call->terms.smoothing, hit = (size_t)call->labels[i] == c;
    double share = (1 - smoothing) * hit + smoothing / (double)call->logits->columns;
    return share * class_weight(call, c);
}

/* 1 - p of a class, near one too. */
static double others_of(const cz_tensor *logits, size_t row, size_t class)
{
    double top = highest_of(logits, row), rest = 0;
    for (size_t c = 0; c < logits->columns; c++)
        if (c != class)
            rest += exp(at(logits, row, c) - top);
    return rest / (rest + exp(at(logits, row, class) - top));
}

static double entropy_of(const cz_cross_entropy_call *call, size_t i)
{
    double all = log_sum_exp(call->logits, i), loss = 0;
    for (size_t c = 0; c < call->logits->columns; c++)
        if (said(call, i, c) > 0) /* else the logit may be infinite */
            loss += said(call, i, c) * (all - at(call->logits, i, c));
    if (call->terms.focal > 0)
        loss *= pow(others_of(call->logits, i, (size_t)call->labels[i]), call->terms.focal);
    return loss;
}

cloze_status REFERENCE(cross_entropy)(const cz_place *place, const cz_cross_entropy_call *call)
{
    double total, sum = 0;
    (void)place;
    if (!labels_are_classes(call))
        return CLOZE_ERROR_ARGUMENT;
    total = entropy_total(call);
    for (size_t i = 0; i < call->logits->rows; i++)
        if (call->labels[i] >= 0)
            sum += entropy_of(call, i);
    row_of(call->loss, 0)[0] = (real)(total > 0 ? sum / total : 0);
    return CLOZE_OK;
}

/* The slope of (1 - p)^focal * -log p along -log p. */
static double focal_slope(const cz_cross_entropy_call *call, size_t i)
{
    double focal = call->terms.focal, others, ratio = 1;
    size_t label = (size_t)call->labels[i];
    if (!(focal > 0))
        return 1;
    others = others_of(call->logits, i, label);
    if (others > 0.5)
        ratio = (log_sum_exp(call->logits, i) - at(call->logits, i, label)) / others;
    else if (others > 0)
        ratio = -log1p(-others) / others;
    return pow(others, focal) * (1 + focal * (1 - others) * ratio);
}

cloze_status REFERENCE(cross_entropy_backward)(const cz_place *place,
                                               const cz_cross_entropy_call *call)
{
    (void)place;
    if (!labels_are_classes(call))
        return CLOZE_ERROR_ARGUMENT;
    double total = entropy_total(call), d = at(call->d_loss, 0, 0);
    for (size_t i = 0; call->d_logits && total > 0 && i < call->logits->rows; i++) {
        if (call->labels[i] < 0)
            continue;
        double top = highest_of(call->logits, i), sum = exp_sum(call->logits, i, top);
        double slope = focal_slope(call, i), whole = 0;
        for (size_t c = 0; c < call->logits->columns; c++)
            whole += said(call, i, c);
        for (size_t c = 0; c < call->logits->columns; c++) {
            double p = exp(at(call->logits, i, c) - top) / sum;
            row_of(call->d_logits, i)[c] +=
                (real)(d * slope * (whole * p - said(call, i, c)) / total);
        }
    }
    return CLOZE_OK;
}

/* ---- binary entropy ---- */

static double positive_weight(const cz_binary_entropy_call *call, size_t c)
{
    return call->positive_weight ? (double)call->positive_weight[c] : 1;
}

static double binary_total(const cz_binary_entropy_call *call)
{
    double count = 0;
    if (call->total > 0)
        return call->total;
    for (size_t i = 0; i < call->targets->rows; i++)
        for (size_t c = 0; c < call->targets->columns; c++)
            count += isnan(at(call->targets, i, c)) ? 0 : 1;
    return count;
}

/* log(1 + e^x) */
static double soft_plus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double sigmoid(double x)
{
    double e = exp(-fabs(x));
    return (x < 0 ? e : 1) / (1 + e);
}

cloze_status REFERENCE(binary_entropy)(const cz_place *place, const cz_binary_entropy_call *call)
{
    double sum = 0, total = binary_total(call);
    (void)place;
    for (size_t i = 0; i < call->logits->rows; i++)
        for (size_t c = 0; c < call->logits->columns; c++) {
            double x = at(call->logits, i, c), t = at(call->targets, i, c);
            if (!isnan(t))
                sum += positive_weight(call, c) * t * soft_plus(-x) + (1 - t) * soft_plus(x);
        }
    row_of(call->loss, 0)[0] = (real)(total > 0 ? sum / total : 0);
    return CLOZE_OK;
}

cloze_status REFERENCE(binary_entropy_backward)(const cz_place *place,
                                                const cz_binary_entropy_call *call)
{
    double total = binary_total(call), d = at(call->d_loss, 0, 0);
    (void)place;
    for (size_t i = 0; call->d_logits && total > 0 && i < call->logits->rows; i++)
        for (size_t c = 0; c < call->logits->columns; c++) {
            double x = at(call->logits, i, c), t = at(call->targets, i, c);
            double slope = (1 - t) * sigmoid(x) - positive_weight(call, c) * t * sigmoid(-x);
            if (!isnan(t))
                row_of(call->d_logits, i)[c] += (real)(d * slope / total);
        }
    return CLOZE_OK;
}

/* ---- squared error ---- */

static double squared_total(const cz_squared_error_call *call)
{
    return call->total > 0 ? call->total : (double)call->x->rows * (double)call->x->columns;
}

cloze_status REFERENCE(squared_error)(const cz_place *place, const cz_squared_error_call *call)
{
    double sum = 0, total = squared_total(call);
    (void)place;
    for (size_t i = 0; i < call->x->rows; i++)
        for (size_t c = 0; c < call->x->columns; c++) {
            double d = at(call->x, i, c) - at(call->target, i, c);
            sum += d * d;
        }
    row_of(call->loss, 0)[0] = (real)(total > 0 ? sum / total : 0);
    return CLOZE_OK;
}

cloze_status REFERENCE(squared_error_backward)(const cz_place *place,
                                               const cz_squared_error_call *call)
{
    double d = 2 * at(call->d_loss, 0, 0) / squared_total(call);
    (void)place;
    for (size_t i = 0; call->d_x && i < call->x->rows; i++)
        for (size_t c = 0; c < call->x->columns; c++)
            row_of(call->d_x, i)[c] += (real)(d * (at(call->x, i, c) - at(call->target, i, c)));
    return CLOZE_OK;
}
