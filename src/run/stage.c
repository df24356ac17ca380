/*
 * stage.c - see cz_stage in run.h. A stage is the unit of rewind (predicting) and of recomputation
 * (learning with little memory).
 */
#include "run/run.h"

#include <string.h>

typedef struct stage_call {
    cz_stage_body *body;
    const void *self;
    const cz_batch *batch;
    cz_tensor *x, *out;
    cz_tensor *const *outside;
    size_t count;
} stage_call;

typedef struct place_mark {
    size_t host, numbers;
} place_mark;

static place_mark mark_of(const cz_run *run)
{
    return (place_mark){ run->host.used, run->numbers.used };
}

static void rewind_to(cz_run *run, place_mark mark)
{
    run->host.used = mark.host;
    run->numbers.used = mark.numbers;
}

static void copy_rows(cz_run *run, const cz_tensor *from, cz_tensor *to)
{
    size_t size = cz_type_size(from->type);
    if (!cz_run_computes(run))
        return;
    for (size_t i = 0; i < from->rows; i++)
        memcpy((char *)to->data + i * to->stride * size,
               (const char *)from->data + i * from->stride * size, from->columns * size);
}

/* Gradients that leave the stage are made before the mark, or the rewind would take them. */
static void prepare_gradients(cz_run *run, const stage_call *call)
{
    cz_run_gradient(run, call->x);
    for (size_t i = 0; i < call->count; i++)
        cz_run_gradient(run, call->outside[i]);
}

static void stage_backward(cz_run *run, void *argument)
{
    const stage_call *call = argument;
    prepare_gradients(run, call);
    place_mark mark = mark_of(run);
    cz_node *tape = run->tape;
    cz_tap *tap = run->tap;
    cz_tensor leaf = *call->x;

    run->tape = NULL;
    run->tap = NULL;
    run->recompute = false;
    cz_tensor *y = call->body(run, call->self, call->batch, &leaf);
    if (!cz_run_failed(run)) {
        y->gradient = call->out->gradient;
        cz_run_walk_back(run);
    }
    run->tape = tape;
    run->tap = tap;
    run->recompute = true;
    rewind_to(run, mark);
}

/* Runs the body without a tape and puts its result where it outlives the rewind. */
static cz_tensor *run_and_rewind(cz_run *run, const stage_call *call, cz_tensor *out)
{
    place_mark mark = mark_of(run);
    bool record = run->record;
    run->record = false;
    cz_tensor *y = call->body(run, call->self, call->batch, call->x);
    run->record = record;
    if (cz_run_failed(run))
        return &run->empty;
    copy_rows(run, y, out);
    rewind_to(run, mark);
    return out;
}

static cz_tensor *predict(cz_run *run, const stage_call *call)
{
    const cz_tensor *x = call->x;
    for (int i = 0; i < 2; i++)
        if (!run->turn[i] || run->turn[i]->rows != x->rows || run->turn[i]->columns != x->columns)
            run->turn[i] = cz_run_tensor(run, x->rows, x->columns);
    if (cz_run_failed(run))
        return &run->empty;
    return run_and_rewind(run, call, run->turn[x == run->turn[0]]);
}

static cz_tensor *keep_ends(cz_run *run, const stage_call *call)
{
    stage_call *kept = cz_run_take(run, sizeof *kept);
    cz_tensor *out = cz_run_tensor(run, call->x->rows, call->x->columns);
    if (cz_run_failed(run))
        return &run->empty;
    *kept = *call;
    kept->out = out;
    run_and_rewind(run, call, out);
    cz_run_record(run, stage_backward, out, kept);
    return out;
}

cz_tensor *cz_stage(cz_run *run, cz_stage_body *body, const void *self, const cz_batch *batch,
                    cz_tensor *x, cz_tensor *const *outside, size_t count)
{
    stage_call call = { body, self, batch, x, NULL, outside, count };
    if (run->cancel && atomic_load_explicit(run->cancel, memory_order_relaxed))
        cz_run_fail(run, CLOZE_ERROR_CANCELLED, "cancelled");
    if (cz_run_failed(run))
        return &run->empty;
    if (!run->record)
        return predict(run, &call);
    if (run->recompute)
        return keep_ends(run, &call);
    return body(run, self, batch, x);
}
