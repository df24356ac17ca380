/*
 * test_masked.c - heads of attention masked and weighed as transformers' head_mask does it: states, and the
 * gradients of the factors, which tell how much each head matters.
 */
#include "golden.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LAYERS_MOST = 8, HEADS_MOST = 16 };

typedef struct masked {
    golden g;
    cz_weights *file;
    const char *name;
    size_t layers, heads;
    double numbers[LAYERS_MOST * HEADS_MOST]; /* of the run's type */
    cz_tensor *factors[LAYERS_MOST];
} masked;

static const cz_stored_tensor *told(const masked *m, const char *what)
{
    const cz_stored_tensor *stored = cz_weights_find(m->file, what);
    if (!stored)
        fail_msg("%s: there is no %s", m->name, what);
    return stored;
}

static double number_of(const cz_stored_tensor *stored, size_t i)
{
    return ((const double *)stored->data)[i];
}

static void open_masked(masked *m, const char *name, const golden_options *options)
{
    const char *data = getenv("CLOZE_TEST_DATA");
    char path[600];
    cloze_error error;
    *m = (masked){ .name = name };
    golden_open(&m->g, name, options);
    snprintf(path, sizeof path, "%s/golden/masked/%s.safetensors", data ? data : "test", name);
    if (cz_weights_open_file(&m->file, path, NULL, &error))
        fail_msg("%s", error.message);
    m->layers = told(m, "factors")->shape[0];
    m->heads = told(m, "factors")->shape[1];
    assert_int_equal(m->layers, m->g.network->config.layers);
    assert_true(m->layers <= LAYERS_MOST && m->heads <= HEADS_MOST);
}

/* transformers gives all layers of a group of ALBERT's the factors of its first layer. */
static size_t row_of(const masked *m, size_t layer)
{
    return strcmp(m->name, "albert") ? layer : 0;
}

static void lay_factors(masked *m)
{
    const cz_stored_tensor *stored = told(m, "factors");
    bool exact = m->g.backend->type == CZ_F64;
    for (size_t layer = 0; layer < m->layers; layer++) {
        size_t row = row_of(m, layer);
        double *own = m->numbers + row * HEADS_MOST;
        for (size_t h = 0; h < m->heads; h++) {
            double factor = number_of(stored, row * m->heads + h);
            if (exact)
                own[h] = factor;
            else
                ((float *)own)[h] = (float)factor;
        }
        m->factors[layer] =
            row == layer ? cz_run_input(&m->g.run, own, 1, m->heads, true) : m->factors[row];
    }
    m->g.run.head_factors = m->factors;
}

static void check_states(const masked *m, const cz_tensor *x, double bound)
{
    const cz_stored_tensor *stored = told(m, "states");
    double largest = 0;
    assert_int_equal(stored->size, x->rows * x->columns * sizeof(double));
    for (size_t i = 0; i < x->rows * x->columns; i++)
        largest = fmax(largest, fabs(number_of(stored, i)));
    for (size_t i = 0; i < x->rows * x->columns; i++) {
        double found = cz_tensor_at(x, i / x->columns, i % x->columns);
        if (!(fabs(found - number_of(stored, i)) <= bound * largest))
            fail_msg("%s on %s: state %zu is %g instead of %g", m->name, m->g.backend->name, i,
                     found, number_of(stored, i));
    }
}

static void check_gradients(const masked *m, double bound)
{
    const cz_stored_tensor *stored = told(m, "gradient");
    double largest = 0;
    for (size_t i = 0; i < m->layers * m->heads; i++)
        largest = fmax(largest, fabs(number_of(stored, i)));
    assert_true(largest > 0);
    for (size_t layer = 0; layer < m->layers; layer++)
        for (size_t h = 0; h < m->heads && row_of(m, layer) == layer; h++) {
            double wanted = number_of(stored, layer * m->heads + h);
            assert_non_null(m->factors[layer]->gradient);
            double found = cz_tensor_at(m->factors[layer]->gradient, 0, h);
            if (!(fabs(found - wanted) <= bound * largest))
                fail_msg("%s on %s: head %zu of layer %zu has the gradient %g instead of %g",
                         m->name, m->g.backend->name, h, layer, found, wanted);
        }
}

static void check(const char *name, const golden_options *options, double bound)
{
    masked m;
    open_masked(&m, name, options);
    cz_run *run = &m.g.run;
    cz_run_reset(run);
    lay_factors(&m);
    cz_tensor *x = cz_encode(run, m.g.network, &m.g.batch, m.layers);
    cz_tensor *d = cz_run_gradient(run, x);
    assert_non_null(d);
    for (size_t i = 0; i < d->rows * d->columns; i++) {
        if (d->type == CZ_F64)
            ((double *)d->data)[i] = cos((double)i);
        else
            cz_f32(d)[i] = (float)cos((double)i);
    }
    check_states(&m, x, bound);
    cz_run_walk_back(run);
    if (run->error.status)
        fail_msg("%s: %s", name, run->error.message);
    check_gradients(&m, bound);
    cz_weights_close(m.file);
    golden_close(&m.g);
}

static void heads_are_masked_as_in_transformers(void **state)
{
    static const char *const names[] = { "base",    "roberta", "distilbert", "albert",
                                         "electra", "mpnet",   "longformer" };
    const golden_options exact = { .backend = &cz_backend_reference_f64 };
    const golden_options again = { .backend = &cz_backend_reference_f64, .recompute = true };
    const golden_options fast = { .backend = &cz_backend_cpu, .threads = 2 };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        check(names[i], &exact, 1e-12);
        check(names[i], &again, 1e-12);
        check(names[i], &fast, 2e-5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_masked_as_in_transformers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
