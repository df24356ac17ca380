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

static void round_numbers(cz_run *run, const cz_tensor *from, cz_tensor *to)
{
    const cz_round_call call = { from, to };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->round(&run->place, &call), NULL, 0);
}

/* All that was taken of an arena since `begin`, and the gaps between, which nobody reads. */
static cz_tensor taken_since(const cz_run *run, size_t begin)
{
    size_t size = run->numbers.used - begin, count = size / cz_type_size(run->backend->type);
    char *data = run->numbers.data ? run->numbers.data + begin : NULL;
    return (cz_tensor){ data, 1, count, count, run->backend->type, false, NULL };
}

/* What the body made passes its gradient on where the stage's result got one. */
static void walk_back(cz_run *run, const cz_tensor *out, cz_tensor *y)
{
    if (cz_run_failed(run))
        return;
    if (y->gradient) { /* the body handed on what it was given */
        cz_blend_call pass = { .a = 1, .d_out = out->gradient, .d_x = y->gradient };
        if (cz_run_computes(run))
            cz_run_check(run, run->backend->blend_backward(&run->place, &pass), NULL, 0);
        return;
    }
    y->gradient = out->gradient;
    cz_run_walk_back(run);
}

/* The body records this time, and its tape is walked back at once. */
static void record_and_walk_back(cz_run *run, const stage_call *call)
{
    size_t begin = run->numbers.used;
    bool halves = run->halves;
    cz_tensor leaf = { 0 };
    if (call->x)
        leaf = *call->x;
    run->tape = NULL;
    run->record = run->again = true;
    run->recompute = run->halves = false;
    run->dropout = call->dropout;
    run->seed = call->seed;
    run->step = call->step;
    cz_tensor *y = call->body(run, call->self, call->batch, call->x ? &leaf : NULL);
    cz_tensor all = taken_since(run, begin);
    if (halves)
        round_numbers(run, &all, &all);
    walk_back(run, call->out, y);
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
    run->halves = saved.halves;
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

/* A copy that lives as long as the tape; false when memory is out. */
static bool copy_call(cz_run *run, const stage_call *call, stage_call *to)
{
    cz_tensor **outside = cz_run_take(run, call->count * sizeof *outside);
    if (cz_run_failed(run))
        return false;
    *to = *call;
    to->outside = outside;
    if (call->count)
        memcpy(outside, call->outside, call->count * sizeof *outside);
    return true;
}

static cz_tensor *keep_ends(cz_run *run, const stage_call *call)
{
    stage_call *kept = cz_run_take(run, sizeof *kept);
    if (!kept || !copy_call(run, call, kept))
        return &run->empty;
    run->result = NULL;
    run->record = false;
    kept->out = run_and_rewind(run, call);
    run->record = true;
    run->result = NULL;
    cz_run_record(run, stage_backward, kept->out, kept);
    return kept->out;
}

/* ---- on the bench ---- */

typedef struct halves_call {
    stage_call stage;
    cz_node *tape;    /* of the stage alone */
    cz_tensor *y;     /* what the body returned */
    cz_tensor all;    /* that the body made, where it was made */
    cz_tensor halves; /* the same as bfloat16 */
} halves_call;

/* Goes to the bench, `used` bytes of which are taken, and back. */
typedef struct bench_trip {
    cz_arena numbers;
    cz_node *tape;
} bench_trip;

static bench_trip go_to_bench(cz_run *run, cz_node *tape, size_t used)
{
    bench_trip trip = { run->numbers, run->tape };
    run->numbers = run->bench;
    run->numbers.used = used;
    run->tape = tape;
    run->halves = false;
    return trip;
}

static void leave_bench(cz_run *run, bench_trip trip)
{
    run->bench = run->numbers;
    run->bench.used = 0;
    run->numbers = trip.numbers;
    run->tape = trip.tape;
    run->halves = true;
}

static void halves_backward(cz_run *run, void *argument)
{
    halves_call *call = argument;
    prepare_gradients(run, &call->stage);
    bench_trip trip =
        go_to_bench(run, call->tape, call->all.columns * cz_type_size(call->all.type));
    round_numbers(run, &call->halves, &call->all);
    walk_back(run, call->stage.out, call->y);
    leave_bench(run, trip);
}

static cz_tensor *keep_halves(cz_run *run, const stage_call *stage)
{
    halves_call *call = cz_run_take(run, sizeof *call);
    if (!call || !copy_call(run, stage, &call->stage))
        return &run->empty;
    bench_trip trip = go_to_bench(run, NULL, 0);
    call->y = stage->body(run, stage->self, stage->batch, stage->x);
    call->tape = run->tape;
    call->all = taken_since(run, 0);
    leave_bench(run, trip);
    if (cz_run_failed(run))
        return &run->empty;
    call->halves = call->all;
    call->halves.type = CZ_BF16;
    call->halves.data = cz_arena_take(&run->numbers, call->all.columns, cz_type_size(CZ_BF16));
    call->stage.out = cz_run_tensor(run, call->y->rows, call->y->columns);
    if (!call->halves.data)
        cz_run_fail(run, CLOZE_ERROR_MEMORY, "the run's arena is full: give it more");
    if (cz_run_failed(run))
        return &run->empty;
    move_rows(run, call->y, call->stage.out);
    round_numbers(run, &call->all, &call->halves);
    cz_run_record(run, halves_backward, call->stage.out, call);
    return call->stage.out;
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
    if (run->halves)
        return keep_halves(run, &call);
    return body(run, self, batch, x);
}
