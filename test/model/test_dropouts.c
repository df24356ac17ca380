/* test_dropouts.c - where each family drops numbers when it learns, and whose setting that is; from the
 * modules of transformers. The golden configurations name a number for each. */
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
    const char *model;
    float embeddings, probabilities, attention, feed, gate; /* what is added, but for the second */
    cz_head_kind kind;
    float before, head;
} places[] = {
    { "rembert", 0.25f, 0.125f, 0.25f, 0.25f, 0, CZ_HEAD_LABELS, 0, 0.375f },
    { "megatron_bert", 0.25f, 0.125f, 0.25f, 0.25f, 0, CZ_HEAD_LABELS, 0, 0.25f },
    { "roberta_prelayernorm", 0.25f, 0.125f, 0.25f, 0.25f, 0, CZ_HEAD_LABELS, 0.375f, 0.375f },
    { "xlm_roberta_xl", 0.25f, 0.125f, 0.25f, 0, 0, CZ_HEAD_LABELS, 0.375f, 0.375f },
    { "modernbert_biased", 0.25f, 0.125f, 0.125f, 0, 0.0625f, CZ_HEAD_LABELS, 0, 0.375f },
};

static void same(const char *model, const char *place, float found, float expected)
{
    if (found != expected)
        fail_msg("%s drops %g of its %s, not %g", model, (double)found, place, (double)expected);
}

static void each_family_drops_where_transformers_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        golden g;
        golden_open(&g, places[i].model, &(golden_options){ .backend = &cz_backend_reference_f64 });
        const cz_network *network = g.network;
        const cz_head *head = &network->head[places[i].kind];
        same(places[i].model, "embeddings", network->embedding_dropout.p, places[i].embeddings);
        for (size_t l = 0; l < network->layer_count; l++) {
            const cz_layer *layer = &network->layers[l];
            same(places[i].model, "probabilities", layer->attention.dropout.p,
                 places[i].probabilities);
            same(places[i].model, "attention", layer->attention_dropout.p, places[i].attention);
            same(places[i].model, "feed-forward", layer->feed_dropout.p, places[i].feed);
            same(places[i].model, "gate", layer->gate_dropout.p, places[i].gate);
        }
        same(places[i].model, "head's dense", head->before.p, places[i].before);
        same(places[i].model, "head", head->dropout.p, places[i].head);
        golden_close(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_family_drops_where_transformers_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
