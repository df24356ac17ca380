/* tensor.c - see tensor.h. */
#include "tensor/tensor.h"

#include <string.h>

size_t cz_type_size(cz_type type)
{
    switch (type) {
    case CZ_F32:
        return 4;
    case CZ_F64:
    case CZ_I64:
        return 8;
    case CZ_F16:
    case CZ_BF16:
        return 2;
    case CZ_U8:
        return 1;
    case CZ_OTHER:
        break;
    }
    return 0;
}

const char *cz_type_name(cz_type type)
{
    static const char *const names[] = { "F32", "F64", "F16", "BF16", "I64", "U8", "other" };
    return names[type <= CZ_OTHER ? type : CZ_OTHER];
}

cz_tensor cz_tensor_columns(const cz_tensor *t, size_t first, size_t columns)
{
    cz_tensor view = *t;
    view.data = (char *)t->data + first * cz_type_size(t->type);
    view.columns = columns;
    view.gradient = NULL;
    return view;
}

float cz_bf16_to_f32(uint16_t bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

float cz_f16_to_f32(uint16_t bits)
{
    uint32_t sign = (uint32_t)(bits & 0x8000u) << 16, exponent = bits >> 10 & 0x1f;
    uint32_t fraction = bits & 0x3ffu, wide;
    float value;
    if (exponent == 31) {
        wide = sign | 0x7f800000u | fraction << 13;
    } else if (exponent) {
        wide = sign | (exponent + 112) << 23 | fraction << 13;
    } else {
        value = (float)fraction * 0x1p-24f;
        return sign ? -value : value;
    }
    memcpy(&value, &wide, sizeof value);
    return value;
}

uint16_t cz_f32_to_bf16(float value)
{
    uint32_t wide;
    memcpy(&wide, &value, sizeof wide);
    if ((wide & 0x7fffffffu) > 0x7f800000u)
        return (uint16_t)(wide >> 16 | 0x40u);
    return (uint16_t)((wide + 0x7fffu + (wide >> 16 & 1u)) >> 16);
}

uint16_t cz_f32_to_f16(float value)
{
    uint32_t wide, rest, sign;
    memcpy(&wide, &value, sizeof wide);
    sign = wide >> 16 & 0x8000u;
    rest = wide & 0x7fffffffu;
    if (rest > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00u | (rest >> 13 & 0x1ffu));
    if (rest >= 0x47800000u)
        return (uint16_t)(sign | 0x7c00u);
    if (rest < 0x38800000u) { /* the steps of 0.5's float are those of F16's smallest numbers */
        float shifted;
        memcpy(&shifted, &rest, sizeof shifted);
        shifted += 0.5f;
        memcpy(&rest, &shifted, sizeof rest);
        return (uint16_t)(sign | (rest - 0x3f000000u));
    }
    return (uint16_t)(sign | (rest - 0x38000000u + 0xfffu + (rest >> 13 & 1u)) >> 13);
}

double cz_tensor_at(const cz_tensor *t, size_t row, size_t column)
{
    size_t index = row * t->stride + column;
    const char *at = (const char *)t->data + index * cz_type_size(t->type);
    float f32;
    double f64;
    int64_t i64;
    uint16_t half;
    switch (t->type) {
    case CZ_F32:
        memcpy(&f32, at, sizeof f32);
        return (double)f32;
    case CZ_F64:
        memcpy(&f64, at, sizeof f64);
        return f64;
    case CZ_F16:
        memcpy(&half, at, sizeof half);
        return (double)cz_f16_to_f32(half);
    case CZ_BF16:
        memcpy(&half, at, sizeof half);
        return (double)cz_bf16_to_f32(half);
    case CZ_I64:
        memcpy(&i64, at, sizeof i64);
        return (double)i64;
    case CZ_U8:
        return (double)*(const unsigned char *)at;
    case CZ_OTHER:
        break;
    }
    return 0;
}
