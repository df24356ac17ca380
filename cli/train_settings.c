/*
 * train_settings.c - from what was asked to the options of a trainer, and to the facts that a run is
 * a function of, which its folder keeps.
 */
#include "train.h"

#include "say.h"
#include "squad.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

/* ---- labels ---- */

/* The labels of a model in config.json, by number; NULL if it has none. `*count` of them. */
static const char **labels_of_model(const json_t *config, size_t *count)
{
    const json_t *names = json_object_get(config, "id2label");
    const char **out;
    *count = json_object_size(names);
    if (!*count || !(out = calloc(*count, sizeof *out)))
        return NULL;
    for (size_t i = 0; i < *count; i++) {
        char key[24];
        snprintf(key, sizeof key, "%zu", i);
        if (!(out[i] = json_string_value(json_object_get(names, key)))) {
            free(out);
            return NULL;
        }
    }
    return out;
}

static bool has_head(const json_t *config, const train_kind *kind)
{
    const char *name =
        json_string_value(json_array_get(json_object_get(config, "architectures"), 0));
    return name && strstr(name, kind->learning == CLOZE_LEARN_TAGS ? "ForTokenClassification"
                                                                   : "ForSequenceClassification");
}

/* A head that tells the same labels apart is kept, in the order that it has. */
static void take_order(train_job *job)
{
    char path[PATH_SIZE + 16];
    json_t *config;
    const char **names;
    size_t count;
    snprintf(path, sizeof path, "%s/config.json", job->model);
    config = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    names = labels_of_model(config, &count);
    if (names && has_head(config, job->kind) && !job->data.labels.given &&
        !labels_reorder(&job->data.labels, names, count))
        say_note(job->settings->quiet,
                 "the head of the model is made anew: its labels are others (%.60s, ...)",
                 names[0]);
    free(names);
    json_decref(config);
}

static int name_labels(train_job *job)
{
    const cli_labels *labels = &job->data.labels;
    const cli_example *first = job->data.read[PART_TRAIN].item;
    bool numbers = job->options.learning == CLOZE_LEARN_NUMBERS;
    size_t count = numbers ? first->number_count : job->kind->labels ? labels->count : 0;
    char *at;
    if (!(job->label_names = calloc(count + 1, sizeof *job->label_names)))
        return out_of_memory();
    job->options.labels = job->label_names;
    job->options.label_count = count;
    if (!numbers) {
        for (size_t i = 0; i < count; i++)
            job->label_names[i] = labels_name(labels, i);
        return 0;
    }
    /* as transformers calls what has no name */
    if (!(at = keep_room(&job->data.read[PART_TRAIN].keep, count, 32)))
        return out_of_memory();
    for (size_t i = 0; i < count; i++, at += 32) {
        snprintf(at, 32, "LABEL_%zu", i);
        job->label_names[i] = at;
    }
    return 0;
}

/* "spam=4,ham=1" */
static int weigh_labels(train_job *job)
{
    const char *list = job->settings->train.class_weights;
    cell_list parts = { 0 };
    size_t count = job->options.label_count;
    int code = 0;
    if (!list)
        return 0;
    if (!(job->label_weights = calloc(count, sizeof *job->label_weights)) ||
        !cells_split(&parts, (cloze_text){ list, strlen(list) }, ','))
        code = out_of_memory();
    for (size_t i = 0; i < count && !code; i++)
        job->label_weights[i] = 1;
    for (size_t i = 0; i < parts.count && !code; i++) {
        cloze_text part = cell_trimmed(parts.item[i]);
        const char *sign = part.size ? memrchr(part.data, '=', part.size) : NULL;
        size_t size = sign ? (size_t)(sign - part.data) : 0, label = 0;
        cloze_text number = { sign ? sign + 1 : "", sign ? part.size - size - 1 : 0 };
        double weight = -1;
        while (label < count && !(strlen(job->label_names[label]) == size &&
                                  !memcmp(job->label_names[label], part.data, size)))
            label++;
        if (!sign || !cell_number(number, &weight) || weight < 0 || weight > 1e6)
            code = say_failure(CLOZE_ERROR_ARGUMENT,
                               "--class-weights is a list as in spam=4,ham=1; \"%.*s\" is not",
                               (int)part.size, part.data);
        else if (label == count)
            code = say_failure(CLOZE_ERROR_ARGUMENT, "--class-weights: there is no label \"%.*s\"",
                               (int)size, part.data);
        else
            job->label_weights[label] = (float)weight;
    }
    free(parts.item);
    job->options.label_weights = job->label_weights;
    return code;
}

/* ---- options ---- */

static double positive(double value)
{
    return value > 0 ? value : 0;
}

/* What is 0 on the command line is "none" to the trainer, whose 0 is the default. */
static double none_at_zero(double value)
{
    return value < 0 ? 0 : value > 0 ? value : -1;
}

void train_fill_options(train_job *job)
{
    const cli_settings *settings = job->settings;
    const cli_training *train = &settings->train;
    job->options = (cloze_train_options){
        .learning = job->kind->learning,
        .epochs = positive(train->epochs),
        .steps = train->steps,
        .batch = train->batch,
        .batch_tokens = train->batch_tokens,
        .shards = train->shards,
        .max_tokens = settings->max_tokens,
        .stride = settings->stride,
        .rate = positive(train->rate),
        .beta1 = none_at_zero(train->beta1),
        .beta2 = none_at_zero(train->beta2),
        .epsilon = positive(train->epsilon),
        .decay = none_at_zero(train->decay),
        .clip = none_at_zero(train->clip),
        .no_bias_correction = train->no_bias_correction,
        .schedule = (cloze_schedule)(train->schedule ? train->schedule - 1 : 0),
        .warmup = train->warmup >= 1 ? (size_t)train->warmup : 0,
        .warmup_ratio = train->warmup < 1 ? positive(train->warmup) : 0,
        .cycles = positive(train->cycles),
        .power = positive(train->power),
        .decay_ratio = none_at_zero(train->cooldown),
        .layer_decay = positive(train->layer_decay),
        .freeze_embeddings = train->freeze_embeddings,
        .freeze_layers = train->freeze_layers,
        .freeze_body = train->freeze_body,
        .no_dropout = !(train->dropout < 0 || train->dropout > 0),
        .dropout = positive(train->dropout),
        .attention_dropout = none_at_zero(train->attention_dropout),
        .classifier_dropout = none_at_zero(train->classifier_dropout),
        .smoothing = train->smoothing,
        .focal = train->focal,
        .balance = train->balance      ? CLOZE_BALANCE_WEIGHTS
                   : train->oversample ? CLOZE_BALANCE_OVERSAMPLE
                                       : CLOZE_BALANCE_NONE,
        .temperature = positive(train->temperature),
        .masked = positive(train->masked),
        .whole_words = settings->whole_words,
        .measure_every = train->measure_every,
        .metric = train->metric,
        .patience = train->patience,
        .keep_last = train->keep_last,
        .resume = train->resume,
        .keep_every = train->keep_every,
        .recompute = train->recompute,
        .bf16 = train->number_type == 2,
        .engine = job->opened.engine,
    };
}

/* A model of the hub keeps its name, so that an adapter can tell it. */
static void name_model(train_job *job)
{
    const char *asked = model_name(job->settings), *at = strchr(asked, '@');
    snprintf(job->name, sizeof job->name, "%s", job->model);
    if (!strcmp(asked, job->model))
        return;
    snprintf(job->name, sizeof job->name, "%.*s", (int)strcspn(asked, "@"), asked);
    job->options.revision = at ? at + 1 : job->settings->revision;
}

/* ---- facts ---- */

static void put(json_t *facts, const char *key, json_t *value)
{
    json_object_set_new(facts, key, value); /* a failure is found at the end, by the count */
}

static void put_real(json_t *facts, const char *key, double value)
{
    if (value > 0 || value < 0)
        put(facts, key, train_real(value));
}

static void put_count(json_t *facts, const char *key, size_t value)
{
    if (value)
        put(facts, key, json_integer((json_int_t)value));
}

static void put_word(json_t *facts, const char *key, const char *value)
{
    if (value)
        put(facts, key, json_string(value));
}

static void put_flag(json_t *facts, const char *key, bool value)
{
    if (value)
        put(facts, key, json_true());
}

void train_put_settings(json_t *facts, const train_job *job)
{
    static const char *const schedules[] = { NULL,         "linear",   "cosine", "restarts",
                                             "polynomial", "constant", "stable" };
    const cli_settings *settings = job->settings;
    const cli_training *train = &settings->train;
    const cloze_train_options *options = &job->options;
    const struct {
        const char *name;
        double value;
    } reals[] = { { "epochs", options->epochs },
                  { "rate", options->rate },
                  { "cycles", options->cycles },
                  { "power", options->power },
                  { "layer-decay", options->layer_decay },
                  { "epsilon", options->epsilon },
                  { "dropout", options->dropout },
                  { "smoothing", options->smoothing },
                  { "focal", options->focal },
                  { "temperature", options->temperature },
                  { "alpha", options->teaching },
                  { "hidden-cosine", train->teach_last },
                  { "hidden-error", train->teach_states },
                  { "attention-error", train->teach_attention },
                  { "scale", positive(train->scale) },
                  { "lora-alpha", positive(train->lora_alpha) },
                  { "lora-dropout", train->lora_dropout },
                  { "masked", options->masked },
                  { "dev-part", train->dev_part },
                  { "test-part", train->test_part } };
    const struct {
        const char *name;
        double value; /* 0 says something, too */
    } given[] = { { "warmup", train->warmup },
                  { "cooldown", train->cooldown },
                  { "beta1", train->beta1 },
                  { "beta2", train->beta2 },
                  { "decay", train->decay },
                  { "clip", train->clip },
                  { "attention-dropout", train->attention_dropout },
                  { "classifier-dropout", train->classifier_dropout } };
    const struct {
        const char *name;
        size_t value;
    } counts[] = { { "steps", options->steps },
                   { "batch", options->batch },
                   { "batch-tokens", options->batch_tokens },
                   { "shards", options->shards },
                   { "max-tokens", options->max_tokens },
                   { "stride", options->stride },
                   { "freeze-layers", options->freeze_layers },
                   { "lora", options->lora.rank },
                   { "measure-every", options->measure_every },
                   { "patience", options->patience },
                   { "folds", train->folds },
                   { "seeds", train->seeds },
                   { "augment", train->augment } };
    const struct {
        const char *name;
        bool value;
    } flags[] = { { "no-bias-correction", options->no_bias_correction },
                  { "freeze", options->freeze_body },
                  { "freeze-embeddings", options->freeze_embeddings },
                  { "lora-stabilized", options->lora.stabilized },
                  { "merge", options->lora.merge },
                  { "balance", train->balance },
                  { "oversample", train->oversample },
                  { "unlabelled", train->unlabelled },
                  { "whole-words", options->whole_words },
                  { "keep-last", options->keep_last } };
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        put_real(facts, reals[i].name, reals[i].value);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        put_count(facts, counts[i].name, counts[i].value);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        put_flag(facts, flags[i].name, flags[i].value);
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (given[i].value >= 0)
            put(facts, given[i].name, train_real(given[i].value));
    if (options->no_dropout)
        put(facts, "dropout", json_integer(0));
    if (train->augment) {
        put_real(facts, "augment-delete", job->data.rates.drop);
        put_real(facts, "augment-swap", job->data.rates.swap);
        put_real(facts, "augment-insert", job->data.rates.insert);
        if (train->synonyms)
            put_real(facts, "augment-replace", job->data.rates.replace);
        put_word(facts, "synonyms", train->synonyms);
        if (train->filler)
            put_real(facts, "augment-fill", job->data.rates.fill);
        put_word(facts, "augment-model", train->filler);
    }
    put_word(facts, "precision", options->bf16 ? "bf16" : NULL);
    put_word(facts, "schedule", schedules[train->schedule]);
    put_word(facts, "metric", options->metric);
    put_word(facts, "class-weights", train->class_weights);
    put_word(facts, "layers", train->student_layers);
    put_word(facts, "match", train->match);
    put_word(facts, "lora-targets", train->lora_targets);
}

static int gather_facts(train_job *job)
{
    static const char *const names[] = { "train", "dev", "test" };
    json_t *examples = json_object(), *labels = json_array();
    if (!(job->facts = json_object()) || !examples || !labels) {
        json_decref(examples);
        json_decref(labels);
        return out_of_memory();
    }
    put_word(job->facts, "kind", job->kind->name);
    put_word(job->facts, "loss",
             job->options.learning == CLOZE_LEARN_SIMILARITY ? "similarity"
             : job->options.learning == CLOZE_LEARN_RANKING  ? "ranking"
             : job->options.learning != CLOZE_LEARN_VECTORS  ? NULL
             : job->options.directions                       ? "cosine"
                                                             : "squared");
    put_word(job->facts, "model", train_begun_with(job));
    put_word(job->facts, "teacher", job->settings->train.teacher);
    for (int part = 0; part < PARTS; part++)
        put_count(examples, names[part], job->data.read[part].count);
    put(job->facts, "examples", examples);
    for (size_t i = 0; i < job->options.label_count; i++)
        if (json_array_append_new(labels, json_string(job->label_names[i]))) {
            json_decref(labels);
            return say_failure(CLOZE_ERROR_TEXT, "the label \"%.100s\" cannot be written",
                               job->label_names[i]);
        }
    if (job->options.label_count)
        put(job->facts, "labels", labels);
    else
        json_decref(labels);
    train_put_settings(job->facts, job);
    return 0;
}

int train_prepare(train_job *job)
{
    bool asked = !*job->model;
    int code = asked ? model_find(job->settings, job->model, sizeof job->model) : 0;
    if (!code && !job->opened.engine)
        code = open_engine(&job->opened, job->settings);
    if (!code && job->settings->train.filler)
        code = filler_open(&job->data.filler, job->settings, job->settings->train.filler,
                           job->opened.engine);
    if (code)
        return code;
    train_fill_options(job);
    if (asked)
        name_model(job);
    if (job->settings->train.teacher)
        distill_options(job);
    if ((code = train_lora(job)))
        return code;
    if (job->kind->labels)
        take_order(job);
    code = name_labels(job);
    if (!code)
        code = weigh_labels(job);
    return code ? code : gather_facts(job);
}
