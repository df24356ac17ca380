/* objective_tags.c - a label for each word, asked of its first token. */
#include "train/objective.h"

#include "base/error.h"

static cloze_status check_tags(const cloze_trainer *trainer, const cloze_example *example,
                               cloze_error *error)
{
    if (!example->tags)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "it has no tags");
    for (size_t i = 0; i < example->word_count; i++)
        if (example->tags[i] != SIZE_MAX && example->tags[i] >= trainer->options.label_count)
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "tag number %zu of word %zu is not below %zu", example->tags[i], i + 1,
                           trainer->options.label_count);
    return CLOZE_OK;
}

static cloze_status take_tags(cloze_trainer *trainer, cz_dataset *dataset,
                              const cloze_example *example, cloze_intake *intake,
                              cloze_error *error)
{
    cz_item item = { 0 };
    cloze_status status = check_tags(trainer, example, error);
    if (!status)
        status = cz_take_words(trainer, dataset, example->words, example->word_count,
                               &item.begin[0], &item.length[0], intake, error);
    if (!status)
        status = cz_dataset_tags(dataset, error);
    if (status)
        return status;
    cloze_tokens tokens = cloze_encoding_tokens(trainer->encoding, 0);
    int64_t before = -1;
    for (size_t i = 0; i < tokens.length; i++) {
        int64_t word = tokens.special[i] ? -1 : tokens.words[i];
        bool first = word >= 0 && word != before;
        size_t tag = first ? example->tags[word] : SIZE_MAX;
        dataset->tags[item.begin[0] + i] = tag == SIZE_MAX ? -1 : (int32_t)tag;
        before = word >= 0 ? word : before;
    }
    intake->lost += example->word_count - (size_t)(before + 1);
    return cz_dataset_add(dataset, &item, error);
}

static double weigh_tags(const cloze_trainer *trainer, const cz_dataset *dataset, size_t item,
                         size_t sample, uint32_t epoch, bool learning)
{
    const cz_item *own = &dataset->items[item];
    double sum = 0;
    (void)sample, (void)epoch;
    for (size_t i = 0; i < own->length[0]; i++) {
        int32_t tag = dataset->tags[own->begin[0] + i];
        if (tag >= 0)
            sum += learning && trainer->label_weights ? (double)trainer->label_weights[tag] : 1;
    }
    return sum;
}

static bool aim_at_tags(const cloze_trainer *trainer, cz_part *part)
{
    size_t used = 0;
    if (!cz_part_labels(trainer, part, part->batch.tokens))
        return false;
    for (size_t i = 0; i < part->count; i++) {
        const cz_item *item = &part->dataset->items[part->items[i]];
        for (size_t t = 0; t < item->length[0]; t++)
            part->labels[used++] = part->dataset->tags[item->begin[0] + t];
    }
    return true;
}

static cz_tensor *loss_of_tags(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                               cz_tensor *outcome, double total)
{
    return cz_objective_labels.loss(run, trainer, part, outcome, total);
}

static cloze_status score_tags(const cloze_trainer *trainer, cz_scores *scores, const cz_part *part,
                               const cz_tensor *outcome, cloze_error *error)
{
    const cloze_allocator *allocator = &trainer->hooks.allocator;
    size_t longest = part->batch.packing.longest;
    cloze_text *names = cz_allocate(allocator, 2 * longest, sizeof *names);
    cloze_status status = names ? CLOZE_OK : cz_fail_memory(error, "tags", longest);
    for (size_t s = 0; s < part->batch.packing.count && !status; s++) {
        size_t words = 0;
        for (size_t i = 0; i < part->length[s]; i++) {
            size_t row = part->begin[s] + i;
            if (part->labels[row] < 0)
                continue;
            names[words] = cz_label_name(trainer, cz_best_column(outcome, row));
            names[longest + words++] = cz_label_name(trainer, (size_t)part->labels[row]);
        }
        if (words)
            status = cloze_tally_tags(scores->tally, names, names + longest, words, error);
    }
    cz_release(allocator, names);
    return status;
}

/* Entities as seqeval counts them: the micro average is what is called F1 there. */
static cloze_status report_tags(const cloze_trainer *trainer, cz_scores *scores,
                                cloze_measures *measures, cloze_error *error)
{
    (void)trainer, (void)error;
    cloze_averages averages = cloze_tally_averages(scores->tally);
    cz_measures_add(measures, "accuracy", averages.accuracy);
    cz_measures_add(measures, "precision", averages.micro.precision);
    cz_measures_add(measures, "recall", averages.micro.recall);
    cz_measures_add(measures, "f1", averages.micro.f1);
    return CLOZE_OK;
}

const cz_objective cz_objective_tags = {
    .metric = "f1",
    .has_head = true,
    .head = CZ_HEAD_TAGS,
    .take = take_tags,
    .weigh = weigh_tags,
    .aim = aim_at_tags,
    .outcome = cz_outcome_of_head,
    .loss = loss_of_tags,
    .score = score_tags,
    .report = report_tags,
};
