/* fill.c - masks to candidates, as transformers' FillMaskPipeline goes. */
#include "task/best.h"
#include "task/words.h"

#include "base/error.h"

#include <cloze/fill.h>

#include <math.h>
#include <string.h>

enum { DEFAULT_TOP = 5 };

struct cloze_fillings {
    cloze_hooks hooks;
    cloze_filling *items; /* [masks, top] */
    size_t count, capacity, top;
    uint32_t *ids; /* tokens of all texts */
    size_t ids_count, ids_capacity;
    size_t *masks; /* places of masks among `ids` */
    size_t masks_count, masks_capacity;
    size_t *id_ends, *mask_ends; /* [texts] */
    size_t texts, id_ends_capacity, mask_ends_capacity;
};

cloze_status cloze_fillings_new(cloze_fillings **out, const cloze_hooks *hooks, cloze_error *error)
{
    cloze_fillings *fillings =
        cz_allocate_zero(hooks ? &hooks->allocator : NULL, 1, sizeof *fillings);
    if (!fillings)
        return cz_fail_memory(error, "a list of candidates", sizeof *fillings);
    if (hooks)
        fillings->hooks = *hooks;
    *out = fillings;
    return CLOZE_OK;
}

void cloze_fillings_free(cloze_fillings *fillings)
{
    if (!fillings)
        return;
    cloze_allocator allocator = fillings->hooks.allocator;
    cz_release(&allocator, fillings->items);
    cz_release(&allocator, fillings->ids);
    cz_release(&allocator, fillings->masks);
    cz_release(&allocator, fillings->id_ends);
    cz_release(&allocator, fillings->mask_ends);
    cz_release(&allocator, fillings);
}

static void clear(cloze_fillings *fillings)
{
    fillings->count = fillings->ids_count = fillings->masks_count = fillings->texts = 0;
}

static size_t before(const size_t *ends, size_t text)
{
    return text ? ends[text - 1] : 0;
}

size_t cloze_fillings_masks(const cloze_fillings *fillings, size_t text)
{
    return text < fillings->texts ? fillings->mask_ends[text] - before(fillings->mask_ends, text)
                                  : 0;
}

size_t cloze_fillings_count(const cloze_fillings *fillings)
{
    return fillings->texts ? fillings->top : 0;
}

cloze_filling cloze_fillings_get(const cloze_fillings *fillings, size_t text, size_t mask,
                                 size_t rank)
{
    if (mask >= cloze_fillings_masks(fillings, text) || rank >= fillings->top)
        return (cloze_filling){ 0 };
    return fillings->items[(before(fillings->mask_ends, text) + mask) * fillings->top + rank];
}

cloze_status cloze_filling_text(const cloze_model *model, uint32_t token, char **out, size_t *size,
                                cloze_error *error)
{
    return cz_tokenizer_decode_clean(model->tokenizer, &token, 1, false, out, size, error);
}

cloze_status cloze_fillings_sequence(const cloze_fillings *fillings, const cloze_model *model,
                                     size_t text, size_t mask, size_t rank, char **out,
                                     size_t *size, cloze_error *error)
{
    size_t masks = cloze_fillings_masks(fillings, text), kept = 0;
    uint32_t padding;
    if (mask >= masks || rank >= fillings->top)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no candidate %zu of mask %zu", rank,
                       mask);
    size_t first = before(fillings->id_ends, text), count = fillings->id_ends[text] - first;
    size_t place = fillings->masks[before(fillings->mask_ends, text) + mask];
    uint32_t *ids = cz_allocate(&fillings->hooks.allocator, count, sizeof *ids);
    if (!ids)
        return cz_fail_memory(error, "a text", count * sizeof *ids);
    bool pads = cloze_tokenizer_role(model->tokenizer, CLOZE_TOKEN_PADDING, &padding);
    for (size_t i = 0; i < count; i++) {
        uint32_t id = first + i == place ? cloze_fillings_get(fillings, text, mask, rank).token
                                         : fillings->ids[first + i];
        if (!pads || id != padding)
            ids[kept++] = id;
    }
    cloze_status status =
        cz_tokenizer_decode_clean(model->tokenizer, ids, kept, masks == 1, out, size, error);
    cz_release(&fillings->hooks.allocator, ids);
    return status;
}

/* ---- finding them ---- */

typedef struct filling_job {
    cz_words words;
    const cloze_model *model;
    cloze_fill_options options;
    cloze_fillings *fillings;
    uint32_t mask;
    size_t *places;   /* of the masks of one text */
    cloze_pair *best; /* [top] ids of one mask */
    size_t places_capacity, best_capacity;
} filling_job;

static cloze_status no_memory(cloze_error *error)
{
    return cz_fail(error, CLOZE_ERROR_MEMORY, "out of memory: the candidates of a text");
}

static cloze_status choose(void *context, size_t owner, size_t token, const float *logits,
                           cloze_error *error)
{
    filling_job *job = context;
    cloze_fillings *fillings = job->fillings;
    const cloze_fill_options *options = &job->options;
    size_t top = fillings->top, found = 0;
    size_t candidates = options->targets ? options->target_count : job->words.vocabulary;
    (void)owner, (void)token;
    if (!cz_grow(&fillings->hooks.allocator, (void **)&fillings->items, &fillings->capacity,
                 fillings->count + top, sizeof *fillings->items) ||
        !cz_grow(&job->model->hooks.allocator, (void **)&job->best, &job->best_capacity, top,
                 sizeof *job->best))
        return no_memory(error);
    for (size_t i = 0; i < candidates; i++) {
        size_t id = options->targets ? options->targets[i] : i;
        cz_best_offer(job->best, &found, top, (cloze_pair){ id, 0, logits[id] });
    }
    cz_best_sort(job->best, found);
    double sum = cz_log_sum(logits, job->words.vocabulary);
    for (size_t i = 0; i < top; i++)
        fillings->items[fillings->count + i] =
            (cloze_filling){ (uint32_t)job->best[i].first,
                             (float)exp((double)job->best[i].score - sum) };
    fillings->count += top;
    return CLOZE_OK;
}

static cloze_status no_mask(const filling_job *job, size_t number, cloze_error *error)
{
    char shown[128];
    cloze_text mask = cloze_tokenizer_token(job->model->tokenizer, job->mask);
    return cz_fail(error, CLOZE_ERROR_TEXT, "text %zu has no mask; the mask of this model is %s",
                   number + 1, cz_printable(shown, sizeof shown, mask.data, mask.size));
}

/* The tokens and masks of a text, to put it together again. */
static bool keep_text(filling_job *job, const cloze_tokens *tokens, size_t masks)
{
    cloze_fillings *fillings = job->fillings;
    const cloze_allocator *allocator = &fillings->hooks.allocator;
    size_t ids = fillings->ids_count + tokens->length, all = fillings->masks_count + masks;
    if (!cz_grow(allocator, (void **)&fillings->ids, &fillings->ids_capacity, ids,
                 sizeof *fillings->ids) ||
        !cz_grow(allocator, (void **)&fillings->masks, &fillings->masks_capacity, all,
                 sizeof *fillings->masks) ||
        !cz_grow(allocator, (void **)&fillings->id_ends, &fillings->id_ends_capacity,
                 fillings->texts + 1, sizeof *fillings->id_ends) ||
        !cz_grow(allocator, (void **)&fillings->mask_ends, &fillings->mask_ends_capacity,
                 fillings->texts + 1, sizeof *fillings->mask_ends))
        return false;
    memcpy(fillings->ids + fillings->ids_count, tokens->ids, tokens->length * sizeof *tokens->ids);
    for (size_t i = 0; i < masks; i++)
        fillings->masks[fillings->masks_count + i] = fillings->ids_count + job->places[i];
    fillings->id_ends[fillings->texts] = fillings->ids_count = ids;
    fillings->mask_ends[fillings->texts] = fillings->masks_count = all;
    fillings->texts++;
    return true;
}

static cloze_status add_text(filling_job *job, size_t number, cloze_text text, cloze_error *error)
{
    cloze_session *session = job->words.session;
    cloze_tokenize_options how = { .ids_only = true };
    size_t masks = 0;
    cloze_status status = cloze_tokenize(job->model->tokenizer, text, (cloze_text){ NULL, 0 }, &how,
                                         session->encoding, error);
    if (status) {
        cz_error_prefix(error, "text %zu", number + 1);
        return status;
    }
    cloze_tokens tokens = cloze_encoding_tokens(session->encoding, 0);
    if (tokens.length > job->model->max_tokens)
        return cz_fail(error, CLOZE_ERROR_TEXT,
                       "text %zu has %zu tokens, more than the limit of %zu", number + 1,
                       tokens.length, job->model->max_tokens);
    if (!cz_grow(&job->model->hooks.allocator, (void **)&job->places, &job->places_capacity,
                 tokens.length + 1, sizeof *job->places))
        return no_memory(error);
    for (size_t i = 0; i < tokens.length; i++)
        if (tokens.ids[i] == job->mask)
            job->places[masks++] = i;
    if (!masks)
        return no_mask(job, number, error);
    if (!keep_text(job, &tokens, masks))
        return no_memory(error);
    job->words.report.texts++;
    return cz_words_add(&job->words, number, tokens.ids, tokens.type_ids, tokens.length,
                        job->places, masks, error);
}

static cloze_status begin(filling_job *job, size_t count, const cloze_fill_options *options,
                          cloze_error *error)
{
    cloze_status status;
    clear(job->fillings);
    if (options)
        job->options = *options;
    job->words.total = count;
    job->words.done = choose;
    job->words.context = job;
    if ((status = cz_words_begin(&job->words, error)))
        return status;
    if (!cloze_tokenizer_role(job->model->tokenizer, CLOZE_TOKEN_MASK, &job->mask))
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND, "the tokenizer of %.200s has no mask token",
                       job->model->path);
    size_t most = job->options.targets ? job->options.target_count : job->words.vocabulary;
    if (!most)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "no target was given");
    for (size_t i = 0; job->options.targets && i < most; i++)
        if (job->options.targets[i] >= job->words.vocabulary)
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "target %u is outside the model's table (%zu)", job->options.targets[i],
                           job->words.vocabulary);
    job->fillings->top = job->options.top ? job->options.top : DEFAULT_TOP;
    job->fillings->top = job->fillings->top < most ? job->fillings->top : most;
    return CLOZE_OK;
}

cloze_status cloze_fill(cloze_session *session, const cloze_text *texts, size_t count,
                        const cloze_fill_options *options, cloze_fillings *fillings,
                        cloze_embed_report *report, cloze_error *error)
{
    filling_job job = { .words = { .session = session },
                        .model = session->model,
                        .fillings = fillings };
    cloze_status status = begin(&job, count, options, error);
    for (size_t i = 0; i < count && !status; i++)
        status = add_text(&job, i, texts[i], error);
    if (!status)
        status = cz_words_flush(&job.words, error);
    cz_words_clear(&job.words);
    cz_release(&session->hooks.allocator, job.places);
    cz_release(&session->hooks.allocator, job.best);
    if (status)
        clear(fillings);
    else if (report)
        *report = job.words.report;
    return status;
}

bool cloze_model_fills(const cloze_model *model)
{
    return cz_head_columns(model->network, CZ_HEAD_WORDS) > 0;
}
