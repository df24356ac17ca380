/*
 * test_faults.c - the golden files are worth something only if a fault shows: each deliberate one
 * must move outputs and gradients beyond the bounds that test_golden.c holds, in double and in
 * float; one of the way back alone leaves the outputs whole and must move the gradients.
 */
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void double_the_scale(golden *g)
{
    for (size_t i = 0; i < g->network->config.layers; i++)
        g->network->layers[i].attention.scale *= 2;
}

static void forget_the_bias_of_values(golden *g)
{
    static const float zeros[64];
    static cz_tensor none = { .rows = 1, .type = CZ_F32 };
    none.data = (void *)(uintptr_t)zeros;
    none.columns = none.stride = g->network->config.hidden;
    g->network->layers[0].qkv.weight.bias[2] = &none;
}

static void use_the_wrong_epsilon(golden *g)
{
    for (size_t i = 0; i < g->network->config.layers; i++)
        g->network->layers[i].feed_norm.epsilon = 1e-3;
}

static void use_the_other_gelu(golden *g)
{
    for (size_t i = 0; i < g->network->config.layers; i++)
        g->network->layers[i].activation = CZ_GELU_TANH;
}

static void begin_positions_at_one(golden *g)
{
    for (size_t i = 0; i < g->batch.tokens; i++)
        g->positions[i]++;
}

static void forget_the_segments(golden *g)
{
    memset(g->types, 0, g->batch.tokens * sizeof *g->types);
}

static void see_only_what_came_before(golden *g)
{
    for (size_t i = 0; i < g->network->config.layers; i++)
        g->network->layers[i].attention.reach = CZ_REACH_CAUSAL;
}

static void swap_query_and_key_of_one_layer(golden *g)
{
    cz_weight *weight = &g->network->layers[1].qkv.weight;
    const cz_tensor *part = weight->part[0], *bias = weight->bias[0];
    weight->part[0] = weight->part[1], weight->bias[0] = weight->bias[1];
    weight->part[1] = part, weight->bias[1] = bias;
}

static void swap_the_first_two_ids(golden *g)
{
    for (size_t s = 0; s < g->batch.packing.count; s++)
        if (g->length[s] > 1) {
            uint32_t first = g->ids[g->begin[s]];
            g->ids[g->begin[s]] = g->ids[g->begin[s] + 1];
            g->ids[g->begin[s] + 1] = first;
        }
}

static void count_positions_over_padding(golden *g)
{
    for (size_t s = 0; s < g->batch.packing.count; s++)
        for (size_t i = 0; i < g->length[s]; i++)
            g->positions[g->begin[s] + i] = g->network->config.first_position + (uint32_t)i;
}

static void run_the_first_group_in_every_turn(golden *g)
{
    for (size_t i = 0; i < g->network->config.layers; i++)
        g->network->turns[i].layer = &g->network->layers[0];
}

static void forget_the_bias_of_the_projection(golden *g)
{
    static const float zeros[64];
    static cz_tensor none = { .rows = 1, .type = CZ_F32 };
    none.data = (void *)(uintptr_t)zeros;
    none.columns = none.stride = g->network->config.hidden;
    g->network->projection.weight.bias[0] = &none;
}

static void squash_the_classifier_with_relu(golden *g)
{
    g->network->head[CZ_HEAD_LABELS].activation = CZ_RELU;
}

static void take_the_other_activation_for_words(golden *g)
{
    g->network->head[CZ_HEAD_WORDS].activation = CZ_GELU_TANH;
}

static void forget_the_norm_of_words(golden *g)
{
    g->network->head[CZ_HEAD_WORDS].norm.gain = NULL;
}

static void forget_the_bias_of_words(golden *g)
{
    g->network->head[CZ_HEAD_WORDS].out.weight.bias[0] = NULL;
}

static void forget_the_bias_of_spans(golden *g)
{
    g->network->head[CZ_HEAD_SPANS].out.weight.bias[0] = NULL;
}

static void forget_the_bias_of_tags(golden *g)
{
    cz_head *head = &g->network->head[CZ_HEAD_TAGS];
    head->out.weight.bias[0] = NULL;
}

static void choose_without_the_dense(golden *g)
{
    g->network->head[CZ_HEAD_CHOICE].dense.weight.out = 0;
}

static void forget_the_bias_of_queries_alone(golden *g)
{
    g->network->layers[0].qkv.weight.bias[0] = NULL;
}

static void weave_key_and_value_the_other_way(golden *g)
{
    cz_weight *weight = &g->network->layers[0].qkv.weight;
    const cz_tensor *part = weight->part[1];
    weight->part[1] = weight->part[2];
    weight->part[2] = part;
}

static void look_up_the_distance_beside(golden *g)
{
    for (size_t i = 0; i < 2 * g->network->entry_span; i++)
        g->network->entry[i] = g->network->entry[i + 1];
}

static void look_up_the_distance_beside_too(golden *g)
{
    look_up_the_distance_beside(g);
}

static void let_queries_meet_nothing(golden *g)
{
    for (size_t i = 0; i < g->network->layer_count; i++)
        g->network->layers[i].meets_queries = false;
}

static void turn_local_layers_as_the_others(golden *g)
{
    for (size_t i = 0; i < g->network->layer_count; i++)
        g->network->layers[i].angles = &g->network->angles[0];
}

static void look_farther_in_local_layers(golden *g)
{
    for (size_t i = 0; i < g->network->layer_count; i++)
        g->network->layers[i].attention.window++;
}

static void forget_the_last_norm(golden *g)
{
    g->network->final_norm.gain = NULL;
}

static void norm_after_the_blocks(golden *g)
{
    for (size_t i = 0; i < g->network->layer_count; i++)
        g->network->layers[i].norm_first = false;
}

static void read_the_first_stream_as_it_is(golden *g)
{
    g->network->layers[0].attention_norm.gain = NULL;
}

static void norm_the_embeddings_too(golden *g)
{
    g->network->embedding_norm = g->network->layers[0].attention_norm;
}

static void take_the_table_for_words(golden *g)
{
    g->network->head[CZ_HEAD_WORDS].out.weight.part[0] = &g->network->embeddings.table[0]->value;
}

static void mix_without_the_norm_after(golden *g)
{
    g->network->layers[0].attention_norm.epsilon = 0.5;
}

static void look_one_key_farther(golden *g)
{
    for (size_t i = 0; i < g->network->config.layers; i++)
        g->network->layers[i].attention.window++;
}

static void turn_the_windows_of_layers_around(golden *g)
{
    size_t last = g->network->config.layers - 1, window = g->network->layers[0].attention.window;
    g->network->layers[0].attention.window = g->network->layers[last].attention.window;
    g->network->layers[last].attention.window = window;
}

static void forget_who_sees_everything(golden *g)
{
    g->batch.globals = NULL;
}

static void take_the_usual_projection_for_those_who_see_everything(golden *g)
{
    for (size_t i = 0; i < g->network->config.layers; i++)
        for (int part = 0; part < 2; part++)
            g->network->layers[i].global_kv.weight.part[part] =
                g->network->layers[i].qkv.weight.part[1 + part];
}

static void convolve_nothing(golden *g)
{
    g->network->layers[0].convolution.linear.weight.out = 0;
}

static void take_the_other_activation_for_a_convolution(golden *g)
{
    g->network->layers[0].convolution.activation = CZ_GELU_TANH;
}

static void forget_the_bias_of_a_convolution(golden *g)
{
    g->network->layers[0].convolution.linear.weight.bias[0] = NULL;
}

/* ---- faults of a device: the one that `sound` is, but for an operation ---- */

static const cz_backend *sound;
static cz_backend broken;

static cz_backend *break_device(golden *g)
{
    sound = g->backend;
    broken = *sound;
    g->run.backend = &broken;
    return &broken;
}

static cloze_status pool_last(const cz_place *place, const cz_pool_call *call)
{
    cz_pool_call wrong = *call;
    wrong.kind = CZ_POOL_LAST;
    return sound->pool(place, &wrong);
}

static void pool_the_last_token(golden *g)
{
    break_device(g)->pool = pool_last;
}

static cloze_status attention_with_swapped_d(const cz_place *place, const cz_attention_call *call)
{
    cz_attention_call wrong = *call;
    wrong.d_q = call->d_k, wrong.d_k = call->d_q;
    return sound->attention_backward(place, &wrong);
}

static void swap_the_gradients_of_query_and_key(golden *g)
{
    break_device(g)->attention_backward = attention_with_swapped_d;
}

/* Nobody else sees them. */
static cloze_status attention_without_globals(const cz_place *place, const cz_attention_call *call)
{
    cz_attention_call wrong = *call;
    wrong.globals = NULL;
    return sound->attention(place, &wrong);
}

static void hide_those_who_see_everything(golden *g)
{
    break_device(g)->attention = attention_without_globals;
}

static cloze_status attention_back_without_globals(const cz_place *place,
                                                   const cz_attention_call *call)
{
    cz_attention_call wrong = *call;
    wrong.globals = NULL;
    return sound->attention_backward(place, &wrong);
}

static void drop_the_gradients_through_globals(golden *g)
{
    break_device(g)->attention_backward = attention_back_without_globals;
}

static cloze_status linear_without_d_bias(const cz_place *place, const cz_linear_call *call)
{
    cz_linear_call wrong = *call;
    for (int i = 0; i < CZ_PARTS; i++)
        wrong.d_bias[i] = NULL;
    return sound->linear_backward(place, &wrong);
}

static void drop_the_gradients_of_biases(golden *g)
{
    break_device(g)->linear_backward = linear_without_d_bias;
}

static cloze_status linear_with_another_slope(const cz_place *place, const cz_linear_call *call)
{
    cz_linear_call wrong = *call;
    if (call->activation == CZ_GELU)
        wrong.activation = CZ_GELU_TANH;
    return sound->linear_backward(place, &wrong);
}

static void take_the_slope_of_the_other_gelu(golden *g)
{
    break_device(g)->linear_backward = linear_with_another_slope;
}

static cloze_status norm_without_d_branch(const cz_place *place, const cz_norm_call *call)
{
    cz_norm_call wrong = *call;
    wrong.d_branch = NULL;
    return sound->norm_backward(place, &wrong);
}

static void drop_the_gradients_of_branches(golden *g)
{
    break_device(g)->norm_backward = norm_without_d_branch;
}

static cloze_status norm_with_another_epsilon(const cz_place *place, const cz_norm_call *call)
{
    cz_norm_call wrong = *call;
    wrong.epsilon = 1e-3;
    return sound->norm_backward(place, &wrong);
}

static void go_back_with_the_wrong_epsilon(golden *g)
{
    break_device(g)->norm_backward = norm_with_another_epsilon;
}

static cloze_status embed_without_d_positions(const cz_place *place, const cz_embed_call *call)
{
    cz_embed_call wrong = *call;
    wrong.d_table[1] = NULL;
    return sound->embed_backward(place, &wrong);
}

static void drop_the_gradients_of_positions(golden *g)
{
    break_device(g)->embed_backward = embed_without_d_positions;
}

/* As if the batch were one text. */
static cloze_status neighbours_of_all(const cz_place *place, const cz_neighbours_call *call)
{
    cz_neighbours_call wrong = *call;
    size_t begin = 0, length = call->x->rows;
    cz_packing all = { 1, &begin, &length, length };
    wrong.packing = &all;
    return sound->neighbours(place, &wrong);
}

static void convolve_over_the_ends_of_texts(golden *g)
{
    break_device(g)->neighbours = neighbours_of_all;
}

static cloze_status neighbours_without_d_x(const cz_place *place, const cz_neighbours_call *call)
{
    (void)place, (void)call;
    return CLOZE_OK;
}

static void drop_the_gradients_through_a_convolution(golden *g)
{
    break_device(g)->neighbours_backward = neighbours_without_d_x;
}

/* The bounds of test_golden.c. */
static void shows(const char *model, void (*fault)(golden *), bool forward)
{
    const struct {
        golden_options options;
        double output, gradient;
    } holds[] = {
        { { .backend = &cz_backend_reference_f64 }, 1e-12, 1e-11 },
        { { .backend = &cz_backend_reference_f64, .recompute = true }, 1e-12, 1e-11 },
        { { .backend = &cz_backend_reference_f32 }, 1e-5, 2e-5 },
        { { .backend = &cz_backend_cpu }, 1e-5, 2e-5 },
    };
    for (size_t i = 0; i < sizeof holds / sizeof *holds; i++) {
        golden g;
        golden_open(&g, model, &holds[i].options);
        golden_run(&g);
        assert_true(g.worst_output <= holds[i].output);
        assert_true(g.worst_gradient <= holds[i].gradient);
        fault(&g);
        golden_run(&g);
        if ((g.worst_output > holds[i].output) != forward)
            fail_msg("the fault moves outputs by %.3g", g.worst_output);
        if (g.worst_gradient <= holds[i].gradient)
            fail_msg("the fault moves gradients by %.3g alone", g.worst_gradient);
        golden_close(&g);
    }
}

#define FAULT_TEST_OF(model, fault, forward)                                                       \
    static void fault##_is_caught(void **state)                                                    \
    {                                                                                              \
        (void)state;                                                                               \
        shows(model, fault, forward);                                                              \
    }
#define FAULT_TEST(fault, forward) FAULT_TEST_OF("base", fault, forward)
FAULT_TEST(double_the_scale, true)
FAULT_TEST(forget_the_bias_of_values, true)
FAULT_TEST(use_the_wrong_epsilon, true)
FAULT_TEST(use_the_other_gelu, true)
FAULT_TEST(begin_positions_at_one, true)
FAULT_TEST(forget_the_segments, true)
FAULT_TEST(see_only_what_came_before, true)
FAULT_TEST(swap_query_and_key_of_one_layer, true)
FAULT_TEST(swap_the_first_two_ids, true)
FAULT_TEST(pool_the_last_token, true)
FAULT_TEST(swap_the_gradients_of_query_and_key, false)
FAULT_TEST(drop_the_gradients_of_biases, false)
FAULT_TEST(take_the_slope_of_the_other_gelu, false)
FAULT_TEST(drop_the_gradients_of_branches, false)
FAULT_TEST(go_back_with_the_wrong_epsilon, false)
FAULT_TEST(drop_the_gradients_of_positions, false)
FAULT_TEST_OF("roberta", count_positions_over_padding, true)
FAULT_TEST_OF("albert_groups", run_the_first_group_in_every_turn, true)
FAULT_TEST_OF("electra", forget_the_bias_of_the_projection, true)
FAULT_TEST_OF("roberta", squash_the_classifier_with_relu, true)
FAULT_TEST_OF("head_bert_words", take_the_other_activation_for_words, true)
FAULT_TEST_OF("head_roberta_words", forget_the_norm_of_words, true)
FAULT_TEST_OF("head_albert_words", forget_the_bias_of_words, true)
FAULT_TEST_OF("head_distilbert_spans", forget_the_bias_of_spans, true)
FAULT_TEST_OF("head_mpnet_tags", forget_the_bias_of_tags, true)
FAULT_TEST_OF("head_electra_choice", choose_without_the_dense, true)
FAULT_TEST_OF("deberta", forget_the_bias_of_queries_alone, true)
FAULT_TEST_OF("deberta_far", weave_key_and_value_the_other_way, true)
FAULT_TEST_OF("deberta_v3", look_up_the_distance_beside, true)
FAULT_TEST_OF("mpnet_buckets", look_up_the_distance_beside_too, true)
FAULT_TEST_OF("deberta_v2_plain", let_queries_meet_nothing, true)
FAULT_TEST_OF("deberta_convolved", convolve_nothing, true)
FAULT_TEST_OF("deberta_convolved", take_the_other_activation_for_a_convolution, true)
FAULT_TEST_OF("deberta_convolved_wide", forget_the_bias_of_a_convolution, true)
FAULT_TEST_OF("deberta_convolved_wide", convolve_over_the_ends_of_texts, true)
FAULT_TEST_OF("deberta_convolved_plain", drop_the_gradients_through_a_convolution, false)
FAULT_TEST_OF("modernbert", turn_local_layers_as_the_others, true)
FAULT_TEST_OF("modernbert_biased", look_farther_in_local_layers, true)
FAULT_TEST_OF("modernbert", forget_the_last_norm, true)
FAULT_TEST_OF("fnet", mix_without_the_norm_after, true)
FAULT_TEST_OF("roberta_prelayernorm", norm_after_the_blocks, true)
FAULT_TEST_OF("megatron_bert", read_the_first_stream_as_it_is, true)
FAULT_TEST_OF("xlm_roberta_xl", norm_the_embeddings_too, true)
FAULT_TEST_OF("head_rembert_said_tied", take_the_table_for_words, true)
FAULT_TEST_OF("longformer_none", look_one_key_farther, true)
FAULT_TEST_OF("longformer", turn_the_windows_of_layers_around, true)
FAULT_TEST_OF("longformer", forget_who_sees_everything, true)
FAULT_TEST_OF("longformer_many", take_the_usual_projection_for_those_who_see_everything, true)
FAULT_TEST_OF("longformer_many", hide_those_who_see_everything, true)
FAULT_TEST_OF("longformer_many", drop_the_gradients_through_globals, false)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(double_the_scale_is_caught),
        cmocka_unit_test(forget_the_bias_of_values_is_caught),
        cmocka_unit_test(use_the_wrong_epsilon_is_caught),
        cmocka_unit_test(use_the_other_gelu_is_caught),
        cmocka_unit_test(begin_positions_at_one_is_caught),
        cmocka_unit_test(forget_the_segments_is_caught),
        cmocka_unit_test(see_only_what_came_before_is_caught),
        cmocka_unit_test(swap_query_and_key_of_one_layer_is_caught),
        cmocka_unit_test(swap_the_first_two_ids_is_caught),
        cmocka_unit_test(pool_the_last_token_is_caught),
        cmocka_unit_test(swap_the_gradients_of_query_and_key_is_caught),
        cmocka_unit_test(drop_the_gradients_of_biases_is_caught),
        cmocka_unit_test(take_the_slope_of_the_other_gelu_is_caught),
        cmocka_unit_test(drop_the_gradients_of_branches_is_caught),
        cmocka_unit_test(go_back_with_the_wrong_epsilon_is_caught),
        cmocka_unit_test(drop_the_gradients_of_positions_is_caught),
        cmocka_unit_test(count_positions_over_padding_is_caught),
        cmocka_unit_test(run_the_first_group_in_every_turn_is_caught),
        cmocka_unit_test(forget_the_bias_of_the_projection_is_caught),
        cmocka_unit_test(squash_the_classifier_with_relu_is_caught),
        cmocka_unit_test(look_one_key_farther_is_caught),
        cmocka_unit_test(turn_the_windows_of_layers_around_is_caught),
        cmocka_unit_test(forget_who_sees_everything_is_caught),
        cmocka_unit_test(take_the_usual_projection_for_those_who_see_everything_is_caught),
        cmocka_unit_test(hide_those_who_see_everything_is_caught),
        cmocka_unit_test(drop_the_gradients_through_globals_is_caught),
        cmocka_unit_test(take_the_other_activation_for_words_is_caught),
        cmocka_unit_test(forget_the_norm_of_words_is_caught),
        cmocka_unit_test(forget_the_bias_of_words_is_caught),
        cmocka_unit_test(forget_the_bias_of_spans_is_caught),
        cmocka_unit_test(forget_the_bias_of_tags_is_caught),
        cmocka_unit_test(choose_without_the_dense_is_caught),
        cmocka_unit_test(forget_the_bias_of_queries_alone_is_caught),
        cmocka_unit_test(weave_key_and_value_the_other_way_is_caught),
        cmocka_unit_test(look_up_the_distance_beside_is_caught),
        cmocka_unit_test(look_up_the_distance_beside_too_is_caught),
        cmocka_unit_test(let_queries_meet_nothing_is_caught),
        cmocka_unit_test(convolve_nothing_is_caught),
        cmocka_unit_test(take_the_other_activation_for_a_convolution_is_caught),
        cmocka_unit_test(forget_the_bias_of_a_convolution_is_caught),
        cmocka_unit_test(convolve_over_the_ends_of_texts_is_caught),
        cmocka_unit_test(drop_the_gradients_through_a_convolution_is_caught),
        cmocka_unit_test(turn_local_layers_as_the_others_is_caught),
        cmocka_unit_test(look_farther_in_local_layers_is_caught),
        cmocka_unit_test(forget_the_last_norm_is_caught),
        cmocka_unit_test(mix_without_the_norm_after_is_caught),
        cmocka_unit_test(norm_after_the_blocks_is_caught),
        cmocka_unit_test(read_the_first_stream_as_it_is_is_caught),
        cmocka_unit_test(norm_the_embeddings_too_is_caught),
        cmocka_unit_test(take_the_table_for_words_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
