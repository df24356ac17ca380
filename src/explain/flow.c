/* flow.c - what flows from tokens of the last layer to those of the input (Abnar, Zuidema 2020). */
#include "explain/attention.h"
#include "explain/maximum_flow.h"

#include "base/error.h"

typedef struct flow_job {
    cloze_explainer *explainer;
    cz_flow_graph graph;
    cz_flow_room *rooms; /* [workers] */
    size_t workers;
    size_t row;
    double *to; /* [tokens] */
} flow_job;

static void flow_to(void *context, size_t sink, size_t worker)
{
    const flow_job *job = context;
    if (!atomic_load_explicit(&job->explainer->session->cancel, memory_order_relaxed))
        job->to[sink] = cz_maximum_flow(&job->graph, job->row, sink, &job->rooms[worker]);
}

static void clear(flow_job *job)
{
    const cloze_allocator *allocator = &job->explainer->hooks.allocator;
    for (size_t i = 0; i < job->workers && job->rooms; i++)
        cz_flow_room_clear(&job->rooms[i], allocator);
    cz_release(allocator, job->rooms);
}

static bool make(flow_job *job)
{
    const cloze_allocator *allocator = &job->explainer->hooks.allocator;
    bool all = true;
    job->workers = cz_pool_workers(job->explainer->model->engine->pool);
    job->rooms = cz_allocate_zero(allocator, job->workers, sizeof *job->rooms);
    for (size_t i = 0; i < job->workers && job->rooms; i++)
        all = cz_flow_room_make(&job->rooms[i], &job->graph, allocator) && all;
    return job->rooms && all;
}

/* The shares of row job->row. */
static cloze_status flow_row(flow_job *job, cloze_error *error)
{
    cloze_explainer *e = job->explainer;
    double sum = 0;
    cz_pool_run(e->model->engine->pool, e->length, flow_to, job);
    if (atomic_exchange(&e->session->cancel, false))
        return cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    for (size_t j = 0; j < e->length; j++)
        sum += job->to[j];
    for (size_t j = 0; j < e->length; j++)
        job->to[j] /= sum;
    return cz_explain_step(e, 1, error) ? CLOZE_OK : CLOZE_ERROR_CANCELLED;
}

cloze_status cloze_explainer_flow(cloze_explainer *e, const size_t *rows, size_t count,
                                  double *flow, cloze_error *error)
{
    cz_mixing mixing = { 0 };
    flow_job job = { .explainer = e };
    for (size_t r = 0; r < count; r++)
        if (rows[r] >= e->length)
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "there is no token %zu: the input has %zu, counted from 0", rows[r],
                           e->length);
    e->runs_done = 0;
    e->runs_total = count + 1;
    cloze_status status = cz_mixing_attend(e, &mixing, error);
    job.graph = (cz_flow_graph){ mixing.turns, mixing.tokens, mixing.matrix };
    if (!status && !make(&job))
        status = cz_fail_memory(error, "a flow", mixing.turns * e->length * e->length);
    for (size_t r = 0; r < count && !status; r++) {
        job.row = rows[r];
        job.to = flow + r * e->length;
        status = flow_row(&job, error);
    }
    clear(&job);
    cz_mixing_clear(e, &mixing);
    return status;
}

/* The rows that F reads, each with its share. */
static size_t list_rows(const cloze_explainer *e, const double *share, size_t *rows)
{
    size_t count = 0;
    for (size_t i = 0; i < e->length; i++)
        if (share[i] > 0)
            rows[count++] = i;
    return count;
}

cloze_status cz_flow(cloze_explainer *e, const cloze_attribution_options *options,
                     cz_attribution *out, cloze_error *error)
{
    const cloze_allocator *allocator = &e->hooks.allocator;
    size_t n = e->length, count = 0;
    double *share = cz_allocate(allocator, n, sizeof *share), *flow = NULL;
    size_t *rows = cz_allocate(allocator, n, sizeof *rows);
    (void)options;
    if (share && rows) {
        cz_rows_read(e, share);
        count = list_rows(e, share, rows);
        flow = cz_allocate(allocator, count * n, sizeof *flow);
    }
    cloze_status status = flow ? cloze_explainer_flow(e, rows, count, flow, error)
                               : cz_fail_memory(error, "rows of flow", n * sizeof *flow);
    e->runs_done = 1; /* rows are progress, but no inputs */
    for (size_t j = 0; j < n && !status; j++) {
        out->tokens[j] = 0;
        for (size_t r = 0; r < count; r++)
            out->tokens[j] += share[rows[r]] * flow[r * n + j];
    }
    if (!status)
        cz_units_of_tokens(e, out);
    cz_release(allocator, share);
    cz_release(allocator, rows);
    cz_release(allocator, flow);
    return status;
}
