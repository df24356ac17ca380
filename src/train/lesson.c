/* lesson.c - see lesson.h. */
#include "train/lesson.h"

#include "base/error.h"

#include <string.h>

static bool is_taught(const cloze_trainer *trainer, const cz_part *part)
{
    return trainer->options.teacher.model && part->learning;
}

/* ---- the teacher's run ---- */

/* The part as the teacher sees it: its own positions, and its own rows that see everything. */
static cloze_status lay_part(cloze_trainer *trainer, const cz_part *part, cz_part *seen,
                             cloze_error *error)
{
    cz_lesson *lesson = &trainer->lesson;
    const cz_network *network = trainer->options.teacher.model->network;
    const cz_packing *packing = &part->batch.packing;
    size_t tokens = part->batch.tokens, words = tokens + 2 * packing->count;
    if (!cz_block_fit(trainer, &lesson->indices,
                      words * sizeof(size_t) + tokens * sizeof(uint32_t)))
        return cz_fail_memory(error, "a batch", words * sizeof(size_t));
    size_t *row = lesson->indices.data, *begin = row + tokens, *length = begin + packing->count;
    uint32_t *positions = (uint32_t *)(void *)(length + packing->count);
    for (size_t i = 0; i < tokens; i++)
        if (network->config.types && part->types[i] >= network->config.types)
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "the teacher knows %zu types of tokens, and the batch has type %u",
                           network->config.types, part->types[i]);
    for (size_t s = 0; s < packing->count; s++)
        cz_config_positions(&network->config, part->ids + packing->begin[s], packing->length[s],
                            positions + packing->begin[s]);
    *seen = *part;
    seen->model = trainer->options.teacher.model;
    seen->learning = false;
    seen->batch.positions = positions;
    seen->batch.globals = NULL;
    if (trainer->objective->has_head && cz_head_has_globals(network, trainer->objective->head)) {
        lesson->globals =
            cz_head_globals(network, trainer->objective->head, &seen->batch, row, begin, length);
        seen->batch.globals = &lesson->globals;
    }
    return CLOZE_OK;
}

/* Room for `rows` rows of all that is copied; each begins at a line of the cache. */
static bool lay_copies(cloze_trainer *trainer, size_t rows)
{
    cz_lesson *lesson = &trainer->lesson;
    size_t layers = trainer->options.teacher.model->network->config.layers, size = 0;
    for (int filling = 0; filling < 2; filling++) {
        char *at = lesson->copies.data;
        for (size_t i = 0; i < 2 * (layers + 1); i++) {
            cz_tensor *copy = i % 2 ? &lesson->projections[i / 2] : &lesson->states[i / 2];
            size_t bytes = rows * copy->columns * cz_type_size(copy->type);
            bytes = (bytes + CZ_ARENA_ALIGNMENT - 1) / CZ_ARENA_ALIGNMENT * CZ_ARENA_ALIGNMENT;
            if (filling && copy->columns) {
                *copy = (cz_tensor){ .data = at,
                                     .rows = rows,
                                     .columns = copy->columns,
                                     .stride = copy->columns,
                                     .type = copy->type };
                at += bytes;
            }
            size += filling ? 0 : bytes;
        }
        if (!filling && !cz_block_fit(trainer, &lesson->copies, size ? size : 1))
            return false;
    }
    return true;
}

static bool is_projections(const cz_tap_point *point)
{
    return !strcmp(point->name, "attention.projections");
}

static bool is_state(const cz_tap_point *point)
{
    return !strcmp(point->name, "layer") || !strcmp(point->name, "embeddings");
}

static void copy(void *context, const cz_tap_point *point, cz_tensor *tensor)
{
    const cz_lesson *lesson = context;
    const cz_tensor *to = is_projections(point) ? &lesson->projections[point->layer]
                          : is_state(point)     ? &lesson->states[point->layer]
                                                : NULL;
    size_t size = cz_type_size(tensor->type);
    for (size_t i = 0; to && to->columns && i < tensor->rows; i++)
        memcpy((char *)to->data + i * to->stride * size,
               (const char *)tensor->data + i * tensor->stride * size, to->columns * size);
}

static const cz_tensor *show(cloze_trainer *trainer, const cz_part *seen)
{
    cz_lesson *lesson = &trainer->lesson;
    cz_run *run = &lesson->workspace.run;
    cz_run_reset(run);
    run->tap = copy;
    run->tap_context = lesson;
    run->tap_projections = trainer->options.teacher.attention > 0;
    cz_tensor *states = cz_encode(run, seen->model->network, &seen->batch, lesson->layers);
    return lesson->asks_outcome ? trainer->objective->outcome(run, trainer, seen, states) : NULL;
}

cloze_status cz_lesson_look(cloze_trainer *trainer, const cz_part *part, cloze_error *error)
{
    cz_lesson *lesson = &trainer->lesson;
    cz_workspace *workspace = &lesson->workspace;
    cz_part seen;
    if (!is_taught(trainer, part))
        return CLOZE_OK;
    cloze_status status = lay_part(trainer, part, &seen, error);
    if (status)
        return status;
    cz_extent extent = cz_part_extent(&seen);
    if (!lay_copies(trainer, part->batch.tokens) ||
        !cz_workspace_ready(trainer, workspace, &extent))
        return cz_fail_memory(error, "the memory of a teacher", lesson->copies.size);
    show(trainer, &seen);
    if (!cz_run_failed(&workspace->run)) {
        if (!cz_workspace_furnish(trainer, workspace))
            return cz_fail_memory(error, "the memory of a teacher", workspace->run.numbers.peak);
        lesson->outcome = show(trainer, &seen);
    }
    const cloze_error *failure = &workspace->run.error;
    return failure->status
               ? cz_fail(error, failure->status, "the teacher: %.450s", failure->message)
               : CLOZE_OK;
}

/* ---- the student's run ---- */

/* A layer that does not record learns nothing, and the next may write over what it made. */
static void note(void *context, const cz_tap_point *point, cz_tensor *tensor)
{
    const cloze_trainer *trainer = context;
    const cz_lesson *lesson = &trainer->lesson;
    if (!tensor->watched)
        return;
    if (is_projections(point))
        lesson->own_projections[point->layer] = tensor;
    else if (is_state(point))
        lesson->own_states[point->layer] = tensor;
}

void cz_lesson_listen(const cloze_trainer *trainer, const cz_part *part, cz_run *run)
{
    size_t layers = trainer->model->network->config.layers;
    run->tap = NULL;
    if (!is_taught(trainer, part))
        return;
    for (size_t i = 0; i <= layers; i++)
        trainer->lesson.own_states[i] = trainer->lesson.own_projections[i] = NULL;
    run->tap = note;
    run->tap_context = (void *)(uintptr_t)trainer;
    run->tap_counts = true;
    run->tap_projections = trainer->options.teacher.attention > 0;
}

void cz_lesson_widen(const cloze_trainer *trainer, const cz_part *part, cz_extent *extent)
{
    size_t width = trainer->model->network->lesson.weight.out;
    if (!is_taught(trainer, part))
        return;
    extent->widest = width > extent->widest ? width : extent->widest;
    if (!(trainer->options.teacher.attention > 0))
        return;
    const cz_config *config = &trainer->options.teacher.model->network->config;
    size_t size = config->hidden / config->heads;
    extent->compares = true;
    if (size > extent->head_size)
        extent->head_size = size;
}

/* ---- losses ---- */

/* Tokens of words that are asked for. */
static size_t *asked_rows(cz_run *run, const cz_part *part, size_t *count)
{
    size_t *rows = cz_run_take(run, part->batch.tokens * sizeof *rows);
    *count = 0;
    for (size_t i = 0; rows && i < part->batch.tokens; i++)
        if (part->labels[i] >= 0)
            rows[(*count)++] = i;
    return rows;
}

/* The teacher's numbers in this run; nothing flows back to them. */
static cz_tensor *told(cz_run *run, const cz_lesson *lesson)
{
    const cz_tensor *outcome = lesson->outcome;
    return cz_run_input(run, outcome->data, outcome->rows, outcome->columns, false);
}

static cz_tensor *loss_of_asked(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                                cz_tensor *outcome, double total)
{
    size_t count, *rows = asked_rows(run, part, &count);
    if (!rows)
        return &run->empty;
    cz_tensor *teacher = cz_select(run, told(run, &trainer->lesson), rows, count);
    return cz_divergence(run, cz_select(run, outcome, rows, count), teacher,
                         trainer->options.temperature, total);
}

static cz_tensor *loss_of_sets(cz_run *run, const cloze_trainer *trainer, cz_tensor *outcome,
                               double total)
{
    double t = trainer->options.temperature;
    cz_tensor *teacher = cz_blend(run, told(run, &trainer->lesson), 1 / t, NULL, 0);
    teacher = cz_activate(run, teacher, CZ_SIGMOID);
    cz_tensor *loss = cz_binary_entropy(run, cz_blend(run, outcome, 1 / t, NULL, 0), teacher, NULL,
                                        total * (double)outcome->columns);
    return cz_blend(run, loss, t * t, NULL, 0);
}

static cz_tensor *soft_loss(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                            cz_tensor *outcome, double total)
{
    const cz_tensor *teacher = trainer->lesson.outcome;
    switch (trainer->options.learning) {
    case CLOZE_LEARN_TAGS:
        return loss_of_asked(run, trainer, part, outcome, total);
    case CLOZE_LEARN_LABEL_SETS:
        return loss_of_sets(run, trainer, outcome, total);
    case CLOZE_LEARN_NUMBERS:
        return cz_squared_error(run, outcome, teacher, total * (double)outcome->columns);
    default:
        return cz_divergence(run, outcome, teacher, trainer->options.temperature, total);
    }
}

/* The student's states as wide as the teacher's; NULL where nothing learns. */
static cz_tensor *own_states(cz_run *run, const cloze_trainer *trainer, size_t layer)
{
    const cz_network *network = trainer->model->network;
    cz_tensor *own = trainer->lesson.own_states[layer];
    return own && network->lesson.weight.out ? cz_linear(run, own, &network->lesson, CZ_IDENTITY)
                                             : own;
}

static cz_tensor *add_last(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                           cz_tensor *loss)
{
    const cz_lesson *lesson = &trainer->lesson;
    size_t other = trainer->options.teacher.model->network->config.layers;
    cz_tensor *own = own_states(run, trainer, trainer->model->network->config.layers);
    const cz_tensor *teacher = &lesson->states[other];
    if (!own)
        return loss;
    /* Half the square of the difference of directions is 1 - the cosine. */
    cz_tensor *goal = cz_run_input(run, teacher->data, teacher->rows, teacher->columns, false);
    goal = cz_normalize_rows(run, goal);
    cz_tensor *apart =
        cz_squared_error(run, cz_normalize_rows(run, own), goal, 2 * part->all_tokens);
    return cz_blend(run, loss, 1, apart, trainer->options.teacher.last);
}

static cz_tensor *add_states(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                             cz_tensor *loss)
{
    const cz_lesson *lesson = &trainer->lesson;
    for (size_t i = 0; i <= trainer->model->network->config.layers; i++) {
        cz_tensor *own = own_states(run, trainer, i);
        if (!own)
            continue;
        cz_tensor *apart = cz_squared_error(run, own, &lesson->states[lesson->layer[i]],
                                            part->all_tokens * (double)own->columns);
        loss = cz_blend(run, loss, 1, apart, trainer->options.teacher.states);
    }
    return loss;
}

static const cz_attention_shape *shape_of(const cloze_model *model, size_t layer)
{
    const cz_network *network = model->network;
    return &network->turns[layer * network->config.inner - 1].layer->attention;
}

static cz_tensor *add_attention(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                                cz_tensor *loss)
{
    const cz_lesson *lesson = &trainer->lesson;
    for (size_t i = 1; i <= trainer->model->network->config.layers; i++) {
        const cz_attention_shape *shape = shape_of(trainer->model, i);
        const cz_attention_shape *other =
            shape_of(trainer->options.teacher.model, lesson->layer[i]);
        cz_tensor *own = lesson->own_projections[i];
        if (!own)
            continue;
        cz_tensor *apart = cz_attention_error(run, &part->batch.packing, own, shape,
                                              &lesson->projections[lesson->layer[i]], other,
                                              part->all_pairs * (double)shape->heads);
        loss = cz_blend(run, loss, 1, apart, trainer->options.teacher.attention);
    }
    return loss;
}

cz_tensor *cz_lesson_loss(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                          cz_tensor *outcome, cz_tensor *loss, double total)
{
    const cloze_teacher *teacher = &trainer->options.teacher;
    double teaching = trainer->lesson.asks_outcome ? trainer->options.teaching : 0;
    if (!is_taught(trainer, part))
        return loss;
    if (teaching > 0)
        loss = cz_blend(run, soft_loss(run, trainer, part, outcome, total), teaching, loss,
                        1 - teaching);
    if (teacher->last > 0)
        loss = add_last(run, trainer, part, loss);
    if (teacher->states > 0)
        loss = add_states(run, trainer, part, loss);
    return teacher->attention > 0 ? add_attention(run, trainer, part, loss) : loss;
}
