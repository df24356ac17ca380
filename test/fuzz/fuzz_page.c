/* fuzz_page.c - pages of any texts, places and numbers: each is written or refused with a message, and
 * what is written has the tags of the empty page and one more pair a layer, whatever the texts say. */
#include "../page/html.h"
#include "../temporary.h"

#include <cloze/page.h>

#include <math.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PARTS = 4, TOKENS = 6, SHADES = PARTS * TOKENS * TOKENS, FILE_MOST = 1 << 22 };

typedef struct input {
    const uint8_t *at;
    size_t left;
} input;

typedef struct parts {
    double values[TOKENS * PARTS];
    uint8_t shades[SHADES];
    cloze_page_unit units[PARTS];
    cloze_page_token tokens[TOKENS];
    cloze_page_method methods[PARTS];
    cloze_page_figure figures[PARTS];
    cloze_text names[PARTS];
    cloze_page_table table;
    cloze_page_layer layers[2];
} parts;

static unsigned take(input *from)
{
    if (!from->left)
        return 0;
    from->left--;
    return *from->at++;
}

static cloze_text take_text(input *from)
{
    size_t size = take(from) % 60;
    cloze_text text;
    size = size < from->left ? size : from->left;
    text = (cloze_text){ (const char *)from->at, size };
    from->at += size;
    from->left -= size;
    return text;
}

static double take_value(input *from)
{
    unsigned kind = take(from);
    return kind < 200 ? kind / 7.0 - 10 : kind < 220 ? NAN : kind < 240 ? INFINITY : 1e300 * kind;
}

/* Mostly inside of the text. */
static size_t take_place(input *from, size_t size)
{
    unsigned place = take(from);
    return place < 240 ? place % (size + 1) : place;
}

static void fill_places(parts *out, input *from, const cloze_page *page)
{
    size_t at = 0;
    for (size_t i = 0; i < PARTS; i++) {
        size_t begin = at + take(from) % 4;
        at = take(from) % 16 ? begin + take(from) % 5 : take_place(from, page->texts[0].size);
        out->units[i] = (cloze_page_unit){ (int)(take(from) % 33 == 1), begin, at };
    }
    for (size_t i = 0; i < TOKENS; i++) {
        out->tokens[i].name = take_text(from);
        out->tokens[i].side = (int)(take(from) % 8 ? 0 : take(from) % 4) - 1;
        out->tokens[i].begin = take_place(from, page->texts[0].size);
        out->tokens[i].end = out->tokens[i].begin + take(from) % 3;
        out->tokens[i].unit = (int64_t)(take(from) % 6) - 1;
    }
}

static void fill_methods(parts *out, input *from)
{
    for (size_t i = 0; i < TOKENS * PARTS; i++)
        out->values[i] = take_value(from);
    for (size_t i = 0; i < PARTS; i++) {
        out->names[i] = take_text(from);
        out->figures[i] = (cloze_page_figure){ take_text(from), take_value(from) };
        out->methods[i] = (cloze_page_method){ .name = take_text(from),
                                               .note = take_text(from),
                                               .units = take(from) % 8 ? out->values : NULL,
                                               .spread = take(from) % 2 ? out->values : NULL,
                                               .tokens = take(from) % 2 ? out->values : NULL,
                                               .figures = out->figures,
                                               .figure_count = take(from) % (i + 1) };
    }
}

static cloze_page take_page(parts *out, input *from)
{
    cloze_page page = { .title = take_text(from),
                        .prediction = take_text(from),
                        .figures = out->figures,
                        .figure_count = take(from) % (PARTS + 1),
                        .units = out->units,
                        .tokens = out->tokens,
                        .methods = out->methods,
                        .tables = &out->table,
                        .layers = out->layers };
    page.texts[0] = take_text(from);
    page.texts[1] = take_text(from);
    page.audit = take(from) % 4 ? (cloze_text){ "{\"a\":\"</script>\"}", 17 } : take_text(from);
    page.unit_count = take(from) % (PARTS + 1);
    page.token_count = take(from) % (TOKENS + 1);
    page.method_count = take(from) % (PARTS + 1);
    page.heads = take(from) % 3;
    page.layer_count = take(from) % 3;
    page.table_count = take(from) % 2;
    fill_places(out, from, &page);
    fill_methods(out, from);
    out->table = (cloze_page_table){
        take_text(from),          take_text(from),          out->names,  out->names,
        take(from) % (PARTS + 1), take(from) % (PARTS + 1), out->values, NULL
    };
    for (size_t i = 0; i < SHADES; i++)
        out->shades[i] = (uint8_t)take(from);
    for (size_t i = 0; i < 2; i++)
        out->layers[i] = (cloze_page_layer){ take(from) % 2 + i, out->shades };
    return page;
}

/* 0: there is no file. */
static size_t count_tags(const char *path)
{
    static char bytes[FILE_MOST];
    FILE *file = fopen(path, "rb");
    size_t count = 0, size;
    tag found;
    if (!file)
        return 0;
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (const char *at = bytes; html_next(&at, bytes + size, &found);)
        count++;
    return count;
}

/* A name of our own: the file that mkstemp makes is replaced, and removed in between. */
static void choose_path(char path[TEMPORARY_SIZE])
{
    int file;
    temporary_name(path);
    file = mkstemp(path);
    if (file < 0)
        abort();
    close(file);
    unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[TEMPORARY_SIZE];
    static size_t tags; /* of the empty page */
    const cloze_page empty = { 0 };
    input from = { data, size };
    parts made = { 0 };
    cloze_page page = take_page(&made, &from);
    cloze_error error = { 0 };
    cloze_status status;
    if (!tags) {
        choose_path(path);
        if (cloze_page_write(&empty, path, &error))
            abort();
        tags = count_tags(path);
    }
    unlink(path);
    status = cloze_page_write(&page, path, &error);
    if (status ? !error.message[0] || count_tags(path)
               : count_tags(path) != tags + 2 * page.layer_count)
        abort();
    unlink(path);
    return 0;
}
