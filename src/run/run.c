/* run.c - see run.h: memory, errors, the tape, taps. */
#include "run/run.h"

#include "base/error.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct cz_node {
    cz_node *before;
    cz_backward *backward;
    cz_tensor *out;
    void *call;
};

bool cz_run_failed(const cz_run *run)
{
    return run->error.status != CLOZE_OK;
}

bool cz_run_computes(const cz_run *run)
{
    return run->numbers.data && !cz_run_failed(run);
}

void cz_run_fail(cz_run *run, cloze_status status, const char *format, ...)
{
    va_list arguments;
    if (cz_run_failed(run))
        return;
    run->error.status = status;
    run->error.position = 0;
    va_start(arguments, format);
    vsnprintf(run->error.message, sizeof run->error.message, format, arguments);
    va_end(arguments);
}

/* The first number of a parameter that the run's type cannot hold. */
static bool find_unfit(const cz_run *run, const cz_tensor *value, size_t *row, size_t *column)
{
    bool narrow = run->backend->type == CZ_F32;
    for (*row = 0; *row < value->rows; ++*row)
        for (*column = 0; *column < value->columns; ++*column) {
            double number = cz_tensor_at(value, *row, *column);
            if (!isfinite(narrow ? (double)(float)number : number))
                return true;
        }
    return false;
}

static void fail_unfit(cz_run *run, const cz_parameter *const *parameters, size_t count)
{
    char shown[200];
    size_t row, column;
    for (size_t i = 0; i < count; i++) {
        if (!parameters[i] || !find_unfit(run, &parameters[i]->value, &row, &column))
            continue;
        const char *name = parameters[i]->name ? parameters[i]->name : "a parameter";
        cz_run_fail(run, CLOZE_ERROR_FORMAT,
                    "the weights of \"%s\" are not finite numbers: row %zu, column %zu; the file "
                    "is damaged or its training diverged",
                    cz_printable(shown, sizeof shown, name, strlen(name)), row, column);
        return;
    }
}

void cz_run_check(cz_run *run, cloze_status status, const cz_parameter *const *parameters,
                  size_t count)
{
    if (!status || cz_run_failed(run))
        return;
    if (status == CLOZE_ERROR_FORMAT)
        fail_unfit(run, parameters, count);
    cz_run_fail(run, status, "the %s backend failed: %s", run->backend->name,
                cloze_status_name(status));
}

void cz_run_poll(cz_run *run)
{
    if (run->cancel && atomic_load_explicit(run->cancel, memory_order_relaxed))
        cz_run_fail(run, CLOZE_ERROR_CANCELLED, "cancelled");
}

void *cz_run_take(cz_run *run, size_t size)
{
    void *taken = cz_run_failed(run) ? NULL : cz_arena_take(&run->host, 1, size);
    if (!taken) {
        cz_run_fail(run, CLOZE_ERROR_MEMORY,
                    "the run's host arena of %zu bytes is full: give it more", run->host.size);
        return NULL;
    }
    return memset(taken, 0, size);
}

cz_tensor *cz_run_tensor(cz_run *run, size_t rows, size_t columns)
{
    cz_type type = run->backend->type;
    size_t count;
    cz_tensor *tensor = cz_run_take(run, sizeof *tensor);
    if (!tensor)
        return &run->empty;
    void *data = cz_multiply(rows, columns, &count)
                     ? cz_arena_take(&run->numbers, count, cz_type_size(type))
                     : NULL;
    if (!data) {
        cz_run_fail(run, CLOZE_ERROR_MEMORY,
                    "the run's arena of %zu bytes is full: give it more, or fewer tokens at a time",
                    run->numbers.size);
        return &run->empty;
    }
    *tensor = (cz_tensor){ data, rows, columns, columns, type, false, NULL };
    return tensor;
}

cz_tensor *cz_run_successor(cz_run *run, cz_tensor *x)
{
    cz_frame *frame = &run->frame;
    if (run->record || cz_run_failed(run) || !frame->home || x != frame->stream)
        return cz_run_tensor(run, x->rows, x->columns);
    frame->stream = frame->home;
    run->numbers.used = frame->numbers;
    return frame->home;
}

cz_tensor *cz_run_input(cz_run *run, void *data, size_t rows, size_t columns, bool watched)
{
    cz_tensor *tensor = cz_run_take(run, sizeof *tensor);
    if (!tensor)
        return &run->empty;
    *tensor = (cz_tensor){ data, rows, columns, columns, run->backend->type, watched, NULL };
    return tensor;
}

cz_tensor *cz_run_gradient(cz_run *run, cz_tensor *tensor)
{
    if (!tensor || !tensor->watched || cz_run_failed(run))
        return NULL;
    if (!tensor->gradient) {
        cz_tensor *gradient = cz_run_tensor(run, tensor->rows, tensor->columns);
        if (cz_run_failed(run))
            return NULL;
        if (cz_run_computes(run))
            cz_pool_zero(run->place.pool, gradient->data,
                         tensor->rows * tensor->columns * cz_type_size(tensor->type));
        tensor->gradient = gradient;
    }
    return tensor->gradient;
}

static cz_tensor *gradient_of(const cz_run *run, const cz_parameter *parameter,
                              cz_touched **touched)
{
    if (!run->parameter_gradients || !run->gradients || !parameter)
        return NULL;
    *touched = run->touched && cz_run_computes(run) ? run->touched[parameter->index] : NULL;
    return run->gradients[parameter->index];
}

cz_tensor *cz_run_parameter_gradient(const cz_run *run, const cz_parameter *parameter)
{
    cz_touched *touched = NULL;
    cz_tensor *gradient = gradient_of(run, parameter, &touched);
    if (touched)
        touched->all = true;
    return gradient;
}

cz_tensor *cz_run_rows_gradient(const cz_run *run, const cz_parameter *parameter,
                                const uint32_t *rows, size_t count)
{
    cz_touched *touched = NULL;
    cz_tensor *gradient = gradient_of(run, parameter, &touched);
    for (size_t i = 0; touched && i < count; i++)
        touched->rows[rows[i] / 64] |= (uint64_t)1 << rows[i] % 64;
    return gradient;
}

cz_dropout cz_run_dropout(const cz_run *run, float p, uint32_t site, const cz_packing *packing,
                          const uint64_t *samples)
{
    return (cz_dropout){ run->dropout ? p : 0, { run->seed, run->step, site }, packing, samples };
}

void cz_run_record(cz_run *run, cz_backward *backward, cz_tensor *out, void *call)
{
    cz_node *node;
    if (!run->record || cz_run_failed(run) || !(node = cz_run_take(run, sizeof *node)))
        return;
    *node = (cz_node){ run->tape, backward, out, call };
    run->tape = node;
    out->watched = true;
}

void cz_run_walk_back(cz_run *run)
{
    for (cz_node *node = run->tape; node && !cz_run_failed(run); node = node->before) {
        cz_run_poll(run);
        if (node->out->gradient && !cz_run_failed(run))
            node->backward(run, node->call);
    }
}

void cz_run_backward(cz_run *run, cz_tensor *loss)
{
    cz_tensor *gradient = cz_run_gradient(run, loss);
    if (!gradient) {
        cz_run_fail(run, CLOZE_ERROR_ARGUMENT, "backward was asked of a run that did not record");
        return;
    }
    if (cz_run_computes(run)) {
        if (gradient->type == CZ_F64)
            *(double *)gradient->data = 1;
        else
            *(float *)gradient->data = 1;
    }
    cz_run_walk_back(run);
}

void cz_run_tap(cz_run *run, const char *name, size_t layer, size_t sequence, cz_tensor *tensor)
{
    cz_tap_point point = { name, layer, sequence, run->again };
    if (run->tap && (cz_run_computes(run) || (run->tap_counts && !cz_run_failed(run))))
        run->tap(run->tap_context, &point, tensor);
}

void cz_run_reset(cz_run *run)
{
    run->host.used = 0;
    run->numbers.used = 0;
    run->bench.used = 0;
    run->tape = NULL;
    run->frame = (cz_frame){ NULL, NULL, 0 };
    run->result = NULL;
    run->again = false;
    run->error = (cloze_error){ CLOZE_OK, 0, "" };
    run->empty = (cz_tensor){ .type = run->backend->type };
}
