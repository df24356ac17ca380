/*
 * encode.c - the two ways a batch is computed in a session: by operations (one run, whose operations
 * are cut over the pool) when there is little, by groups (each worker takes whole sequences through
 * the whole model) when there is much. The law of bits makes both give the same result.
 */
#include "task/engine.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

/* A group takes about so many tokens when they are shared out. */
enum { GROUP_LEAST = 96 };

cz_tensor *cz_run_modules(cz_run *run, const cz_pipeline *pipeline, cz_tensor *x,
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

cz_tensor *cz_pool_bit(cz_run *run, const cz_request *request, cz_tensor *x, unsigned bit)
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

/* Those of the rows asked for that lie in x, whose first is the batch's row `first_token`. */
static void keep_rows(const cz_request *request, const cz_tensor *x, size_t first_token)
{
    size_t low = 0, high = request->row_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (request->rows[middle] < first_token)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < request->row_count && request->rows[low] - first_token < x->rows; low++)
        copy_rows(x, request->rows[low] - first_token, 1, request->row_states + low * x->columns,
                  x->columns);
}

/* Is nothing asked of the last layer but first rows? */
static bool asks_firsts(const cz_network *network, const cz_request *request, const cz_batch *part)
{
    bool vectors = request->pooled && request->pooling != CLOZE_POOLING_CLS;
    bool logits = request->logits && !cz_head_reads_firsts(network, request->head);
    return request->layers == network->config.layers && !request->states && !request->row_count &&
           !vectors && !logits && part->packing.count * CZ_FIRSTS_LENGTH <= part->tokens;
}

/* One run over `part`, which begins at the request's sequence `first`. */
static void run_part(cloze_session *session, cz_run *run, const cz_request *request,
                     const cz_batch *part, size_t first, size_t first_token)
{
    const cz_network *network = session->model->network;
    size_t width = cz_pooled_width(request->pooling, network->config.hidden), column = 0;
    cz_request own = *request;
    state_tap tap = { request, first_token };
    cz_batch batch = *part, firsts;
    cz_globals globals;
    own.batch = &batch;
    own.skip = request->skip ? request->skip + first : NULL;
    cz_run_reset(run);
    run->tap = request->states ? keep_state : NULL;
    run->tap_context = &tap;
    if (request->logits && cz_head_has_globals(network, request->head)) {
        globals = cz_head_globals(network, request->head, part, session->global_row + first_token,
                                  session->global_begin + first, session->global_length + first);
        batch.globals = &globals;
    }
    if (asks_firsts(network, request, part)) {
        firsts = cz_first_rows(&batch, session->first_begin + first, session->first_length + first);
        batch.firsts = &firsts;
    }
    cz_tensor *x = cz_encode(run, network, &batch, request->layers);
    if (batch.firsts)
        own.batch = batch.firsts;
    for (unsigned bit = 1; request->pooled && bit <= CLOZE_POOLING_LAST; bit *= 2) {
        if (!(request->pooling & bit))
            continue;
        const cz_tensor *row = cz_pool_bit(run, &own, x, bit);
        if (!cz_run_failed(run))
            copy_rows(row, 0, row->rows, request->pooled + first * width + column, width);
        column += network->config.hidden;
    }
    keep_rows(request, x, first_token);
    if (request->logits) {
        size_t columns = cz_head_columns(network, request->head);
        size_t before = cz_head_tells_tokens(request->head) ? first_token : first;
        x = cz_logits(run, network, request->head, own.batch, x);
        if (!cz_run_failed(run))
            copy_rows(x, 0, x->rows, request->logits + before * columns, columns);
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

/* Groups of whole sequences, closed at `aim` tokens. */
static size_t cut_groups(cloze_session *session, const cz_batch *batch, size_t aim)
{
    size_t count = batch->packing.count, groups = 0, tokens = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = batch->packing.length[i];
        if (!i || tokens + length > session->group_tokens || tokens >= aim) {
            session->groups[groups++] = i;
            tokens = 0;
        }
        tokens += length;
    }
    session->groups[groups] = count;
    return groups;
}

/* Whether workers that take one group after the other end at about the same time: whoever is late costs
 * more than cutting by operations does, some 5 %. */
static bool are_even(cloze_session *session, const cz_batch *batch, size_t groups)
{
    size_t workers = session->slot_count, latest = 0;
    for (size_t w = 0; w < workers; w++)
        session->slots[w].load = 0;
    for (size_t g = 0; g < groups; g++) {
        size_t next = 0;
        for (size_t w = 1; w < workers; w++)
            if (session->slots[w].load < session->slots[next].load)
                next = w;
        for (size_t i = session->groups[g]; i < session->groups[g + 1]; i++)
            session->slots[next].load += batch->packing.length[i];
        if (session->slots[next].load > latest)
            latest = session->slots[next].load;
    }
    return (double)(latest * workers) <= 1.06 * (double)batch->tokens;
}

/* Cuts the batch into groups of whole sequences; 0 when it is better cut by operations. */
static size_t make_groups(cloze_session *session, const cz_batch *batch)
{
    size_t workers = session->slot_count, aim = batch->tokens / (4 * workers);
    aim = aim < GROUP_LEAST             ? GROUP_LEAST
          : aim > session->group_tokens ? session->group_tokens
                                        : aim;
    if (batch->packing.longest > session->group_tokens)
        return 0;
    for (;; aim = aim / 2 < GROUP_LEAST ? GROUP_LEAST : aim / 2) {
        size_t groups = cut_groups(session, batch, aim);
        if (groups >= 2 * workers && are_even(session, batch, groups))
            return groups;
        if (aim == GROUP_LEAST)
            return 0;
    }
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

cloze_status cz_check_finite(const float *numbers, size_t count, size_t owner, cloze_error *error)
{
    bool finite = true;
    for (size_t i = 0; i < count; i++)
        finite &= isfinite(numbers[i]) != 0;
    if (finite)
        return CLOZE_OK;
    return cz_fail(error, CLOZE_ERROR_FORMAT,
                   "text %zu: what the model computes is not finite: its weights are too large for "
                   "float32, or its training diverged",
                   owner + 1);
}

/* A tensor of the run with these rows of numbers. */
static cz_tensor *bring_rows(cz_run *run, const float *from, size_t rows, size_t columns)
{
    cz_tensor *x = cz_run_tensor(run, rows, columns);
    for (size_t i = 0; i < rows && !cz_run_failed(run); i++)
        for (size_t c = 0; c < columns; c++) {
            if (x->type == CZ_F64)
                ((double *)x->data)[i * columns + c] = (double)from[i * columns + c];
            else
                cz_f32(x)[i * columns + c] = from[i * columns + c];
        }
    return x;
}

cloze_status cz_session_finish(cloze_session *session, const float *pooled, size_t count,
                               float *out, bool normalize_modules, cloze_error *error)
{
    const cloze_model *model = session->model;
    size_t width = session->pooled_width, wide = cz_pipeline_width(&model->pipeline, width);
    cz_run *run = &session->slots[0].run;
    prepare_whole(session, run);
    for (size_t done = 0; done < count; done += CZ_FINISH_ROWS) {
        size_t rows = count - done < CZ_FINISH_ROWS ? count - done : CZ_FINISH_ROWS;
        cz_run_reset(run);
        run->tap = NULL;
        cz_tensor *x = bring_rows(run, pooled + done * width, rows, width);
        x = cz_run_modules(run, &model->pipeline, x, normalize_modules);
        if (cz_run_failed(run)) {
            session->slots[0].failure = run->error;
            return collect(session, error);
        }
        copy_rows(x, 0, rows, out + done * wide, wide);
    }
    return CLOZE_OK;
}

/* Made when the first word is asked for: the head is wide, and other tasks need none of it. */
static bool make_words(cloze_session *session)
{
    const cz_network *network = session->model->network;
    cz_run *run = &session->slots[0].run;
    cz_arena kept = run->numbers;
    if (session->words.data)
        return true;
    run->numbers = (cz_arena){ NULL, 0, 0, 0 };
    cz_run_reset(run);
    run->numbers.peak = 0;
    cz_tensor *x = cz_run_tensor(run, CZ_WORD_ROWS, network->config.hidden);
    cz_logits(run, network, CZ_HEAD_WORDS, NULL, x);
    size_t size = run->numbers.peak;
    run->numbers = kept;
    return cz_block_allocate(&session->hooks.allocator, size, &session->words);
}

cloze_status cz_session_words(cloze_session *session, const float *states, size_t count, float *out,
                              cloze_error *error)
{
    const cz_network *network = session->model->network;
    size_t wide = cz_head_columns(network, CZ_HEAD_WORDS), hidden = network->config.hidden;
    cz_run *run = &session->slots[0].run;
    if (!make_words(session))
        return cz_fail_memory(error, "scores of all words", CZ_WORD_ROWS * wide * sizeof *out);
    cz_arena kept = run->numbers;
    prepare_whole(session, run);
    run->numbers = (cz_arena){ session->words.data, session->words.size, 0, 0 };
    run->tap = NULL;
    for (size_t done = 0; done < count && !session->slots[0].failure.status;) {
        size_t rows = count - done < CZ_WORD_ROWS ? count - done : CZ_WORD_ROWS;
        cz_run_reset(run);
        cz_tensor *x = bring_rows(run, states + done * hidden, rows, hidden);
        x = cz_logits(run, network, CZ_HEAD_WORDS, NULL, x);
        if (!cz_run_failed(run))
            copy_rows(x, 0, rows, out + done * wide, wide);
        session->slots[0].failure = run->error;
        done += rows;
    }
    run->numbers = kept;
    return collect(session, error);
}
