/* teacher.c - can this model teach what the trainer learns, and which of its layers are looked at? */
#include "train/lesson.h"

#include "base/error.h"
#include "task/fingerprint.h"

#include <string.h>

static const cz_config *config_of(const cloze_model *model)
{
    return &model->network->config;
}

static bool same_token(const cloze_tokenizer *a, const cloze_tokenizer *b, uint32_t id)
{
    cloze_text x = cloze_tokenizer_token(a, id), y = cloze_tokenizer_token(b, id);
    return x.size == y.size && !memcmp(x.data ? x.data : "", y.data ? y.data : "", x.size);
}

/* Both see the same ids, so they must mean the same. */
static cloze_status check_ids(const cloze_trainer *trainer, cloze_error *error)
{
    const cloze_model *teacher = trainer->options.teacher.model, *student = trainer->model;
    const cloze_tokenizer *a = teacher->tokenizer, *b = student->tokenizer;
    size_t size = cloze_tokenizer_size(b);
    if (cloze_tokenizer_size(a) != size)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "the teacher's tokenizer has %zu ids and the student's %zu: both must have "
                       "the same vocabulary to be compared token by token",
                       cloze_tokenizer_size(a), size);
    for (size_t id = 0; id < size; id++)
        if (!same_token(a, b, (uint32_t)id))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "token %zu is another one for the teacher than for the student: both "
                           "must have the same vocabulary to be compared token by token",
                           id);
    if (config_of(teacher)->vocabulary < size)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "the teacher's table has %zu rows for %zu ids of the tokenizer",
                       config_of(teacher)->vocabulary, size);
    return CLOZE_OK;
}

static bool same_labels(const cloze_trainer *trainer, const cz_labels *labels)
{
    bool same = labels->count == trainer->options.label_count;
    for (size_t i = 0; i < trainer->options.label_count && same; i++)
        same = !strcmp(labels->names[i], trainer->labels[i]);
    return same;
}

static bool can_be_told(cloze_learning learning)
{
    return learning <= CLOZE_LEARN_TAGS || learning == CLOZE_LEARN_WORDS;
}

/* What the teacher says of labels or words. */
static cloze_status check_outcome(const cloze_trainer *trainer, cloze_error *error)
{
    const cloze_model *teacher = trainer->options.teacher.model;
    cloze_learning learning = trainer->options.learning;
    cz_head_kind head = trainer->objective->head;
    if (!(trainer->options.teaching > 0))
        return CLOZE_OK;
    if (!can_be_told(learning))
        return cz_fail(
            error, CLOZE_ERROR_UNSUPPORTED,
            "what a teacher says can be learned of labels, numbers, tags and masked words "
            "(its vectors come with the examples)");
    if (!cz_head_columns(teacher->network, head))
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                       "the teacher has no head that tells what is to be learned");
    if (cz_head_columns(teacher->network, head) != cz_head_columns(trainer->model->network, head))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "the teacher's head tells %zu things apart and the student's %zu",
                       cz_head_columns(teacher->network, head),
                       cz_head_columns(trainer->model->network, head));
    if ((learning == CLOZE_LEARN_TAGS && !same_labels(trainer, &teacher->tags)) ||
        (learning <= CLOZE_LEARN_LABEL_SETS && !same_labels(trainer, &teacher->labels)))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "the teacher's labels are others than those to be learned, or in another "
                       "order");
    return CLOZE_OK;
}

/* ---- layers ---- */

static cloze_status check_layers(const cloze_trainer *trainer, cloze_error *error)
{
    const cloze_teacher *teacher = &trainer->options.teacher;
    size_t own = config_of(trainer->model)->layers, other = config_of(teacher->model)->layers;
    if (!teacher->layers)
        return CLOZE_OK;
    if (teacher->layer_count != own)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "%zu layers of the teacher are named, but the student has %zu",
                       teacher->layer_count, own);
    for (size_t i = 0; i < own; i++)
        if (!teacher->layers[i] || teacher->layers[i] > other)
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "layer %zu of the teacher is not one from 1 to %zu", teacher->layers[i],
                           other);
    return CLOZE_OK;
}

size_t cz_lesson_width(const cloze_train_options *options)
{
    const cloze_teacher *teacher = &options->teacher;
    bool compares = teacher->model && (teacher->last > 0 || teacher->states > 0);
    return compares ? config_of(teacher->model)->hidden : 0;
}

static cloze_status check_heads(const cloze_trainer *trainer, cloze_error *error)
{
    const cloze_teacher *teacher = &trainer->options.teacher;
    const cz_config *own = config_of(trainer->model), *other = config_of(teacher->model);
    if (teacher->attention > 0 && own->heads != other->heads)
        return cz_fail(
            error, CLOZE_ERROR_UNSUPPORTED,
            "the attention of %zu heads cannot be compared with the teacher's %zu heads: "
            "take a student with as many, or leave this loss away",
            own->heads, other->heads);
    return CLOZE_OK;
}

/* Scores that are a product alone, over the whole sequence. */
static bool attends_plainly(const cz_network *network, size_t layer)
{
    const cz_config *config = &network->config;
    for (size_t turn = 0; turn < config->inner; turn++) {
        const cz_layer *one = network->turns[(layer - 1) * config->inner + turn].layer;
        if (one->mixes || one->attention.reach != CZ_REACH_FULL || one->global_query.weight.out)
            return false;
    }
    return !network->entry;
}

static cloze_status check_attention(const cloze_trainer *trainer, cloze_error *error)
{
    const cz_network *own = trainer->model->network;
    const cz_network *other = trainer->options.teacher.model->network;
    if (!(trainer->options.teacher.attention > 0))
        return CLOZE_OK;
    if (trainer->options.recompute || trainer->options.bf16)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "scores of attention cannot be compared when layers are recomputed, or "
                       "rounded to bf16: "
                       "they are not kept");
    for (size_t i = 1; i <= own->config.layers; i++)
        if (!attends_plainly(own, i) || !attends_plainly(other, trainer->lesson.layer[i]))
            return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                           "the attention of layer %zu is more than a product of queries and keys "
                           "over the whole text, and cannot be compared",
                           i);
    return CLOZE_OK;
}

static cloze_status check_what_is_frozen(const cloze_trainer *trainer, cloze_error *error)
{
    const cloze_teacher *teacher = &trainer->options.teacher;
    bool compares = teacher->last > 0 || teacher->states > 0 || teacher->attention > 0;
    if (trainer->options.freeze_body)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "what a frozen body makes is computed once, so no teacher runs beside it");
    if (!compares && !(trainer->options.teaching > 0))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "there is a teacher, but nothing is learned from it: all its weights are 0");
    return CLOZE_OK;
}

/* ---- what is laid out ---- */

static cloze_status make_lists(cloze_trainer *trainer, cloze_error *error)
{
    const cloze_allocator *allocator = &trainer->hooks.allocator;
    size_t own = config_of(trainer->model)->layers + 1;
    size_t other = config_of(trainer->options.teacher.model)->layers + 1;
    cz_lesson *lesson = &trainer->lesson;
    lesson->layer = cz_allocate_zero(allocator, own, sizeof *lesson->layer);
    lesson->own_states = cz_allocate_zero(allocator, own, sizeof *lesson->own_states);
    lesson->own_projections = cz_allocate_zero(allocator, own, sizeof *lesson->own_projections);
    lesson->states = cz_allocate_zero(allocator, other, sizeof *lesson->states);
    lesson->projections = cz_allocate_zero(allocator, other, sizeof *lesson->projections);
    return lesson->layer && lesson->own_states && lesson->own_projections && lesson->states &&
                   lesson->projections
               ? CLOZE_OK
               : cz_fail_memory(error, "a list of layers", (own + other) * sizeof(void *));
}

/* The nearest layer to an even spread, and the last beside the last. */
static void map_layers(cloze_trainer *trainer)
{
    const cloze_teacher *teacher = &trainer->options.teacher;
    size_t own = config_of(trainer->model)->layers, other = config_of(teacher->model)->layers;
    for (size_t i = 1; i <= own; i++) {
        size_t even = (2 * i * other + own) / (2 * own);
        trainer->lesson.layer[i] = teacher->layers ? teacher->layers[i - 1] : even ? even : 1;
    }
}

/* A copied tensor has its width from the beginning; its rows come with each part. */
static void want(cloze_trainer *trainer)
{
    const cloze_teacher *teacher = &trainer->options.teacher;
    const cz_config *own = config_of(trainer->model), *other = config_of(teacher->model);
    cz_lesson *lesson = &trainer->lesson;
    cz_type type = trainer->engine->backend->type;
    for (size_t i = 0; i <= own->layers; i++) {
        size_t from = lesson->layer[i];
        if (teacher->states > 0)
            lesson->states[from] = (cz_tensor){ .columns = other->hidden, .type = type };
        if (teacher->attention > 0 && i)
            lesson->projections[from] = (cz_tensor){ .columns = 3 * other->hidden, .type = type };
        if ((teacher->states > 0 || teacher->attention > 0) && from > lesson->layers)
            lesson->layers = from;
    }
    lesson->asks_outcome = trainer->options.teaching > 0;
    if (teacher->last > 0)
        lesson->states[other->layers] = (cz_tensor){ .columns = other->hidden, .type = type };
    if (teacher->last > 0 || lesson->asks_outcome)
        lesson->layers = other->layers;
}

cloze_status cz_lesson_begin(cloze_trainer *trainer, cloze_error *error)
{
    const cloze_model *teacher = trainer->options.teacher.model;
    if (!teacher)
        return CLOZE_OK;
    if (teacher->engine != trainer->engine)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "the teacher was opened with another engine than the trainer's");
    cloze_status status = check_what_is_frozen(trainer, error);
    if (!status)
        status = check_ids(trainer, error);
    if (!status)
        status = check_outcome(trainer, error);
    if (!status)
        status = check_layers(trainer, error);
    if (!status)
        status = check_heads(trainer, error);
    if (!status)
        status = make_lists(trainer, error);
    if (status)
        return status;
    map_layers(trainer);
    want(trainer);
    if ((status = check_attention(trainer, error)))
        return status;
    return cz_fingerprint(teacher, NULL, trainer->lesson.fingerprint, error);
}

void cz_lesson_clear(cloze_trainer *trainer)
{
    const cloze_allocator *allocator = &trainer->hooks.allocator;
    cz_lesson *lesson = &trainer->lesson;
    void *const all[] = { lesson->layer, (void *)lesson->own_states,
                          (void *)lesson->own_projections, lesson->states, lesson->projections };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        cz_release(allocator, all[i]);
    cz_block_release(allocator, &lesson->copies);
    cz_block_release(allocator, &lesson->indices);
    cz_workspace_clear(&lesson->workspace, allocator);
    *lesson = (cz_lesson){ 0 };
}
