/*
 * page.c - what a page of 512 tokens, 12 layers and 12 heads takes: bytes, the time to write it, and
 * the time from a click to what it shows, in Chromium where one is installed.
 *
 * usage: bench_page OUT.html [TOKENS [LAYERS [HEADS]]]
 */
#include <cloze/page.h>

#include "../test/page/browser.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { METHODS = 4, CLICKS = 40 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* From 0 to 1, the same each time. */
static double draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 9007199254740992.0;
}

static double draw_normal(uint64_t *state)
{
    return sqrt(-2 * log(1 - draw(state))) * cos(6.283185307179586 * draw(state));
}

/* Rows of a softmax: scores are normal, more alike in some heads than in others, and nearer tokens
 * and the last one score higher in some, as in real models. */
static void fill_head(float *weights, size_t tokens, size_t head, uint64_t *state)
{
    double deviation = 0.5 + 0.25 * (double)(head % 9), near = head % 3 ? 0 : 0.2;
    for (size_t from = 0; from < tokens; from++) {
        float *row = weights + from * tokens;
        double sum = 0;
        for (size_t to = 0; to < tokens; to++) {
            double apart = fabs((double)from - (double)to);
            double score = deviation * draw_normal(state) - near * apart;
            if (head % 4 == 1 && to == tokens - 1)
                score += 6;
            row[to] = (float)exp(score);
            sum += row[to];
        }
        for (size_t to = 0; to < tokens; to++)
            row[to] /= (float)sum;
    }
}

static uint8_t *new_shades(size_t tokens, size_t heads, uint64_t *state)
{
    size_t size = tokens * tokens;
    uint8_t *shades = malloc(heads * size);
    float *weights = malloc(size * sizeof *weights);
    for (size_t head = 0; shades && weights && head < heads; head++) {
        fill_head(weights, tokens, head, state);
        cloze_page_shades(weights, size, shades + head * size);
    }
    free(weights);
    return shades;
}

/* Every token is a unit of five letters and a space. */
static cloze_status write_page(const char *path, size_t tokens, size_t layers, size_t heads)
{
    static const char *const names[METHODS] = { "saliency", "integrated-gradients", "shapley",
                                                "random" };
    uint64_t state = 7;
    char *text = malloc(6 * tokens + 1);
    cloze_page_unit *units = calloc(tokens, sizeof *units);
    cloze_page_token *pieces = calloc(tokens, sizeof *pieces);
    cloze_page_layer *stack = calloc(layers, sizeof *stack);
    double *values = calloc(METHODS * tokens, sizeof *values);
    cloze_page_method methods[METHODS] = { 0 };
    cloze_page page = { .title = { "A long text", 11 },
                        .units = units,
                        .unit_count = tokens,
                        .tokens = pieces,
                        .token_count = tokens,
                        .methods = methods,
                        .method_count = METHODS,
                        .layers = stack,
                        .layer_count = layers,
                        .heads = heads };
    cloze_error error = { 0 };
    double begin;
    cloze_status status;
    for (size_t i = 0; i < tokens; i++) {
        for (size_t k = 0; k < 5; k++)
            text[6 * i + k] = (char)('a' + (int)(26 * draw(&state)));
        text[6 * i + 5] = ' ';
        units[i] = (cloze_page_unit){ 0, 6 * i, 6 * i + 5 };
        pieces[i] = (cloze_page_token){ { text + 6 * i, 5 }, 0, 6 * i, 6 * i + 5, (int64_t)i };
    }
    page.texts[0] = (cloze_text){ text, 6 * tokens };
    for (size_t m = 0; m < METHODS; m++) {
        for (size_t i = 0; i < tokens; i++)
            values[m * tokens + i] = draw_normal(&state);
        methods[m] = (cloze_page_method){ .name = { names[m], strlen(names[m]) },
                                          .units = values + m * tokens };
    }
    for (size_t i = 0; i < layers; i++)
        stack[i] = (cloze_page_layer){ i + 1, new_shades(tokens, heads, &state) };
    begin = now();
    status = cloze_page_write(&page, path, &error);
    printf("%s: %.2f s to write%s%s\n", path, now() - begin, status ? ": " : "", error.message);
    for (size_t i = 0; i < layers; i++)
        free((uint8_t *)stack[i].shades);
    free(values);
    free(stack);
    free(pieces);
    free(units);
    free(text);
    return status;
}

/* Milliseconds from the event until the browser has painted what it changed. */
static const char timed[] =
    "globalThis.timed = async (act) => {"
    "  const begin = performance.now();"
    "  await act();"
    "  const drawn = performance.now() - begin;"
    "  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));"
    "  return [drawn, performance.now() - begin];"
    "}; true";

static void measure(browser *in, const char *what, const char *act)
{
    double least = INFINITY, most = 0, sum = 0, most_painted = 0;
    char expression[512];
    for (int i = 0; i < CLICKS; i++) {
        json_t *pair;
        snprintf(expression, sizeof expression, "timed(() => { const i = %d; return %s; })", i,
                 act);
        pair = browser_evaluate(in, expression);
        double drawn = json_number_value(json_array_get(pair, 0));
        double painted = json_number_value(json_array_get(pair, 1));
        if (!json_is_array(pair))
            printf("%s failed\n", what);
        sum += drawn;
        least = fmin(least, drawn);
        most = fmax(most, drawn);
        most_painted = fmax(most_painted, painted);
        json_decref(pair);
    }
    printf("%-34s least %5.1f, mean %6.1f, most %6.1f ms; painted within %6.1f ms\n", what, least,
           sum / CLICKS, most, most_painted);
}

static void browse(const char *path)
{
    const char *why;
    char *whole = realpath(path, NULL);
    double begin = now();
    browser *in = whole ? browser_open(whole, 1400, 1000, &why) : NULL;
    free(whole);
    if (!in) {
        printf("not browsed: %s\n", why);
        return;
    }
    browser_awaits(in, "!!document.documentElement.dataset.ready");
    printf("first view after %.2f s, the browser's start included\n", now() - begin);
    json_decref(browser_evaluate(in, timed));
    measure(in, "a head, layers not yet inflated",
            "chooseHead(i % page.layers.length, i % page.heads)");
    browser_awaits(in, "!!document.documentElement.dataset.filled");
    printf("all thumbnails after %.2f s\n", now() - begin);
    measure(in, "a head", "chooseHead((7 * i) % page.layers.length, i % page.heads)");
    measure(in, "the mean of all heads", "chooseHead((7 * i) % page.layers.length, 'mean')");
    measure(in, "matrix to lines and back", "changeView('view', i % 2 ? 'matrix' : 'lines')");
    measure(in, "a head as lines",
            "(state.view = 'lines', chooseHead((7 * i) % page.layers.length, i % page.heads))");
    measure(in, "a token", "chooseToken(i, 'from')");
    measure(in, "a method", "chooseMethod(i % page.methods.length)");
    browser_close(in);
}

int main(int count, char **words)
{
    size_t sizes[] = { 512, 12, 12 };
    struct stat state;
    for (int i = 2; i < count && i < 5; i++)
        sizes[i - 2] = strtoul(words[i], NULL, 10);
    if (count < 2) {
        fprintf(stderr, "usage: bench_page OUT.html [TOKENS [LAYERS [HEADS]]]\n");
        return 2;
    }
    if (write_page(words[1], sizes[0], sizes[1], sizes[2]) || stat(words[1], &state))
        return 1;
    printf("%.1f MB\n", (double)state.st_size / 1e6);
    browse(words[1]);
    return 0;
}
