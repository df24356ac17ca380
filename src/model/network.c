/* network.c - opens a folder's weights, has them bound (bind.c) and packs the matrices. */
#include "model/network.h"

#include "base/error.h"
#include "formats/adapter.h"
#include "model/bind.h"

cloze_status cz_linear_pack(cz_linear_weights *linear, const cz_network_options *options,
                            void *memory, size_t *size, cloze_error *error)
{
    const cz_backend *backend = options->backend;
    cz_pack *pack = NULL;
    cloze_status status;
    *size = backend->pack_size(options->place->kernels, &linear->weight, options->bf16);
    *size = (*size + CZ_ARENA_ALIGNMENT - 1) / CZ_ARENA_ALIGNMENT * CZ_ARENA_ALIGNMENT;
    if (!memory || !*size)
        return CLOZE_OK;
    status = backend->pack(options->place, &linear->weight, options->bf16, memory, &pack, error);
    if (status == CLOZE_ERROR_FORMAT)
        cz_fail(error, status, "the weights of \"%.200s\" are not finite numbers",
                linear->part[0]->name);
    if (!status)
        linear->weight.pack = pack;
    return status;
}

static cz_linear_weights *linear_number(cz_network *network, size_t i)
{
    enum { A_LAYER = 7 };
    cz_layer *layer;
    if (i == A_LAYER * network->layer_count)
        return network->projection.weight.out ? &network->projection : NULL;
    if (i > A_LAYER * network->layer_count)
        return NULL;
    layer = &network->layers[i / A_LAYER];
    cz_linear_weights *const all[A_LAYER] = {
        &layer->qkv,
        &layer->attention_out,
        &layer->up,
        &layer->down,
        &layer->global_query,
        &layer->global_kv,
        &layer->convolution.linear,
    };
    return all[i % A_LAYER];
}

static void forget_file(cz_network *network, const cz_linear_weights *linear)
{
    for (int i = 0; i < linear->weight.parts && !linear->part[i]->turns; i++) {
        const cz_stored_tensor *stored = cz_weights_find(network->weights, linear->part[i]->name);
        if (stored) {
            cz_weights_forget(network->weights, stored);
            network->mapped -= stored->size;
        }
    }
}

static cloze_status pack_all(cz_network *network, const cz_network_options *options,
                             cloze_error *error)
{
    const cloze_progress *progress = &options->progress;
    size_t total = 0, size = 0, used = 0;
    cz_linear_weights *linear;
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; (linear = linear_number(network, i)); i++) {
        if (!linear->weight.out)
            continue;
        cz_linear_pack(linear, options, NULL, &size, error);
        total += size;
    }
    if (!total)
        return CLOZE_OK;
    if (!cz_block_allocate(&network->hooks.allocator, total, &network->pack_memory))
        return cz_fail_memory(error, "packed weights", total);
    for (size_t i = 0; (linear = linear_number(network, i)) && !status; i++) {
        if (!linear->weight.out)
            continue;
        status =
            cz_linear_pack(linear, options, (char *)network->pack_memory.data + used, &size, error);
        used += size;
        if (!status)
            forget_file(network, linear);
        if (!status && progress->report && !progress->report(progress->context, used, total))
            status = cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    }
    network->pack_used = total;
    return status;
}

/* Nothing is stored of a model that is made as a whole. */
static cloze_status open_weights(cz_network *network, const char *folder,
                                 const cz_network_options *options, cloze_error *error)
{
    static const char nothing[] = "\2\0\0\0\0\0\0\0{}";
    cz_weights_options how = { options->read_instead, &network->hooks.allocator };
    if (options->anew && options->anew->all)
        return cz_weights_open_memory(&network->weights, nothing, sizeof nothing - 1, &how, error);
    cloze_status status = cz_weights_open_folder(&network->weights, folder, &how, error);
    return status || !options->adapter
               ? status
               : cz_adapter_merge(network->weights, options->adapter, &how, error);
}

cloze_status cz_network_open(cz_network **out, const char *folder,
                             const cz_network_options *options, cloze_error *error)
{
    const cloze_allocator *allocator = options->hooks ? &options->hooks->allocator : NULL;
    cz_network *network = cz_allocate_zero(allocator, 1, sizeof *network);
    cloze_status status;
    if (!network)
        return cz_fail_memory(error, "a model", sizeof *network);
    if (options->hooks)
        network->hooks = *options->hooks;
    status = cz_config_load(&network->config, folder, &network->hooks.allocator, error);
    if (!status)
        status =
            open_weights(network, options->weights ? options->weights : folder, options, error);
    if (!status && (status = cz_network_bind(network, options, error)))
        cz_error_prefix(error, "%.200s", folder);
    if (!status && options->pack)
        status = cz_network_project(network, options, error);
    if (!status && options->pack)
        status = pack_all(network, options, error);
    if (!status)
        status = cz_weights_check(network->weights, error);
    if (status) {
        cz_network_free(network);
        return status;
    }
    *out = network;
    return CLOZE_OK;
}

void cz_network_free(cz_network *network)
{
    if (!network)
        return;
    cloze_allocator allocator = network->hooks.allocator;
    cz_weights_close(network->weights);
    cz_made_free(network);
    cz_block_release(&allocator, &network->vector_memory);
    cz_block_release(&allocator, &network->pack_memory);
    cz_block_release(&allocator, &network->angle_memory);
    cz_block_release(&allocator, &network->projected_memory);
    cz_release(&allocator, network->entry);
    cz_release(&allocator, network->parameters);
    cz_release(&allocator, network->adapters);
    for (size_t i = 0; network->layers && i < network->layer_count; i++)
        cz_block_release(&allocator, &network->layers[i].woven);
    cz_release(&allocator, network->layers);
    cz_release(&allocator, network->turns);
    cz_release(&allocator, network);
}
