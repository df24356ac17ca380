/* curve.c - see curve.h. */
#include "curve.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Beyond this a value counts as this much, so that no sum is infinite. */
static const double value_most = 1e300;

typedef struct course {
    double at[2 * CURVE_COLUMNS_MOST]; /* NAN: nothing finite */
    size_t count;
    double low, high;
} course;

static double mean_of(const double *values, size_t count)
{
    double mean = NAN;
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        double value = fmax(-value_most, fmin(value_most, values[i]));
        if (!isfinite(values[i]))
            continue;
        used++;
        mean = used == 1 ? value : mean + (value - mean) / (double)used;
    }
    return mean;
}

static void squeeze(course *out, const double *values, size_t count, size_t room)
{
    double low = INFINITY, high = -INFINITY;
    out->count = count < room ? count : room;
    for (size_t i = 0, from = 0; i < out->count; i++) {
        size_t to = count / out->count * (i + 1) + count % out->count * (i + 1) / out->count;
        out->at[i] = mean_of(values + from, to - from);
        low = fmin(low, out->at[i]);
        high = fmax(high, out->at[i]);
        from = to;
    }
    out->low = low;
    out->high = high;
}

/* 0 to levels - 1; -1 for nothing. */
static int level_of(const course *from, size_t i, int levels)
{
    double span = from->high - from->low, level;
    if (i >= from->count || isnan(from->at[i]))
        return -1;
    if (span <= 1e-12 * fmax(fabs(from->low), fabs(from->high)))
        return (levels - 1) / 2;
    level = floor((from->at[i] - from->low) / span * levels);
    return level < levels ? (int)level : levels - 1;
}

/* Of the character's two columns of dots, those from `level` to that of the value before. */
static unsigned dots(int level, int before, bool right)
{
    static const unsigned bits[2][4] = { { 0x40, 0x04, 0x02, 0x01 }, { 0x80, 0x20, 0x10, 0x08 } };
    unsigned all = 0;
    if (level < 0)
        return 0;
    all = bits[right][level];
    for (int l = level; before >= 0 && l != before; l += before > level ? 1 : -1)
        all |= bits[right][l];
    return all;
}

static unsigned braille_of(const course *from, size_t column)
{
    int before = column ? level_of(from, 2 * column - 1, 4) : -1;
    int left = level_of(from, 2 * column, 4), right = level_of(from, 2 * column + 1, 4);
    unsigned all = dots(left, before, false) | dots(right, left, true);
    return all ? 0x2800 + all : ' ';
}

static unsigned block_of(const course *from, size_t column)
{
    int level = level_of(from, column, 8);
    return level < 0 ? ' ' : 0x2581 + (unsigned)level;
}

/* Room for the character and a zero; false if there is none. */
static bool put(char *out, size_t size, size_t *used, unsigned point)
{
    const char three[] = { (char)(0xe0 | point >> 12), (char)(0x80 | (point >> 6 & 0x3f)),
                           (char)(0x80 | (point & 0x3f)) };
    size_t bytes = point == ' ' ? 1 : sizeof three;
    if (*used + bytes + 1 > size)
        return false;
    memcpy(out + *used, point == ' ' ? " " : three, bytes);
    *used += bytes;
    return true;
}

size_t curve_text(char *out, size_t size, const double *values, size_t count, size_t columns,
                  curve_style style)
{
    course all;
    size_t each = style == CURVE_BRAILLE ? 2 : 1, used = 0;
    columns = columns < CURVE_COLUMNS_MOST ? columns : CURVE_COLUMNS_MOST;
    if (!size)
        return 0;
    squeeze(&all, values, count, columns * each);
    for (size_t c = 0; c * each < all.count; c++)
        if (!put(out, size, &used,
                 style == CURVE_BRAILLE ? braille_of(&all, c) : block_of(&all, c)))
            break;
    out[used] = 0;
    return used;
}
