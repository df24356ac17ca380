/*
 * curve.h - values as one line of text for a terminal, the course of a loss: "█▆▅▄▃▂▂▁". Only text:
 * it knows neither terminals nor what the values are.
 */
#ifndef CLI_CURVE_H
#define CLI_CURVE_H

#include <stddef.h>

typedef enum curve_style {
    CURVE_BLOCKS, /* a bar of eight heights a column */
    CURVE_BRAILLE /* a line of four heights, two values a column */
} curve_style;

enum { CURVE_COLUMNS_MOST = 500 };
/* Bytes that `columns` columns and the zero behind them may need. */
#define CURVE_BYTES(columns) (3 * (size_t)(columns) + 1)

/*
 * Writes `values`, the oldest first, scaled from their least to their greatest, and a zero behind
 * them. More values than have room (columns, or twice as many) are squeezed: neighbours become their
 * mean; fewer take as many columns as they need. What is not finite is left out, a column without
 * anything else is a space; values that are all equal lie in the middle. Returns the bytes without
 * the zero; what does not fit in `size` is cut off behind a whole character.
 */
size_t curve_text(char *out, size_t size, const double *values, size_t count, size_t columns,
                  curve_style style);

#endif
