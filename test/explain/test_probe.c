/*
 * test_probe.c - what linear classifiers read from hidden states, against scikit-learn
 * (tools/golden/make_probes.py), and their control.
 */
#include "folder.h"

#include "base/json.h"

#include <cloze/probe.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *golden_file(void)
{
    char path[2048];
    cloze_error error = { 0 };
    json_t *root = NULL;
    if (cz_json_load(&root, golden_path(path, sizeof path, "explain/probe.json"), 1 << 20, NULL,
                     &error))
        fail_msg("%s", error.message);
    return root;
}

static double number_at(const json_t *list, size_t i)
{
    return json_number_value(json_array_get(list, i));
}

/* A case of the file, opened. */
typedef struct probed {
    opened model;
    cloze_probe_example *examples;
    size_t count, layers;
    cloze_probe_options options;
} probed;

static void open_one(probed *p, const json_t *one, const open_options *open)
{
    char path[2048];
    const json_t *list = json_object_get(one, "examples");
    const char *folder = json_string_value(json_object_get(one, "folder"));
    open_model(&p->model, golden_path(path, sizeof path, folder), open);
    p->layers = cloze_model_describe(p->model.model).layers;
    p->count = json_array_size(list);
    p->examples = calloc(p->count, sizeof *p->examples);
    for (size_t i = 0; i < p->count; i++) {
        const json_t *example = json_array_get(list, i), *text = json_array_get(example, 0);
        p->examples[i] = (cloze_probe_example){
            { json_string_value(text), json_string_length(text) },
            (size_t)number_at(example, 1),
            (size_t)number_at(example, 2),
            (uint32_t)number_at(example, 3),
        };
    }
    p->options = (cloze_probe_options){
        .learned = (size_t)json_integer_value(json_object_get(one, "learned")),
        .first = json_is_true(json_object_get(one, "first")),
        .strength = json_number_value(json_object_get(one, "strength")),
    };
}

static void close_one(probed *p)
{
    free(p->examples);
    close_model(&p->model);
}

static cloze_probe_result *probe(const probed *p, double *most)
{
    cloze_error error = { 0 };
    cloze_probe_result *results = calloc(p->layers + 1, sizeof *results);
    if (cloze_probe(p->model.session, p->examples, p->count, &p->options, results, most, &error))
        fail_msg("%s", error.message);
    return results;
}

static void hold(const open_options *open, double bound)
{
    json_t *root = golden_file();
    const json_t *cases = json_object_get(root, "cases");
    assert_int_equal(json_array_size(cases), 4);
    for (size_t i = 0; i < 4; i++) {
        const json_t *one = json_array_get(cases, i), *all = json_object_get(one, "results");
        probed p;
        double most = 0;
        open_one(&p, one, open);
        cloze_probe_result *results = probe(&p, &most);
        assert_int_equal(json_array_size(all), p.layers + 1);
        assert_true(fabs(most - json_number_value(json_object_get(one, "most"))) < 1e-12);
        for (size_t layer = 0; layer <= p.layers; layer++) {
            const json_t *expected = json_array_get(all, layer);
            const cloze_probe_result *found = &results[layer];
            assert_true(found->converged);
            assert_true(fabs(found->learned - number_at(expected, 0)) < 1e-12);
            assert_true(fabs(found->accuracy - number_at(expected, 1)) < 1e-12);
            assert_true(fabs(found->selectivity - (found->accuracy - found->control)) < 1e-12);
            double apart = fabs(found->loss - number_at(expected, 2));
            if (!(apart <= bound))
                fail_msg("loss of layer %zu of case %zu: %.3g apart", layer, i, apart);
        }
        free(results);
        close_one(&p);
    }
    json_decref(root);
}

static void probes_equal_scikit_learn(void **state)
{
    (void)state;
    hold(&(open_options){ .threads = 2 }, 2e-5);
}

static void probes_equal_it_in_double(void **state)
{
    (void)state;
    hold(&(open_options){ .threads = 2, .precision = CLOZE_PRECISION_F64 }, 1e-6);
}

static void same_bits_on_any_threads(void **state)
{
    (void)state;
    json_t *root = golden_file();
    const json_t *one = json_array_get(json_object_get(root, "cases"), 2);
    cloze_probe_result *first = NULL;
    for (unsigned threads = 1; threads <= 3; threads++) {
        probed p;
        open_one(&p, one, &(open_options){ .threads = threads, .batch_tokens = 64 * threads });
        cloze_probe_result *results = probe(&p, NULL);
        if (!first)
            first = calloc(p.layers + 1, sizeof *first);
        for (size_t layer = 0; layer <= p.layers; layer++) {
            if (threads == 1)
                first[layer] = results[layer];
            assert_true(first[layer].loss == results[layer].loss);
            assert_true(first[layer].accuracy == results[layer].accuracy);
            assert_true(first[layer].control == results[layer].control);
        }
        free(results);
        close_one(&p);
    }
    free(first);
    json_decref(root);
}

/* Words that come again have the control's label again, so a probe of embeddings remembers it; texts that never
 * do cannot be told. */
static void a_control_is_of_words(void **state)
{
    (void)state;
    json_t *root = golden_file();
    probed p;
    open_one(&p, json_array_get(json_object_get(root, "cases"), 2),
             &(open_options){ .threads = 1 });
    double sum = 0, other = 0;
    for (uint64_t seed = 0; seed < 8; seed++) {
        p.options.seed = seed;
        p.options.strength = 100;
        cloze_probe_result *results = probe(&p, NULL);
        sum += results[0].control / 8;
        other += results[0].control == results[p.layers].control ? 0 : 1;
        free(results);
    }
    assert_true(sum > 0.5); /* four labels; what repeats is known */
    assert_true(other > 0);
    close_one(&p);
    json_decref(root);
}

typedef struct stopping {
    uint64_t calls, stop_at, last;
} stopping;

static bool stop(void *context, uint64_t done, uint64_t total)
{
    stopping *s = context;
    assert_true(s->calls ? done > s->last : !done);
    assert_true(done < total);
    s->last = done;
    return ++s->calls != s->stop_at;
}

static void learning_tells_how_far_it_is_and_can_be_stopped(void **state)
{
    (void)state;
    json_t *root = golden_file();
    probed p;
    open_one(&p, json_array_get(json_object_get(root, "cases"), 2),
             &(open_options){ .threads = 1 });
    cloze_probe_result *results = calloc(p.layers + 1, sizeof *results);
    cloze_error error = { 0 };
    for (uint64_t stop_at = 1; stop_at <= 3; stop_at++) {
        stopping s = { .stop_at = stop_at };
        p.options.progress = (cloze_progress){ stop, &s };
        assert_int_equal(
            cloze_probe(p.model.session, p.examples, p.count, &p.options, results, NULL, &error),
            CLOZE_ERROR_CANCELLED);
        assert_int_equal(s.calls, stop_at);
    }
    stopping s = { .stop_at = 0 };
    p.options.progress = (cloze_progress){ stop, &s };
    free(results);
    free(probe(&p, NULL));
    assert_int_equal(s.calls, 2 * (p.layers + 1));
    close_one(&p);
    json_decref(root);
}

static void refuse(const opened *o, const cloze_probe_example *examples, size_t count,
                   const cloze_probe_options *options, cloze_status expected, const char *says)
{
    cloze_error error = { 0 };
    cloze_probe_result results[3];
    assert_int_equal(cloze_probe(o->session, examples, count, options, results, NULL, &error),
                     expected);
    if (!strstr(error.message, says))
        fail_msg("\"%s\" does not say \"%s\"", error.message, says);
}

static void unsuitable_examples_are_refused(void **state)
{
    (void)state;
    opened o;
    char path[2048], long_text[1024];
    open_model(&o, golden_path(path, sizeof path, "tag/pieces"), &(open_options){ .threads = 1 });
    cloze_probe_example examples[4];
    for (uint32_t i = 0; i < 4; i++)
        examples[i] = (cloze_probe_example){ { "the cat", 7 }, 0, 0, i % 2 };
    refuse(&o, examples, 4, &(cloze_probe_options){ .learned = 4 }, CLOZE_ERROR_ARGUMENT,
           "none are left");
    refuse(&o, examples, 4, &(cloze_probe_options){ .learned = 1 }, CLOZE_ERROR_ARGUMENT,
           "one label");
    refuse(&o, examples, 4, &(cloze_probe_options){ .strength = -1 }, CLOZE_ERROR_ARGUMENT,
           "strength");
    refuse(&o, examples, 0, NULL, CLOZE_ERROR_ARGUMENT, "none are left");
    examples[2].begin = 5;
    examples[2].end = 9;
    refuse(&o, examples, 4, NULL, CLOZE_ERROR_ARGUMENT, "example 3: bytes 5 to 9");
    examples[2].begin = 3;
    examples[2].end = 4;
    refuse(&o, examples, 4, NULL, CLOZE_ERROR_TEXT, "example 3: no token");
    examples[2] = (cloze_probe_example){ { "the \xff", 5 }, 0, 0, 1 };
    refuse(&o, examples, 4, NULL, CLOZE_ERROR_TEXT, "UTF-8");
    for (size_t i = 0; i + 1 < sizeof long_text; i++)
        long_text[i] = "a "[i % 2];
    examples[2].text = (cloze_text){ long_text, sizeof long_text - 1 };
    refuse(&o, examples, 4, NULL, CLOZE_ERROR_TEXT, "example 3 has");
    examples[2] = (cloze_probe_example){ { "the cat", 7 }, 0, 0, 1 << 16 };
    refuse(&o, examples, 4, NULL, CLOZE_ERROR_ARGUMENT, "label 65536");
    close_model(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probes_equal_scikit_learn),
        cmocka_unit_test(probes_equal_it_in_double),
        cmocka_unit_test(same_bits_on_any_threads),
        cmocka_unit_test(a_control_is_of_words),
        cmocka_unit_test(learning_tells_how_far_it_is_and_can_be_stopped),
        cmocka_unit_test(unsuitable_examples_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
