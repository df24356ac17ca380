/*
 * embed.c - texts to vectors as sentence-transformers' encode() makes them: tokens (prepare.c),
 * batches, pooling, windows put together, modules, truncation, length one.
 */
#include "task/prepare.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

/* One call of cloze_embed or cloze_embed_ids. */
typedef struct embedding {
    cloze_session *session;
    const cloze_embed_options *options;
    float *vectors;
    size_t dimension, width; /* of a vector, and of a row before truncation */
    size_t layers, limit, total;
    unsigned pooling;
    size_t done; /* texts whose vectors are there */
    /* The text whose windows are being put together. */
    size_t open_owner, open_windows;
    double open_weight;
    size_t texts, tokens, truncated_texts, truncated_tokens;
} embedding;

static unsigned pooling_of(const cloze_model *model, const cloze_embed_options *options)
{
    return options && options->pooling ? options->pooling : model->pipeline.pooling;
}

size_t cloze_embed_dimension(const cloze_model *model, const cloze_embed_options *options)
{
    size_t pooled = cz_pooled_width(pooling_of(model, options), model->network->config.hidden);
    size_t width = cz_pipeline_width(&model->pipeline, pooled);
    if (options && options->truncate_dimension && options->truncate_dimension < width)
        width = options->truncate_dimension;
    return width;
}

/* ---- finishing rows ---- */

static void scale_to_one(float *vector, size_t dimension)
{
    double square = 0;
    for (size_t i = 0; i < dimension; i++)
        square += (double)vector[i] * (double)vector[i];
    double length = fmax(sqrt(square), 1e-12);
    for (size_t i = 0; i < dimension; i++)
        vector[i] = (float)((double)vector[i] / length);
}

/* Pooled rows of `count` texts from `first` on go through the modules into the caller's vectors. */
static cloze_status finish(embedding *e, float *pooled, size_t first, size_t count,
                           cloze_error *error)
{
    cloze_session *session = e->session;
    cloze_choice normalize = e->options->normalize;
    bool direct = e->dimension == e->width;
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < count && !status; i += direct ? count : 1) {
        size_t rows = direct ? count : 1;
        float *to = direct ? e->vectors + first * e->dimension : session->wide;
        status = cz_session_finish(session, pooled + i * session->pooled_width, rows, to,
                                   normalize != CLOZE_NO, error);
        if (!status && !direct)
            memcpy(e->vectors + (first + i) * e->dimension, to, e->dimension * sizeof *to);
    }
    for (size_t i = 0; i < count && !status; i++) {
        float *vector = e->vectors + (first + i) * e->dimension;
        status = cz_check_finite(vector, e->dimension, first + i, error);
        if (normalize == CLOZE_YES)
            scale_to_one(vector, e->dimension);
    }
    e->done += count;
    return status;
}

static void open_text(embedding *e, size_t owner)
{
    e->open_owner = owner;
    e->open_windows = 0;
    e->open_weight = 0;
    memset(e->session->partial, 0, e->session->pooled_width * sizeof(float));
}

/* Windows of one text are put together by their lengths; a single one stays as it is. */
static void add_window(embedding *e, const float *row, size_t length)
{
    cloze_session *session = e->session;
    double weight = (double)length, total = e->open_weight + weight;
    for (size_t c = 0; c < session->pooled_width; c++) {
        double old = (double)session->partial[c];
        session->partial[c] =
            e->open_windows ? (float)(old + ((double)row[c] - old) * (weight / total)) : row[c];
    }
    e->open_weight = total;
    e->open_windows++;
}

/* Computes what was gathered. `last`: no window of the newest text is still to come. */
static cloze_status flush(embedding *e, bool last, cloze_error *error)
{
    cloze_session *session = e->session;
    size_t n = session->sequences, width = session->pooled_width, ready = 0, first = e->done;
    cz_batch batch = cz_session_batch(session);
    bool skips = session->model->pipeline.exclude_prompt;
    cz_request request = { .batch = &batch,
                           .layers = e->layers,
                           .pooling = e->pooling,
                           .skip = skips ? session->skip : NULL,
                           .pooled = session->pooled };
    cloze_status status = n ? cz_session_encode(session, &request, error) : CLOZE_OK;
    if (status)
        return status;
    /* Rows of finished texts move to the front of the same array. */
    for (size_t i = 0; i < n; i++) {
        if (!e->open_windows || session->owner[i] != e->open_owner)
            open_text(e, session->owner[i]);
        add_window(e, session->pooled + i * width, session->length[i]);
        bool ends = i + 1 < n ? session->owner[i + 1] != session->owner[i] : last;
        if (ends) {
            memcpy(session->pooled + ready++ * width, session->partial, width * sizeof(float));
            e->open_windows = 0;
        }
    }
    cz_session_clear(session);
    if (ready)
        status = finish(e, session->pooled, first, ready, error);
    if (!status && session->progress.report &&
        !session->progress.report(session->progress.context, e->done, e->total))
        status = cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    return status;
}

/* ---- gathering ---- */

static cloze_status add_sequence(embedding *e, size_t owner, const uint32_t *ids,
                                 const uint32_t *types, size_t length, size_t skip,
                                 bool text_goes_on, cloze_error *error)
{
    cloze_session *session = e->session;
    cloze_status status = cz_session_check(session, owner, length, error);
    if (status || (!cz_session_takes(session, length) && (status = flush(e, !text_goes_on, error))))
        return status;
    if ((status = cz_session_append(session, owner, ids, types, length, skip, error)))
        return status;
    e->tokens += length;
    return CLOZE_OK;
}

static cloze_status add_text(embedding *e, const cz_chosen_prompt *prompt, cloze_text text,
                             size_t *truncated, cloze_error *error)
{
    cloze_session *session = e->session;
    cloze_long_text policy = e->options->long_text;
    cloze_tokenize_options how = { .ids_only = true,
                                   .max_length = e->limit,
                                   .overflow = policy == CLOZE_LONG_CHUNK };
    cloze_status status =
        cz_tokenize_prepared(session, prompt, text, &how, session->encoding, error);
    if (status) {
        cz_error_prefix(error, "text %zu", e->texts + 1);
        return status;
    }
    size_t windows = cloze_encoding_windows(session->encoding);
    size_t lost = cloze_encoding_truncated(session->encoding);
    if (lost && policy == CLOZE_LONG_ERROR)
        return cz_fail(error, CLOZE_ERROR_TEXT,
                       "text %zu has %zu tokens more than the limit of %zu", e->texts + 1, lost,
                       e->limit);
    for (size_t w = 0; w < windows && !status; w++) {
        cloze_tokens tokens = cloze_encoding_tokens(session->encoding, w);
        if (tokens.length > e->limit)
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "a limit of %zu tokens leaves no room for text beside the special ones",
                           e->limit);
        status = add_sequence(e, e->texts, tokens.ids, tokens.type_ids, tokens.length,
                              w ? 0 : prompt->rows, w > 0, error);
    }
    e->texts++;
    e->truncated_texts += lost > 0;
    e->truncated_tokens += lost;
    if (truncated)
        *truncated = lost;
    return status;
}

static cloze_status begin(embedding *e, cloze_session *session, const cloze_embed_options *options,
                          size_t count, float *vectors, cloze_error *error)
{
    static const cloze_embed_options defaults = { 0 };
    const cloze_model *model = session->model;
    const cloze_allocator *allocator = &session->hooks.allocator;
    options = options ? options : &defaults;
    *e = (embedding){ .session = session, .options = options, .vectors = vectors, .total = count };
    e->pooling = pooling_of(model, options);
    e->layers = options->layer ? options->layer : model->network->config.layers;
    e->dimension = cloze_embed_dimension(model, options);
    e->limit = cz_token_limit(session, options);
    if (e->pooling > 2 * CLOZE_POOLING_LAST - 1)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "unknown pooling bits %u", e->pooling);
    if (e->layers > model->network->config.layers)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "layer %zu of a model with %zu layers",
                       e->layers, model->network->config.layers);
    session->pooled_width = cz_pooled_width(e->pooling, model->network->config.hidden);
    if (e->pooling != model->pipeline.pooling)
        for (size_t i = 0; i < model->pipeline.module_count; i++)
            if (model->pipeline.modules[i].kind != CZ_MODULE_NORMALIZE &&
                session->pooled_width !=
                    cz_pooled_width(model->pipeline.pooling, model->network->config.hidden))
                return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                               "this pooling gives %zu columns, which the model's modules do not "
                               "take",
                               session->pooled_width);
    e->width = cz_pipeline_width(&model->pipeline, session->pooled_width);
    cz_session_clear(session);
    if (!cz_grow(allocator, (void **)&session->pooled, &session->pooled_capacity,
                 session->batch_tokens * session->pooled_width, sizeof(float)) ||
        !cz_grow(allocator, (void **)&session->partial, &session->partial_capacity,
                 session->pooled_width, sizeof(float)) ||
        !cz_grow(allocator, (void **)&session->wide, &session->wide_capacity, e->width,
                 sizeof(float)))
        return cz_fail_memory(error, "vectors", session->batch_tokens * session->pooled_width);
    return CLOZE_OK;
}

cloze_status cloze_embed(cloze_session *session, const cloze_text *texts, size_t count,
                         const cloze_embed_options *options, float *vectors, size_t *truncated,
                         cloze_embed_report *report, cloze_error *error)
{
    embedding e;
    cz_chosen_prompt prompt;
    cloze_status status = begin(&e, session, options, count, vectors, error);
    if (!status)
        status = cz_choose_prompt(session, e.options, &prompt, error);
    for (size_t i = 0; i < count && !status; i++)
        status = add_text(&e, &prompt, texts[i], truncated ? &truncated[i] : NULL, error);
    if (!status)
        status = flush(&e, true, error);
    if (!status && report)
        *report = (cloze_embed_report){ e.texts, e.tokens, e.truncated_texts, e.truncated_tokens };
    return status;
}

/* The sequences lie between increasing offsets. */
static cloze_status sequence_length(const size_t *offsets, size_t i, size_t *out,
                                    cloze_error *error)
{
    if (offsets[i + 1] < offsets[i])
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "the offset of text %zu is behind the next",
                       i + 1);
    *out = offsets[i + 1] - offsets[i];
    return CLOZE_OK;
}

cloze_status cloze_embed_ids(cloze_session *session, const uint32_t *ids, const uint32_t *type_ids,
                             const size_t *offsets, size_t count,
                             const cloze_embed_options *options, float *vectors, cloze_error *error)
{
    embedding e;
    cloze_status status = begin(&e, session, options, count, vectors, error);
    for (size_t i = 0; i < count && !status; i++) {
        size_t length = 0;
        if (!(status = sequence_length(offsets, i, &length, error)))
            status = add_sequence(&e, i, ids + offsets[i], type_ids ? type_ids + offsets[i] : NULL,
                                  length, 0, false, error);
    }
    return status ? status : flush(&e, true, error);
}

/* Sequences are gathered and computed as in embedding, but nothing is pooled. */
cloze_status cloze_hidden_states(cloze_session *session, const uint32_t *ids,
                                 const uint32_t *type_ids, const size_t *offsets, size_t count,
                                 float *const *states, cloze_error *error)
{
    const cz_config *config = &session->model->network->config;
    const cloze_allocator *allocator = &session->hooks.allocator;
    float **moved = cz_allocate_zero(allocator, config->layers + 1, sizeof *moved);
    cloze_status status = CLOZE_OK;
    embedding e = { .session = session };
    if (!moved)
        return cz_fail_memory(error, "states", config->layers * sizeof *moved);
    cz_session_clear(session);
    for (size_t i = 0, from = 0; i < count && !status; i++) {
        size_t length = 0;
        if ((status = sequence_length(offsets, i, &length, error)))
            break;
        status = add_sequence(&e, i, ids + offsets[i], type_ids ? type_ids + offsets[i] : NULL,
                              length, 0, false, error);
        bool full = i + 1 == count ||
                    session->tokens + offsets[i + 2] - offsets[i + 1] > session->batch_tokens;
        if (status || !full)
            continue;
        cz_batch batch = cz_session_batch(session);
        for (size_t layer = 0; layer <= config->layers; layer++)
            moved[layer] = states[layer] ? states[layer] + from * config->hidden : NULL;
        cz_request request = { .batch = &batch, .layers = config->layers, .states = moved };
        status = cz_session_encode(session, &request, error);
        from += session->tokens;
        cz_session_clear(session);
        if (!status && session->progress.report &&
            !session->progress.report(session->progress.context, i + 1, count))
            status = cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    }
    cz_release(allocator, moved);
    return status;
}
