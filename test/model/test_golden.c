/* test_golden.c - the whole model against transformers in float64: outputs and gradients. */
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const models[] = {
    "base",
    "odd",
    "heads12",
    "types1",
    "types4",
    "epsilon",
    "labels3",
    "regression",
    "gelu_new",
    "relu",
    "silu",
    "swish",
    "tanh",
    "sigmoid",
    "gelu_fast",
    "gelu_pytorch_tanh",
    "quick_gelu",
    "f16",
    "bf16",
    "old_names",
    "sharded",
    "roberta",
    "roberta_odd",
    "xlm_roberta",
    "camembert",
    "electra",
    "electra_same",
    "distilbert",
    "distilbert_sinusoidal",
    "albert",
    "albert_groups",
    "albert_inner",
    "albert_groups_inner",
    "relative_key",
    "relative_key_query",
    "fnet",
    "fnet_odd",
    "longformer",
    "longformer_many",
    "longformer_none",
    "mpnet",
    "mpnet_buckets",
    "deberta",
    "deberta_far",
    "deberta_old_c2p",
    "deberta_old_p2c",
    "deberta_old_plain",
    "deberta_v3",
    "deberta_v2_plain",
    "deberta_c2p",
    "deberta_p2c",
    "deberta_p2c_plain",
    "deberta_c2p_buckets",
    "deberta_absolute",
    "deberta_convolved",
    "deberta_convolved_wide",
    "deberta_convolved_plain",
    "modernbert",
    "modernbert_biased",
    "modernbert_renamed",
    "rembert",
    "megatron_bert",
    "megatron_bert_relative",
    "roberta_prelayernorm",
    "roberta_prelayernorm_relative",
    "xlm_roberta_xl",
    "xlm_roberta_xl_relative",
    "head_albert_choice",
    "head_albert_pretraining",
    "head_albert_spans",
    "head_albert_tags",
    "head_albert_words",
    "head_bert_choice",
    "head_bert_pretraining",
    "head_bert_spans",
    "head_bert_tags",
    "head_bert_untied",
    "head_bert_words",
    "head_camembert_words",
    "head_deberta_spans",
    "head_deberta_tags",
    "head_deberta_words",
    "head_deberta_v2_choice",
    "head_deberta_v2_spans",
    "head_deberta_v2_tags",
    "head_deberta_v2_words",
    "head_distilbert_choice",
    "head_distilbert_spans",
    "head_distilbert_tags",
    "head_distilbert_words",
    "head_electra_choice",
    "head_electra_spans",
    "head_electra_tags",
    "head_electra_words",
    "head_fnet_choice",
    "head_fnet_pretraining",
    "head_fnet_spans",
    "head_fnet_tags",
    "head_fnet_words",
    "head_megatron_bert_choice",
    "head_megatron_bert_pretraining",
    "head_megatron_bert_spans",
    "head_megatron_bert_tags",
    "head_megatron_bert_words",
    "head_modernbert_choice",
    "head_modernbert_spans",
    "head_modernbert_tags",
    "head_modernbert_untied",
    "head_modernbert_words",
    "head_mpnet_choice",
    "head_mpnet_spans",
    "head_mpnet_tags",
    "head_mpnet_words",
    "head_rembert_choice",
    "head_rembert_said_tied",
    "head_rembert_spans",
    "head_rembert_tags",
    "head_rembert_words",
    "head_roberta_choice",
    "head_roberta_spans",
    "head_roberta_tags",
    "head_roberta_words",
    "head_roberta_prelayernorm_choice",
    "head_roberta_prelayernorm_spans",
    "head_roberta_prelayernorm_tags",
    "head_roberta_prelayernorm_words",
    "head_xlm_roberta_tags",
    "head_xlm_roberta_xl_choice",
    "head_xlm_roberta_xl_spans",
    "head_xlm_roberta_xl_tags",
    "head_xlm_roberta_xl_words",
    "head_longformer_choice",
    "head_longformer_tags",
    "head_longformer_spans",
    "head_longformer_words",
};

enum { MODELS = sizeof models / sizeof *models };

static void hold(const golden_options *options, double output, double gradient)
{
    for (size_t i = 0; i < MODELS; i++) {
        golden g;
        golden_open(&g, models[i], options);
        golden_run(&g);
        if (!(g.worst_output <= output) || !(g.worst_gradient <= gradient))
            fail_msg("%s: output %.3g (at most %.3g), gradient %.3g (at most %.3g), worst at %s",
                     models[i], g.worst_output, output, g.worst_gradient, gradient, g.worst_name);
        golden_close(&g);
    }
}

static void the_reference_in_double_equals_transformers(void **state)
{
    (void)state;
    hold(&(golden_options){ .backend = &cz_backend_reference_f64 }, 1e-12, 1e-11);
}

static void recomputing_stages_gives_the_same_gradients(void **state)
{
    (void)state;
    hold(&(golden_options){ .backend = &cz_backend_reference_f64, .recompute = true }, 1e-12,
         1e-11);
}

static void the_reference_in_float_is_within_the_bounds(void **state)
{
    (void)state;
    hold(&(golden_options){ .backend = &cz_backend_reference_f32 }, 1e-5, 2e-5);
}

static void the_cpu_is_within_the_bounds(void **state)
{
    static const char *const sets[] = { "scalar", "avx2", "avx512", "neon" };
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        if (!cz_cpu_kernels(sets[i])) {
            printf("skipped: %s is not on this machine\n", sets[i]);
            continue;
        }
        hold(&(golden_options){ .backend = &cz_backend_cpu, .isa = sets[i], .pack = true }, 1e-5,
             2e-5);
        hold(
            &(golden_options){
                .backend = &cz_backend_cpu, .isa = sets[i], .threads = 2, .recompute = true },
            1e-5, 2e-5);
    }
}

/* Every gradient's bits, one after the other. */
static uint64_t hash_of_gradients(const char *model, const golden_options *options)
{
    uint64_t hash = 14695981039346656037u;
    golden g;
    golden_open(&g, model, options);
    golden_run(&g);
    for (size_t i = 0; i < g.network->parameter_count; i++) {
        const unsigned char *bytes = g.gradients[i].data;
        for (size_t b = 0; b < g.gradients[i].rows * g.gradients[i].columns * 4; b++)
            hash = (hash ^ bytes[b]) * 1099511628211u;
    }
    golden_close(&g);
    return hash;
}

static void gradients_have_the_same_bits_kept_or_recomputed_on_any_threads(void **state)
{
    static const char *const names[] = { "odd", "deberta_convolved" };
    (void)state;
    for (int i = 0; i < 4; i++) {
        const char *model = names[i / 2];
        golden_options options = { .backend = &cz_backend_cpu, .dropout = i % 2 };
        uint64_t expected = hash_of_gradients(model, &options);
        for (unsigned threads = 1; threads <= 8; threads += threads == 3 ? 5 : 1)
            for (int recompute = 0; recompute < 2; recompute++) {
                options.threads = threads;
                options.recompute = recompute;
                assert_int_equal(hash_of_gradients(model, &options), expected);
            }
    }
}

/* Rows of distances are projected when a model is opened; a run that learns projects them itself. */
static void what_is_made_once_is_what_a_learning_run_makes(void **state)
{
    static const char *const apart[] = { "deberta_v3", "deberta_v2_plain", "deberta_c2p",
                                         "deberta_p2c", "deberta_convolved" };
    (void)state;
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++) {
        golden g;
        golden_open(&g, apart[i], &(golden_options){ .backend = &cz_backend_cpu, .pack = true });
        assert_non_null(g.network->layers[0].projected.data);
        golden_run(&g);
        double learning = g.worst_output;
        g.run.record = g.run.parameter_gradients = false;
        golden_run(&g);
        assert_true(g.worst_output == learning && learning > 0 && learning <= 1e-5);
        golden_close(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_made_once_is_what_a_learning_run_makes),
        cmocka_unit_test(the_reference_in_double_equals_transformers),
        cmocka_unit_test(recomputing_stages_gives_the_same_gradients),
        cmocka_unit_test(the_reference_in_float_is_within_the_bounds),
        cmocka_unit_test(the_cpu_is_within_the_bounds),
        cmocka_unit_test(gradients_have_the_same_bits_kept_or_recomputed_on_any_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
