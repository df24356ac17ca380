/*
 * tensor/tensor.h - every tensor is a matrix: rows, columns, a row stride and a type. Tokens are
 * rows. Heads and sequences are loop bounds of attention, not axes.
 */
#ifndef CZ_TENSOR_TENSOR_H
#define CZ_TENSOR_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum cz_type { CZ_F32 = 0, CZ_F64, CZ_F16, CZ_BF16, CZ_I64, CZ_U8, CZ_OTHER } cz_type;

size_t cz_type_size(cz_type type);
const char *cz_type_name(cz_type type); /* as safetensors writes it: "F32", "BF16", ... */

typedef struct cz_tensor {
    void *data;
    size_t rows, columns;
    size_t stride;              /* elements from a row to the next */
    cz_type type;
    bool watched;               /* something upstream wants this tensor's gradient */
    struct cz_tensor *gradient; /* same shape, or NULL while nothing has flowed back */
} cz_tensor;

static inline float *cz_f32(const cz_tensor *t)
{
    return (float *)t->data;
}

static inline float *cz_f32_row(const cz_tensor *t, size_t row)
{
    return (float *)t->data + row * t->stride;
}

/* A view of `columns` columns beginning at `first`. */
cz_tensor cz_tensor_columns(const cz_tensor *t, size_t first, size_t columns);

/* Element as a double, whatever the type. */
double cz_tensor_at(const cz_tensor *t, size_t row, size_t column);

/* One F16 or BF16 number, widened exactly. */
float cz_f16_to_f32(uint16_t bits);
float cz_bf16_to_f32(uint16_t bits);
/* Rounded to nearest even; NaN stays NaN. From 65520 on an F16 is infinite. */
uint16_t cz_f32_to_bf16(float value);
uint16_t cz_f32_to_f16(float value);

#endif
