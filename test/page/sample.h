/* sample.h - a page of made-up numbers about a given text: words are units, and each is one token. */
#ifndef TEST_PAGE_SAMPLE_H
#define TEST_PAGE_SAMPLE_H

#include <cloze/page.h>

enum {
    SAMPLE_WORDS = 64,
    SAMPLE_METHODS = 3,
    SAMPLE_LAYERS = 4,
    SAMPLE_HEADS = 4,
    SAMPLE_NUMBERS = SAMPLE_METHODS * SAMPLE_WORDS
};

typedef struct sample {
    cloze_page page; /* points into this */
    cloze_page_unit units[SAMPLE_WORDS];
    cloze_page_token tokens[SAMPLE_WORDS + 3];
    double unit_values[SAMPLE_NUMBERS], token_values[SAMPLE_NUMBERS];
    double spread[SAMPLE_WORDS];
    cloze_page_method methods[SAMPLE_METHODS];
    cloze_page_figure figures[2];
    cloze_page_table table;
    cloze_page_layer layers[SAMPLE_LAYERS];
    uint8_t *shades; /* of all layers */
} sample;

/* Words are what stands between single spaces; [CLS] and [SEP] stand around them. All names are given
 * by `name` (a method's, a table's, ...) if it has bytes. */
void sample_make(sample *out, cloze_text text, cloze_text pair, cloze_text name);
void sample_free(sample *out);

#endif
