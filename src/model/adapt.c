/*
 * adapt.c - adapters beside the linear maps that were asked for, by the names that peft gives modules.
 * They are made, never read: an adapter that a file has is merged into the weights when they are opened.
 */
#include "model/bind.h"
#include "model/family.h"

#include "base/error.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { A_LAYER = 16, OUTSIDE = CZ_HEADS + 2, SITE_SHIFT = 16, SITES_BEGIN = 1 << 23 };

static const char all_linear[] = "all-linear";

size_t cz_adapters_most(const cz_network *network, const cz_anew *anew)
{
    return anew && anew->adapters.rank ? network->layer_count * A_LAYER + OUTSIDE : 0;
}

/* ---- which maps ---- */

static const char *last_part(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

/* What a map is called: the name of its weight without its ending. */
static size_t module_of(const cz_parameter *part, char out[CZ_NAME_SIZE])
{
    size_t length = strlen(part->name), ending = sizeof ".weight" - 1;
    snprintf(out, CZ_NAME_SIZE, "%s", part->name);
    if (length > ending && !strcmp(out + length - ending, ".weight"))
        out[length -= ending] = '\0';
    return length;
}

static bool is_called(const char *module, size_t length, const char *target)
{
    size_t size = strlen(target);
    return size && length >= size && !strcmp(module + length - size, target) &&
           (length == size || module[length - size - 1] == '.');
}

static bool is_usual(const cz_binder *b, const char *module)
{
    const cz_family *family = b->network->config.family;
    const char *const names[] = { family->weight.query, family->weight.value, family->weight.fused,
                                  family->weight.woven };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i] && !strcmp(last_part(names[i]), last_part(module)))
            return true;
    return false;
}

static bool is_target(const cz_binder *b, const cz_parameter *part)
{
    const cz_low_rank *how = &b->anew->adapters;
    char module[CZ_NAME_SIZE];
    size_t length = module_of(part, module);
    if (!how->target_count)
        return is_usual(b, module);
    for (size_t i = 0; i < how->target_count; i++)
        if (!strcmp(how->targets[i], all_linear) || is_called(module, length, how->targets[i]))
            return true;
    return false;
}

/* ---- making one ---- */

static const cz_adapter *find(const cz_network *network, const cz_parameter *part)
{
    for (size_t i = 0; i < network->adapter_count; i++)
        if (network->adapters[i].beside == part)
            return &network->adapters[i];
    return NULL;
}

static cz_linear_weights make_half(cz_binder *b, const cz_parameter *part, const char *ending,
                                   size_t rows, size_t columns, double bound)
{
    cz_linear_weights half = { .weight = { .in = columns, .out = rows, .parts = 1 } };
    char module[CZ_NAME_SIZE], name[CZ_NAME_SIZE + 20];
    module_of(part, module);
    snprintf(name, sizeof name, "%s%s", module, ending);
    if (!cz_make_even(b, name, rows, columns, bound)) {
        b->status = cz_fail_memory(b->error, "an adapter", rows * columns * sizeof(float));
        return half;
    }
    half.part[0] = cz_bind_named(b, "", module, ending, rows, columns);
    if (b->status)
        return half;
    b->network->parameters[half.part[0]->index].of_adapter = true;
    half.weight.part[0] = &half.part[0]->value;
    return half;
}

static void check(cz_binder *b, const cz_parameter *part)
{
    size_t rank = b->anew->adapters.rank;
    size_t most = part->value.rows < part->value.columns ? part->value.rows : part->value.columns;
    if (part->turns)
        b->status = cz_fail(b->error, CLOZE_ERROR_UNSUPPORTED,
                            "\"%.200s\" is query, key and value in turns: no adapter can stand "
                            "beside it yet",
                            part->name);
    else if (rank > most)
        b->status = cz_fail(b->error, CLOZE_ERROR_ARGUMENT,
                            "an adapter of rank %zu is no thinner than \"%.200s\", which is "
                            "%zu x %zu",
                            rank, part->name, part->value.rows, part->value.columns);
}

/* peft draws the first matrix as PyTorch draws a linear map: evenly, as wide as 1 / sqrt(in). */
static const cz_adapter *make(cz_binder *b, const cz_parameter *part, size_t place)
{
    const cz_low_rank *how = &b->anew->adapters;
    cz_network *network = b->network;
    size_t in = part->value.columns, out = part->value.rows;
    check(b, part);
    if (b->status)
        return NULL;
    cz_adapter *adapter = &network->adapters[network->adapter_count++];
    b->depth = part->depth;
    b->of_head = part->of_head;
    b->head = part->head;
    *adapter = (cz_adapter){
        .beside = part,
        .scale = how->scale,
        .dropout = { (float)how->dropout, SITES_BEGIN | (uint32_t)place << SITE_SHIFT },
        .down = make_half(b, part, ".lora_A.weight", how->rank, in, 1 / sqrt((double)in)),
    };
    if (!b->status)
        adapter->up = make_half(b, part, ".lora_B.weight", out, how->rank, 0);
    b->of_head = false;
    return adapter;
}

/* Maps may share a part: then they share its adapter. */
static size_t adapt(cz_binder *b, cz_linear_weights *linear, size_t place)
{
    for (int i = 0; i < linear->weight.parts && linear->weight.out && !b->status; i++) {
        const cz_parameter *part = linear->part[i];
        if (part->whole || !is_target(b, part))
            continue;
        const cz_adapter *there = find(b->network, part);
        linear->adapter[i] = there ? there : make(b, part, place++);
    }
    return place;
}

/* ---- all of them ---- */

static void adapt_layer(cz_binder *b, cz_layer *layer)
{
    cz_linear_weights *const maps[] = { &layer->qkv,     &layer->attention_out, &layer->up,
                                        &layer->down,    &layer->global_query,  &layer->global_kv,
                                        &layer->distance };
    size_t place = 0;
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        place = adapt(b, maps[i], place);
}

/* Heads have adapters, too, beside what does not learn as a whole; and the pooler that one reads. */
static void adapt_heads(cz_binder *b)
{
    cz_network *network = b->network;
    bool pools = false;
    for (int kind = 0; kind < CZ_HEADS; kind++) {
        if (!(b->anew->heads >> kind & 1))
            continue;
        adapt(b, &network->head[kind].dense, 2);
        pools = pools || cz_config_pools(&network->config, (cz_head_kind)kind);
    }
    if (pools)
        adapt(b, &network->pooler, 1);
}

/* peft lets heads whose names end so learn as a whole (pre_classifier, too); here what is new does. */
static bool is_whole(const cz_network *network, const cz_parameter *parameter)
{
    static const char *const names[] = { "classifier", "score", "qa_outputs" };
    size_t length = strcspn(parameter->name, ".");
    if (cz_made_find(network, parameter->name))
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names && parameter->of_head; i++)
        if (length >= strlen(names[i]) &&
            !strncmp(parameter->name + length - strlen(names[i]), names[i], strlen(names[i])))
            return true;
    return false;
}

/* A name that was asked for and that no map has is a mistake. */
static void check_targets(cz_binder *b)
{
    const cz_low_rank *how = &b->anew->adapters;
    const cz_network *network = b->network;
    for (size_t i = 0; i < how->target_count && !b->status; i++) {
        bool found = !strcmp(how->targets[i], all_linear) && network->adapter_count;
        for (size_t a = 0; a < network->adapter_count && !found; a++) {
            char module[CZ_NAME_SIZE];
            size_t length = module_of(network->adapters[a].beside, module);
            found = is_called(module, length, how->targets[i]);
        }
        if (!found)
            b->status =
                cz_fail(b->error, CLOZE_ERROR_ARGUMENT,
                        "no linear map below the head is called \"%.100s\"; one of the first "
                        "layer is \"%.200s\"",
                        how->targets[i], network->layers[0].up.part[0]->name);
    }
    if (!network->adapter_count && !b->status)
        b->status =
            cz_fail(b->error, CLOZE_ERROR_ARGUMENT,
                    "models of the family %s have no queries and values: name the maps that "
                    "adapters shall stand beside",
                    cz_config_family_name(&network->config));
}

void cz_bind_adapters(cz_binder *b)
{
    cz_network *network = b->network;
    size_t most = cz_adapters_most(network, b->anew);
    const char *prefix = b->prefix;
    if (!most || b->status)
        return;
    network->adapters =
        cz_allocate_zero(&network->hooks.allocator, most, sizeof *network->adapters);
    if (!network->adapters) {
        b->status = cz_fail_memory(b->error, "adapters", most * sizeof *network->adapters);
        return;
    }
    for (size_t i = 0; i < network->parameter_count; i++)
        network->parameters[i].whole = is_whole(network, &network->parameters[i]);
    b->prefix = ""; /* the names that they stand beside are whole */
    adapt(b, &network->projection, 0);
    for (size_t i = 0; i < network->layer_count && !b->status; i++)
        adapt_layer(b, &network->layers[i]);
    adapt_heads(b);
    b->prefix = prefix;
    check_targets(b);
}
