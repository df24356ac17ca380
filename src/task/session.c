/*
 * session.c - the memory of a running computation, sized once by counting runs, and the two ways a
 * batch is computed: by operations (one run, whose operations are cut over the pool) when there is
 * little, by groups (each worker takes whole sequences through the whole model) when there is much.
 * The law of bits makes both give the same result.
 */
#include "task/engine.h"

#include "base/error.h"

#include <string.h>

enum {
    DEFAULT_BATCH_TOKENS = 1024,
    GROUP_TOKENS = 256, /* at most this many tokens in a group of several sequences */
    GROUP_LEAST = 96,   /* and about so many when they are shared out */
    HOST_SIZE = 256 << 10,
    FINISH_ROWS = 64,
    ENCODING_BYTES = (512 << 10) + (16 << 10), /* the word cache, and buffers that begin small */
    ENCODING_TOKEN_BYTES = 1024,               /* of a text of the longest length */
    BATCH_TOKENS_MOST = 1 << 24
};

/* ---- sizes ---- */

typedef struct session_sizes {
    size_t batch, group, longest;
    size_t batch_numbers, group_numbers, scratch;
} session_sizes;

static cz_tensor *finish_rows(cz_run *run, const cz_pipeline *pipeline, cz_tensor *x,
                              bool normalize_modules)
{
    for (size_t i = 0; i < pipeline->module_count; i++) {
        const cz_module *module = &pipeline->modules[i];
        if (module->kind == CZ_MODULE_DENSE)
            x = cz_linear(run, x, &module->dense, module->activation);
        else if (module->kind == CZ_MODULE_NORM)
            x = cz_norm(run, x, &module->norm);
        else if (normalize_modules)
            x = cz_normalize_rows(run, x);
    }
    return x;
}

static cz_tensor *pool_kind(cz_run *run, const cz_request *request, cz_tensor *x, unsigned bit)
{
    static const struct {
        unsigned bit;
        cz_pooling_kind kind;
    } kinds[] = {
        { CLOZE_POOLING_CLS, CZ_POOL_FIRST },
        { CLOZE_POOLING_MAX, CZ_POOL_MAX },
        { CLOZE_POOLING_MEAN, CZ_POOL_MEAN },
        { CLOZE_POOLING_MEAN_SQRT, CZ_POOL_MEAN_SQRT },
        { CLOZE_POOLING_WEIGHTED, CZ_POOL_WEIGHTED },
        { CLOZE_POOLING_LAST, CZ_POOL_LAST },
    };
    size_t at = 0;
    while (kinds[at].bit != bit)
        at++;
    /* [CLS] is the first row whatever the prompt. */
    return cz_pool_rows(run, x, &request->batch->packing,
                        bit == CLOZE_POOLING_CLS ? NULL : request->skip, kinds[at].kind);
}

/* Room of one batch of `tokens` tokens: many short sequences make the most pooled rows. */
static size_t count_numbers(const cloze_model *model, cz_run *run, size_t tokens)
{
    static const uint32_t nothing = 0;
    size_t begin = 0, length = 1;
    cz_batch batch = { tokens, { tokens, &begin, &length, 1 }, &nothing, &nothing, &nothing, NULL };
    cz_request request = { .batch = &batch };
    run->numbers = (cz_arena){ NULL, 0, 0, 0 };
    cz_run_reset(run);
    run->numbers.peak = 0;
    cz_tensor *x = cz_encode(run, model->network, &batch, model->network->config.layers);
    for (unsigned bit = 1; bit <= CLOZE_POOLING_LAST; bit *= 2)
        pool_kind(run, &request, x, bit);
    if (model->labels.count)
        cz_classified(run, model->network, &batch, x);
    size_t peak = run->numbers.peak, width;

    cz_run_reset(run);
    width = cz_pooled_width(model->pipeline.pooling, model->network->config.hidden);
    x = cz_run_tensor(run, FINISH_ROWS, width);
    finish_rows(run, &model->pipeline, x, true);
    return run->numbers.peak > peak ? run->numbers.peak : peak;
}

static session_sizes sizes_of(const cloze_model *model, cz_run *run, size_t batch_tokens)
{
    session_sizes sizes = { .batch = batch_tokens, .longest = model->max_tokens };
    const cloze_engine *engine = model->engine;
    if (sizes.batch > BATCH_TOKENS_MOST)
        sizes.batch = BATCH_TOKENS_MOST;
    if (sizes.batch < sizes.longest)
        sizes.batch = sizes.longest;
    sizes.group = GROUP_TOKENS > sizes.longest ? GROUP_TOKENS : sizes.longest;
    if (sizes.group > sizes.batch)
        sizes.group = sizes.batch;
    size_t longest =
        sizes.batch < model->network->config.longest ? sizes.batch : model->network->config.longest;
    cz_extent extent = cz_network_extent(model->network, sizes.batch, longest, false);
    size_t pooled = cz_pooled_width(2 * CLOZE_POOLING_LAST - 1, model->network->config.hidden);
    size_t modules = cz_pipeline_widest(&model->pipeline, pooled);
    if (extent.widest < modules)
        extent.widest = modules;
    sizes.scratch = engine->backend->scratch(&extent, engine->place.kernels);
    sizes.scratch =
        (sizes.scratch + CZ_ARENA_ALIGNMENT - 1) / CZ_ARENA_ALIGNMENT * CZ_ARENA_ALIGNMENT;
    sizes.batch_numbers = count_numbers(model, run, sizes.batch);
    sizes.group_numbers = count_numbers(model, run, sizes.group);
    return sizes;
}

static void init_run(cz_run *run, const cloze_engine *engine, char *host)
{
    *run = (cz_run){ .backend = engine->backend,
                     .place = engine->place,
                     .host = { host, HOST_SIZE, 0, 0 } };
}

/* A block is aligned, up to a huge page. */
static size_t block_bytes(size_t size)
{
    return size + (size >= (4u << 20) ? 2u << 20 : CZ_ARENA_ALIGNMENT);
}

/* What is held beside arenas, packs and the tokenizer, for texts up to the model's limit. */
static size_t beside(const cloze_model *model, const session_sizes *sizes)
{
    const cz_network *network = model->network;
    size_t width = cz_pooled_width(model->pipeline.pooling, network->config.hidden);
    size_t wide = cz_pipeline_width(&model->pipeline, width);
    size_t sequence = 5 * sizeof(size_t) + width * sizeof(float);
    size_t batch = sizes->batch * (3 * sizeof(uint32_t) + sizeof(size_t) + sequence);
    size_t table = network->parameter_count * sizeof *network->parameters +
                   network->layer_count * sizeof *network->layers +
                   network->config.layers * network->config.inner * sizeof *network->turns +
                   block_bytes(network->vector_memory.size) +
                   block_bytes(network->angle_memory.size) +
                   block_bytes(network->projected_memory.size);
    size_t rows = (width + wide) * sizeof(float);
    return sizeof(cloze_engine) + sizeof(cloze_model) + sizeof(cloze_session) + sizeof *network +
           cz_pool_workers(model->engine->pool) * (sizeof(cz_slot) + 2 * CZ_ARENA_ALIGNMENT) +
           batch + table + rows + ENCODING_BYTES + sizes->longest * ENCODING_TOKEN_BYTES;
}

void cz_session_bytes(const cloze_model *model, size_t batch_tokens, size_t *arena, size_t *other)
{
    cz_run run;
    char *host = cz_allocate(&model->hooks.allocator, HOST_SIZE, 1);
    size_t workers = cz_pool_workers(model->engine->pool);
    *arena = *other = 0;
    if (!host)
        return;
    init_run(&run, model->engine, host);
    session_sizes sizes = sizes_of(model, &run, batch_tokens ? batch_tokens : DEFAULT_BATCH_TOKENS);
    cz_release(&model->hooks.allocator, host);
    *arena = block_bytes(sizes.batch_numbers) + (workers - 1) * block_bytes(sizes.group_numbers) +
             block_bytes(workers * sizes.scratch) + workers * block_bytes(HOST_SIZE);
    *other = beside(model, &sizes);
}

/* ---- making and freeing ---- */

static bool make_slot(cloze_session *session, cz_slot *slot, size_t tokens, size_t numbers)
{
    const cloze_allocator *allocator = &session->hooks.allocator;
    slot->tokens = tokens;
    if (!cz_block_allocate(allocator, HOST_SIZE, &slot->host) ||
        !cz_block_allocate(allocator, numbers, &slot->numbers))
        return false;
    init_run(&slot->run, session->model->engine, slot->host.data);
    slot->run.numbers = (cz_arena){ slot->numbers.data, numbers, 0, 0 };
    slot->run.cancel = &session->cancel;
    return true;
}

static bool make_batch_arrays(cloze_session *session)
{
    const cloze_allocator *allocator = &session->hooks.allocator;
    size_t n = session->batch_tokens;
    session->ids = cz_allocate(allocator, n, sizeof *session->ids);
    session->positions = cz_allocate(allocator, n, sizeof *session->positions);
    session->types = cz_allocate(allocator, n, sizeof *session->types);
    session->begin = cz_allocate(allocator, n, sizeof *session->begin);
    session->length = cz_allocate(allocator, n, sizeof *session->length);
    session->skip = cz_allocate(allocator, n, sizeof *session->skip);
    session->owner = cz_allocate(allocator, n, sizeof *session->owner);
    session->group_begin = cz_allocate(allocator, n, sizeof *session->group_begin);
    session->groups = cz_allocate(allocator, n + 1, sizeof *session->groups);
    return session->ids && session->positions && session->types && session->begin &&
           session->length && session->skip && session->owner && session->group_begin &&
           session->groups;
}

static bool make_slots(cloze_session *session)
{
    const cloze_allocator *allocator = &session->hooks.allocator;
    size_t workers = cz_pool_workers(session->model->engine->pool);
    char *host = cz_allocate(allocator, HOST_SIZE, 1);
    cz_run counting;
    if (!host)
        return false;
    init_run(&counting, session->model->engine, host);
    session_sizes sizes = sizes_of(session->model, &counting, session->batch_tokens);
    cz_release(allocator, host);
    session->batch_tokens = sizes.batch;
    session->group_tokens = sizes.group;
    session->scratch_size = sizes.scratch;
    session->slots = cz_allocate_zero(allocator, workers, sizeof *session->slots);
    if (!session->slots ||
        !cz_block_allocate(allocator, workers * sizes.scratch, &session->scratch))
        return false;
    session->slot_count = workers;
    for (size_t i = 0; i < workers; i++)
        if (!make_slot(session, &session->slots[i], i ? sizes.group : sizes.batch,
                       i ? sizes.group_numbers : sizes.batch_numbers))
            return false;
    return make_batch_arrays(session);
}

cloze_status cloze_session_new(cloze_session **out, const cloze_model *model,
                               const cloze_session_options *options, cloze_error *error)
{
    const cloze_allocator *allocator = &model->hooks.allocator;
    cloze_session *session = cz_allocate_zero(allocator, 1, sizeof *session);
    cloze_status status;
    if (!session)
        return cz_fail_memory(error, "a session", sizeof *session);
    session->model = model;
    session->hooks = model->hooks;
    session->batch_tokens =
        options && options->batch_tokens ? options->batch_tokens : DEFAULT_BATCH_TOKENS;
    if (options)
        session->progress = options->progress;
    status = cloze_encoding_new(&session->encoding, &session->hooks, error);
    if (!status && !make_slots(session))
        status = cz_fail(error, CLOZE_ERROR_MEMORY,
                         "out of memory: a session over batches of %zu tokens; try fewer",
                         session->batch_tokens);
    if (status) {
        cloze_session_free(session);
        return status;
    }
    *out = session;
    return CLOZE_OK;
}

void cloze_session_free(cloze_session *session)
{
    if (!session)
        return;
    cloze_allocator copy = session->hooks.allocator;
    const cloze_allocator *allocator = &copy;
    for (size_t i = 0; i < session->slot_count; i++) {
        cz_block_release(allocator, &session->slots[i].host);
        cz_block_release(allocator, &session->slots[i].numbers);
    }
    cz_block_release(allocator, &session->scratch);
    cz_release(allocator, session->slots);
    cloze_encoding_free(session->encoding);
    cz_release(allocator, session->ids);
    cz_release(allocator, session->positions);
    cz_release(allocator, session->types);
    cz_release(allocator, session->begin);
    cz_release(allocator, session->length);
    cz_release(allocator, session->skip);
    cz_release(allocator, session->owner);
    cz_release(allocator, session->group_begin);
    cz_release(allocator, session->groups);
    cz_release(allocator, session->pooled);
    cz_release(allocator, session->partial);
    cz_release(allocator, session->wide);
    cz_release(allocator, session->text);
    cz_release(allocator, session);
}

void cloze_session_cancel(cloze_session *session)
{
    atomic_store(&session->cancel, true);
}

/* ---- running ---- */

static void copy_rows(const cz_tensor *from, size_t row, size_t count, float *to, size_t stride)
{
    for (size_t i = 0; i < count; i++, to += stride) {
        if (from->type == CZ_F32) {
            memcpy(to, cz_f32_row(from, row + i), from->columns * sizeof *to);
            continue;
        }
        for (size_t c = 0; c < from->columns; c++)
            to[c] = (float)cz_tensor_at(from, row + i, c);
    }
}

/* Where the states of a batch that is a part of the request's go. */
typedef struct state_tap {
    const cz_request *request;
    size_t first_token;
} state_tap;

static void keep_state(void *context, const cz_tap_point *point, cz_tensor *tensor)
{
    const state_tap *tap = context;
    float *to = tap->request->states[point->layer];
    if (to)
        copy_rows(tensor, 0, tensor->rows, to + tap->first_token * tensor->columns,
                  tensor->columns);
}

/* One run over `part`, which begins at the request's sequence `first`. */
static void run_part(cloze_session *session, cz_run *run, const cz_request *request,
                     const cz_batch *part, size_t first, size_t first_token)
{
    const cz_network *network = session->model->network;
    size_t width = cz_pooled_width(request->pooling, network->config.hidden), column = 0;
    cz_request own = *request;
    state_tap tap = { request, first_token };
    own.batch = part;
    own.skip = request->skip ? request->skip + first : NULL;
    cz_run_reset(run);
    run->tap = request->states ? keep_state : NULL;
    run->tap_context = &tap;
    cz_tensor *x = cz_encode(run, network, part, request->layers);
    for (unsigned bit = 1; request->pooled && bit <= CLOZE_POOLING_LAST; bit *= 2) {
        if (!(request->pooling & bit))
            continue;
        const cz_tensor *row = pool_kind(run, &own, x, bit);
        if (!cz_run_failed(run))
            copy_rows(row, 0, row->rows, request->pooled + first * width + column, width);
        column += network->config.hidden;
    }
    if (request->logits) {
        size_t labels = network->config.labels;
        x = cz_classified(run, network, part, x);
        if (!cz_run_failed(run))
            copy_rows(x, 0, x->rows, request->logits + first * labels, labels);
    }
    run->tap = NULL;
}

typedef struct group_job {
    cloze_session *session;
    const cz_request *request;
} group_job;

static void run_group(void *context, size_t group, size_t worker)
{
    const group_job *job = context;
    cloze_session *session = job->session;
    const cz_batch *whole = job->request->batch;
    size_t first = session->groups[group], last = session->groups[group + 1], longest = 0;
    size_t token = whole->packing.begin[first], end = token;
    cz_run *run = &session->slots[worker].run;
    for (size_t i = first; i < last; i++) {
        session->group_begin[i] = whole->packing.begin[i] - token;
        end = whole->packing.begin[i] + whole->packing.length[i];
        if (whole->packing.length[i] > longest)
            longest = whole->packing.length[i];
    }
    cz_batch part = {
        .tokens = end - token,
        .packing = { last - first, session->group_begin + first, whole->packing.length + first,
                     longest },
        .ids = whole->ids + token,
        .positions = whole->positions + token,
        .types = whole->types + token,
    };
    run->place = session->model->engine->place;
    run->place.pool = NULL;
    run->place.scratch = (char *)session->scratch.data + worker * session->scratch_size;
    run->place.scratch_size = session->scratch_size;
    run_part(session, run, job->request, &part, first, token);
    if (cz_run_failed(run) && !session->slots[worker].failure.status)
        session->slots[worker].failure = run->error;
}

/* Cuts the batch into groups of whole sequences; 0 when it is better cut by operations. */
static size_t make_groups(cloze_session *session, const cz_batch *batch)
{
    size_t workers = session->slot_count, count = batch->packing.count, groups = 0, tokens = 0;
    size_t aim = batch->tokens / (4 * workers);
    aim = aim < GROUP_LEAST             ? GROUP_LEAST
          : aim > session->group_tokens ? session->group_tokens
                                        : aim;
    if (batch->packing.longest > session->group_tokens)
        return 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = batch->packing.length[i];
        if (!i || tokens + length > session->group_tokens || tokens >= aim) {
            session->groups[groups++] = i;
            tokens = 0;
        }
        tokens += length;
    }
    session->groups[groups] = count;
    /* Fewer groups than would keep every worker busy: the last of them would wait too long. */
    return groups >= 2 * workers ? groups : 0;
}

static cloze_status collect(cloze_session *session, cloze_error *error)
{
    cloze_error failure = { CLOZE_OK, 0, "" };
    for (size_t i = 0; i < session->slot_count; i++) {
        if (!failure.status)
            failure = session->slots[i].failure;
        session->slots[i].failure = (cloze_error){ CLOZE_OK, 0, "" };
    }
    if (!failure.status)
        return CLOZE_OK;
    if (failure.status == CLOZE_ERROR_CANCELLED)
        atomic_store(&session->cancel, false);
    return cz_fail(error, failure.status, "%.480s", failure.message);
}

static void prepare_whole(cloze_session *session, cz_run *run)
{
    run->place = session->model->engine->place;
    run->place.scratch = session->scratch.data;
    run->place.scratch_size = session->scratch_size;
}

cloze_status cz_session_encode(cloze_session *session, const cz_request *request,
                               cloze_error *error)
{
    size_t groups = session->slot_count > 1 ? make_groups(session, request->batch) : 0;
    cz_run *run = &session->slots[0].run;
    if (groups) {
        group_job job = { session, request };
        cz_pool_run(session->model->engine->pool, groups, run_group, &job);
        return collect(session, error);
    }
    prepare_whole(session, run);
    run_part(session, run, request, request->batch, 0, 0);
    session->slots[0].failure = run->error;
    return collect(session, error);
}

cloze_status cz_session_finish(cloze_session *session, float *pooled, size_t count, float *out,
                               bool normalize_modules, cloze_error *error)
{
    const cloze_model *model = session->model;
    size_t width = session->pooled_width, wide = cz_pipeline_width(&model->pipeline, width);
    cz_run *run = &session->slots[0].run;
    prepare_whole(session, run);
    for (size_t done = 0; done < count; done += FINISH_ROWS) {
        size_t rows = count - done < FINISH_ROWS ? count - done : FINISH_ROWS;
        cz_run_reset(run);
        run->tap = NULL;
        cz_tensor *x = cz_run_tensor(run, rows, width);
        for (size_t i = 0; i < rows && !cz_run_failed(run); i++)
            for (size_t c = 0; c < width; c++) {
                float value = pooled[(done + i) * width + c];
                if (x->type == CZ_F64)
                    ((double *)x->data)[i * width + c] = (double)value;
                else
                    cz_f32(x)[i * width + c] = value;
            }
        x = finish_rows(run, &model->pipeline, x, normalize_modules);
        if (cz_run_failed(run)) {
            session->slots[0].failure = run->error;
            return collect(session, error);
        }
        copy_rows(x, 0, rows, out + done * wide, wide);
    }
    return CLOZE_OK;
}
