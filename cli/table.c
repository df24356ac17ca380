/*
 * table.c - see table.h. The ranges are the wide (W, F) blocks of Unicode's East Asian Width and
 * the common blocks of combining marks, by block: good enough to align columns, no more.
 */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

typedef struct range {
    uint32_t first, last;
} range;

static const range wide[] = {
    { 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0x33ff },   { 0x3400, 0x4dbf },
    { 0x4e00, 0x9fff },   { 0xa000, 0xa4cf },   { 0xa960, 0xa97f },   { 0xac00, 0xd7a3 },
    { 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },
    { 0x16fe0, 0x18cff }, { 0x1b000, 0x1b2ff }, { 0x1f1e6, 0x1f1ff }, { 0x1f300, 0x1f64f },
    { 0x1f680, 0x1f6ff }, { 0x1f7e0, 0x1f7eb }, { 0x1f900, 0x1f9ff }, { 0x1fa70, 0x1faff },
    { 0x20000, 0x3fffd },
};

static const range none[] = {
    { 0x0300, 0x036f },   { 0x0483, 0x0489 },   { 0x0591, 0x05bd }, { 0x0610, 0x061a },
    { 0x064b, 0x065f },   { 0x0670, 0x0670 },   { 0x06d6, 0x06dc }, { 0x0900, 0x0902 },
    { 0x093c, 0x093c },   { 0x0941, 0x0948 },   { 0x094d, 0x094d }, { 0x0e31, 0x0e31 },
    { 0x0e34, 0x0e3a },   { 0x0e47, 0x0e4e },   { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff },
    { 0x200b, 0x200f },   { 0x202a, 0x202e },   { 0x2060, 0x206f }, { 0x20d0, 0x20ff },
    { 0x3099, 0x309a },   { 0xfe00, 0xfe0f },   { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff },
    { 0x1f3fb, 0x1f3ff }, { 0xe0000, 0xe01ef },
};

static bool among(const range *ranges, size_t count, uint32_t point)
{
    for (size_t i = 0; i < count && ranges[i].first <= point; i++)
        if (point <= ranges[i].last)
            return true;
    return false;
}

static size_t point_columns(uint32_t point)
{
    if (point < 0x300)
        return 1;
    if (among(none, sizeof none / sizeof *none, point))
        return 0;
    return among(wide, sizeof wide / sizeof *wide, point) ? 2 : 1;
}

/* The code point at `text` (well-formed or not: a stray byte is itself) and its bytes. */
static size_t next_point(const char *text, size_t left, uint32_t *point)
{
    unsigned char lead = (unsigned char)*text;
    size_t length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length > left)
        length = 1;
    *point = length == 1 ? lead : lead & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++)
        *point = *point << 6 | ((unsigned char)text[i] & 0x3f);
    return length;
}

static bool is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) ||
           (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

/* What a code point looks like in a cell. */
static size_t shown(const char *text, size_t length, uint32_t point, char *out, size_t size)
{
    if (point == '\n' || point == '\t' || point == '\r')
        return (size_t)snprintf(out, size, "\\%c", point == '\n' ? 'n' : point == '\t' ? 't' : 'r');
    if (is_control(point))
        return (size_t)snprintf(out, size, "\\u%04x", (unsigned)point);
    return (size_t)snprintf(out, size, "%.*s", (int)length, text);
}

size_t text_columns(cloze_text text)
{
    size_t columns = 0;
    for (size_t i = 0; i < text.size;) {
        uint32_t point;
        i += next_point(text.data + i, text.size - i, &point);
        columns += point_columns(point);
    }
    return columns;
}

/* One walk for measuring (output NULL) and writing. */
static size_t walk(cli_output *output, cloze_text text, size_t limit)
{
    size_t columns = 0;
    for (size_t i = 0; i < text.size;) {
        char piece[16];
        uint32_t point;
        size_t length = next_point(text.data + i, text.size - i, &point);
        size_t size = shown(text.data + i, length, point, piece, sizeof piece);
        size_t width = is_control(point) ? size : point_columns(point);
        if (limit && columns + width > limit)
            break;
        if (output)
            output_write(output, piece, size);
        columns += width;
        i += length;
    }
    return columns;
}

size_t cell_columns(cloze_text text)
{
    return walk(NULL, text, 0);
}

size_t output_cell(cli_output *output, cloze_text text, size_t columns, bool pad)
{
    size_t written = columns ? 0 : walk(output, text, 0);
    if (!columns)
        return written;
    if (cell_columns(text) <= columns) {
        written = walk(output, text, columns);
    } else {
        written = columns > 1 ? walk(output, text, columns - 1) : 0;
        output_text(output, "\xe2\x80\xa6");
        written++;
    }
    for (; pad && written < columns; written++)
        output_text(output, " ");
    return written;
}

size_t output_columns(const cli_output *output)
{
    struct winsize size;
    if (!output_is_terminal(output))
        return 0;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col ? 80 : size.ws_col;
}
