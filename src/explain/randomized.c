/*
 * randomized.c - the sanity check of Adebayo et al. 2018: a model whose last parts, from the head down, are
 * random. It is two models of the same shape, and a network of parts of both.
 */
#include "explain/faithful.h"

#include "base/error.h"

#include <string.h>

struct cz_randomized {
    const cloze_model *model;
    cloze_model *random; /* all weights made anew */
    cloze_model mixed;   /* the model, but for the network */
    cz_network network;  /* parts of both; nothing of it is ours but the next two */
    cz_layer *layers;    /* [turns] */
    cz_turn *turns;
};

static size_t turns_of(const cloze_model *model)
{
    return model->network->config.layers * model->network->config.inner;
}

static cloze_status open_random(cz_randomized *r, const cz_aim *aim, uint64_t seed,
                                cloze_error *error)
{
    bool similarity = aim->task == CLOZE_EXPLAIN_SIMILARITY;
    const cloze_model_options options = { .engine = r->model->engine };
    const cz_learning learning = { .weights = r->model->path,
                                   .anew = { .heads = similarity ? 0 : 1u << aim->head,
                                             .columns = aim->columns,
                                             .all = true,
                                             .seed = seed } };
    return cz_model_open_to_learn(&r->random, r->model->path, &learning, &options, error);
}

cloze_status cz_randomized_new(cz_randomized **out, const cloze_model *model, const cz_aim *aim,
                               uint64_t seed, cloze_error *error)
{
    const cloze_allocator *allocator = &model->hooks.allocator;
    cz_randomized *r = cz_allocate_zero(allocator, 1, sizeof *r);
    if (!r)
        return cz_fail_memory(error, "a randomized model", sizeof *r);
    r->model = model;
    r->layers = cz_allocate(allocator, turns_of(model), sizeof *r->layers);
    r->turns = cz_allocate(allocator, turns_of(model), sizeof *r->turns);
    cloze_status status = r->layers && r->turns
                              ? open_random(r, aim, seed, error)
                              : cz_fail_memory(error, "layers", turns_of(model) * sizeof(cz_layer));
    if (status) {
        cz_error_prefix(error, "a copy with random weights");
        cz_randomized_free(r);
        return status;
    }
    *out = r;
    return CLOZE_OK;
}

void cz_randomized_free(cz_randomized *r)
{
    if (!r)
        return;
    const cloze_allocator *allocator = &r->model->hooks.allocator;
    cloze_model_free(r->random);
    cz_release(allocator, r->layers);
    cz_release(allocator, r->turns);
    cz_release(allocator, r);
}

static void take_head(cz_network *to, const cz_network *from)
{
    memcpy(to->head, from->head, sizeof to->head);
    to->pooler = from->pooler;
    to->final_norm = from->final_norm;
}

/* Rows of distances lie beside the embeddings; layers then project them in the run. */
static void take_embeddings(cz_network *to, const cz_network *from)
{
    to->embeddings = from->embeddings;
    to->embedding_norm = from->embedding_norm;
    to->projection = from->projection;
    to->distances = from->distances;
    to->distance_norm = from->distance_norm;
    memcpy(to->table_kind, from->table_kind, sizeof to->table_kind);
}

const cloze_model *cz_randomized_model(cz_randomized *r, size_t depth)
{
    size_t turns = turns_of(r->model), layers = r->model->network->config.layers;
    size_t random = depth - 1 < layers ? depth - 1 : layers;
    size_t kept = (layers - random) * r->model->network->config.inner;
    r->network = *r->model->network;
    for (size_t t = 0; t < turns; t++) {
        const cloze_model *from = t < kept ? r->model : r->random;
        r->turns[t] = from->network->turns[t];
        r->layers[t] = *r->turns[t].layer;
        r->turns[t].layer = &r->layers[t];
    }
    r->network.layers = r->layers;
    r->network.layer_count = turns;
    r->network.turns = r->turns;
    take_head(&r->network, r->random->network);
    if (depth > layers + 1)
        take_embeddings(&r->network, r->random->network);
    r->mixed = *r->model;
    r->mixed.network = &r->network;
    return &r->mixed;
}

cloze_status cz_explainer_again(cloze_explainer **out, const cloze_explainer *explainer,
                                const cloze_model *model, cloze_error *error)
{
    cloze_explain_options options = explainer->options;
    cloze_explained facts = cloze_explainer_facts(explainer);
    options.target = facts.target;
    options.against = facts.against;
    options.place = facts.place;
    options.has_place = facts.place.end > facts.place.begin;
    return cloze_explainer_new(out, model, (cloze_text){ explainer->text[0], explainer->size[0] },
                               (cloze_text){ explainer->text[1], explainer->size[1] }, &options,
                               error);
}
