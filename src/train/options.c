/* options.c - what a caller left out of the options of a trainer, and what of them is impossible. */
#include "train/trainer.h"

#include "base/error.h"

#include <math.h>

static double or_else(double given, double usual)
{
    return given == 0 ? usual : given;
}

/* 0 is the usual, so that another number has to say 0. */
static double or_none(double given, double usual)
{
    return given < 0 ? 0 : or_else(given, usual);
}

static double usual_rate(const cloze_train_options *options)
{
    return options->freeze_body ? 1e-3 : options->lora.rank ? 5e-4 : 5e-5;
}

void cloze_train_options_fill(cloze_train_options *options)
{
    bool ranks = options->learning == CLOZE_LEARN_RANKING;
    options->epochs = or_else(options->epochs, 3);
    options->batch = options->batch || options->batch_tokens ? options->batch : 32;
    options->shards = options->shards ? options->shards : ranks ? 1 : 4;
    options->stride = options->stride ? options->stride : 128;
    options->rate = or_else(options->rate, usual_rate(options));
    options->beta1 = or_none(options->beta1, 0.9);
    options->beta2 = or_none(options->beta2, 0.999);
    options->epsilon = or_else(options->epsilon, 1e-8);
    options->decay = or_else(options->decay, 0.01);
    options->clip = or_else(options->clip, 1);
    options->cycles =
        or_else(options->cycles, options->schedule == CLOZE_SCHEDULE_COSINE ? 0.5 : 1);
    options->power = or_else(options->power, 1);
    options->decay_ratio = or_none(options->decay_ratio, 0.1);
    options->layer_decay = or_else(options->layer_decay, 1);
    options->temperature = or_else(options->temperature, ranks ? 0.05 : 2);
    options->masked = or_else(options->masked, 0.15);
    options->lora.alpha = or_else(options->lora.alpha, 8);
}

typedef struct limit {
    const char *name;
    double value, least, most;
} limit;

static cloze_status check_numbers(const cloze_train_options *o, cloze_error *error)
{
    const limit limits[] = {
        { "epochs", o->epochs, 1e-6, 1e6 },
        { "batch", (double)o->batch, 0, 1 << 20 },
        { "batch tokens", (double)o->batch_tokens, 0, 1 << 30 },
        { "shards", (double)o->shards, 1, 1 << (CZ_GRADIENT_LEVELS - 1) },
        { "rate", o->rate, 1e-12, 100 },
        { "beta1", o->beta1, 0, 0.9999999 },
        { "beta2", o->beta2, 0, 0.9999999 },
        { "epsilon", o->epsilon, 1e-30, 1 },
        { "decay", o->decay, -HUGE_VAL, 100 },
        { "clip", o->clip, -HUGE_VAL, HUGE_VAL },
        { "schedule", (double)o->schedule, 0, CLOZE_SCHEDULE_STABLE },
        { "balance", (double)o->balance, 0, CLOZE_BALANCE_OVERSAMPLE },
        { "warmup ratio", o->warmup_ratio, 0, 1 },
        { "cycles", o->cycles, 1e-3, 1e6 },
        { "power", o->power, 1e-3, 100 },
        { "decay ratio", o->decay_ratio, 0, 1 },
        { "layer decay", o->layer_decay, 1e-3, 1 },
        { "dropout", o->dropout, -HUGE_VAL, 0.99 },
        { "attention dropout", o->attention_dropout, -HUGE_VAL, 0.99 },
        { "classifier dropout", o->classifier_dropout, -HUGE_VAL, 0.99 },
        { "smoothing", o->smoothing, 0, 0.99 },
        { "focal", o->focal, 0, 10 },
        { "teaching", o->teaching, 0, 1 },
        { "temperature", o->temperature, 1e-3, 100 },
        { "the weight of the teacher's last states", o->teacher.last, 0, 1e6 },
        { "the weight of the teacher's states", o->teacher.states, 0, 1e6 },
        { "the weight of the teacher's attention", o->teacher.attention, 0, 1e6 },
        { "masked", o->masked, 1e-3, 0.99 },
        { "shorter", o->shorter, 0, 1 },
        { "lora alpha", o->lora.alpha, 1e-3, 1e6 },
        { "lora dropout", o->lora.dropout, 0, 0.99 },
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (!(limits[i].value >= limits[i].least && limits[i].value <= limits[i].most))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT, "%s: %.10g is not between %.10g and %.10g",
                           limits[i].name, limits[i].value, limits[i].least, limits[i].most);
    return CLOZE_OK;
}

bool cz_has_labels(cloze_learning learning)
{
    return learning <= CLOZE_LEARN_TAGS;
}

static cloze_status check_labels(const cloze_train_options *o, cloze_error *error)
{
    double weights = 0;
    if (cz_has_labels(o->learning) && (!o->label_count || o->label_count > CZ_LABELS_MOST))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "%zu labels cannot be learned", o->label_count);
    if (o->learning == CLOZE_LEARN_LABELS && o->label_count < 2)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "one label alone cannot be told apart from anything");
    if (o->smoothing > 0 && o->focal > 0)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "smoothing and a focal loss do not go together");
    if (o->balance && o->learning != CLOZE_LEARN_LABELS)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "balancing is for one label a text: give the labels weights instead");
    for (size_t i = 0; o->label_weights && i < o->label_count; i++) {
        if (!(o->label_weights[i] >= 0) || !isfinite(o->label_weights[i]))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT, "the weight of label %zu is %g", i,
                           (double)o->label_weights[i]);
        weights += (double)o->label_weights[i];
    }
    if (o->label_weights && !(weights > 0))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "no label has a weight above 0: there is nothing to learn");
    if (o->balance == CLOZE_BALANCE_WEIGHTS && o->label_weights)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "labels have the given weights or balanced ones, not both");
    return CLOZE_OK;
}

cloze_status cz_options_check(const cloze_train_options *o, cloze_error *error)
{
    cloze_status status = check_numbers(o, error);
    if (!status)
        status = check_labels(o, error);
    if (status)
        return status;
    if ((o->following || o->crossing) && o->learning != CLOZE_LEARN_WORDS)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "how texts follow each other is learned beside masked words alone");
    if (o->learning == CLOZE_LEARN_REPLACED
            ? (o->generator != NULL) != (o->config != NULL) || o->teacher.model || o->lora.rank
            : o->generator != NULL)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "a generator is made or read with the model that learns which tokens it "
                       "replaced, and with no other");
    if ((unsigned)o->following > CLOZE_FOLLOWING_ORDER || (o->following && o->crossing))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "two texts of a sequence cannot cross the borders of documents");
    if (o->following && o->teacher.model)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "a teacher says nothing of how texts follow each other");
    if (o->lora.rank && o->config)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "LoRA stands beside a model that has learned, not beside one that is new");
    if (o->lora.rank && (o->freeze_body || o->freeze_layers || o->freeze_embeddings))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "LoRA leaves everything but the head as it is: there is nothing to freeze");
    if (o->resume && !o->folder)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "to resume a run it needs its folder");
    return CLOZE_OK;
}
