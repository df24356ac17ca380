/* intake_corpus.c - a corpus as a split: a file of tokens is mapped and cut into sequences. */
#include "train/trainer.h"

#include "base/error.h"
#include "train/objective.h"

static cloze_status check(const cloze_trainer *trainer, const cz_dataset *dataset, double begin,
                          double end, cloze_error *error)
{
    if (trainer->options.learning != CLOZE_LEARN_WORDS &&
        trainer->options.learning != CLOZE_LEARN_REPLACED)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "of a corpus masked words can be learned");
    if (dataset->count)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "this split has examples already");
    size_t limit = cz_token_limit_of(trainer);
    if (trainer->options.max_tokens > limit && limit)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "sequences of %zu tokens are longer than the model's limit of %zu",
                       trainer->options.max_tokens, limit);
    if (!(begin >= 0 && begin < end && end <= 1))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "from %g to %g is no part of a corpus", begin,
                       end);
    return CLOZE_OK;
}

static cloze_status set_rule(const cloze_trainer *trainer, cz_passages *passages, double begin,
                             double end, cloze_error *error)
{
    const cloze_train_options *options = &trainer->options;
    const cloze_tokenizer *tokenizer = trainer->model->tokenizer;
    passages->rule = (cz_packing_rule){ .most = cz_token_limit_of(trainer),
                                        .crosses = options->crossing,
                                        .paired = options->following,
                                        .shorter = options->shorter,
                                        .begin = begin,
                                        .end = end,
                                        .seed = options->seed };
    if (options->crossing &&
        !cloze_tokenizer_role(tokenizer, CLOZE_TOKEN_SEPARATOR, &passages->rule.separator))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED, "the tokenizer has no separator token");
    return cz_frame_find(&passages->frame, tokenizer, passages->rule.paired, trainer->encoding,
                         error);
}

static cloze_status check_frame(const cloze_trainer *trainer, const cz_passages *passages,
                                cloze_error *error)
{
    const cz_config *config = &trainer->model->network->config;
    for (size_t gap = 0; gap < CZ_FRAME_GAPS; gap++)
        for (size_t i = 0; i < passages->frame.gap[gap].count; i++)
            if (passages->frame.gap[gap].ids[i] >= config->vocabulary ||
                (config->types && passages->frame.gap[gap].types[i] >= config->types))
                return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                               "the tokenizer's special tokens are outside the model's tables");
    if (config->types && passages->rule.paired && passages->frame.type[1] >= config->types)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "the model has no type for the tokens of second texts");
    return CLOZE_OK;
}

/* Something to learn from, and of two documents where the second text may be another one's. */
static cloze_status check_passages(const cloze_trainer *trainer, const cz_passages *passages,
                                   cloze_error *error)
{
    size_t count = passages->count;
    if (!count)
        return cz_fail(error, CLOZE_ERROR_TEXT, "no document of the corpus is in this part");
    if (trainer->options.following == CLOZE_FOLLOWING_NEXT &&
        passages->place[0].document == passages->place[count - 1].document)
        return cz_fail(error, CLOZE_ERROR_TEXT,
                       "texts of another document are asked for, and there is only one document");
    return CLOZE_OK;
}

static cloze_status open_passages(cloze_trainer *trainer, cz_passages *passages, const char *path,
                                  double begin, double end, cloze_error *error)
{
    cloze_status status = set_rule(trainer, passages, begin, end, error);
    if (!status)
        status = check_frame(trainer, passages, error);
    if (!status)
        status =
            cz_passages_open(passages, path, trainer->model->network->config.vocabulary, error);
    return status ? status : check_passages(trainer, passages, error);
}

static cloze_status make_room(cloze_trainer *trainer, size_t most, cloze_error *error)
{
    const cloze_allocator *allocator = &trainer->hooks.allocator;
    if (trainer->passage)
        return CLOZE_OK;
    trainer->passage = cz_allocate_zero(allocator, 1, sizeof *trainer->passage);
    return trainer->passage && cz_passage_init(trainer->passage, most, allocator)
               ? CLOZE_OK
               : cz_fail_memory(error, "a sequence", most * sizeof(uint32_t));
}

static void tell(const cz_passages *passages, cloze_intake *report)
{
    report->examples += passages->documents;
    report->items += passages->count;
    report->tokens += passages->tokens;
    report->lost += passages->lost;
}

cloze_status cloze_trainer_add_corpus(cloze_trainer *trainer, cloze_split split, const char *path,
                                      double begin, double end, cloze_intake *report,
                                      cloze_error *error)
{
    const cloze_allocator *allocator = &trainer->hooks.allocator;
    if ((unsigned)split >= CZ_SPLITS || !path)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no such split, or no path");
    cz_dataset *dataset = &trainer->split[split];
    cloze_status status = check(trainer, dataset, begin, end, error);
    if (status)
        return status;
    cz_passages *passages = cz_allocate_zero(allocator, 1, sizeof *passages);
    if (!passages)
        return cz_fail_memory(error, "a corpus", sizeof *passages);
    passages->allocator = allocator;
    status = open_passages(trainer, passages, path, begin, end, error);
    if (!status)
        status = make_room(trainer, passages->rule.most, error);
    if (status) {
        cz_passages_clear(passages);
        cz_release(allocator, passages);
        return status;
    }
    dataset->passages = passages;
    dataset->count = passages->count;
    dataset->sequences = 1;
    if (report)
        tell(passages, report);
    return CLOZE_OK;
}

cz_occasion cz_occasion_of(const cloze_trainer *trainer, size_t item, size_t sample, uint32_t epoch,
                           bool learning)
{
    bool anew = learning && !trainer->options.static_masks;
    return (cz_occasion){ .seed = trainer->options.seed,
                          .thing = anew ? sample : item,
                          .epoch = !learning ? UINT32_MAX
                                   : anew    ? epoch
                                             : 0 };
}

const cz_passage *cz_passage_of(const cloze_trainer *trainer, const cz_dataset *dataset,
                                size_t item, size_t sample, uint32_t epoch, bool learning)
{
    const cz_occasion occasion = cz_occasion_of(trainer, item, sample, epoch, learning);
    cz_passage_lay(trainer->passage, dataset->passages, item, trainer->options.following,
                   &occasion);
    return trainer->passage;
}
