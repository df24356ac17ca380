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
    /* What decides the dropout masks: the second run must see the same. */
    bool dropout;
    uint64_t seed, step;
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

/* Row by row, upwards: the rows may overlap if `to` does not lie above `from`. */
static void move_rows(cz_run *run, const cz_tensor *from, cz_tensor *to)
{
    size_t size = cz_type_size(from->type);
    for (size_t i = 0; i < from->rows && cz_run_computes(run); i++)
        memmove((char *)to->data + i * to->stride * size,
                (const char *)from->data + i * from->stride * size, from->columns * size);
}

/* Gives back everything since the mark and puts the result there. */
static cz_tensor *slide_down(cz_run *run, const cz_tensor *result, place_mark mark)
{
    cz_tensor from = *result;
    rewind_to(run, mark);
    cz_tensor *to = cz_run_tensor(run, from.rows, from.columns);
    if (!cz_run_failed(run))
        move_rows(run, &from, to);
    return to;
}

/* Runs the body without a tape; only its result outlives it. */
static cz_tensor *run_and_rewind(cz_run *run, const stage_call *call)
{
    cz_tensor *x = call->x, *home = x;
    cz_frame outer = run->frame;
    place_mark before = mark_of(run), inside;
    if (x && x != run->result)
        home = cz_run_tensor(run, x->rows, x->columns);
    inside = mark_of(run);
    run->frame = (cz_frame){ x, home, inside.numbers };
    cz_tensor *y = call->body(run, call->self, call->batch, x);
    run->frame = outer;
    if (cz_run_failed(run))
        return &run->empty;
    if (!home || y->rows != home->rows || y->columns != home->columns)
        return slide_down(run, y, before);
    if (y != home)
        move_rows(run, y, home);
    rewind_to(run, inside);
    return home;
}

/* Gradients that leave the stage are made before the mark, or the rewind would take them. */
static void prepare_gradients(cz_run *run, const stage_call *call)
{
    cz_run_gradient(run, call->x);
    for (size_t i = 0; i < call->count; i++)
        cz_run_gradient(run, call->outside[i]);
}

/* The body records this time, and its tape is walked back at once. */
static void record_and_walk_back(cz_run *run, const stage_call *call)
{
    cz_tensor leaf = { 0 };
    if (call->x)
        leaf = *call->x;
    run->tape = NULL;
    run->record = run->again = true;
    run->recompute = false;
    run->dropout = call->dropout;
    run->seed = call->seed;
    run->step = call->step;
    cz_tensor *y = call->body(run, call->self, call->batch, call->x ? &leaf : NULL);
    if (cz_run_failed(run))
        return;
    if (y->gradient) { /* the body handed on what it was given */
        cz_blend_call pass = { .a = 1, .d_out = call->out->gradient, .d_x = y->gradient };
        if (cz_run_computes(run))
            cz_run_check(run, run->backend->blend_backward(&run->place, &pass), NULL, 0);
        return;
    }
    y->gradient = call->out->gradient;
    cz_run_walk_back(run);
}

static void stage_backward(cz_run *run, void *argument)
{
    const stage_call *call = argument;
    prepare_gradients(run, call);
    place_mark mark = mark_of(run);
    cz_run saved = *run;
    record_and_walk_back(run, call);
    run->tape = saved.tape;
    run->record = saved.record;
    run->again = saved.again;
    run->recompute = saved.recompute;
    run->dropout = saved.dropout;
    run->seed = saved.seed;
    run->step = saved.step;
    rewind_to(run, mark);
}

static cz_tensor *predict(cz_run *run, const stage_call *call)
{
    cz_tensor *out = run_and_rewind(run, call);
    run->result = cz_run_failed(run) ? NULL : out;
    return out;
}

static cz_tensor *keep_ends(cz_run *run, const stage_call *call)
{
    stage_call *kept = cz_run_take(run, sizeof *kept);
    cz_tensor **outside = cz_run_take(run, call->count * sizeof *outside);
    if (cz_run_failed(run))
        return &run->empty;
    *kept = *call;
    kept->outside = outside;
    if (call->count)
        memcpy(outside, call->outside, call->count * sizeof *outside);
    run->result = NULL;
    run->record = false;
    kept->out = run_and_rewind(run, call);
    run->record = true;
    run->result = NULL;
    cz_run_record(run, stage_backward, kept->out, kept);
    return kept->out;
}

cz_tensor *cz_stage(cz_run *run, cz_stage_body *body, const void *self, const cz_batch *batch,
                    cz_tensor *x, cz_tensor *const *outside, size_t count)
{
    stage_call call = { body,    self,  batch,        x,         NULL,
                        outside, count, run->dropout, run->seed, run->step };
    cz_run_poll(run);
    if (cz_run_failed(run))
        return &run->empty;
    if (!run->record)
        return predict(run, &call);
    if (run->recompute)
        return keep_ends(run, &call);
    return body(run, self, batch, x);
}
