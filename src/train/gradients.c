/*
 * gradients.c - the gradients of shards: where they lie, how they are cleared, the tree that adds them.
 * Of a table most rows are touched by no shard: neither clearing nor adding walks over those.
 */
#include "train/learner.h"

#include "base/error.h"

#include <string.h>

/* ---- memory ---- */

static cz_tensor view(const cz_learner *learner, size_t i, const cz_block *block)
{
    const cz_tensor *value = &learner->parameter[i]->value;
    return (cz_tensor){ (char *)block->data + learner->place[i],
                        value->rows,
                        value->columns,
                        value->columns,
                        learner->backend->type,
                        false,
                        NULL };
}

cloze_status cz_learner_copy(const cz_learner *learner, cz_block *block, cz_tensor **tensors,
                             cloze_error *error)
{
    if (!cz_block_allocate(learner->allocator, learner->size, block))
        return cz_fail_memory(error, "weights that learn", learner->size);
    memset(block->data, 0, learner->size);
    *tensors = cz_allocate(learner->allocator, learner->count, sizeof **tensors);
    if (!*tensors)
        return cz_fail_memory(error, "weights that learn", learner->count * sizeof **tensors);
    for (size_t i = 0; i < learner->count; i++)
        (*tensors)[i] = view(learner, i, block);
    return CLOZE_OK;
}

static size_t words_of(const cz_tensor *table)
{
    return (table->rows + 63) / 64;
}

static bool is_table(const cz_network *network, const cz_parameter *parameter)
{
    for (int i = 0; i < network->embeddings.tables; i++)
        if (network->embeddings.table[i] == parameter)
            return true;
    return false;
}

static cloze_status count_rows(const cz_learner *learner, cz_gradients *gradients, size_t i,
                               cloze_error *error)
{
    const cz_parameter *parameter = learner->parameter[i];
    cz_touched *touched;
    if (!is_table(learner->network, parameter))
        return CLOZE_OK;
    if (!(touched = cz_allocate_zero(learner->allocator, 1, sizeof *touched)))
        return cz_fail_memory(error, "rows of a gradient", sizeof *touched);
    gradients->touched[parameter->index] = touched;
    touched->rows =
        cz_allocate_zero(learner->allocator, words_of(&parameter->value), sizeof(uint64_t));
    return touched->rows ? CLOZE_OK
                         : cz_fail_memory(error, "rows of a gradient", parameter->value.rows / 8);
}

static cloze_status make_level(const cz_learner *learner, cz_gradients *gradients,
                               cloze_error *error)
{
    size_t parameters = learner->indices;
    cloze_status status = cz_learner_copy(learner, &gradients->memory, &gradients->tensor, error);
    if (status)
        return status;
    gradients->list = cz_allocate_zero(learner->allocator, parameters, sizeof *gradients->list);
    gradients->touched =
        cz_allocate_zero(learner->allocator, parameters, sizeof *gradients->touched);
    if (!gradients->list || !gradients->touched)
        return cz_fail_memory(error, "a list of gradients", parameters * sizeof(void *));
    for (size_t i = 0; i < learner->count && !status; i++) {
        gradients->list[learner->parameter[i]->index] = &gradients->tensor[i];
        status = count_rows(learner, gradients, i, error);
    }
    return status;
}

cloze_status cz_learner_make_levels(cz_learner *learner, size_t shards, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    learner->levels = 1;
    for (size_t i = 0; i < shards; i++)
        if (cz_learner_level(i) + 1 > learner->levels)
            learner->levels = cz_learner_level(i) + 1;
    for (size_t i = 0; i < learner->levels && !status; i++)
        status = make_level(learner, &learner->level[i], error);
    return status;
}

void cz_learner_clear_levels(cz_learner *learner)
{
    const cloze_allocator *allocator = learner->allocator;
    for (size_t i = 0; i < CZ_GRADIENT_LEVELS; i++) {
        cz_gradients *gradients = &learner->level[i];
        for (size_t k = 0; gradients->touched && k < learner->indices; k++)
            if (gradients->touched[k]) {
                cz_release(allocator, gradients->touched[k]->rows);
                cz_release(allocator, gradients->touched[k]);
            }
        cz_release(allocator, gradients->touched);
        cz_release(allocator, gradients->list);
        cz_release(allocator, gradients->tensor);
        cz_block_release(allocator, &gradients->memory);
        *gradients = (cz_gradients){ .list = NULL };
    }
}

void cz_learner_touch_all(const cz_learner *learner)
{
    for (size_t i = 0; i < learner->levels; i++)
        for (size_t k = 0; k < learner->indices; k++)
            if (learner->level[i].touched[k])
                learner->level[i].touched[k]->all = true;
}

/* ---- clearing ---- */

static cz_touched *rows_of(const cz_learner *learner, size_t level, size_t i)
{
    return learner->level[level].touched[learner->parameter[i]->index];
}

static size_t row_bytes(const cz_tensor *t)
{
    return t->columns * cz_type_size(t->type);
}

/* The touched rows from *row on that follow each other; false: there are none. */
static bool next_rows(const cz_touched *touched, size_t rows, size_t *row, size_t *count)
{
    for (; *row < rows; ++*row) {
        if (!(*row % 64) && !touched->rows[*row / 64]) {
            *row += 63;
            continue;
        }
        if (!(touched->rows[*row / 64] >> *row % 64 & 1))
            continue;
        size_t end = *row + 1;
        while (end < rows && touched->rows[end / 64] >> end % 64 & 1)
            end++;
        *count = end - *row;
        return true;
    }
    return false;
}

static void zero_rows(const cz_tensor *t, cz_touched *touched)
{
    size_t count = 0;
    for (size_t row = 0; next_rows(touched, t->rows, &row, &count); row += count)
        memset((char *)t->data + row * row_bytes(t), 0, count * row_bytes(t));
    memset(touched->rows, 0, words_of(t) * sizeof *touched->rows);
}

void cz_learner_zero(const cz_learner *learner, const cz_place *place, size_t level)
{
    for (size_t i = 0; i < learner->count; i++) {
        const cz_tensor *t = &learner->level[level].tensor[i];
        cz_touched *touched = rows_of(learner, level, i);
        if (touched && !touched->all) {
            zero_rows(t, touched);
            continue;
        }
        cz_pool_zero(place->pool, t->data, t->rows * row_bytes(t));
        if (touched) {
            memset(touched->rows, 0, words_of(t) * sizeof *touched->rows);
            touched->all = false;
        }
    }
}

/* ---- the sum over shards ---- */

size_t cz_learner_level(size_t shard)
{
    size_t level = 0;
    while (shard >> level & 1)
        level++;
    return level;
}

static cz_tensor rows_from(const cz_tensor *t, size_t row, size_t count)
{
    cz_tensor view = *t;
    view.data = (char *)t->data + row * row_bytes(t);
    view.rows = count;
    return view;
}

static cloze_status add_rows(const cz_learner *learner, const cz_place *place,
                             const cz_tensor *from, const cz_touched *touched, cz_tensor *to)
{
    cloze_status status = CLOZE_OK;
    size_t count = 0;
    for (size_t row = 0; !status && next_rows(touched, from->rows, &row, &count); row += count) {
        cz_tensor some = rows_from(from, row, count), others = rows_from(to, row, count);
        cz_add_call call = { &some, &others, 1 };
        status = learner->backend->add(place, &call);
    }
    return status;
}

static void touch(cz_touched *touched, const cz_touched *more, size_t words)
{
    touched->all |= more->all;
    for (size_t i = 0; i < words; i++)
        touched->rows[i] |= more->rows[i];
}

static cloze_status add_level(const cz_learner *learner, const cz_place *place, size_t from,
                              size_t to)
{
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < learner->count && !status; i++) {
        cz_add_call call = { &learner->level[from].tensor[i], &learner->level[to].tensor[i], 1 };
        const cz_touched *touched = rows_of(learner, from, i);
        status = touched && !touched->all ? add_rows(learner, place, call.from, touched, call.to)
                                          : learner->backend->add(place, &call);
        if (touched)
            touch(rows_of(learner, to, i), touched, words_of(call.to));
    }
    return status;
}

cloze_status cz_learner_carry(const cz_learner *learner, const cz_place *place, size_t first,
                              size_t shard)
{
    size_t top = cz_learner_level(shard);
    cloze_status status = CLOZE_OK;
    for (size_t level = 0; level < top && !status; level++) {
        if (shard + 1 < first + ((size_t)2 << level))
            break;
        status = add_level(learner, place, level, top);
    }
    return status;
}

cloze_status cz_learner_sum(const cz_learner *learner, const cz_place *place, size_t shards,
                            size_t *level)
{
    cloze_status status = CLOZE_OK;
    *level = CZ_GRADIENT_LEVELS;
    for (size_t bit = 0; bit < CZ_GRADIENT_LEVELS && !status; bit++) {
        if (!(shards >> bit & 1))
            continue;
        if (*level < CZ_GRADIENT_LEVELS)
            status = add_level(learner, place, *level, bit);
        *level = bit;
    }
    return status;
}

cloze_status cz_learner_add(const cz_learner *learner, const cz_place *place, char *from, char *to,
                            size_t bytes)
{
    cz_type type = learner->backend->type;
    size_t count = bytes / cz_type_size(type);
    cz_tensor flat[2] = { { from, 1, count, count, type, false, NULL },
                          { to, 1, count, count, type, false, NULL } };
    cz_add_call call = { &flat[0], &flat[1], 1 };
    return learner->backend->add(place, &call);
}
