/*
 * vectors.c - small vectors in the run's own type and aligned, since kernels read them as they are.
 */
#include "model/network.h"

#include "base/error.h"

#include <string.h>

typedef struct conversion {
    cz_parameter *parameters;
    size_t count;
    cz_type type;
    cz_arena arena;
} conversion;

static bool must_convert(const cz_parameter *parameter, cz_type type)
{
    const cz_tensor *value = &parameter->value;
    return value->rows == 1 && (value->type != type || (uintptr_t)value->data % cz_type_size(type));
}

static void convert(cz_tensor *vector, cz_type type, char *to)
{
    size_t size = cz_type_size(type);
    for (size_t i = 0; i < vector->columns; i++) {
        double value = cz_tensor_at(vector, 0, i);
        float narrow = (float)value;
        if (type == CZ_F64)
            memcpy(to + i * size, &value, size);
        else
            memcpy(to + i * size, &narrow, size);
    }
    vector->data = to;
    vector->type = type;
}

/* A task, because tasks round to nearest whatever the caller's thread does. */
static void convert_all(void *context, size_t task, size_t worker)
{
    conversion *job = context;
    (void)task, (void)worker;
    for (size_t i = 0; i < job->count; i++) {
        cz_tensor *value = &job->parameters[i].value;
        if (must_convert(&job->parameters[i], job->type))
            convert(value, job->type,
                    cz_arena_take(&job->arena, value->columns, cz_type_size(job->type)));
    }
}

cloze_status cz_vectors_convert(cz_parameter *parameters, size_t count, cz_type type,
                                const cloze_allocator *allocator, cz_block *memory,
                                cloze_error *error)
{
    conversion job = { parameters, count, type, { NULL, SIZE_MAX, 0, 0 } };
    for (size_t i = 0; i < count; i++)
        if (must_convert(&parameters[i], type) &&
            !cz_arena_take(&job.arena, parameters[i].value.columns, cz_type_size(type)))
            return cz_fail_memory(error, "small weights", SIZE_MAX);
    if (!job.arena.used)
        return CLOZE_OK;
    if (!cz_block_allocate(allocator, job.arena.used, memory))
        return cz_fail_memory(error, "small weights", job.arena.used);
    job.arena = (cz_arena){ memory->data, memory->size, 0, 0 };
    cz_pool_run(NULL, 1, convert_all, &job);
    return CLOZE_OK;
}
