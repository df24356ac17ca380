/* likelihood.c - how likely a text is: each token's probability where it is masked. */
#include "task/words.h"

#include "base/error.h"

#include <cloze/fill.h>

typedef struct likelihood_job {
    cz_words words;
    const cloze_model *model;
    cloze_likelihood_options options;
    cloze_likelihood *out;
    uint32_t mask;
    /* The text that is read, kept while its sequences wait: their ids, one behind the other. */
    uint32_t *masked; /* [tokens] with one token masked, or more */
    uint32_t *truth;  /* [rows of the batch] what stands at the places asked for */
    size_t masked_capacity, truth_capacity, asked, told;
} likelihood_job;

static cloze_status no_memory(cloze_error *error)
{
    return cz_fail(error, CLOZE_ERROR_MEMORY, "out of memory: the likelihood of a text");
}

static cloze_status sum_up(void *context, size_t owner, size_t token, const float *logits,
                           cloze_error *error)
{
    likelihood_job *job = context;
    uint32_t id = job->truth[job->told++];
    (void)token, (void)error;
    job->out[owner].sum += (double)logits[id] - cz_log_sum(logits, job->words.vocabulary);
    job->out[owner].tokens++;
    if (job->told == job->asked)
        job->told = job->asked = 0;
    return CLOZE_OK;
}

/* One sequence for each token of the text, in which it is masked. */
static cloze_status ask(likelihood_job *job, size_t number, const cloze_tokens *tokens,
                        cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < tokens->length && !status; i++) {
        if (tokens->sequences[i] < 0)
            continue;
        for (size_t k = 0; k < tokens->length; k++) {
            bool later = job->options.whole_words && k > i && tokens->words[k] >= 0 &&
                         tokens->words[k] == tokens->words[i];
            job->masked[k] = k == i || later ? job->mask : tokens->ids[k];
        }
        if (!cz_grow(&job->model->hooks.allocator, (void **)&job->truth, &job->truth_capacity,
                     job->asked + 1, sizeof *job->truth))
            return no_memory(error);
        uint32_t truth = tokens->ids[i];
        if (truth >= job->words.vocabulary)
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "text %zu: id %u is outside the model's table (%zu)", number + 1, truth,
                           job->words.vocabulary);
        /* What was asked before is told first. */
        if (!cz_session_takes(job->words.session, tokens->length) &&
            (status = cz_words_flush(&job->words, error)))
            return status;
        job->truth[job->asked++] = truth;
        status = cz_words_add(&job->words, number, job->masked, tokens->type_ids, tokens->length,
                              &i, 1, error);
    }
    return status;
}

static cloze_status add_text(likelihood_job *job, size_t number, cloze_text text,
                             cloze_error *error)
{
    cloze_session *session = job->words.session;
    cloze_tokenize_options how = { .max_length = 0 };
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
    if (!cz_grow(&job->model->hooks.allocator, (void **)&job->masked, &job->masked_capacity,
                 tokens.length + 1, sizeof *job->masked))
        return no_memory(error);
    job->out[number] = (cloze_likelihood){ 0 };
    job->words.report.texts++;
    return ask(job, number, &tokens, error);
}

static cloze_status begin(likelihood_job *job, size_t count, cloze_error *error)
{
    cloze_status status;
    job->words.total = count;
    job->words.done = sum_up;
    job->words.context = job;
    if ((status = cz_words_begin(&job->words, error)))
        return status;
    if (!cloze_tokenizer_role(job->model->tokenizer, CLOZE_TOKEN_MASK, &job->mask))
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND, "the tokenizer of %.200s has no mask token",
                       job->model->path);
    return CLOZE_OK;
}

cloze_status cloze_likelihoods(cloze_session *session, const cloze_text *texts, size_t count,
                               const cloze_likelihood_options *options, cloze_likelihood *out,
                               cloze_embed_report *report, cloze_error *error)
{
    likelihood_job job = { .words = { .session = session }, .model = session->model, .out = out };
    if (options)
        job.options = *options;
    cloze_status status = begin(&job, count, error);
    for (size_t i = 0; i < count && !status; i++)
        status = add_text(&job, i, texts[i], error);
    if (!status)
        status = cz_words_flush(&job.words, error);
    cz_words_clear(&job.words);
    cz_release(&session->hooks.allocator, job.masked);
    cz_release(&session->hooks.allocator, job.truth);
    if (!status && report)
        *report = job.words.report;
    return status;
}
