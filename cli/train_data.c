/*
 * train_data.c - the examples of train: read, checked, and put into parts.
 */
#include "train.h"

#include "say.h"
#include "split.h"

#include <stdlib.h>
#include <string.h>

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

void train_data_clear(train_data *data)
{
    for (int i = 0; i < PARTS; i++)
        examples_clear(&data->read[i]);
    labels_clear(&data->labels);
    synonyms_clear(&data->synonyms);
    filler_close(&data->filler);
    free(data->place);
}

/* ---- reading ---- */

static example_format format_of(const cli_settings *settings, const train_kind *kind)
{
    const cli_training *train = &settings->train;
    example_format format = {
        .kind = train->unlabelled ? EXAMPLES_TEXTS : kind->examples,
        .layout = settings->layout,
        .encoding = train->encoding,
        .pairs = kind->pairs || (settings->pair_column && kind->augments),
        .no_header = settings->no_header,
        .skip_empty = train->skip_empty,
        .separator = settings->separator ? *settings->separator : 0,
        .text_column = settings->text_column,
        .pair_column = settings->pair_column,
        .negative_column = train->negative_column,
        .label_column = settings->label_column,
        .label_columns = train->label_columns,
    };
    return format;
}

static int read_files(train_data *data, data_part part, const cli_words *files)
{
    int code = 0;
    for (size_t i = 0; i < files->count && !code; i++)
        code = examples_read(&data->read[part], &data->format, &data->labels, files->item[i]);
    if (!code && files->count && part != PART_TRAIN && !data->read[part].count)
        code = say_failure(CLOZE_ERROR_TEXT, "%s holds no examples", files->item[0]);
    return code;
}

/* ---- the same text in two parts ---- */

typedef struct placed_text {
    const cli_example *example;
    data_part part;
} placed_text;

static int compare_text(cloze_text a, cloze_text b)
{
    size_t least = a.size < b.size ? a.size : b.size;
    int order = least ? memcmp(a.data, b.data, least) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_examples(const cli_example *a, const cli_example *b)
{
    int order = compare_text(a->text, b->text);
    if (!order)
        order = compare_text(a->pair, b->pair);
    if (!order && a->words && b->words)
        order = (a->label_count > b->label_count) - (a->label_count < b->label_count);
    for (size_t i = 0; !order && a->words && b->words && i < a->label_count; i++)
        order = compare_text(a->words[i], b->words[i]);
    return order;
}

static int by_text(const void *left, const void *right)
{
    const placed_text *a = left, *b = right;
    int order = compare_examples(a->example, b->example);
    return order ? order : (a->part > b->part) - (a->part < b->part);
}

static data_part part_of(const train_data *data, size_t i, bool folds)
{
    return data->place && !folds ? (data_part)data->place[i] : PART_TRAIN;
}

/* Texts that are measured with and learned from make a model look better than it is. */
static int note_twins(const train_job *job)
{
    static const char *const names[] = { "", "dev", "test" };
    const train_data *data = &job->data;
    bool folds = job->settings->train.folds;
    size_t count = 0, twins[PARTS] = { 0 };
    placed_text *all;
    for (int part = 0; part < PARTS; part++)
        count += data->read[part].count;
    if (!(all = calloc(count + 1, sizeof *all)))
        return out_of_memory();
    count = 0;
    for (int part = 0; part < PARTS; part++)
        for (size_t i = 0; i < data->read[part].count; i++)
            all[count++] = (placed_text){ &data->read[part].item[i],
                                          part ? (data_part)part : part_of(data, i, folds) };
    qsort(all, count, sizeof *all, by_text);
    for (size_t i = 0, first = 0; i < count; i++) {
        if (compare_examples(all[i].example, all[first].example))
            first = i;
        if (all[first].part == PART_TRAIN)
            twins[all[i].part]++;
    }
    free(all);
    for (int part = PART_DEV; part < PARTS; part++)
        if (twins[part])
            say_note(job->settings->quiet, "%zu texts of %s are among those that are learned from",
                     twins[part], names[part]);
    return 0;
}

/* ---- parts ---- */

static int place_all(train_job *job)
{
    const cli_training *train = &job->settings->train;
    train_data *data = &job->data;
    const cli_examples *all = &data->read[PART_TRAIN];
    uint64_t seed = job->settings->seed;
    size_t counts[PARTS] = { 0 };
    int code;
    if (!train->folds && train->dev_part <= 0 && train->test_part <= 0)
        return 0;
    if (!(data->place = calloc(all->count + 1, sizeof *data->place)))
        return out_of_memory();
    if (train->folds)
        return split_folds(all, data->format.kind, train->folds, seed, data->place);
    code =
        split_parts(all, data->format.kind, train->dev_part, train->test_part, seed, data->place);
    for (size_t i = 0; i < all->count; i++)
        counts[data->place[i]]++;
    if (!code && train->dev_part > 0 && !counts[PART_DEV])
        code = say_failure(CLOZE_ERROR_ARGUMENT, "--dev-part %g of %zu examples is none",
                           train->dev_part, all->count);
    if (!code && train->test_part > 0 && !counts[PART_TEST])
        code = say_failure(CLOZE_ERROR_ARGUMENT, "--test-part %g of %zu examples is none",
                           train->test_part, all->count);
    return code;
}

static int read_synonyms(train_job *job)
{
    const cli_training *train = &job->settings->train;
    train_data *data = &job->data;
    data->rates =
        (augment_rates){ train->drop < 0 ? 0.1 : train->drop, train->swap < 0 ? 0.1 : train->swap,
                         train->insert < 0 ? 0.1 : train->insert,
                         train->replace < 0 ? 0.1 : train->replace,
                         train->refill < 0 ? 0.1 : train->refill };
    return train->synonyms ? synonyms_read(&data->synonyms, train->synonyms, train->encoding) : 0;
}

static int check_similarities(const train_job *job)
{
    double scale = job->settings->train.scale > 0 ? job->settings->train.scale : 1;
    char where[PATH_SIZE + 32];
    for (int part = 0; part < PARTS && job->data.format.kind == EXAMPLES_SIMILARITY; part++)
        for (size_t i = 0; i < job->data.read[part].count; i++) {
            const cli_example *example = &job->data.read[part].item[i];
            double value = (double)example->numbers[0] / scale;
            if (value < -1 || value > 1)
                return say_failure(CLOZE_ERROR_TEXT,
                                   "%s: a similarity lies between -1 and 1, not at %g; --scale X "
                                   "divides all",
                                   example_where(example, where, sizeof where), value);
        }
    return 0;
}

/* Numbers that are all the same have no order that others could share. */
static int check_order(const train_job *job)
{
    const char *metric = job->settings->train.metric;
    const cli_examples *dev = &job->data.read[PART_DEV];
    metric = metric ? metric : cloze_train_metric(job->kind->learning);
    if (!dev->count || !dev->item[0].number_count ||
        (strcmp(metric, "pearson") != 0 && strcmp(metric, "spearman") != 0) ||
        !examples_all_the_same(dev))
        return 0;
    return say_failure(CLOZE_ERROR_TEXT,
                       "every example of %s has the number %g: %s cannot be told of them; --metric "
                       "loss can",
                       dev->item[0].file, (double)dev->item[0].numbers[0], metric);
}

int train_read(train_job *job)
{
    const cli_settings *settings = job->settings;
    const cli_training *train = &settings->train;
    train_data *data = &job->data;
    int code = 0;
    data->format = format_of(settings, job->kind);
    if (train->labels)
        code = labels_give(&data->labels, train->labels);
    if (!code)
        code = read_files(data, PART_TRAIN, &settings->files);
    if (!code)
        code = labels_close(&data->labels);
    if (!code)
        code = examples_check(&data->read[PART_TRAIN], &data->format, &data->labels);
    if (!code)
        code = read_files(data, PART_DEV, &train->dev);
    if (!code)
        code = read_files(data, PART_TEST, &train->test);
    if (!code)
        code = check_similarities(job);
    if (!code)
        code = check_order(job);
    if (!code)
        code = place_all(job);
    if (!code && train->augment)
        code = read_synonyms(job);
    if (code)
        return code;
    for (int part = 0; part < PARTS; part++) {
        if (data->read[part].skipped)
            say_note(settings->quiet, "%zu rows without a text or a label are left out",
                     data->read[part].skipped);
        if (data->read[part].searched)
            say_note(settings->quiet,
                     "%zu answers stand elsewhere than the file says; the "
                     "nearest place was taken",
                     data->read[part].searched);
    }
    return note_twins(job);
}
