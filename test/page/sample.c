/* sample.c - see sample.h. */
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const cloze_text method_names[] = { { "integrated-gradients", 20 },
                                           { "shapley", 7 },
                                           { "random", 6 } };
static const cloze_text measures[] = { { "comprehensiveness", 17 }, { "sufficiency", 11 } };

static cloze_text literal(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static void add_special(sample *out, const char *name)
{
    out->tokens[out->page.token_count++] =
        (cloze_page_token){ .name = literal(name), .side = -1, .unit = -1 };
}

static void add_words(sample *out, int side)
{
    cloze_text text = out->page.texts[side];
    for (size_t begin = 0, end; begin < text.size && out->page.unit_count < SAMPLE_WORDS;
         begin = end + 1) {
        const char *space = memchr(text.data + begin, ' ', text.size - begin);
        end = space ? (size_t)(space - text.data) : text.size;
        if (end == begin)
            continue;
        out->tokens[out->page.token_count++] = (cloze_page_token){
            { text.data + begin, end - begin }, side, begin, end, (int64_t)out->page.unit_count
        };
        out->units[out->page.unit_count++] = (cloze_page_unit){ side, begin, end };
    }
}

static double wave(size_t i, size_t method)
{
    return method == 2 ? cos(7.0 * (double)i)
                       : sin(1.7 * (double)i + 0.4 * (double)method) * (i % 5 == 3 ? 1 : 0.35);
}

static void add_methods(sample *out, cloze_text name)
{
    for (size_t m = 0; m < SAMPLE_METHODS; m++) {
        double *units = out->unit_values + m * SAMPLE_WORDS;
        for (size_t i = 0; i < out->page.unit_count; i++)
            units[i] = wave(i, m);
        out->methods[m] = (cloze_page_method){
            .name = name.size ? name : method_names[m],
            .note = name.size ? name : literal("What each word adds to the logit of the label."),
            .units = units,
            .spread = m == 1 ? out->spread : NULL,
            .figures = out->figures,
            .figure_count = 2
        };
    }
    for (size_t i = 0; i < SAMPLE_WORDS; i++)
        out->spread[i] = i % 2 ? 0.01 * (double)i : NAN;
}

static void add_table(sample *out, cloze_text name)
{
    cloze_text label = literal("Faithfulness");
    out->table =
        (cloze_page_table){ .title = name.size ? name : label,
                            .note = name.size ? name
                                              : literal("Higher comprehensiveness is "
                                                        "better; so is lower sufficiency."),
                            .row_names = method_names,
                            .column_names = measures,
                            .rows = 3,
                            .columns = 2,
                            .values = out->unit_values,
                            .spread = out->spread };
}

/* The head turns from looking at itself to the token before, to the last, to everything. */
static double score(size_t layer, size_t head, double from, double to, size_t tokens)
{
    double apart = from - to - (double)(head % 3);
    double last = to + 1.5 > (double)tokens ? (double)layer : 0;
    return last - apart * apart / (1 + (double)layer * (double)head) + sin(from * to);
}

static void fill_head(uint8_t *shades, size_t layer, size_t head, size_t tokens)
{
    for (size_t from = 0; from < tokens; from++) {
        float row[SAMPLE_WORDS + 3], sum = 0;
        for (size_t to = 0; to < tokens; to++)
            sum += row[to] = (float)exp(score(layer, head, (double)from, (double)to, tokens));
        for (size_t to = 0; to < tokens; to++)
            row[to] /= sum;
        cloze_page_shades(row, tokens, shades + from * tokens);
    }
}

static void add_attention(sample *out)
{
    size_t tokens = out->page.token_count, size = tokens * tokens;
    out->shades = malloc(SAMPLE_LAYERS * SAMPLE_HEADS * size);
    if (!out->shades)
        abort();
    for (size_t i = 0; i < SAMPLE_LAYERS; i++) {
        uint8_t *layer = out->shades + i * SAMPLE_HEADS * size;
        for (size_t head = 0; head < SAMPLE_HEADS; head++)
            fill_head(layer + head * size, i, head, tokens);
        out->layers[i] = (cloze_page_layer){ i + 1, layer };
    }
}

void sample_make(sample *out, cloze_text text, cloze_text pair, cloze_text name)
{
    cloze_page *page = &out->page;
    memset(out, 0, sizeof *out);
    page->title = name.size ? name : literal("Why \xe2\x80\x9cnegative\xe2\x80\x9d?");
    page->prediction = name.size ? name : literal("negative, 0.93");
    page->texts[0] = text;
    page->texts[1] = pair;
    out->figures[0] = (cloze_page_figure){ name.size ? name : literal("logit"), 2.125 };
    out->figures[1] = (cloze_page_figure){ name.size ? name : literal("gap"), NAN };
    page->figures = out->figures;
    page->figure_count = 2;
    add_special(out, "[CLS]");
    add_words(out, 0);
    add_special(out, "[SEP]");
    if (pair.size) {
        add_words(out, 1);
        add_special(out, "[SEP]");
    }
    add_methods(out, name);
    add_table(out, name);
    add_attention(out);
    page->units = out->units;
    page->tokens = out->tokens;
    page->methods = out->methods;
    page->method_count = SAMPLE_METHODS;
    page->tables = &out->table;
    page->table_count = 1;
    page->layers = out->layers;
    page->layer_count = SAMPLE_LAYERS;
    page->heads = SAMPLE_HEADS;
    page->audit = literal("{\"version\":\"0.1.0\",\"seed\":7}");
}

void sample_free(sample *out)
{
    free(out->shades);
}
