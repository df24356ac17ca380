/*
 * test_attention.c - attention and what is made of it, against PyTorch, NumPy and networkx
 * (tools/golden/make_attention.py), over families that attend in different ways.
 */
#include "folder.h"

#include "base/json.h"
#include "explain/maximum_flow.h"

#include <cloze/explain.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

/* ---- the golden file ---- */

static json_t *golden_file(void)
{
    char path[2048];
    cloze_error error = { 0 };
    json_t *root = NULL;
    if (cz_json_load(&root, golden_path(path, sizeof path, "explain/attention.json"), 4 << 20, NULL,
                     &error))
        fail_msg("%s", error.message);
    return root;
}

static const char *string_of(const json_t *from, const char *key)
{
    return json_string_value(json_object_get(from, key));
}

static size_t size_of(const json_t *from, const char *key)
{
    return (size_t)json_integer_value(json_object_get(from, key));
}

static double *numbers_of(const json_t *from, const char *key, size_t count)
{
    const json_t *list = json_object_get(from, key);
    double *numbers = calloc(count, sizeof *numbers);
    assert_int_equal(json_array_size(list), count);
    for (size_t i = 0; i < count; i++)
        numbers[i] = json_number_value(json_array_get(list, i));
    return numbers;
}

static cloze_explain_options options_of(const json_t *one)
{
    static const char *const tasks[] = { "labels", "tags", "answer", "words", "similarity" };
    cloze_explain_options options = { .target = CLOZE_TARGET_BEST, .against = CLOZE_TARGET_BEST };
    const json_t *place = json_object_get(one, "place");
    while (strcmp(tasks[options.task], string_of(one, "task")))
        options.task++;
    if (json_is_array(place)) {
        options.has_place = true;
        options.place = (cloze_explain_span){ (size_t)json_integer_value(json_array_get(place, 0)),
                                              (size_t)json_integer_value(json_array_get(place, 1)),
                                              options.task == CLOZE_EXPLAIN_ANSWER };
    }
    return options;
}

typedef struct explained {
    opened model;
    cloze_explainer *explainer;
    size_t tokens, units;
} explained;

static void open_one(explained *e, const json_t *one, const open_options *open)
{
    char path[2048];
    cloze_error error = { 0 };
    cloze_explain_options options = options_of(one);
    open_model(&e->model, golden_path(path, sizeof path, string_of(one, "folder")), open);
    if (cloze_explainer_new(&e->explainer, e->model.model, text_of(string_of(one, "text")),
                            text_of(string_of(one, "pair")), &options, &error))
        fail_msg("%s", error.message);
    cloze_explained facts = cloze_explainer_facts(e->explainer);
    e->tokens = facts.tokens;
    e->units = facts.units;
}

static void close_one(explained *e)
{
    cloze_explainer_free(e->explainer);
    close_model(&e->model);
}

/* ---- what the library says ---- */

static double *attribute(explained *e, const cloze_attribution_options *options)
{
    cloze_error error = { 0 };
    cloze_attribution_report report;
    double *units = calloc(e->units, sizeof *units), *tokens = calloc(e->tokens, sizeof *tokens);
    if (cloze_attribute(e->explainer, options, units, tokens, NULL, &report, &error))
        fail_msg("%s: %s", cloze_explain_method_name(options->method), error.message);
    double sum = 0;
    for (size_t u = 0; u < e->units; u++) {
        cloze_explain_part part = cloze_explainer_unit(e->explainer, u);
        double own = 0;
        for (size_t i = 0; i < part.tokens; i++)
            own += tokens[part.first + i];
        assert_true(fabs(own - units[u]) < 1e-12);
    }
    for (size_t i = 0; i < e->tokens; i++)
        sum += tokens[i];
    assert_true(fabs(sum - report.sum) < 1e-12 * fmax(1, fabs(sum)));
    assert_true(report.exact && isnan(report.gap));
    bool copies = options->method == CLOZE_METHOD_VALUE_ZEROING;
    bool walks_back = options->method == CLOZE_METHOD_GRADIENT_ATTENTION;
    assert_int_equal(report.runs, 1 + (copies ? e->tokens : 0) + walks_back);
    free(units);
    return tokens;
}

typedef struct collected {
    double *numbers;
    size_t turns, inner, most;
} collected;

static bool collect(void *context, size_t layer, size_t tokens, const double *matrix)
{
    collected *c = context;
    assert_true(c->turns < c->most);
    assert_int_equal(layer, c->turns / c->inner + 1);
    memcpy(c->numbers + c->turns++ * tokens * tokens, matrix, tokens * tokens * sizeof *matrix);
    return true;
}

typedef cloze_status show_matrices(cloze_explainer *explainer, cloze_matrix_visit *visit,
                                   void *context, cloze_error *error);

static double *matrices(explained *e, show_matrices *show, size_t turns)
{
    cloze_error error = { 0 };
    size_t layers = cloze_explainer_facts(e->explainer).layers;
    collected c = { .inner = turns / layers, .most = turns };
    c.numbers = calloc(turns * e->tokens * e->tokens, sizeof *c.numbers);
    if (show(e->explainer, collect, &c, &error))
        fail_msg("%s", error.message);
    assert_int_equal(c.turns, turns);
    return c.numbers;
}

/* ---- comparing ---- */

static double apart(const double *a, const double *b, size_t count)
{
    double worst = 0;
    for (size_t i = 0; i < count; i++)
        worst = isnan(a[i]) ? INFINITY : fmax(worst, fabs(a[i] - b[i]));
    return worst;
}

static void close_to(const json_t *one, const char *what, const double *found,
                     const double *expected, size_t count, double bound)
{
    double worst = apart(found, expected, count);
    if (!(worst <= bound))
        fail_msg("%s of %s: %.3g apart", what, string_of(one, "folder"), worst);
}

/* The rows that F reads, of the last matrix. */
static double *read_rows(const double *share, const double *matrix, size_t tokens)
{
    double *row = calloc(tokens, sizeof *row);
    for (size_t i = 0; i < tokens; i++)
        for (size_t j = 0; j < tokens; j++)
            row[j] += share[i] * matrix[i * tokens + j];
    return row;
}

static void hold_matrices(explained *e, const json_t *one, const char *key,
                          cloze_explain_method method, show_matrices *show, double bound)
{
    size_t turns = size_of(one, "turns"), square = e->tokens * e->tokens;
    double *expected = numbers_of(one, key, turns * square);
    double *share = numbers_of(one, "share", e->tokens);
    double *found = matrices(e, show, turns);
    double *tokens = attribute(e, &(cloze_attribution_options){ .method = method });
    close_to(one, key, found, expected, turns * square, bound);
    bool joined = method != CLOZE_METHOD_VALUE_ZEROING;
    for (size_t t = turns - 1; t > 0 && !joined; t--) { /* the last takes in those below it */
        double *product = calloc(square, sizeof *product);
        for (size_t i = 0; i < square; i++)
            for (size_t k = 0; k < e->tokens; k++)
                product[i] += expected[t * square + i / e->tokens * e->tokens + k] *
                              expected[(t - 1) * square + k * e->tokens + i % e->tokens];
        memcpy(expected + (t - 1) * square, product, square * sizeof *product);
        free(product);
    }
    double *row = read_rows(share, joined ? expected + (turns - 1) * square : expected, e->tokens);
    close_to(one, key, tokens, row, e->tokens, bound);
    free(expected);
    free(share);
    free(found);
    free(tokens);
    free(row);
}

static void hold_attention(explained *e, const json_t *one, double bound)
{
    const cloze_attribution_options options[] = {
        { .method = CLOZE_METHOD_ATTENTION },
        { .method = CLOZE_METHOD_ATTENTION,
          .has_layer = true,
          .layer = 1,
          .has_head = true,
          .head = 1 },
        { .method = CLOZE_METHOD_ATTENTION, .has_layer = true, .layer = 1, .highest = true },
    };
    double *expected = numbers_of(one, "rows", 3 * e->tokens);
    for (size_t i = 0; i < 3; i++) {
        double *tokens = attribute(e, &options[i]);
        close_to(one, "attention", tokens, expected + i * e->tokens, e->tokens, bound);
        free(tokens);
    }
    free(expected);
}

static void hold_flow(explained *e, const json_t *one, double bound)
{
    cloze_error error = { 0 };
    size_t square = e->tokens * e->tokens, *rows = calloc(e->tokens, sizeof *rows);
    double *expected = numbers_of(one, "flow", square), *found = calloc(square, sizeof *found);
    double *share = numbers_of(one, "share", e->tokens);
    for (size_t i = 0; i < e->tokens; i++)
        rows[i] = i;
    if (cloze_explainer_flow(e->explainer, rows, e->tokens, found, &error))
        fail_msg("%s", error.message);
    double *tokens = attribute(e, &(cloze_attribution_options){ .method = CLOZE_METHOD_FLOW });
    double *row = read_rows(share, expected, e->tokens);
    close_to(one, "flow", found, expected, square, bound);
    close_to(one, "flow", tokens, row, e->tokens, bound);
    free(rows);
    free(expected);
    free(found);
    free(share);
    free(tokens);
    free(row);
}

static void hold(const open_options *open, double bound)
{
    json_t *root = golden_file();
    const json_t *cases = json_object_get(root, "cases");
    assert_true(json_array_size(cases) >= 18);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *one = json_array_get(cases, i);
        explained e;
        open_one(&e, one, open);
        assert_int_equal(e.tokens, size_of(one, "tokens"));
        double *value = numbers_of(one, "value", 1);
        double own = cloze_explainer_facts(e.explainer).value;
        close_to(one, "value", &own, value, 1, 1e-5 * fmax(1, fabs(*value)));
        hold_attention(&e, one, bound);
        hold_matrices(&e, one, "rollout", CLOZE_METHOD_ROLLOUT, cloze_explainer_rollout, bound);
        hold_flow(&e, one, bound);
        hold_matrices(&e, one, "gradient_attention", CLOZE_METHOD_GRADIENT_ATTENTION,
                      cloze_explainer_gradient_attention, bound);
        /* Small angles between float states: 3 times as far. */
        if (json_object_get(one, "value_zeroing"))
            hold_matrices(&e, one, "value_zeroing", CLOZE_METHOD_VALUE_ZEROING,
                          cloze_explainer_value_zeroing, 3 * bound);
        free(value);
        close_one(&e);
    }
    json_decref(root);
}

static void all_families_in_float(void **state)
{
    (void)state;
    hold(&(open_options){ .threads = 2 }, 1e-6);
}

static void all_families_in_double(void **state)
{
    (void)state;
    hold(&(open_options){ .threads = 2, .precision = CLOZE_PRECISION_F64 }, 1e-10);
}

/* ---- the same bits ---- */

static void same_bits_on_any_threads(void **state)
{
    (void)state;
    json_t *root = golden_file();
    const json_t *cases = json_object_get(root, "cases");
    for (size_t i = 0; i < json_array_size(cases); i += 5)
        for (int method = CLOZE_METHOD_ATTENTION; method <= CLOZE_METHOD_GRADIENT_ATTENTION;
             method++) {
            double *first = NULL;
            for (unsigned threads = 1; threads <= 3; threads++) {
                explained e;
                open_one(&e, json_array_get(cases, i), &(open_options){ .threads = threads });
                double *tokens = attribute(
                    &e, &(cloze_attribution_options){ .method = (cloze_explain_method)method });
                if (first)
                    assert_memory_equal(tokens, first, e.tokens * sizeof *tokens);
                close_one(&e);
                if (first)
                    free(tokens);
                else
                    first = tokens;
            }
            free(first);
        }
    json_decref(root);
}

/* ---- flows ---- */

/* As make_attention.py draws them. */
static double *drawn_graph(size_t layers, size_t n, uint64_t modulus)
{
    double *capacity = calloc(layers * n * n, sizeof *capacity);
    uint64_t number = layers * 1000 + n;
    for (size_t r = 0; r < layers * n; r++) {
        double *row = capacity + r * n, sum = 0;
        for (size_t j = 0; j < n; j++) {
            number = (number * 1103515245 + 12345) % ((uint64_t)1 << 31);
            uint64_t drawn = (number >> 16) % modulus, half = modulus / 2;
            row[j] = drawn > half ? (double)((drawn - half) * (drawn - half)) : 0;
        }
        row[r % n] += 1;
        for (size_t j = 0; j < n; j++)
            sum += row[j];
        for (size_t j = 0; j < n; j++)
            row[j] /= sum;
    }
    return capacity;
}

static void flows_equal_networkx(void **state)
{
    (void)state;
    json_t *root = golden_file();
    const json_t *graphs = json_object_get(root, "graphs");
    assert_int_equal(json_array_size(graphs), 5);
    for (size_t g = 0; g < 5; g++) {
        const json_t *one = json_array_get(graphs, g);
        size_t n = size_of(one, "tokens"), layers = size_of(one, "layers");
        double *capacity = drawn_graph(layers, n, size_of(one, "modulus"));
        double *expected = numbers_of(one, "flow", n * n), *found = calloc(n, sizeof *found);
        cz_flow_graph graph = { layers, n, capacity };
        cz_flow_room room;
        assert_true(cz_flow_room_make(&room, &graph, NULL));
        for (size_t i = 0; i < n; i++) {
            double sum = 0;
            for (size_t j = 0; j < n; j++)
                sum += found[j] = cz_maximum_flow(&graph, i, j, &room);
            for (size_t j = 0; j < n; j++)
                assert_true(fabs(found[j] / sum - expected[i * n + j]) < 1e-10);
        }
        cz_flow_room_clear(&room, NULL);
        free(capacity);
        free(expected);
        free(found);
    }
    json_decref(root);
}

/* Nodes that the source still reaches when the flow is done. */
static bool *reached(const cz_flow_graph *graph, const cz_flow_room *room, size_t source)
{
    size_t n = graph->tokens, nodes = (graph->layers + 1) * n;
    bool *seen = calloc(nodes, sizeof *seen), grows = true;
    seen[source] = true;
    while (grows) {
        grows = false;
        for (size_t e = 0; e < graph->layers * n * n; e++) {
            size_t low = e / (n * n) * n + e % n, high = (e / (n * n) + 1) * n + e / n % n;
            bool down = seen[high] && !seen[low] && room->left[e] > 1e-12;
            bool up = seen[low] && !seen[high] && graph->capacity[e] - room->left[e] > 1e-12;
            seen[low] = seen[low] || down;
            seen[high] = seen[high] || up;
            grows = grows || down || up;
        }
    }
    return seen;
}

/* A flow is one, and the greatest: nothing is lost on the way, and a cut takes no more. */
static void flows_have_cuts(void **state)
{
    (void)state;
    size_t n = 40, layers = 8, square = n * n;
    double *capacity = drawn_graph(layers, n, 101);
    cz_flow_graph graph = { layers, n, capacity };
    cz_flow_room room;
    assert_true(cz_flow_room_make(&room, &graph, NULL));
    for (size_t sink = 0; sink < n; sink += 7) {
        size_t source = layers * n + 3;
        double flow = cz_maximum_flow(&graph, 3, sink, &room), cut = 0;
        double *excess = calloc((layers + 1) * n, sizeof *excess);
        bool *side = reached(&graph, &room, source);
        for (size_t e = 0; e < layers * square; e++) {
            size_t low = e / square * n + e % n, high = (e / square + 1) * n + e / n % n;
            double through = capacity[e] - room.left[e];
            assert_true(through > -1e-14 && room.left[e] > -1e-14);
            excess[high] -= through;
            excess[low] += through;
            cut += side[high] && !side[low] ? capacity[e] : 0;
        }
        for (size_t node = 0; node < (layers + 1) * n; node++)
            assert_true(fabs(excess[node] + (node == source ? flow : 0) -
                             (node == sink ? flow : 0)) < 1e-12);
        assert_true(!side[sink] && fabs(cut - flow) < 1e-10);
        free(excess);
        free(side);
    }
    cz_flow_room_clear(&room, NULL);
    free(capacity);
}

/* ---- stopping ---- */

static bool stop_at(void *context, uint64_t done, uint64_t total)
{
    const size_t *last = context;
    assert_true(!total || done <= total);
    return done < *last;
}

/* What is stopped says so, and can be asked again. */
static void every_method_can_be_stopped(void **state)
{
    (void)state;
    opened o;
    char path[2048];
    cloze_explainer *explainer = NULL;
    size_t last = 1;
    cloze_explain_options options = { .target = CLOZE_TARGET_BEST,
                                      .against = CLOZE_TARGET_BEST,
                                      .progress = { stop_at, &last } };
    open_model(&o, golden_path(path, sizeof path, "classify/sentiment"),
               &(open_options){ .threads = 2 });
    last = SIZE_MAX;
    assert_int_equal(cloze_explainer_new(&explainer, o.model, text_of("the cat sits outside"),
                                         text_of(""), &options, NULL),
                     CLOZE_OK);
    for (int method = CLOZE_METHOD_ATTENTION; method <= CLOZE_METHOD_GRADIENT_ATTENTION; method++) {
        cloze_attribution_options one = { .method = (cloze_explain_method)method };
        double units[8];
        assert_in_range(cloze_explainer_facts(explainer).units, 1, 8);
        last = 1;
        assert_int_equal(cloze_attribute(explainer, &one, units, NULL, NULL, NULL, NULL),
                         CLOZE_ERROR_CANCELLED);
        last = SIZE_MAX;
        cloze_explainer_cancel(explainer);
        assert_int_equal(cloze_attribute(explainer, &one, units, NULL, NULL, NULL, NULL),
                         CLOZE_ERROR_CANCELLED);
        assert_int_equal(cloze_attribute(explainer, &one, units, NULL, NULL, NULL, NULL), CLOZE_OK);
    }
    last = 2; /* the attention is there, a row flows */
    size_t rows[] = { 0, 1, 2 };
    double *flow = calloc(3 * cloze_explainer_facts(explainer).tokens, sizeof *flow);
    assert_int_equal(cloze_explainer_flow(explainer, rows, 3, flow, NULL), CLOZE_ERROR_CANCELLED);
    free(flow);
    cloze_explainer_free(explainer);
    close_model(&o);
}

/* ---- refusals ---- */

static void refuse(explained *e, const cloze_attribution_options *options, cloze_status expected,
                   const char *says)
{
    cloze_error error = { 0 };
    double *units = calloc(e->units, sizeof *units);
    assert_int_equal(cloze_attribute(e->explainer, options, units, NULL, NULL, NULL, &error),
                     expected);
    if (!strstr(error.message, says))
        fail_msg("\"%s\" does not say \"%s\"", error.message, says);
    free(units);
}

static bool stop(void *context, size_t layer, size_t tokens, const double *matrix)
{
    (void)context;
    (void)layer;
    (void)tokens;
    (void)matrix;
    return false;
}

static bool stop_attention(void *context, size_t layer, size_t heads, size_t tokens,
                           const float *weights)
{
    size_t *calls = context;
    (void)heads;
    (void)tokens;
    (void)weights;
    ++*calls;
    return layer < 1;
}

static void unsuitable_options_are_refused(void **state)
{
    (void)state;
    static const cloze_explain_options usual = { .target = CLOZE_TARGET_BEST,
                                                 .against = CLOZE_TARGET_BEST };
    explained e = { 0 };
    char path[2048];
    cloze_error error = { 0 };
    json_t *root = golden_file();
    const json_t *one = json_array_get(json_object_get(root, "cases"), 0);
    open_one(&e, one, &(open_options){ .threads = 1 });
    cloze_attribution_options options = { .method = CLOZE_METHOD_ATTENTION, .has_layer = true };
    refuse(&e, &options, CLOZE_ERROR_NOT_FOUND, "no attention in layer 0");
    options.layer = 3;
    refuse(&e, &options, CLOZE_ERROR_NOT_FOUND, "layers 1 to 2");
    options = (cloze_attribution_options){ .method = CLOZE_METHOD_ATTENTION,
                                           .has_head = true,
                                           .head = 3 };
    refuse(&e, &options, CLOZE_ERROR_NOT_FOUND, "no head 3");
    options.head = 0;
    options.highest = true;
    refuse(&e, &options, CLOZE_ERROR_ARGUMENT, "both");
    size_t row = e.tokens, calls = 0;
    double *flow = calloc(e.tokens, sizeof *flow);
    assert_int_equal(cloze_explainer_flow(e.explainer, &row, 1, flow, &error),
                     CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "there is no token"));
    assert_int_equal(cloze_explainer_rollout(e.explainer, stop, NULL, &error),
                     CLOZE_ERROR_CANCELLED);
    assert_int_equal(cloze_explainer_attention(e.explainer, stop_attention, &calls, &error),
                     CLOZE_ERROR_CANCELLED);
    assert_int_equal(calls, 1);
    free(flow);
    close_one(&e);

    open_model(&e.model, golden_path(path, sizeof path, "explain/fnet"),
               &(open_options){ .threads = 1 });
    assert_int_equal(cloze_explainer_new(&e.explainer, e.model.model, text_of("the cat sits"),
                                         text_of(""), &usual, &error),
                     CLOZE_OK);
    e.units = cloze_explainer_facts(e.explainer).units;
    for (int method = CLOZE_METHOD_ATTENTION; method <= CLOZE_METHOD_GRADIENT_ATTENTION; method++)
        refuse(&e, &(cloze_attribution_options){ .method = (cloze_explain_method)method },
               CLOZE_ERROR_UNSUPPORTED, "no attention");
    close_one(&e);

    open_model(&e.model, golden_path(path, sizeof path, "explain/albert_inner"),
               &(open_options){ .threads = 1 });
    assert_int_equal(cloze_explainer_new(&e.explainer, e.model.model, text_of("the cat sits"),
                                         text_of(""), &usual, &error),
                     CLOZE_OK);
    e.units = cloze_explainer_facts(e.explainer).units;
    refuse(&e, &(cloze_attribution_options){ .method = CLOZE_METHOD_VALUE_ZEROING },
           CLOZE_ERROR_UNSUPPORTED, "2 inner ones");
    close_one(&e);
    json_decref(root);
}

/* Attention is the same whatever is pooled of the states; only the slope of several poolings is not known. */
static void several_poolings_have_attention(void **state)
{
    (void)state;
    static const cloze_explain_method methods[] = { CLOZE_METHOD_ATTENTION, CLOZE_METHOD_ROLLOUT,
                                                    CLOZE_METHOD_FLOW, CLOZE_METHOD_VALUE_ZEROING };
    const cloze_explain_options options = { .task = CLOZE_EXPLAIN_SIMILARITY,
                                            .unit = CLOZE_UNIT_TOKENS,
                                            .target = CLOZE_TARGET_BEST,
                                            .against = CLOZE_TARGET_BEST };
    cloze_explainer *explainer = NULL;
    cloze_error error = { 0 };
    char path[2200];
    double units[64];
    opened o;
    open_model(&o, golden_path(path, sizeof path, "sentence/several"), &(open_options){ 0 });
    if (cloze_explainer_new(&explainer, o.model, text_of("the cat sits"), text_of("a dog"),
                            &options, &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        const cloze_attribution_options asked = { .method = methods[i] };
        cloze_attribution_report report;
        if (cloze_attribute(explainer, &asked, units, NULL, NULL, &report, &error))
            fail_msg("%s", error.message);
        assert_true(fabs(report.sum - 1) < 1e-5 && units[0] > 0);
    }
    const cloze_attribution_options refused = { .method = CLOZE_METHOD_GRADIENT_ATTENTION };
    assert_int_equal(cloze_attribute(explainer, &refused, units, NULL, NULL, NULL, &error),
                     CLOZE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "several poolings"));
    cloze_explainer_free(explainer);
    close_model(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_families_in_float),
        cmocka_unit_test(all_families_in_double),
        cmocka_unit_test(same_bits_on_any_threads),
        cmocka_unit_test(flows_equal_networkx),
        cmocka_unit_test(flows_have_cuts),
        cmocka_unit_test(every_method_can_be_stopped),
        cmocka_unit_test(unsuitable_options_are_refused),
        cmocka_unit_test(several_poolings_have_attention),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
