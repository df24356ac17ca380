/* intake.c - examples become token ids when they are added; nothing of a text is kept. */
#include "train/objective.h"

#include "base/error.h"

#include <stdio.h>

size_t cz_token_limit_of(const cloze_trainer *trainer)
{
    size_t asked = trainer->options.max_tokens, own = trainer->model->max_tokens;
    const cloze_model *teacher = trainer->options.teacher.model;
    if (teacher && teacher->max_tokens && (!own || teacher->max_tokens < own))
        own = teacher->max_tokens;
    return asked && (!own || asked < own) ? asked : own;
}

static cloze_status check_ids(const cloze_trainer *trainer, const cloze_tokens *tokens,
                              cloze_error *error)
{
    const cz_config *config = &trainer->model->network->config;
    if (!tokens->length)
        return cz_fail(error, CLOZE_ERROR_TEXT, "it has no tokens");
    for (size_t i = 0; i < tokens->length; i++)
        if (tokens->ids[i] >= config->vocabulary ||
            (config->types && tokens->type_ids[i] >= config->types))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "id %u with type %u is outside the model's tables (%zu, %zu)",
                           tokens->ids[i], tokens->type_ids[i], config->vocabulary, config->types);
    return CLOZE_OK;
}

cloze_status cz_take_window(cloze_trainer *trainer, cz_dataset *dataset, size_t window,
                            bool keep_words, size_t *begin, size_t *length, cloze_error *error)
{
    cloze_tokens tokens = cloze_encoding_tokens(trainer->encoding, window);
    cloze_status status = check_ids(trainer, &tokens, error);
    if (!status)
        status = cz_dataset_append(dataset, &tokens, keep_words, begin, error);
    *length = tokens.length;
    return status;
}

static cloze_status take_encoding(cloze_trainer *trainer, cz_dataset *dataset, bool keep_words,
                                  size_t *begin, size_t *length, cloze_intake *intake,
                                  cloze_error *error)
{
    cloze_status status = cz_take_window(trainer, dataset, 0, keep_words, begin, length, error);
    if (status)
        return status;
    intake->tokens += *length;
    intake->truncated += cloze_encoding_truncated(trainer->encoding) > 0;
    return CLOZE_OK;
}

cloze_status cz_take_text(cloze_trainer *trainer, cz_dataset *dataset, cloze_text text,
                          cloze_text pair, bool keep_words, size_t *begin, size_t *length,
                          cloze_intake *intake, cloze_error *error)
{
    cloze_tokenize_options how = { .max_length = cz_token_limit_of(trainer) };
    if (!text.data)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "it has no text");
    cloze_status status =
        cloze_tokenize(trainer->model->tokenizer, text, pair, &how, trainer->encoding, error);
    return status ? status
                  : take_encoding(trainer, dataset, keep_words, begin, length, intake, error);
}

cloze_status cz_take_words(cloze_trainer *trainer, cz_dataset *dataset, const cloze_text *words,
                           size_t count, size_t *begin, size_t *length, cloze_intake *intake,
                           cloze_error *error)
{
    cloze_tokenize_options how = { .max_length = cz_token_limit_of(trainer) };
    if (!words || !count)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "it has no words");
    cloze_status status = cloze_tokenize_words(trainer->model->tokenizer, words, count, NULL, 0,
                                               &how, trainer->encoding, error);
    return status ? status : take_encoding(trainer, dataset, false, begin, length, intake, error);
}

cloze_status cloze_trainer_add(cloze_trainer *trainer, cloze_split split,
                               const cloze_example *examples, size_t count, cloze_intake *report,
                               cloze_error *error)
{
    cloze_intake intake = { 0 };
    if ((unsigned)split >= CZ_SPLITS || (count && !examples))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no such split, or no examples");
    cz_dataset *dataset = &trainer->split[split];
    if (dataset->passages || trainer->beside)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "what is learned here comes from a corpus, not from examples");
    for (size_t i = 0; i < count; i++) {
        size_t items = dataset->count;
        cloze_status status =
            trainer->objective->take(trainer, dataset, &examples[i], &intake, error);
        if (status)
            return cz_error_prefix(error, "example %zu", i + 1), status;
        intake.examples++;
        intake.items += dataset->count - items;
    }
    if (report) {
        report->examples += intake.examples;
        report->items += intake.items;
        report->tokens += intake.tokens;
        report->truncated += intake.truncated;
        report->lost += intake.lost;
    }
    return CLOZE_OK;
}
