/*
 * heads.c - cuts attention into tasks: some heads of a sequence and, forward, a block of its
 * queries. Long sequences are cut, short ones share a task between heads, so that tasks are of a
 * size; their order is that of the batch. Backward, a head's keys belong to one task alone.
 */
#include "cpu.h"

enum { BLOCK = 192, FEW = 96 }; /* queries of a task at most; below FEW heads are joined */

typedef struct heads_job {
    const cz_place *place;
    const cz_kernels *kernels;
    const cz_attention_call *call;
    const cz_probabilities_call *looking; /* NULL as a rule */
    float *probabilities;
    size_t group; /* tasks that share a look-up of their sequence */
} heads_job;

/* A head's columns of what distances look up; of one head's size: every head's. */
static float *of_head(const cz_tensor *t, size_t size, size_t head, size_t *stride)
{
    *stride = t ? t->stride : 0;
    return t ? cz_f32(t) + (t->columns == size ? 0 : head * size) : NULL;
}

static void relate(cz_attend *a, const cz_relative *relative, size_t head)
{
    a->entry = relative->entry;
    a->span = relative->span;
    a->table = of_head(relative->table, 1, head, &a->table_stride);
    a->of_query = of_head(relative->of_query, a->size, head, &a->of_query_stride);
    a->of_key = of_head(relative->of_key, a->size, head, &a->of_key_stride);
}

static size_t globals_of(const cz_attention_call *call, size_t s)
{
    return call->globals && call->reach == CZ_REACH_WINDOW ? call->globals->packing.length[s] : 0;
}

static cz_attend head_of(const heads_job *job, size_t s, size_t head)
{
    const cz_attention_call *call = job->call;
    size_t size = call->q->columns / call->heads, column = head * size;
    size_t query = call->queries->begin[s], key = call->keys->begin[s];
    cz_attend a = {
        .q = cz_f32_row(call->q, query) + column,
        .q_stride = call->q->stride,
        .k = cz_f32_row(call->k, key) + column,
        .k_stride = call->k->stride,
        .v = cz_f32_row(call->v, key) + column,
        .v_stride = call->v->stride,
        .size = size,
        .queries = call->queries->length[s],
        .keys = call->keys->length[s],
        .last = call->queries->length[s],
        .scale = (float)call->scale,
        .reach = call->reach,
        .window = call->window,
        .dropout = call->dropout.p > 0 ? &call->dropout : NULL,
        .sample = call->dropout.samples ? call->dropout.samples[s] : s,
        .out = cz_f32_row(call->out, query) + column,
        .out_stride = call->out->stride,
    };
    a.element = (uint64_t)head * a.keys * a.keys;
    if ((a.globals = globals_of(call, s))) {
        a.global = call->globals->row + call->globals->packing.begin[s];
        a.global_from = key;
    }
    if (call->relative.entry)
        relate(&a, &call->relative, head);
    return a;
}

/* Heads that a task takes of a sequence, and blocks of queries that it is cut into. */
static size_t heads_together(const cz_attention_call *call, size_t length)
{
    size_t together = length ? FEW / length : call->heads;
    return together < 1 ? 1 : least(together, call->heads);
}

static void do_heads(const heads_job *job, size_t s, size_t head, size_t heads, size_t first,
                     size_t last, size_t worker)
{
    for (size_t end = least(head + heads, job->call->heads); head < end; head++) {
        cz_attend a = head_of(job, s, head);
        a.first = first;
        a.last = last;
        a.probabilities = job->probabilities;
        a.scratch = scratch_of(job->place, worker);
        job->kernels->attend(&a);
    }
}

/* A task is a sequence, some of `slots` shares of its heads, and a block of queries. */
static void attention_task(void *context, size_t task, size_t worker)
{
    const heads_job *job = context;
    const cz_attention_call *call = job->call;
    size_t s = task / job->group, rest = task % job->group;
    size_t length = call->queries->length[s], heads = heads_together(call, length);
    size_t shares = parts_of(call->heads, heads);
    size_t head = rest % shares * heads, first = rest / shares * BLOCK;
    if (first < length)
        do_heads(job, s, head, heads, first, least(first + BLOCK, length), worker);
}

/* Is the scratch enough, and what is asked for known? */
static cloze_status check(const heads_job *job, bool gradients)
{
    const cz_attention_call *call = job->call;
    size_t longest = 0, size = call->q->columns / call->heads;
    for (size_t s = 0; s < call->keys->count; s++) {
        size_t globals = globals_of(call, s);
        size_t columns = call->keys->length[s] + cz_columns_ahead(globals);
        if (globals && call->relative.entry)
            return CLOZE_ERROR_ARGUMENT;
        longest = columns > longest ? columns : longest;
        if (call->relative.entry && call->queries->length[s] > longest)
            longest = call->queries->length[s];
    }
    bool enough = job->place->scratch_size >=
                  job->kernels->attend_scratch(size, longest, call->relative.entry, gradients) *
                      sizeof(float);
    return enough ? CLOZE_OK : CLOZE_ERROR_LIMIT;
}

cloze_status cz_cpu_attention(const cz_place *place, const cz_attention_call *call)
{
    heads_job job = { .place = place, .kernels = kernels_of(place), .call = call };
    size_t most = 0;
    cloze_status status = check(&job, false);
    if (status)
        return status;
    for (size_t s = 0; s < call->queries->count; s++) {
        size_t length = call->queries->length[s];
        size_t tasks =
            parts_of(call->heads, heads_together(call, length)) * parts_of(length, BLOCK);
        most = tasks > most ? tasks : most;
    }
    job.group = most;
    cz_pool_run(place->pool, call->queries->count * most, attention_task, &job);
    return CLOZE_OK;
}

static void head_backward(const heads_job *job, size_t s, size_t head, size_t worker)
{
    const cz_attention_call *call = job->call;
    const cz_relative *relative = &call->relative;
    cz_attend a = head_of(job, s, head);
    size_t column = head * a.size, query = call->queries->begin[s], key = call->keys->begin[s];
    a.d_out = cz_f32_row(call->d_out, query) + column;
    a.d_out_stride = call->d_out->stride;
    if (call->d_q) {
        a.d_q = cz_f32_row(call->d_q, query) + column;
        a.d_q_stride = call->d_q->stride;
    }
    if (call->d_k) {
        a.d_k = cz_f32_row(call->d_k, key) + column;
        a.d_k_stride = call->d_k->stride;
    }
    if (call->d_v) {
        a.d_v = cz_f32_row(call->d_v, key) + column;
        a.d_v_stride = call->d_v->stride;
    }
    a.d_table = of_head(relative->d_table, 1, head, &a.d_table_stride);
    a.d_of_query = of_head(relative->d_of_query, a.size, head, &a.d_of_query_stride);
    a.d_of_key = of_head(relative->d_of_key, a.size, head, &a.d_of_key_stride);
    a.scratch = scratch_of(job->place, worker);
    job->kernels->attend_backward(&a);
}

static void backward_task(void *context, size_t task, size_t worker)
{
    const heads_job *job = context;
    head_backward(job, task / job->call->heads, task % job->call->heads, worker);
}

/* A head of all sequences in order, so that nobody else adds into its columns of the tables. */
static void whole_head_task(void *context, size_t task, size_t worker)
{
    const heads_job *job = context;
    for (size_t s = 0; s < job->call->queries->count; s++)
        head_backward(job, s, task, worker);
}

/* The same where all heads share a table. */
static void all_heads_task(void *context, size_t task, size_t worker)
{
    const heads_job *job = context;
    for (size_t head = task; head < job->call->heads; head++)
        whole_head_task(context, head, worker);
}

static bool is_shared(const cz_tensor *t, size_t size)
{
    return t && t->columns == size;
}

cloze_status cz_cpu_attention_backward(const cz_place *place, const cz_attention_call *call)
{
    heads_job job = { .place = place, .kernels = kernels_of(place), .call = call };
    cloze_status status = check(&job, true);
    if (status)
        return status;
    const cz_relative *relative = &call->relative;
    size_t size = call->q->columns / call->heads;
    if (is_shared(relative->d_of_query, size) || is_shared(relative->d_of_key, size))
        cz_pool_run(place->pool, 1, all_heads_task, &job);
    else if (relative->d_table || relative->d_of_query || relative->d_of_key)
        cz_pool_run(place->pool, call->heads, whole_head_task, &job);
    else
        cz_pool_run(place->pool, call->queries->count * call->heads, backward_task, &job);
    return CLOZE_OK;
}

/* A task of its own, for the float mode that tasks have. */
static void probabilities_task(void *context, size_t task, size_t worker)
{
    const heads_job *job = context;
    const cz_probabilities_call *looking = job->looking;
    (void)task;
    do_heads(job, looking->sequence, looking->head, 1, 0, looking->out->rows, worker);
}

/* Looking leaves no trace: out is not written, nothing is dropped. */
cloze_status cz_cpu_probabilities(const cz_place *place, const cz_probabilities_call *call)
{
    cz_attention_call quiet = *call->attention;
    heads_job job = { .place = place,
                      .kernels = kernels_of(place),
                      .call = &quiet,
                      .looking = call,
                      .probabilities = cz_f32(call->out) };
    quiet.dropout.p = 0;
    cloze_status status = check(&job, false);
    if (status)
        return status;
    if (call->out->stride != call->out->columns)
        return CLOZE_ERROR_ARGUMENT;
    if (call->out->rows)
        cz_pool_run(NULL, 1, probabilities_task, &job);
    return CLOZE_OK;
}
