/*
 * test_firsts.c - a last layer that is made of first rows alone: the bits of the logits and of all
 * gradients are those of the whole layer, in every family, with dropout, kept and recomputed.
 */
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const models[] = { "base",
                                      "albert",
                                      "albert_groups_inner",
                                      "deberta_convolved",
                                      "deberta_v3",
                                      "distilbert",
                                      "electra",
                                      "fnet",
                                      "longformer",
                                      "modernbert",
                                      "mpnet",
                                      "odd",
                                      "relative_key_query",
                                      "rembert",
                                      "roberta",
                                      "roberta_prelayernorm",
                                      "head_bert_choice",
                                      "head_modernbert_choice" };

/* What a run made: the logits, then the gradients of all parameters. */
typedef struct made {
    char *bytes;
    size_t size;
} made;

static void append(made *to, const cz_tensor *x)
{
    size_t size = x->rows * x->columns * cz_type_size(x->type);
    assert_int_equal(x->stride, x->columns);
    to->bytes = realloc(to->bytes, to->size + size);
    memcpy(to->bytes + to->size, x->data, size);
    to->size += size;
}

static made run_once(golden *g, cz_head_kind head, bool narrow)
{
    size_t begin[64], length[64];
    cz_run *run = &g->run;
    made all = { NULL, 0 };
    cz_batch batch = g->batch, firsts = g->batch;
    assert_true(batch.packing.count <= 64);
    if (narrow) {
        firsts = cz_first_rows(&batch, begin, length);
        batch.firsts = &firsts;
    }
    cz_run_reset(run);
    for (size_t i = 0; i < g->network->parameter_count; i++)
        memset(g->gradients[i].data, 0,
               g->gradients[i].rows * g->gradients[i].columns * cz_type_size(g->backend->type));
    cz_tensor *x = cz_encode(run, g->network, &batch, g->network->config.layers);
    assert_int_equal(x->rows, narrow ? batch.packing.count : batch.tokens);
    x = cz_logits(run, g->network, head, narrow ? &firsts : &batch, x);
    if (cz_run_failed(run))
        fail_msg("%s", run->error.message);
    append(&all, x);
    if (!run->record)
        return all;
    cz_tensor *gradient = cz_run_gradient(run, x);
    for (size_t i = 0; i < x->rows * x->columns; i++) {
        double value = 1 / (1 + (double)i);
        if (x->type == CZ_F64)
            ((double *)gradient->data)[i] = value;
        else
            cz_f32(gradient)[i] = (float)value;
    }
    cz_run_walk_back(run);
    if (cz_run_failed(run))
        fail_msg("%s", run->error.message);
    for (size_t i = 0; i < g->network->parameter_count; i++)
        append(&all, &g->gradients[i]);
    return all;
}

/* How many heads read first rows. */
static size_t compare(const char *name, const golden_options *options, bool record)
{
    golden g;
    size_t compared = 0;
    golden_open(&g, name, options);
    g.run.record = g.run.parameter_gradients = record;
    for (int head = 0; head < CZ_HEADS; head++) {
        if (!cz_head_columns(g.network, (cz_head_kind)head) ||
            !cz_head_reads_firsts(g.network, (cz_head_kind)head))
            continue;
        made whole = run_once(&g, (cz_head_kind)head, false);
        made narrow = run_once(&g, (cz_head_kind)head, true);
        assert_int_equal(whole.size, narrow.size);
        if (memcmp(whole.bytes, narrow.bytes, whole.size))
            fail_msg("%s: head %d differs", name, head);
        free(whole.bytes);
        free(narrow.bytes);
        compared++;
    }
    golden_close(&g);
    return compared;
}

static void test_predicting(void **state)
{
    size_t compared = 0;
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        compared += compare(models[i],
                            &(golden_options){ .backend = &cz_backend_cpu, .threads = 2 }, false);
    assert_true(compared >= sizeof models / sizeof *models);
}

static void test_learning(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        for (int way = 0; way < 4; way++) {
            golden_options options = { .backend =
                                           way == 3 ? &cz_backend_reference_f64 : &cz_backend_cpu,
                                       .threads = 2,
                                       .dropout = way > 0,
                                       .recompute = way == 2 };
            compare(models[i], &options, true);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predicting),
        cmocka_unit_test(test_learning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
