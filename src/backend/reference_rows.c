/* reference_rows.c - operations on whole rows: embed, select, replace, neighbours, pool, normalize. */
#include "backend/reference.h"

#include <string.h>

cloze_status REFERENCE(embed)(const cz_place *place, const cz_embed_call *call)
{
    (void)place;
    for (size_t i = 0; i < call->out->rows; i++)
        for (size_t c = 0; c < call->out->columns; c++) {
            double sum = 0;
            for (int t = 0; t < call->tables; t++)
                sum += cz_tensor_at(call->table[t], call->index[t][i], c);
            if (!fits(sum))
                return CLOZE_ERROR_FORMAT;
            row_of(call->out, i)[c] = (real)sum;
        }
    return CLOZE_OK;
}

static bool seen_before(const uint32_t *index, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (index[j] == index[i])
            return true;
    return false;
}

/* Each row of the table that occurs is summed over its tokens in order. */
static void table_backward(const cz_embed_call *call, int t)
{
    const uint32_t *index = call->index[t];
    for (size_t i = 0; i < call->d_out->rows; i++) {
        if (index[i] == call->fixed[t] || seen_before(index, i))
            continue;
        for (size_t c = 0; c < call->d_out->columns; c++) {
            double sum = 0;
            for (size_t j = i; j < call->d_out->rows; j++)
                if (index[j] == index[i])
                    sum += at(call->d_out, j, c);
            row_of(call->d_table[t], index[i])[c] += (real)sum;
        }
    }
}

cloze_status REFERENCE(embed_backward)(const cz_place *place, const cz_embed_call *call)
{
    (void)place;
    for (int t = 0; t < call->tables; t++)
        if (call->d_table[t])
            table_backward(call, t);
    return CLOZE_OK;
}

cloze_status REFERENCE(select)(const cz_place *place, const cz_select_call *call)
{
    (void)place;
    for (size_t i = 0; i < call->out->rows; i++)
        memcpy(row_of(call->out, i), row_of(call->x, call->row[i]),
               call->out->columns * sizeof(real));
    return CLOZE_OK;
}

cloze_status REFERENCE(select_backward)(const cz_place *place, const cz_select_call *call)
{
    (void)place;
    for (size_t i = 0; call->d_x && i < call->d_out->rows; i++)
        for (size_t c = 0; c < call->d_out->columns; c++)
            row_of(call->d_x, call->row[i])[c] += row_of(call->d_out, i)[c];
    return CLOZE_OK;
}

cloze_status REFERENCE(replace)(const cz_place *place, const cz_replace_call *call)
{
    size_t size = call->out->columns * sizeof(real);
    (void)place;
    for (size_t i = 0; call->out != call->base && i < call->out->rows; i++)
        memcpy(row_of(call->out, i), row_of(call->base, i), size);
    for (size_t i = 0; i < call->x->rows; i++)
        memcpy(row_of(call->out, call->row[i]), row_of(call->x, i), size);
    return CLOZE_OK;
}

cloze_status REFERENCE(replace_backward)(const cz_place *place, const cz_replace_call *call)
{
    size_t next = 0;
    (void)place;
    for (size_t i = 0; i < call->d_out->rows; i++) {
        bool replaced = next < call->x->rows && call->row[next] == i;
        const cz_tensor *to = replaced ? call->d_x : call->d_base;
        size_t row = replaced ? next++ : i;
        for (size_t c = 0; to && c < to->columns; c++)
            row_of(to, row)[c] += row_of(call->d_out, i)[c];
    }
    return CLOZE_OK;
}

/* The row that element j of a row's neighbours is from, if its sequence has it. */
static bool neighbour(const cz_neighbours_call *call, size_t s, size_t place, size_t j, size_t *row)
{
    size_t half = call->kernel / 2;
    if (place + j < half || place + j - half >= call->packing->length[s])
        return false;
    *row = call->packing->begin[s] + place + j - half;
    return true;
}

cloze_status REFERENCE(neighbours)(const cz_place *place, const cz_neighbours_call *call)
{
    const cz_packing *packing = call->packing;
    (void)place;
    for (size_t s = 0; s < packing->count; s++)
        for (size_t i = 0; i < packing->length[s]; i++)
            for (size_t j = 0; j < call->kernel; j++) {
                size_t from = 0;
                bool there = neighbour(call, s, i, j, &from);
                for (size_t c = 0; c < call->x->columns; c++)
                    row_of(call->out, packing->begin[s] + i)[c * call->kernel + j] =
                        there ? row_of(call->x, from)[c] : 0;
            }
    return CLOZE_OK;
}

/* Element j of a row's neighbours is the row itself as element kernel - 1 - j of its neighbour. */
cloze_status REFERENCE(neighbours_backward)(const cz_place *place, const cz_neighbours_call *call)
{
    const cz_packing *packing = call->packing;
    size_t kernel = call->kernel, from;
    (void)place;
    for (size_t s = 0; call->d_x && s < packing->count; s++)
        for (size_t i = 0; i < packing->length[s]; i++)
            for (size_t c = 0; c < call->x->columns; c++) {
                double sum = 0;
                for (size_t j = 0; j < kernel; j++)
                    if (neighbour(call, s, i, kernel - 1 - j, &from))
                        sum += at(call->d_out, from, c * kernel + j);
                row_of(call->d_x, packing->begin[s] + i)[c] += (real)sum;
            }
    return CLOZE_OK;
}

/* Rows of sequence s that count, the first of them in *first. */
static size_t counted(const cz_pool_call *call, size_t s, size_t *first)
{
    size_t skip = call->skip ? call->skip[s] : 0, length = call->packing->length[s];
    skip = skip < length ? skip : length;
    *first = call->packing->begin[s] + skip;
    return length - skip;
}

/* The share of row i of n, for every kind but the maximum. */
static double share(cz_pooling_kind kind, size_t i, size_t n)
{
    double count = (double)n;
    switch (kind) {
    case CZ_POOL_FIRST:
        return i == 0;
    case CZ_POOL_LAST:
        return i + 1 == n;
    case CZ_POOL_MEAN:
        return 1 / count;
    case CZ_POOL_MEAN_SQRT:
        return 1 / sqrt(count);
    case CZ_POOL_WEIGHTED:
        return ((double)i + 1) / (count * (count + 1) / 2);
    case CZ_POOL_MAX:
        break;
    }
    return 0;
}

/* The first of the largest. */
static size_t highest(const cz_pool_call *call, size_t first, size_t n, size_t c)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (at(call->x, first + i, c) > at(call->x, first + best, c))
            best = i;
    return best;
}

cloze_status REFERENCE(pool)(const cz_place *place, const cz_pool_call *call)
{
    (void)place;
    for (size_t s = 0; s < call->packing->count; s++) {
        size_t first, n = counted(call, s, &first);
        for (size_t c = 0; c < call->x->columns; c++) {
            double sum = 0;
            if (call->kind == CZ_POOL_MAX && n)
                sum = at(call->x, first + highest(call, first, n, c), c);
            for (size_t i = 0; i < n; i++)
                if (share(call->kind, i, n) != 0)
                    sum += share(call->kind, i, n) * at(call->x, first + i, c);
            row_of(call->out, s)[c] = (real)sum;
        }
    }
    return CLOZE_OK;
}

cloze_status REFERENCE(pool_backward)(const cz_place *place, const cz_pool_call *call)
{
    (void)place;
    for (size_t s = 0; call->d_x && s < call->packing->count; s++) {
        size_t first, n = counted(call, s, &first);
        for (size_t c = 0; c < call->x->columns; c++) {
            double d = at(call->d_out, s, c);
            if (call->kind == CZ_POOL_MAX && n)
                row_of(call->d_x, first + highest(call, first, n, c))[c] += (real)d;
            for (size_t i = 0; i < n; i++)
                row_of(call->d_x, first + i)[c] += (real)(share(call->kind, i, n) * d);
        }
    }
    return CLOZE_OK;
}

static const double shortest = 1e-12;

static double length_of(const cz_tensor *x, size_t row)
{
    double square = 0;
    for (size_t c = 0; c < x->columns; c++)
        square += at(x, row, c) * at(x, row, c);
    return sqrt(square);
}

cloze_status REFERENCE(normalize)(const cz_place *place, const cz_normalize_call *call)
{
    (void)place;
    for (size_t i = 0; i < call->x->rows; i++) {
        double length = length_of(call->x, i);
        for (size_t c = 0; c < call->x->columns; c++)
            row_of(call->out, i)[c] =
                (real)(at(call->x, i, c) / (length < shortest ? shortest : length));
    }
    return CLOZE_OK;
}

cloze_status REFERENCE(normalize_backward)(const cz_place *place, const cz_normalize_call *call)
{
    (void)place;
    for (size_t i = 0; call->d_x && i < call->x->rows; i++) {
        double length = length_of(call->x, i), along = 0;
        for (size_t c = 0; c < call->x->columns; c++)
            along += at(call->d_out, i, c) * at(call->x, i, c);
        for (size_t c = 0; c < call->x->columns; c++) {
            double d = at(call->d_out, i, c);
            if (length < shortest)
                d /= shortest;
            else
                d = (d - along * at(call->x, i, c) / (length * length)) / length;
            row_of(call->d_x, i)[c] += (real)d;
        }
    }
    return CLOZE_OK;
}
