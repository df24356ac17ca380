/*
 * test_cluster.c - k-means against scikit-learn from the same first centres, communities against
 * sentence-transformers; the same groups on any number of threads and any instruction set.
 */
#include "folder.h"
#include "scarce.h"

#include "backend/backend.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS_MOST = 400, WIDE_MOST = 16, CLUSTERS_MOST = 32 };

typedef struct example {
    json_t *json;
    size_t count, dimension, clusters;
    float vectors[ROWS_MOST * WIDE_MOST], initial[CLUSTERS_MOST * WIDE_MOST];
} example;

static const char *folder(void)
{
    static char path[2048];
    return golden_path(path, sizeof path, "sentence/mean");
}

static size_t read_floats(const json_t *list, float *out, size_t most)
{
    assert_true(json_array_size(list) <= most);
    for (size_t i = 0; i < json_array_size(list); i++)
        out[i] = (float)json_number_value(json_array_get(list, i));
    return json_array_size(list);
}

static double number(const json_t *from, const char *key)
{
    return json_number_value(json_object_get(from, key));
}

static void read_example(json_t *json, example *e)
{
    e->json = json;
    e->count = (size_t)number(json, "count");
    e->dimension = (size_t)number(json, "dimension");
    assert_int_equal(
        read_floats(json_object_get(json, "vectors"), e->vectors, ROWS_MOST * WIDE_MOST),
        e->count * e->dimension);
    e->clusters =
        read_floats(json_object_get(json, "initial"), e->initial, CLUSTERS_MOST * WIDE_MOST) /
        e->dimension;
}

typedef void check(cloze_session *session, const example *e);

/* Every example of this kind; at least `least`. */
static void each(const char *kind, size_t least, check *checked)
{
    static example e;
    char path[2048];
    size_t seen = 0;
    json_t *root = json_load_file(golden_path(path, sizeof path, "cluster/golden.json"), 0, NULL);
    opened o;
    assert_non_null(root);
    open_model(&o, folder(), &(open_options){ .threads = 2 });
    for (size_t i = 0; i < json_array_size(root); i++) {
        json_t *json = json_array_get(root, i);
        if (strcmp(json_string_value(json_object_get(json, "kind")), kind) != 0)
            continue;
        read_example(json, &e);
        checked(o.session, &e);
        seen++;
    }
    assert_true(seen >= least);
    close_model(&o);
    json_decref(root);
}

static void check_kmeans(cloze_session *session, const example *e)
{
    const json_t *options = json_object_get(e->json, "options");
    const json_t *labels = json_object_get(e->json, "labels");
    const json_t *centres = json_object_get(e->json, "centres");
    cloze_kmeans_options given = { .iterations = (size_t)number(options, "max_iter"),
                                   .tolerance = number(options, "tol"),
                                   .initial = e->initial };
    uint32_t found[ROWS_MOST];
    float means[CLUSTERS_MOST * WIDE_MOST];
    cloze_kmeans_report report;
    assert_int_equal(cloze_kmeans(session, e->vectors, e->count, e->dimension, e->clusters, &given,
                                  found, means, &report, NULL),
                     CLOZE_OK);
    for (size_t i = 0; i < e->count; i++)
        assert_int_equal(found[i], json_integer_value(json_array_get(labels, i)));
    for (size_t i = 0; i < e->clusters * e->dimension; i++)
        assert_true(fabs((double)means[i] - json_number_value(json_array_get(centres, i))) <
                    1e-5 * fmax(1, fabs((double)means[i])));
    assert_true(fabs(report.inertia / number(e->json, "inertia") - 1) < 1e-5);
    assert_int_equal(report.iterations, number(e->json, "iterations"));
}

static void kmeans_equals_scikit_learn_from_the_same_centres(void **state)
{
    (void)state;
    each("kmeans", 10, check_kmeans);
}

static void check_starts(cloze_session *session, const example *e)
{
    cloze_kmeans_options given = { .starts = 30, .seed = 5 };
    uint32_t found[ROWS_MOST];
    cloze_kmeans_report report;
    assert_int_equal(cloze_kmeans(session, e->vectors, e->count, e->dimension, e->clusters, &given,
                                  found, NULL, &report, NULL),
                     CLOZE_OK);
    assert_int_equal(report.clusters, e->clusters);
    /* Both are the best of thirty draws, and draws differ. */
    assert_true(report.inertia <= 1.02 * number(e->json, "best"));
}

static void own_first_centres_lead_as_near_as_those_of_scikit_learn(void **state)
{
    (void)state;
    each("kmeans", 10, check_starts);
}

static void check_communities(cloze_session *session, const example *e)
{
    const json_t *expected = json_object_get(e->json, "communities");
    cloze_community_options given = { number(e->json, "threshold"),
                                      (size_t)number(e->json, "least") };
    size_t members[ROWS_MOST], ends[ROWS_MOST], found = 99, at = 0;
    assert_int_equal(cloze_communities(session, e->vectors, e->count, e->dimension, &given, members,
                                       ends, &found, NULL),
                     CLOZE_OK);
    assert_int_equal(found, json_array_size(expected));
    for (size_t i = 0; i < found; i++) {
        const json_t *community = json_array_get(expected, i);
        assert_int_equal(ends[i] - at, json_array_size(community));
        for (size_t k = 0; at < ends[i]; at++, k++)
            assert_int_equal(members[at], json_integer_value(json_array_get(community, k)));
    }
}

static void communities_equal_those_of_sentence_transformers(void **state)
{
    (void)state;
    each("communities", 6, check_communities);
}

static void fill(float *vectors, size_t count)
{
    uint32_t state = 9;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        vectors[i] = (float)(state >> 8) * 0x1p-23f - 1;
    }
}

static void groups_do_not_depend_on_threads_or_instruction_set(void **state)
{
    static float vectors[ROWS_MOST * WIDE_MOST];
    static uint32_t labels[2][ROWS_MOST];
    static float centres[2][CLUSTERS_MOST * WIDE_MOST];
    static size_t members[2][ROWS_MOST], ends[2][ROWS_MOST];
    static const char *const sets[] = { "scalar", "avx2", "avx512", "neon", NULL };
    cloze_community_options alike = { 0.5, 3 };
    size_t found[2];
    (void)state;
    fill(vectors, ROWS_MOST * WIDE_MOST);
    for (size_t i = 0; i < 5; i++) {
        size_t which = i > 0;
        if (sets[i] && !cz_cpu_kernels(sets[i]))
            continue;
        open_options options = { .threads = 1 + (unsigned)i % 2, .isa = sets[i] };
        opened o;
        open_model(&o, folder(), &options);
        assert_int_equal(cloze_kmeans(o.session, vectors, ROWS_MOST, WIDE_MOST, 20, NULL,
                                      labels[which], centres[which], NULL, NULL),
                         CLOZE_OK);
        assert_int_equal(cloze_communities(o.session, vectors, ROWS_MOST, WIDE_MOST, &alike,
                                           members[which], ends[which], &found[which], NULL),
                         CLOZE_OK);
        assert_true(found[which] > 1);
        if (which) {
            assert_memory_equal(labels[0], labels[1], sizeof labels[0]);
            assert_memory_equal(centres[0], centres[1], 20 * WIDE_MOST * sizeof(float));
            assert_int_equal(found[0], found[1]);
            assert_memory_equal(ends[0], ends[1], found[0] * sizeof(size_t));
            assert_memory_equal(members[0], members[1], ends[0][found[0] - 1] * sizeof(size_t));
        }
        close_model(&o);
    }
}

static void equal_vectors_are_one_group_and_leave_the_others_empty(void **state)
{
    float vectors[12 * 3];
    uint32_t labels[12];
    cloze_kmeans_report report;
    opened o;
    (void)state;
    for (size_t i = 0; i < 36; i++)
        vectors[i] = (float)(i % 3) + 0.5f;
    open_model(&o, folder(), &(open_options){ .threads = 1 });
    assert_int_equal(cloze_kmeans(o.session, vectors, 12, 3, 4, NULL, labels, NULL, &report, NULL),
                     CLOZE_OK);
    assert_int_equal(report.clusters, 1);
    assert_true(report.inertia < 1e-9);
    assert_int_equal(cloze_kmeans(o.session, vectors, 12, 3, 12, NULL, labels, NULL, &report, NULL),
                     CLOZE_OK);
    close_model(&o);
}

static void what_cannot_be_grouped_is_refused(void **state)
{
    static float vectors[20 * 4];
    cloze_kmeans_options none = { 0 };
    cloze_community_options wrong = { 1.5, 2 };
    uint32_t labels[20];
    size_t members[20], ends[20], found = 7;
    cloze_error error = { 0 };
    opened o;
    (void)state;
    fill(vectors, 80);
    open_model(&o, folder(), &(open_options){ .threads = 1 });
    assert_int_equal(cloze_kmeans(o.session, vectors, 20, 4, 0, &none, labels, NULL, NULL, &error),
                     CLOZE_ERROR_ARGUMENT);
    assert_int_equal(cloze_kmeans(o.session, vectors, 20, 4, 21, &none, labels, NULL, NULL, &error),
                     CLOZE_ERROR_ARGUMENT);
    assert_int_equal(
        cloze_communities(o.session, vectors, 20, 4, &wrong, members, ends, &found, &error),
        CLOZE_ERROR_ARGUMENT);
    vectors[33] = INFINITY;
    assert_int_equal(cloze_kmeans(o.session, vectors, 20, 4, 2, &none, labels, NULL, NULL, &error),
                     CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "finite"));
    assert_int_equal(
        cloze_communities(o.session, vectors, 20, 4, NULL, members, ends, &found, &error),
        CLOZE_ERROR_ARGUMENT);
    assert_int_equal(found, 7);
    vectors[33] = 0;
    cloze_session_cancel(o.session);
    assert_int_equal(cloze_kmeans(o.session, vectors, 20, 4, 2, &none, labels, NULL, NULL, &error),
                     CLOZE_ERROR_CANCELLED);
    assert_int_equal(cloze_communities(o.session, NULL, 0, 4, NULL, members, ends, &found, &error),
                     CLOZE_OK);
    assert_int_equal(found, 0);
    close_model(&o);
}

/* Finite numbers whose squares are not, and first centres that are no numbers at all. */
static void numbers_that_no_distance_can_be_made_of_are_refused(void **state)
{
    static const float bad[] = { NAN, INFINITY, -INFINITY, 1e30f };
    float vectors[20 * 4], initial[2 * 4];
    uint32_t labels[20];
    cloze_kmeans_options options = { .initial = initial };
    opened o;
    (void)state;
    fill(vectors, 80);
    open_model(&o, folder(), &(open_options){ .threads = 1 });
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cloze_error error = { 0 };
        memcpy(initial, vectors, sizeof initial);
        for (size_t c = 0; c < 8; c++)
            initial[c] = bad[i];
        assert_int_equal(
            cloze_kmeans(o.session, vectors, 20, 4, 2, &options, labels, NULL, NULL, &error),
            CLOZE_ERROR_ARGUMENT);
        assert_non_null(strstr(error.message, "first centre"));
    }
    for (size_t i = 0; i < 80; i++)
        vectors[i] = i % 3 ? 1e30f : -2e30f;
    assert_int_equal(cloze_kmeans(o.session, vectors, 20, 4, 2, NULL, labels, NULL, NULL, NULL),
                     CLOZE_ERROR_ARGUMENT);
    for (size_t i = 0; i < 80; i++)
        vectors[i] = i % 3 ? 1e18f : -2e18f;
    assert_int_equal(cloze_kmeans(o.session, vectors, 20, 4, 2, NULL, labels, NULL, NULL, NULL),
                     CLOZE_OK);
    close_model(&o);
}

static cloze_status group_both_ways(cloze_session *session, const cloze_hooks *hooks)
{
    static float vectors[40 * 4];
    cloze_community_options alike = { 0.5, 3 };
    uint32_t labels[40];
    size_t members[40], ends[40], found;
    cloze_status status;
    (void)hooks;
    fill(vectors, 160);
    status = cloze_kmeans(session, vectors, 40, 4, 3, NULL, labels, NULL, NULL, NULL);
    return status ? status
                  : cloze_communities(session, vectors, 40, 4, &alike, members, ends, &found, NULL);
}

static void every_failed_allocation_is_an_error_and_leaks_nothing(void **state)
{
    (void)state;
    scarce_try_all(folder(), group_both_ways);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kmeans_equals_scikit_learn_from_the_same_centres),
        cmocka_unit_test(own_first_centres_lead_as_near_as_those_of_scikit_learn),
        cmocka_unit_test(communities_equal_those_of_sentence_transformers),
        cmocka_unit_test(groups_do_not_depend_on_threads_or_instruction_set),
        cmocka_unit_test(equal_vectors_are_one_group_and_leave_the_others_empty),
        cmocka_unit_test(what_cannot_be_grouped_is_refused),
        cmocka_unit_test(numbers_that_no_distance_can_be_made_of_are_refused),
        cmocka_unit_test(every_failed_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
