/*
 * distill_teacher.c - the teacher of cloze distill: opened, and asked what it says of texts. What both
 * models must have in common is checked by the trainer.
 */
#include "train.h"

#include "cells.h"
#include "say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS_MOST = 1024 };

/* ---- settings ---- */

/* "0,2,4"; NULL stays NULL. Exit code. */
static int read_layers(const char *list, const char *option, size_t **out, size_t *count)
{
    cell_list parts = { 0 };
    int code = 0;
    if (!list)
        return 0;
    if (!cells_split(&parts, (cloze_text){ list, strlen(list) }, ',') ||
        !(*out = calloc(parts.count + 1, sizeof **out)))
        code = say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    for (size_t i = 0; i < parts.count && !code; i++) {
        double number = -1;
        if (!cell_number(cell_trimmed(parts.item[i]), &number) || number < 0 ||
            number > LAYERS_MOST || number > (double)(size_t)number)
            code = say_failure(CLOZE_ERROR_ARGUMENT,
                               "%s is a list of layers as in 0,2,4; \"%.*s\" is none", option,
                               (int)parts.item[i].size, parts.item[i].data);
        else
            (*out)[(*count)++] = (size_t)number;
    }
    free(parts.item);
    return code;
}

static int refuse(const char *message)
{
    return say_failure(CLOZE_ERROR_ARGUMENT, "%s", message);
}

int distill_check(const cli_settings *settings, const train_kind *kind)
{
    const cli_training *train = &settings->train;
    bool compares = train->teach_last > 0 || train->teach_states > 0 || train->teach_attention > 0;
    if (!train->teacher)
        return refuse("-T MODEL names the teacher; see `cloze help distill`");
    if (!settings->model && !train->student_layers)
        return refuse("--layers 0,2,4 makes a student of these layers of the teacher, or -m MODEL "
                      "names one");
    if (settings->model && train->student_layers)
        return refuse("the student is made of the teacher's --layers, or it is -m MODEL, not both");
    if (train->labels)
        return refuse("the labels are the teacher's: --labels is for `cloze train`");
    if (train->alpha > 1)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--alpha lies between 0 and 1, not at %g",
                           train->alpha);
    if (!(train->alpha < 0) && !(train->alpha > 0) && !compares && !train->student_layers)
        return refuse("with --alpha 0 nothing is learned from the teacher");
    if (train->match && !(train->teach_states > 0) && !(train->teach_attention > 0))
        return refuse("--match is for --hidden-error and --attention-error");
    if (train->unlabelled && (settings->label_column || train->class_weights))
        return refuse("--unlabelled texts have no --label-column and no --class-weights");
    if (train->freeze_body && (compares || kind->learning != CLOZE_LEARN_LABELS))
        return refuse("--freeze goes with classify and pair, without hidden states and attention");
    return 0;
}

/* --alpha 0: its layers are all that the student has of the teacher. */
static double alpha_of(const train_job *job)
{
    const cli_training *train = &job->settings->train;
    if (job->kind->learning == CLOZE_LEARN_VECTORS)
        return 0;
    return train->alpha < 0 ? train->unlabelled ? 1 : 0.5 : train->alpha;
}

/* Does the teacher run beside the student, or is it asked before? */
static bool runs_beside(const train_job *job)
{
    const cli_training *train = &job->settings->train;
    return train->teach_last > 0 || train->teach_states > 0 || train->teach_attention > 0 ||
           (job->kind->learning != CLOZE_LEARN_LABELS && alpha_of(job) > 0);
}

/* Numbers that are learned from and known before: logits of labels, vectors. */
static size_t told_before(const train_job *job)
{
    const cloze_model *model = job->teacher.opened.model;
    bool labels = job->kind->learning == CLOZE_LEARN_LABELS;
    if (job->kind->learning == CLOZE_LEARN_VECTORS)
        return cloze_embed_dimension(model, NULL);
    return labels && (job->settings->train.unlabelled || (alpha_of(job) > 0 && !runs_beside(job)))
               ? cloze_model_labels(model)
               : 0;
}

void distill_options(train_job *job)
{
    const cli_training *train = &job->settings->train;
    train_teacher *teacher = &job->teacher;
    cloze_train_options *options = &job->options;
    options->teaching = alpha_of(job);
    options->directions = train->vector_loss == 2;
    if (!runs_beside(job))
        return;
    options->teacher = (cloze_teacher){ .model = teacher->opened.model,
                                        .last = train->teach_last,
                                        .states = train->teach_states,
                                        .attention = train->teach_attention,
                                        .layers = teacher->match,
                                        .layer_count = teacher->match_count };
}

/* ---- opening ---- */

static int take_labels(train_job *job)
{
    const cloze_model *model = job->teacher.opened.model;
    bool tags = job->kind->learning == CLOZE_LEARN_TAGS;
    size_t count = tags ? cloze_model_tags(model) : cloze_model_labels(model);
    if (!count)
        return say_failure(CLOZE_ERROR_NOT_FOUND,
                           "the teacher %s has no head for labels of %s: teach it first, with "
                           "`cloze train %s`",
                           job->settings->train.teacher, tags ? "words" : "texts", job->kind->name);
    job->data.labels.giver = "the teacher has";
    for (size_t i = 0; i < count && job->kind->labels; i++) {
        int code = labels_add(&job->data.labels,
                              tags ? cloze_model_tag(model, i) : cloze_model_label(model, i));
        if (code)
            return code;
    }
    return job->kind->labels ? labels_close(&job->data.labels) : 0;
}

int distill_open(train_job *job)
{
    const cli_settings *settings = job->settings;
    train_teacher *teacher = &job->teacher;
    cli_settings own = *settings;
    int code = read_layers(settings->train.student_layers, "--layers", &teacher->layers,
                           &teacher->layer_count);
    own.model = settings->train.teacher;
    if (!code)
        code =
            read_layers(settings->train.match, "--match", &teacher->match, &teacher->match_count);
    if (!code)
        code = model_find(&own, teacher->path, sizeof teacher->path);
    if (!code)
        code = open_engine(&job->opened, settings);
    if (code)
        return code;
    own.model = teacher->path;
    own.revision = NULL;
    teacher->opened.engine = job->opened.engine;
    code = open_model(&teacher->opened, &own, false);
    if (!code)
        code = open_session(&teacher->opened, &own);
    if (!code && (job->kind->labels || job->kind->learning == CLOZE_LEARN_NUMBERS))
        code = take_labels(job);
    if (!code && settings->train.student_layers)
        code = distill_make_student(job);
    teacher->told = code ? 0 : told_before(job);
    return code;
}

void distill_close(train_job *job)
{
    train_teacher *teacher = &job->teacher;
    teacher->opened.engine = NULL; /* it is the job's */
    close_all(&teacher->opened);
    distill_forget_student(teacher);
    free(teacher->layers);
    free(teacher->match);
}

/* ---- asking ---- */

int distill_check_vectors(const train_job *job, const cloze_trainer *trainer)
{
    size_t own = cloze_embed_dimension(cloze_trainer_model(trainer), NULL);
    size_t told = job->teacher.told;
    if (job->kind->learning != CLOZE_LEARN_VECTORS || own == told)
        return 0;
    return say_failure(CLOZE_ERROR_UNSUPPORTED,
                       "the teacher's vectors have %zu numbers and the student's %zu: take a "
                       "student whose vectors are as long, as one of the teacher's --layers is",
                       told, own);
}

static size_t best_of(const float *logits, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (logits[i] > logits[best])
            best = i;
    return best;
}

static cloze_status ask(train_job *job, const cloze_text *texts, const cloze_text *pairs,
                        size_t count, float *out, cloze_error *error)
{
    const cli_settings *settings = job->settings;
    cloze_session *session = job->teacher.opened.session;
    const cloze_embed_options plain = { .prompt = "", .max_tokens = settings->max_tokens };
    const cloze_classify_options logits = { .function = CLOZE_SCORE_NONE,
                                            .max_tokens = settings->max_tokens };
    if (job->kind->learning == CLOZE_LEARN_VECTORS)
        return cloze_embed(session, texts, count, &plain, out, NULL, NULL, error);
    return cloze_classify(session, texts, pairs, count, &logits, out, NULL, NULL, error);
}

int distill_ask(train_job *job, cloze_example *examples, size_t count, float *room)
{
    size_t columns = job->teacher.told;
    cloze_text *texts = calloc(2 * count + 1, sizeof *texts), *pairs = texts + count;
    cloze_error error;
    bool paired = false;
    int code = 0;
    if (!texts)
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        texts[i] = examples[i].text;
        pairs[i] = examples[i].pair;
        paired = paired || pairs[i].data;
    }
    if (ask(job, texts, paired ? pairs : NULL, count, room, &error))
        code = say_error(&error, "the teacher");
    for (size_t i = 0; i < count && !code; i++) {
        examples[i].values = room + i * columns;
        if (job->settings->train.unlabelled)
            examples[i].label = best_of(examples[i].values, columns);
    }
    free(texts);
    return code;
}
