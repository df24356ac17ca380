/*
 * work.c - how much arithmetic a batch is, whatever the way it is done: 2 flop for each multiply-add
 * of products and of attention on real tokens, and nothing else.
 */
#include "model/network.h"

static double product(const cz_linear_weights *linear)
{
    return 2 * (double)linear->weight.in * (double)linear->weight.out;
}

/* Keys that the queries of a sequence see, all together. */
static double seen(const cz_layer *layer, double length)
{
    double window = (double)layer->attention.window, missing;
    if (layer->attention.reach != CZ_REACH_WINDOW || window >= length - 1)
        return length * length;
    missing = length - 1 - window;
    return length * length - missing * (missing + 1);
}

/* Rows of distances that a sequence meets. */
static double distances(const cz_network *network, const cz_layer *layer, double length)
{
    const cz_parameter *table = layer->own_distances.tables ? layer->own_distances.table[0]
                                : network->distances.tables ? network->distances.table[0]
                                                            : NULL;
    double rows = table ? (double)table->value.rows : 0;
    return rows < 2 * length - 1 ? rows : 2 * length - 1;
}

static double of_layer(const cz_network *network, const cz_layer *layer, double length)
{
    double width = (double)(layer->attention.heads * layer->attention.head_size);
    double terms = layer->meets_queries + layer->meets_keys;
    double products = product(&layer->qkv) + product(&layer->attention_out) + product(&layer->up) +
                      product(&layer->down) + product(&layer->convolution.linear);
    if (layer->mixes)
        return length * products;
    return length * products + 4 * width * seen(layer, length) +
           2 * width * terms * length * distances(network, layer, length);
}

double cz_network_work(const cz_network *network, const size_t *lengths, size_t count)
{
    size_t turns = network->config.layers * network->config.inner;
    double work = 0;
    for (size_t i = 0; i < count; i++) {
        double length = (double)lengths[i];
        work += length * product(&network->projection);
        for (size_t t = 0; t < turns; t++)
            work += of_layer(network, network->turns[t].layer, length);
    }
    return work;
}
