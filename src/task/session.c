/*
 * session.c - the memory of a running computation, sized once by counting runs. What runs in it is
 * in encode.c.
 */
#include "task/engine.h"

#include "base/error.h"

enum {
    DEFAULT_BATCH_TOKENS = 1024,
    GROUP_TOKENS = 256, /* at most this many tokens in a group of several sequences */
    HOST_SIZE = 256 << 10,
    ENCODING_BYTES = (512 << 10) + (16 << 10), /* the word cache, and buffers that begin small */
    ENCODING_TOKEN_BYTES = 1024,               /* of a text of the longest length */
    BATCH_TOKENS_MOST = 1 << 24
};

/* ---- sizes ---- */

typedef struct session_sizes {
    size_t batch, group, longest;
    size_t batch_numbers, group_numbers, scratch;
} session_sizes;

static bool has_globals(const cz_network *network)
{
    for (int head = 0; head < CZ_HEADS; head++)
        if (cz_head_has_globals(network, (cz_head_kind)head))
            return true;
    return false;
}

/* Of the encoder over a batch, and of everything that reads what it makes. */
static size_t count_batch(const cloze_model *model, cz_run *run, const cz_batch *batch)
{
    const cz_batch *rows = batch->firsts ? batch->firsts : batch;
    cz_request request = { .batch = rows };
    cz_run_reset(run);
    run->numbers.peak = 0;
    cz_tensor *x = cz_encode(run, model->network, batch, model->network->config.layers);
    for (unsigned bit = 1; bit <= CLOZE_POOLING_LAST; bit *= 2)
        cz_pool_bit(run, &request, x, bit);
    for (int head = 0; head < CZ_HEADS; head++)
        if (head != CZ_HEAD_WORDS && cz_head_columns(model->network, (cz_head_kind)head)) {
            size_t used = run->numbers.used;
            cz_logits(run, model->network, (cz_head_kind)head, rows, x);
            run->numbers.used = used;
        }
    return run->numbers.peak;
}

/* Room of one batch of `tokens` tokens: many short sequences make the most pooled rows, the longest
 * one makes the most rows of distances. Where they lie is not looked at while counting. */
static size_t count_numbers(const cloze_model *model, cz_run *run, size_t tokens)
{
    static const uint32_t nothing = 0;
    size_t begin = 0, length = 1, longest = model->network->config.longest;
    size_t few = tokens / CZ_FIRSTS_LENGTH, peak, other, width;
    longest = longest < tokens ? longest : tokens;
    cz_globals globals = { { tokens, &begin, &length, 1 }, &begin, tokens };
    cz_batch batch = {
        tokens, { tokens, &begin, &length, longest },          &nothing, &nothing, &nothing,
        NULL,   has_globals(model->network) ? &globals : NULL, NULL
    };
    cz_batch firsts = { few, { few, &begin, &length, 1 }, &nothing, &nothing, &nothing, NULL, NULL,
                        NULL };
    run->numbers = (cz_arena){ NULL, 0, 0, 0 };
    peak = count_batch(model, run, &batch);
    batch.packing.count = few;
    batch.firsts = &firsts;
    other = few ? count_batch(model, run, &batch) : 0;
    peak = peak > other ? peak : other;

    cz_run_reset(run);
    width = cz_pooled_width(model->pipeline.pooling, model->network->config.hidden);
    cz_tensor *x = cz_run_tensor(run, CZ_FINISH_ROWS, width);
    cz_run_modules(run, &model->pipeline, x, true);
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
    size_t sequence = 7 * sizeof(size_t) + width * sizeof(float);
    size_t globals = has_globals(network) ? 3 * sizeof(size_t) : 0;
    size_t batch = sizes->batch * (3 * sizeof(uint32_t) + sizeof(size_t) + sequence + globals);
    size_t table = network->parameter_count * sizeof *network->parameters +
                   network->layer_count * sizeof *network->layers +
                   network->config.layers * network->config.inner * sizeof *network->turns +
                   block_bytes(network->vector_memory.size) +
                   block_bytes(network->angle_memory.size) +
                   block_bytes(network->projected_memory.size);
    for (size_t i = 0; i < network->layer_count; i++)
        table += network->layers[i].woven.size ? block_bytes(network->layers[i].woven.size) : 0;
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

static bool make_global_arrays(cloze_session *session)
{
    const cloze_allocator *allocator = &session->hooks.allocator;
    size_t n = session->batch_tokens;
    if (!has_globals(session->model->network))
        return true;
    session->global_row = cz_allocate(allocator, n, sizeof *session->global_row);
    session->global_begin = cz_allocate(allocator, n, sizeof *session->global_begin);
    session->global_length = cz_allocate(allocator, n, sizeof *session->global_length);
    return session->global_row && session->global_begin && session->global_length;
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
    session->first_begin = cz_allocate(allocator, n, sizeof *session->first_begin);
    session->first_length = cz_allocate(allocator, n, sizeof *session->first_length);
    if (!make_global_arrays(session) || !session->first_begin || !session->first_length)
        return false;
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
    cz_block_release(allocator, &session->words);
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
    cz_release(allocator, session->global_row);
    cz_release(allocator, session->global_begin);
    cz_release(allocator, session->global_length);
    cz_release(allocator, session->groups);
    cz_release(allocator, session->first_begin);
    cz_release(allocator, session->first_length);
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
