/* train_kinds.c - what cloze train can teach, and which settings make sense for it. */
#include "train.h"

#include "say.h"

#include <cloze/plot.h>

#include <stdio.h>
#include <string.h>

static const char label_metrics[] =
    " loss accuracy precision recall f1 f1_micro f1_weighted matthews ";

static const train_kind kinds[] = {
    { .name = "classify",
      .summary = "one label for a text",
      .examples = EXAMPLES_LABELS,
      .learning = CLOZE_LEARN_LABELS,
      .labels = true,
      .augments = true,
      .distils = true,
      .shown = { "loss", "accuracy", "f1", "matthews" },
      .metrics = label_metrics,
      .task = "text-classification",
      .use = { "classify", " \"a text\"" } },
    { .name = "multi-label",
      .summary = "any number of labels",
      .examples = EXAMPLES_SETS,
      .learning = CLOZE_LEARN_LABEL_SETS,
      .labels = true,
      .augments = true,
      .distils = true,
      .shown = { "loss", "accuracy", "f1_micro", "f1" },
      .metrics = label_metrics,
      .task = "text-classification",
      .use = { "classify", " --threshold 0.5 \"a text\"" } },
    { .name = "regress",
      .summary = "a number",
      .examples = EXAMPLES_NUMBERS,
      .learning = CLOZE_LEARN_NUMBERS,
      .augments = true,
      .distils = true,
      .shown = { "loss", "pearson", "spearman" },
      .metrics = " loss pearson spearman squared_error ",
      .task = "text-classification",
      .use = { "classify", " \"a text\"" } },
    { .name = "pair",
      .summary = "one label for two texts",
      .examples = EXAMPLES_LABELS,
      .learning = CLOZE_LEARN_LABELS,
      .pairs = true,
      .labels = true,
      .augments = true,
      .distils = true,
      .shown = { "loss", "accuracy", "f1", "matthews" },
      .metrics = label_metrics,
      .task = "text-classification",
      .use = { "classify", " \"a text\" --pair \"another\"" } },
    { .name = "tag",
      .summary = "a label for each word",
      .examples = EXAMPLES_TAGS,
      .learning = CLOZE_LEARN_TAGS,
      .labels = true,
      .distils = true,
      .shown = { "loss", "precision", "recall", "f1" },
      .metrics = " loss accuracy precision recall f1 ",
      .task = "token-classification",
      .use = { "tag", " \"a sentence\"" } },
    { .name = "answer",
      .summary = "where a text answers a question",
      .examples = EXAMPLES_ANSWERS,
      .learning = CLOZE_LEARN_ANSWERS,
      .shown = { "loss", "exact", "f1" },
      .metrics = " loss exact f1 ",
      .task = "question-answering",
      .use = { "answer", " -f context.txt \"a question\"" } },
    { .name = "embed",
      .summary = "vectors of texts that belong together",
      .examples = EXAMPLES_RANKING,
      .learning = CLOZE_LEARN_RANKING,
      .pairs = true,
      .shown = { "loss", "accuracy" },
      .metrics = " loss accuracy ",
      .task = "sentence-similarity",
      .use = { "similar", " \"a text\" \"another\" \"a third\"" } },
    { .name = "embed",
      .summary = "vectors that are as alike as a score says",
      .examples = EXAMPLES_SIMILARITY,
      .learning = CLOZE_LEARN_SIMILARITY,
      .pairs = true,
      .shown = { "loss", "pearson", "spearman" },
      .metrics = " loss pearson spearman squared_error ",
      .task = "sentence-similarity",
      .use = { "similar", " \"a text\" \"another\" \"a third\"" } },
    { .name = "embed",
      .summary = "the vectors of a teacher",
      .examples = EXAMPLES_TEXTS,
      .learning = CLOZE_LEARN_VECTORS,
      .augments = true,
      .distils = true,
      .shown = { "loss", "cosine", "spearman" },
      .metrics = " loss cosine spearman ",
      .task = "sentence-similarity",
      .use = { "similar", " \"a text\" \"another\" \"a third\"" } },
    { .name = "fill",
      .summary = "masked words",
      .examples = EXAMPLES_TEXTS,
      .learning = CLOZE_LEARN_WORDS,
      .distils = true,
      .shown = { "loss", "perplexity", "accuracy" },
      .metrics = " loss perplexity accuracy ",
      .task = "fill-mask",
      .use = { "fill", " \"a text with a [MASK]\"" } },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Embeddings learn in several ways. */
static bool is_meant(const train_kind *kind, const cli_training *train)
{
    switch (kind->learning) {
    case CLOZE_LEARN_RANKING:
        return !train->teacher && train->loss != 2;
    case CLOZE_LEARN_SIMILARITY:
        return !train->teacher && train->loss == 2;
    case CLOZE_LEARN_VECTORS:
        return train->teacher;
    default:
        return true;
    }
}

const train_kind *train_kind_named(const char *name, const cli_training *train)
{
    for (int i = 0; i < KINDS; i++)
        if (!strcmp(kinds[i].name, name) && is_meant(&kinds[i], train))
            return &kinds[i];
    return NULL;
}

const char *train_kind_names(char *out, size_t size, bool distils)
{
    const char *before = "";
    size_t used = 0;
    for (int i = 0; i < KINDS && used < size; i++) {
        if ((distils && !kinds[i].distils) || !strcmp(kinds[i].name, before))
            continue;
        used +=
            (size_t)snprintf(out + used, size - used, "%s%s", *before ? ", " : "", kinds[i].name);
        before = kinds[i].name;
    }
    return out;
}

/* ---- settings that do not go together ---- */

static int refuse(const char *message)
{
    return say_failure(CLOZE_ERROR_ARGUMENT, "%s", message);
}

/* Options that only some kinds have. */
static int check_kind(const cli_settings *settings, const train_kind *kind)
{
    const cli_training *train = &settings->train;
    cloze_learning learning = kind->learning;
    bool words = learning == CLOZE_LEARN_WORDS, ranks = learning == CLOZE_LEARN_RANKING;
    bool alike = learning == CLOZE_LEARN_SIMILARITY;
    bool one = learning == CLOZE_LEARN_LABELS, vectors = learning == CLOZE_LEARN_VECTORS;
    bool soft = train->teacher && learning != CLOZE_LEARN_NUMBERS && !vectors;
    const struct {
        bool given, allowed;
        const char *option, *kinds;
    } all[] = {
        { train->labels, kind->labels, "labels", "kinds with labels" },
        { train->label_columns,
          learning == CLOZE_LEARN_LABEL_SETS || learning == CLOZE_LEARN_NUMBERS, "label-columns",
          "multi-label and regress" },
        { train->negative_column, ranks, "negative-column", "embed --loss ranking" },
        { train->class_weights, kind->labels, "class-weights", "kinds with labels" },
        { train->balance, one, "balance", "classify and pair" },
        { train->oversample, one, "oversample", "classify and pair" },
        { train->smoothing > 0, one || learning == CLOZE_LEARN_TAGS, "smoothing",
          "classify, pair and tag" },
        { train->focal > 0, one || learning == CLOZE_LEARN_TAGS, "focal",
          "classify, pair and tag" },
        { train->loss, ranks || alike, "loss", "embed" },
        { train->temperature >= 0, ranks || soft, "temperature",
          train->teacher ? "labels, tags and words" : "embed --loss ranking" },
        { train->alpha >= 0, !vectors, "alpha", "labels, numbers, tags and words" },
        { train->vector_loss, vectors, "loss", "embed" },
        { train->unlabelled, one, "unlabelled", "classify and pair" },
        { train->scale >= 0, alike, "scale", "embed --loss similarity" },
        { train->masked >= 0, words, "masked", "fill" },
        { settings->whole_words, words, "whole-words", "fill" },
        { settings->stride, learning == CLOZE_LEARN_ANSWERS, "stride", "answer" },
        { train->augment, kind->augments, "augment", "classify, pair, multi-label and regress" },
        { settings->separator, learning == CLOZE_LEARN_LABEL_SETS, "separator", "multi-label" },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].given && !all[i].allowed)
            return say_failure(CLOZE_ERROR_ARGUMENT, "--%s is for %s, not for %s", all[i].option,
                               all[i].kinds, kind->name);
    return 0;
}

static int check_numbers(const cli_training *train)
{
    const struct {
        const char *option;
        double value, least, most;
    } all[] = {
        { "epochs", train->epochs, 1e-6, 1e6 },
        { "rate", train->rate, 1e-12, 100 },
        { "cycles", train->cycles, 0.001, 1e6 },
        { "power", train->power, 0.001, 100 },
        { "cooldown", train->cooldown, 0, 1 },
        { "layer-decay", train->layer_decay, 0.001, 1 },
        { "beta1", train->beta1, 0, 0.9999999 },
        { "beta2", train->beta2, 0, 0.9999999 },
        { "epsilon", train->epsilon, 1e-30, 1 },
        { "lora-alpha", train->lora_alpha, 0.001, 1e6 },
        { "temperature", train->temperature, 0.001, 100 },
        { "scale", train->scale, 1e-6, 1e6 },
        { "masked", train->masked, 0.001, 0.99 },
        { "smoothing", train->smoothing, 0, 0.99 },
        { "focal", train->focal, 0, 10 },
        { "dev-part", train->dev_part, 0, 0.9 },
        { "test-part", train->test_part, 0, 0.9 },
        { "dev-part and --test-part together", train->dev_part + train->test_part, 0, 0.9 },
        { "dropout", train->dropout, 0, 0.99 },
        { "attention-dropout", train->attention_dropout, 0, 0.99 },
        { "classifier-dropout", train->classifier_dropout, 0, 0.99 },
        { "augment-delete", train->drop, 0, 0.9 },
        { "augment-swap", train->swap, 0, 1 },
        { "augment-insert", train->insert, 0, 1 },
        { "augment-replace", train->replace, 0, 1 },
        { "augment-fill", train->refill, 0, 1 },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].value >= 0 && (all[i].value < all[i].least || all[i].value > all[i].most))
            return say_failure(CLOZE_ERROR_ARGUMENT,
                               "--%s lies between %.10g and %.10g, not at %.10g", all[i].option,
                               all[i].least, all[i].most, all[i].value);
    if (train->folds == 1)
        return refuse("--folds needs at least 2");
    if (train->warmup >= 1 && train->warmup > (double)(size_t)train->warmup)
        return refuse("--warmup is a whole number of steps, or a part of all below 1");
    return 0;
}

/* Where the examples come from that are measured. */
static int check_splits(const cli_settings *settings)
{
    const cli_training *train = &settings->train;
    bool dev = train->dev.count || train->dev_part > 0 || train->folds;
    if (!settings->files.count)
        return refuse(train->dev.count || train->test.count
                          ? "there is nothing to learn from: -f FILE names the training examples"
                          : "-f FILE names the examples to learn from; see `cloze help train`");
    if (train->dev.count && train->dev_part > 0)
        return refuse("--dev and --dev-part do not go together");
    if (train->test.count && train->test_part > 0)
        return refuse("--test and --test-part do not go together");
    if (train->folds && (train->dev.count || train->dev_part > 0 || train->test_part > 0))
        return refuse("--folds measures with each part in turn: it takes no --dev, --dev-part or "
                      "--test-part");
    if (train->folds && train->seeds)
        return refuse("--folds and --seeds do not go together");
    if (!dev && (train->metric || train->patience || train->measure_every))
        return refuse("--metric, --patience and --measure-every need examples to measure with: "
                      "--dev FILE or --dev-part 0.1");
    return 0;
}

/* A search of schedules may well name what only one of them has. */
static void note_idle(const cli_settings *settings)
{
    const cli_training *train = &settings->train;
    cloze_schedule schedule = (cloze_schedule)(train->schedule ? train->schedule - 1 : 0);
    const struct {
        bool idle;
        const char *option, *schedules;
    } all[] = {
        { train->cycles >= 0 && schedule != CLOZE_SCHEDULE_COSINE &&
              schedule != CLOZE_SCHEDULE_RESTARTS,
          "cycles", "cosine or restarts" },
        { train->power >= 0 && schedule != CLOZE_SCHEDULE_POLYNOMIAL, "power", "polynomial" },
        { train->cooldown >= 0 && schedule != CLOZE_SCHEDULE_STABLE, "cooldown", "stable" },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].idle)
            say_note(settings->quiet, "--%s does nothing without --schedule %s", all[i].option,
                     all[i].schedules);
}

int train_check_common(const cli_settings *settings, const train_kind *kind)
{
    const cli_training *train = &settings->train;
    char metric[64];
    cloze_error error;
    int code = check_numbers(train);
    if (code)
        return code;
    if (train->keep_last && train->patience)
        return refuse("--patience waits for better numbers, and --keep-last would not keep them");
    if (train->metric && (snprintf(metric, sizeof metric, " %s ", train->metric) >= 64 ||
                          !strstr(kind->metrics, metric)))
        return say_failure(CLOZE_ERROR_ARGUMENT, "%s is measured by:%s; not by \"%s\"", kind->name,
                           kind->metrics, train->metric);
    if (train->picture && train->picture != PICTURE_NONE && !settings->output)
        return refuse("--picture is drawn into the folder of the run: -o FOLDER");
    if (train->picture && train->picture != PICTURE_NONE &&
        cloze_plot_ready(train->picture == PICTURE_SVG ? "a.svg" : "a.png", &error))
        return say_error(&error, "--picture");
    if (settings->output && !*settings->output)
        return refuse("-o FOLDER says where the model goes: an empty name is none");
    if (train->resume && !settings->output)
        return refuse("--resume needs the folder of the run: -o FOLDER");
    note_idle(settings);
    return 0;
}

int train_check(const cli_settings *settings, const train_kind *kind)
{
    const cli_training *train = &settings->train;
    int code = check_splits(settings);
    if (!code)
        code = check_kind(settings, kind);
    if (!code)
        code = train_check_common(settings, kind);
    if (code)
        return code;
    if (settings->separator && strlen(settings->separator) != 1)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--separator takes one character, not \"%s\"",
                           settings->separator);
    if (train->smoothing > 0 && train->focal > 0)
        return refuse("--smoothing and --focal do not go together");
    if (train->balance && (train->class_weights || train->oversample))
        return refuse("--balance, --oversample and --class-weights do the same: choose one");
    if (train->oversample && train->class_weights)
        return refuse("--balance, --oversample and --class-weights do the same: choose one");
    if (!settings->output && !train->folds && !train->seeds)
        return refuse("-o FOLDER says where the model goes");
    if (train->freeze_body && (train->freeze_embeddings || train->freeze_layers))
        return refuse("--freeze keeps all but the head: --freeze-layers and --freeze-embeddings "
                      "add nothing");
    if ((code = train_lora_check(train)))
        return code;
    if (!train->augment &&
        (train->synonyms || train->filler || train->drop >= 0 || train->swap >= 0 ||
         train->insert >= 0 || train->replace >= 0 || train->refill >= 0))
        return refuse("changed copies of texts are made with --augment N");
    if (train->replace > 0 && !train->synonyms)
        return refuse("--augment-replace needs --synonyms FILE");
    if (train->refill > 0 && !train->filler)
        return refuse("--augment-fill needs --augment-model MODEL");
    return 0;
}
