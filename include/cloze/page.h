/*
 * cloze/page.h - an explanation as one HTML file that needs nothing beside itself: it asks no network,
 * and its own policy forbids it to. Nothing here knows a model: what is shown is given as plain data.
 *
 * The page shows the texts coloured by one method at a time, the numbers of every unit, figures of
 * faithfulness, attention as a matrix or as lines for any layer and head, and the audit record. It is
 * used by mouse or keyboard, follows the reader's choice of light or dark, and gives pictures and
 * numbers back as SVG, PNG, JSON and CSV. Browsers since 2023 show it (it inflates attention with
 * DecompressionStream).
 *
 * No text that is given can become markup or script, whatever it holds. The same page gives the same
 * bytes, with the same zlib.
 */
#ifndef CLOZE_PAGE_H
#define CLOZE_PAGE_H

#include <cloze/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A named number; NaN: not known. */
typedef struct cloze_page_figure {
    cloze_text name;
    double value;
} cloze_page_figure;

/* Bytes begin to end of texts[side]. */
typedef struct cloze_page_unit {
    int side; /* 0 or 1 */
    size_t begin, end;
} cloze_page_unit;

typedef struct cloze_page_token {
    cloze_text name; /* as in the vocabulary */
    int side;        /* -1: a special token, in no text */
    size_t begin, end;
    int64_t unit; /* -1: of none */
} cloze_page_token;

typedef struct cloze_page_method {
    cloze_text name;      /* "integrated-gradients" */
    cloze_text note;      /* what it tells, in a sentence; may be empty */
    const double *units;  /* [units]: what each adds, or NaN */
    const double *spread; /* [units]: half the width of the 95 % interval, or NaN; or NULL */
    const double *tokens; /* [tokens], or NaN; or NULL */
    const cloze_page_figure *figures; /* [figure_count]: its report */
    size_t figure_count;
} cloze_page_method;

/* Figures of several methods side by side, such as how faithful they are. */
typedef struct cloze_page_table {
    cloze_text title, note;
    const cloze_text *row_names, *column_names; /* [rows], [columns] */
    size_t rows, columns;
    const double *values; /* [rows, columns], or NaN */
    const double *spread; /* [rows, columns]: half the width of an interval, or NaN; or NULL */
} cloze_page_table;

/* Attention of one layer: row i of a head is what token i looks at, by cloze_page_shades. */
typedef struct cloze_page_layer {
    size_t layer;          /* its number, as shown; they ascend */
    const uint8_t *shades; /* [heads, tokens, tokens] */
} cloze_page_layer;

typedef struct cloze_page {
    cloze_text title, prediction; /* a line each */
    const cloze_page_figure *figures;
    size_t figure_count;
    cloze_text texts[2];
    const cloze_page_unit *units; /* in the order of the texts */
    size_t unit_count;
    const cloze_page_token *tokens;
    size_t token_count;
    const cloze_page_method *methods;
    size_t method_count, method_shown; /* shown: at first */
    const cloze_page_table *tables;
    size_t table_count;
    const cloze_page_layer *layers; /* none: the page has no attention */
    size_t layer_count, heads;
    cloze_text audit; /* JSON: an object; or empty */
} cloze_page;

enum {
    CLOZE_PAGE_UNITS_MOST = 8192, /* and tokens */
    CLOZE_PAGE_PARTS_MOST = 256,  /* methods, figures, layers, heads, rows and columns of a table */
    CLOZE_PAGE_TEXT_MOST = 1 << 20,       /* bytes of one text */
    CLOZE_PAGE_ATTENTION_MOST = 128 << 20 /* bytes of all layers together */
};

/*
 * 8 bits of each of `count` weights: the square root of it in steps of 1/255, so weights around
 * 1/512 keep their differences, and none is off by more than 1/255. Since the weights of a row sum
 * to 1, the squares of its shades do to 255^2, and however attention lies, shades of 512 tokens
 * deflate to 4.6 bits or less each: 144 heads fit into 30 MB of base64. Thread-safe.
 */
CLOZE_API void cloze_page_shades(const float *weights, size_t count, uint8_t *shades);

/*
 * Writes the page, whole or not at all. Memory: twice one layer's shades, and a few times the texts.
 * Errors: CLOZE_ERROR_ARGUMENT (bytes outside of a text, units or layers out of order, a unit that is
 * not there, an audit that is no JSON object), CLOZE_ERROR_LIMIT, CLOZE_ERROR_TEXT (not UTF-8),
 * CLOZE_ERROR_IO, CLOZE_ERROR_NOT_FOUND, CLOZE_ERROR_MEMORY. Thread-safe.
 */
CLOZE_API cloze_status cloze_page_write(const cloze_page *page, const char *path,
                                        cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
