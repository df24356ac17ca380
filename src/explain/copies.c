/*
 * copies.c - inputs that run with a tape, and nothing of the weights learns: F of each, and its gradient
 * where they are moved. Copies of a batch are sequences of one packed run; they do not see one another,
 * so one walk back gives each its own gradient.
 */
#include "explain/explainer.h"

#include "base/error.h"

#include <string.h>

enum { HOST_SIZE = 16 << 20 };

typedef struct copying {
    cloze_explainer *explainer;
    const cz_copies *copies;
    cz_inputs inputs;
    double *values;   /* [batch tokens] */
    cz_tensor *moved; /* of the run that is under way */
    double *rows;     /* of one copy */
    size_t rows_capacity;
    double *outcome, *slope;
    size_t outcome_capacity, slope_capacity;
    size_t first; /* number of the batch's first copy */
    bool short_of_memory;
} copying;

void cz_bench_clear(cz_bench *bench, const cloze_allocator *allocator)
{
    cz_block_release(allocator, &bench->host);
    cz_block_release(allocator, &bench->numbers);
    cz_block_release(allocator, &bench->scratch);
}

size_t cz_width_at(const cloze_explainer *explainer, int64_t layer)
{
    const cz_config *config = &explainer->model->network->config;
    return layer == CZ_AT_WORDS ? config->embedding : config->hidden;
}

static bool is_shifted(const cloze_explainer *e, size_t token, uint32_t id)
{
    return e->shift && e->unit_of[token] != SIZE_MAX && e->ids[token] == id;
}

void cz_word_row(const cloze_explainer *e, uint32_t id, double *to)
{
    const cz_network *network = e->model->network;
    for (int t = 0; t < network->embeddings.tables; t++)
        for (size_t c = 0; c < network->config.embedding; c++)
            if (network->table_kind[t] == CZ_TABLE_WORDS)
                to[c] = cz_tensor_at(&network->embeddings.table[t]->value, id, c);
}

void cz_word_rows(const cloze_explainer *e, double *to)
{
    size_t width = e->model->network->config.embedding;
    for (size_t i = 0; i < e->length; i++) {
        cz_word_row(e, e->ids[i], to + i * width);
        for (size_t c = 0; c < width && is_shifted(e, i, e->ids[i]); c++)
            to[i * width + c] += e->shift[i * width + c];
    }
}

/* ---- numbers of the run's type ---- */

void cz_row_read(const cz_tensor *x, size_t row, double *to)
{
    for (size_t c = 0; c < x->columns; c++)
        to[c] = cz_tensor_at(x, row, c);
}

static void write_at(const cz_tensor *x, size_t row, size_t column, double number)
{
    if (x->type == CZ_F64)
        ((double *)x->data)[row * x->stride + column] = number;
    else
        cz_f32_row(x, row)[column] = (float)number;
}

void cz_row_write(const cz_tensor *x, size_t row, const double *from)
{
    for (size_t c = 0; c < x->columns; c++)
        write_at(x, row, c, from[c]);
}

static bool fit(const copying *job, double **numbers, size_t *capacity, size_t rows, size_t columns)
{
    size_t count;
    return cz_multiply(rows, columns, &count) &&
           cz_grow(&job->explainer->hooks.allocator, (void **)numbers, capacity, count,
                   sizeof **numbers);
}

/* ---- the run ---- */

static bool is_moved_here(const cz_copies *copies, const cz_tap_point *point)
{
    if (copies->layer == CZ_AT_WORDS)
        return !strcmp(point->name, "embeddings.sum");
    if (!copies->layer)
        return !strcmp(point->name, "embeddings");
    return !strcmp(point->name, "layer") && point->layer == (size_t)copies->layer;
}

static void move(copying *job, const cz_tensor *tensor)
{
    const cloze_session *session = job->explainer->session;
    const cz_copies *copies = job->copies;
    for (size_t i = 0; i < session->sequences && copies->move; i++) {
        size_t begin = session->begin[i], length = session->length[i];
        if (!fit(job, &job->rows, &job->rows_capacity, length, tensor->columns)) {
            job->short_of_memory = true;
            return;
        }
        for (size_t r = 0; r < length && !copies->begins; r++)
            cz_row_read(tensor, begin + r, job->rows + r * tensor->columns);
        copies->move(copies->context, job->first + i, job->rows, length, tensor->columns);
        for (size_t r = 0; r < length; r++)
            cz_row_write(tensor, begin + r, job->rows + r * tensor->columns);
    }
}

/* What is absent, and inputs of another length, have no shift. */
static void shift(const cloze_explainer *e, const cz_tensor *tensor)
{
    const cloze_session *session = e->session;
    for (size_t s = 0; s < session->sequences; s++)
        for (size_t i = 0; i < e->length && session->length[s] == e->length; i++) {
            size_t row = session->begin[s] + i;
            for (size_t c = 0; c < tensor->columns && is_shifted(e, i, session->ids[row]); c++)
                write_at(tensor, row, c,
                         cz_tensor_at(tensor, row, c) + e->shift[i * tensor->columns + c]);
        }
}

static void tap(void *context, const cz_tap_point *point, cz_tensor *tensor)
{
    copying *job = context;
    const cz_copies *copies = job->copies;
    const cloze_session *session = job->explainer->session;
    if (job->explainer->shift && !strcmp(point->name, "embeddings.sum"))
        shift(job->explainer, tensor);
    if (is_moved_here(copies, point)) {
        job->moved = tensor;
        move(job, tensor);
    }
    if (!copies->look)
        return;
    cz_batch batch = cz_session_batch(session);
    cz_look look = { point, job->first, session->sequences, &batch.packing };
    copies->look(copies->context, &look, tensor);
}

static cz_tensor *vector_rows(const cloze_explainer *e, cz_run *run, const cz_batch *batch,
                              cz_tensor *x)
{
    const cz_pipeline *pipeline = &e->model->pipeline;
    cz_request request = { .batch = batch };
    x = cz_pool_bit(run, &request, x, pipeline->pooling);
    return cz_normalize_rows(run, cz_run_modules(run, pipeline, x, true));
}

/* What F reads: [sequences, columns], or all tokens' rows. `word_row` lives as long as the tape. */
static cz_tensor *outcome_of(copying *job, cz_run *run, const cz_batch *batch, cz_tensor *x)
{
    const cloze_explainer *e = job->explainer;
    const cz_network *network = e->model->network;
    if (e->aim.task == CLOZE_EXPLAIN_SIMILARITY)
        return vector_rows(e, run, batch, x);
    if (e->aim.task == CLOZE_EXPLAIN_WORDS || e->aim.task == CLOZE_EXPLAIN_TAGS) {
        size_t *rows = cz_run_take(run, batch->packing.count * sizeof *rows);
        for (size_t i = 0; rows && i < batch->packing.count; i++)
            rows[i] = batch->packing.begin[i] + job->inputs.places[i].row[0];
        x = rows ? cz_select(run, x, rows, batch->packing.count) : &run->empty;
        return cz_logits(run, network, e->aim.head, NULL, x);
    }
    return cz_logits(run, network, e->aim.head, batch, x);
}

/* F of every copy; the slopes begin the walk back. */
static bool read_values(copying *job, cz_run *run, cz_tensor *outcome)
{
    const cloze_explainer *e = job->explainer;
    const cloze_session *session = e->session;
    cz_tensor *gradient = run->record ? cz_run_gradient(run, outcome) : NULL;
    for (size_t i = 0; i < session->sequences && cz_run_computes(run); i++) {
        size_t length = session->length[i], rows = cz_aim_rows(&e->aim, length);
        size_t from = e->aim.task == CLOZE_EXPLAIN_ANSWER ? session->begin[i] : i;
        if (!fit(job, &job->outcome, &job->outcome_capacity, rows, outcome->columns) ||
            !fit(job, &job->slope, &job->slope_capacity, rows, outcome->columns))
            return false;
        for (size_t r = 0; r < rows; r++)
            cz_row_read(outcome, from + r, job->outcome + r * outcome->columns);
        job->values[i] =
            cz_aim_value(&e->aim, &job->inputs.places[i], job->outcome, length, job->slope);
        for (size_t r = 0; r < rows && gradient; r++)
            cz_row_write(gradient, from + r, job->slope + r * outcome->columns);
    }
    return true;
}

/* Is nothing read of the last layer but first rows, and nobody looks? See run_part in task/encode.c. */
static bool reads_firsts(const copying *job, const cz_batch *batch)
{
    const cloze_explainer *e = job->explainer;
    const cz_network *network = e->model->network;
    bool firsts = e->aim.task == CLOZE_EXPLAIN_SIMILARITY
                      ? e->model->pipeline.pooling == CLOZE_POOLING_CLS
                      : cz_head_reads_firsts(network, e->aim.head);
    return firsts && !job->copies->look && job->copies->layer < (int64_t)network->config.layers &&
           batch->packing.count * CZ_FIRSTS_LENGTH <= batch->tokens;
}

/* What the layers make, of the batch or of rows that are given at one of them. */
static cz_tensor *states_of(copying *job, cz_run *run, const cz_batch *batch)
{
    const cz_network *network = job->explainer->model->network;
    size_t layers = network->config.layers, width = network->config.hidden;
    if (!job->copies->begins)
        return cz_encode(run, network, batch, layers);
    cz_tensor *room = cz_run_tensor(run, batch->tokens, width);
    cz_tensor *x = cz_run_input(run, room->data, batch->tokens, width, run->record);
    if (cz_run_computes(run))
        move(job, x);
    job->moved = x;
    return cz_encode_on(run, network, batch, x, (size_t)job->copies->layer, layers);
}

static void pass(copying *job, const cz_batch *batch)
{
    cloze_explainer *e = job->explainer;
    const cz_network *network = e->model->network;
    cz_run *run = &e->bench.run;
    cz_batch own = *batch, firsts;
    cz_globals globals;
    if (e->aim.task != CLOZE_EXPLAIN_SIMILARITY && cz_head_has_globals(network, e->aim.head)) {
        globals = cz_head_globals(network, e->aim.head, batch, e->session->global_row,
                                  e->session->global_begin, e->session->global_length);
        own.globals = &globals;
    }
    if (reads_firsts(job, batch)) {
        firsts = cz_first_rows(&own, e->session->first_begin, e->session->first_length);
        own.firsts = &firsts;
    }
    job->moved = NULL;
    cz_run_reset(run);
    cz_tensor *x = states_of(job, run, &own);
    if (job->copies->done) /* else nobody asks for F */
        x = outcome_of(job, run, own.firsts ? own.firsts : &own, x);
    if (job->copies->done && !read_values(job, run, x))
        job->short_of_memory = true;
    if (run->record)
        cz_run_walk_back(run);
}

/* ---- memory ---- */

static cloze_status prepare(copying *job, cloze_error *error)
{
    cloze_explainer *e = job->explainer;
    const cloze_engine *engine = e->model->engine;
    const cloze_allocator *allocator = &e->hooks.allocator;
    cz_bench *bench = &e->bench;
    size_t longest = e->model->network->config.longest, tokens = e->session->batch_tokens;
    cz_extent extent =
        cz_network_extent(e->model->network, tokens, tokens < longest ? tokens : longest, true);
    size_t pooled = cz_pooled_width(e->model->pipeline.pooling, e->model->network->config.hidden);
    size_t modules = cz_pipeline_widest(&e->model->pipeline, pooled);
    extent.widest = extent.widest < modules ? modules : extent.widest;
    size_t size = engine->backend->scratch(&extent, engine->place.kernels);
    size = (size + CZ_ARENA_ALIGNMENT - 1) / CZ_ARENA_ALIGNMENT * CZ_ARENA_ALIGNMENT;
    if (!bench->host.data &&
        (!cz_block_allocate(allocator, HOST_SIZE, &bench->host) ||
         !cz_block_allocate(allocator, cz_pool_workers(engine->pool) * size, &bench->scratch)))
        return cz_fail_memory(error, "runs that record", HOST_SIZE);
    bench->run = (cz_run){ .backend = engine->backend,
                           .place = engine->place,
                           .host = { bench->host.data, HOST_SIZE, 0, 0 },
                           .tap = tap,
                           .tap_context = job,
                           .tap_attention = job->copies->attention,
                           .tap_projections = true,
                           .tap_parts = true,
                           .record = !job->copies->no_gradient,
                           .cancel = &e->session->cancel };
    bench->run.place.scratch = bench->scratch.data;
    bench->run.place.scratch_size = size;
    return CLOZE_OK;
}

/* What was cancelled is: the next call may run. */
static cloze_status run_failure(const copying *job, cloze_error *error)
{
    const cloze_error *failure = &job->explainer->bench.run.error;
    atomic_store(&job->explainer->session->cancel, false);
    return cz_fail(error, failure->status, "%.480s", failure->message);
}

/* A counting run tells what this batch needs. */
static cloze_status furnish(copying *job, const cz_batch *batch, cloze_error *error)
{
    cz_bench *bench = &job->explainer->bench;
    const cloze_allocator *allocator = &job->explainer->hooks.allocator;
    bench->run.numbers = (cz_arena){ NULL, 0, 0, 0 };
    pass(job, batch);
    size_t size = bench->run.numbers.peak;
    if (cz_run_failed(&bench->run))
        return run_failure(job, error);
    if (bench->numbers.size < size) {
        cz_block_release(allocator, &bench->numbers);
        bench->numbers = (cz_block){ NULL, NULL, 0 };
        if (!cz_block_allocate(allocator, size, &bench->numbers))
            return cz_fail(error, CLOZE_ERROR_MEMORY,
                           "out of memory: gradients of %zu tokens at a time; try fewer",
                           batch->tokens);
    }
    bench->run.numbers = (cz_arena){ bench->numbers.data, bench->numbers.size, 0, 0 };
    return CLOZE_OK;
}

/* ---- batches ---- */

static cloze_status hand_on(copying *job, size_t i, cloze_error *error)
{
    const cz_copies *copies = job->copies;
    const cloze_session *session = job->explainer->session;
    size_t length = session->length[i], width = cz_width_at(job->explainer, copies->layer);
    const cz_tensor *gradient = job->moved ? job->moved->gradient : NULL;
    if (!copies->done)
        return CLOZE_OK;
    if (copies->no_gradient)
        return copies->done(copies->context, job->first + i, job->values[i], NULL, length, width,
                            error);
    if (!fit(job, &job->rows, &job->rows_capacity, length, width))
        return cz_fail_memory(error, "a gradient", length * width * sizeof(double));
    /* Nothing flowed back: F does not depend on what lies there. */
    memset(job->rows, 0, length * width * sizeof *job->rows);
    for (size_t r = 0; r < length && gradient; r++)
        cz_row_read(gradient, session->begin[i] + r, job->rows + r * width);
    return copies->done(copies->context, job->first + i, job->values[i], job->rows, length, width,
                        error);
}

static cloze_status flush(copying *job, cloze_error *error)
{
    cloze_explainer *e = job->explainer;
    cloze_session *session = e->session;
    size_t count = session->sequences;
    if (!count)
        return CLOZE_OK;
    cz_batch batch = cz_session_batch(session);
    cloze_status status = furnish(job, &batch, error);
    if (status)
        return status;
    pass(job, &batch);
    if (cz_run_failed(&e->bench.run))
        return run_failure(job, error);
    if (job->short_of_memory)
        return cz_fail_memory(error, "rows of a copy", 0);
    for (size_t i = 0; i < count && !status; i++)
        status = hand_on(job, i, error);
    job->first += count;
    cz_session_clear(session);
    if (!status && !cz_explain_step(e, count, error))
        status = CLOZE_ERROR_CANCELLED;
    return status;
}

static cloze_status add(copying *job, size_t number, cloze_error *error)
{
    cloze_explainer *e = job->explainer;
    cz_inputs_make(&job->inputs, e, number, job->copies->make, job->copies->context);
    size_t length = job->inputs.input.length;
    cloze_status status = cz_session_check(e->session, 0, length, error);
    if (!status && !cz_session_takes(e->session, length))
        status = flush(job, error);
    return status ? status : cz_inputs_append(&job->inputs, e, error);
}

static cloze_status check(const cloze_explainer *e, const cz_copies *copies, cloze_error *error)
{
    const cloze_model *model = e->model;
    unsigned pooling = model->pipeline.pooling;
    if (copies->layer < CZ_AT_WORDS || copies->layer > (int64_t)model->network->config.layers)
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND, "there is no layer %lld: the model has %zu",
                       (long long)copies->layer, model->network->config.layers);
    if (e->aim.task == CLOZE_EXPLAIN_SIMILARITY && (pooling & (pooling - 1)) && copies->done)
        return cz_fail(
            error, CLOZE_ERROR_UNSUPPORTED,
            "%.200s joins several poolings: neither gradients of that are known here nor "
            "what becomes of it when states change",
            model->path);
    return CLOZE_OK;
}

cloze_status cz_copies_run(cloze_explainer *explainer, const cz_copies *copies, cloze_error *error)
{
    const cloze_allocator *allocator = &explainer->hooks.allocator;
    copying job = { .explainer = explainer, .copies = copies };
    size_t tokens = explainer->session->batch_tokens;
    cloze_status status = check(explainer, copies, error);
    if (status)
        return status;
    status = cz_inputs_begin(&job.inputs, explainer, error);
    job.values = cz_allocate(allocator, tokens, sizeof *job.values);
    if (!status)
        status = job.values ? prepare(&job, error)
                            : cz_fail_memory(error, "values", tokens * sizeof *job.values);
    for (size_t i = 0; i < copies->count && !status; i++)
        status = add(&job, i, error);
    if (!status)
        status = flush(&job, error);
    cz_inputs_clear(&job.inputs, explainer);
    cz_release(allocator, job.values);
    cz_release(allocator, job.rows);
    cz_release(allocator, job.outcome);
    cz_release(allocator, job.slope);
    return status;
}
