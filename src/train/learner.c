/* learner.c - see learner.h. */
#include "train/learner.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

/* ---- what learns ---- */

static bool is_still(const cz_network *network, const cz_parameter *parameter)
{
    for (int i = 0; i < network->embeddings.tables; i++)
        if (network->embeddings.table[i] == parameter)
            return network->embeddings.still[i];
    return false;
}

static bool is_of_pooler(const cz_network *network, const cz_parameter *parameter)
{
    return network->pooler.weight.out &&
           (network->pooler.part[0] == parameter || network->pooler.bias[0] == parameter);
}

static bool reads(const cz_network *network, const cz_parameter *parameter,
                  const cz_learner_options *options)
{
    return parameter->of_head ? options->heads >> parameter->head & 1
                              : options->pooler && is_of_pooler(network, parameter);
}

/* What the loss does not read stays as it is: PyTorch's optimizer, too, leaves alone what has no
 * gradient. The table of words may be a head's last product: then it learns from there. */
static bool learns(const cz_network *network, const cz_parameter *parameter,
                   const cz_learner_options *options)
{
    if (is_still(network, parameter))
        return false;
    if (parameter->of_lesson)
        return true;
    if (options->adapters)
        return parameter->of_adapter || (parameter->whole && reads(network, parameter, options));
    if (parameter->of_head)
        return options->heads >> parameter->head & 1;
    if (is_of_pooler(network, parameter))
        return options->pooler;
    if (options->freeze_body)
        return false;
    return parameter->depth > options->freeze_layers ||
           (!parameter->depth && !options->freeze_layers && !options->freeze_embeddings);
}

/* The embeddings of the second network are the first one's. */
static bool is_shared(const cz_network *network, const cz_parameter *parameter,
                      const cz_learner_options *options)
{
    const cz_norm_weights *norm = &network->embedding_norm;
    for (int i = 0; i < network->embeddings.tables && options->second; i++)
        if (network->embeddings.table[i] == parameter)
            return true;
    return options->second && (norm->gain == parameter || norm->shift == parameter);
}

static size_t bytes_of(const cz_learner *learner, const cz_parameter *parameter)
{
    size_t bytes =
        parameter->value.rows * parameter->value.columns * cz_type_size(learner->backend->type);
    return (bytes + CZ_ARENA_ALIGNMENT - 1) / CZ_ARENA_ALIGNMENT * CZ_ARENA_ALIGNMENT;
}

/* Those of a network that learn, whose gradients go by numbers from `first` on. */
static void list_network(cz_learner *learner, cz_network *network,
                         const cz_learner_options *options, size_t first)
{
    size_t top = network->layer_count + 1;
    for (size_t i = 0; i < network->parameter_count; i++) {
        cz_parameter *parameter = &network->parameters[i];
        parameter->index = first + i;
        if (!learns(network, parameter, options) || is_shared(network, parameter, options))
            continue;
        learner->parameter[learner->count] = parameter;
        learner->place[learner->count] = learner->size;
        learner->pace[learner->count] =
            pow(options->layer_decay,
                (double)(top - (parameter->depth < top ? parameter->depth : top)));
        learner->count++;
        learner->size += bytes_of(learner, parameter);
        learner->numbers += parameter->value.rows * parameter->value.columns;
    }
}

static cloze_status list(cz_learner *learner, const cz_learner_options *options, cloze_error *error)
{
    size_t own = learner->network->parameter_count;
    size_t all = own + (options->second ? options->second->parameter_count : 0);
    const cz_learner_options second = { .heads = options->second_heads,
                                        .layer_decay = options->layer_decay,
                                        .second = options->second };
    cz_learner_options first = *options;
    first.second = NULL;
    learner->parameter = cz_allocate(learner->allocator, all, sizeof(cz_parameter *));
    learner->place = cz_allocate(learner->allocator, all, sizeof(size_t));
    learner->pace = cz_allocate(learner->allocator, all, sizeof(double));
    learner->indices = all;
    if (!learner->parameter || !learner->place || !learner->pace)
        return cz_fail_memory(error, "a list of weights", all * 8);
    list_network(learner, learner->network, &first, 0);
    if (options->second)
        list_network(learner, options->second, &second, own);
    return learner->count ? CLOZE_OK
                          : cz_fail(error, CLOZE_ERROR_ARGUMENT,
                                    "nothing is left that could learn: everything is frozen");
}

/* ---- memory ---- */

static void move_value(const cz_learner *learner, size_t i)
{
    cz_parameter *parameter = learner->parameter[i];
    cz_tensor to = learner->value[i];
    for (size_t row = 0; row < to.rows; row++)
        for (size_t c = 0; c < to.columns; c++) {
            double value = cz_tensor_at(&parameter->value, row, c);
            if (to.type == CZ_F64)
                ((double *)to.data)[row * to.columns + c] = value;
            else
                cz_f32(&to)[row * to.columns + c] = (float)value;
        }
    const cz_stored_tensor *stored = cz_weights_find(learner->network->weights, parameter->name);
    if (stored && stored->data == parameter->value.data)
        cz_weights_forget(learner->network->weights, stored);
    parameter->value = to;
}

/* Both then learn the same numbers, and their gradients are added. */
static void share(cz_network *from, cz_network *to)
{
    const cz_parameter *own[CZ_TABLES + 2] = { NULL }, *others[CZ_TABLES + 2] = { NULL };
    for (int i = 0; i < from->embeddings.tables; i++) {
        own[i] = from->embeddings.table[i];
        others[i] = to->embeddings.table[i];
    }
    own[CZ_TABLES] = from->embedding_norm.gain;
    others[CZ_TABLES] = to->embedding_norm.gain;
    own[CZ_TABLES + 1] = from->embedding_norm.shift;
    others[CZ_TABLES + 1] = to->embedding_norm.shift;
    for (int i = 0; i < CZ_TABLES + 2; i++)
        if (own[i] && others[i]) {
            cz_parameter *shared = &to->parameters[others[i] - to->parameters];
            shared->value = own[i]->value;
            shared->index = own[i]->index;
        }
}

/* The first stage that reads a weight; layers that share weights have several. */
static size_t stage_of(const cz_network *network, const cz_parameter *parameter)
{
    size_t inner = network->config.inner, stage = 0;
    if (!parameter->depth)
        return 0;
    if (parameter->depth > network->layer_count)
        return network->config.layers + 1;
    while (network->turns[stage].layer != &network->layers[parameter->depth - 1])
        stage++;
    return stage / inner + 1;
}

/* Those below the first one that something learns in. */
static size_t still_stages(const cz_learner *learner)
{
    const cz_network *network = learner->network;
    size_t still = network->config.layers + 1;
    for (size_t i = 0; i < learner->count; i++) {
        const cz_parameter *parameter = learner->parameter[i];
        size_t stage = stage_of(network, parameter);
        if (!parameter->of_head && !parameter->of_lesson && stage < still)
            still = stage;
    }
    return still;
}

cloze_status cz_learner_init(cz_learner *learner, cz_network *network, const cz_backend *backend,
                             const cz_learner_options *options, const cloze_allocator *allocator,
                             cloze_error *error)
{
    *learner = (cz_learner){ .network = network, .backend = backend, .allocator = allocator };
    cloze_status status = list(learner, options, error);
    if (!status)
        status = cz_learner_copy(learner, &learner->values, &learner->value, error);
    for (size_t i = 0; i < 2 && !status; i++)
        status = cz_learner_copy(learner, &learner->moments[i], &learner->moment[i], error);
    if (!status)
        status = cz_learner_make_levels(learner, options->shards, error);
    for (size_t i = 0; i < learner->count && !status; i++)
        move_value(learner, i);
    if (!status && options->second)
        share(network, options->second);
    if (!status && options->rounds)
        status = cz_learner_make_halves(learner, error);
    network->still = still_stages(learner);
    return status;
}

void cz_learner_clear(cz_learner *learner)
{
    const cloze_allocator *allocator = learner->allocator;
    cz_release(allocator, learner->parameter);
    cz_release(allocator, learner->place);
    cz_release(allocator, learner->pace);
    cz_release(allocator, learner->value);
    cz_release(allocator, learner->half);
    cz_block_release(allocator, &learner->halves);
    cz_block_release(allocator, &learner->values);
    for (size_t i = 0; i < 2; i++) {
        cz_block_release(allocator, &learner->moments[i]);
        cz_release(allocator, learner->moment[i]);
    }
    cz_learner_clear_levels(learner);
    *learner = (cz_learner){ .allocator = allocator };
}

size_t cz_learner_bytes(const cz_learner *learner)
{
    return learner->size * (3 + learner->levels) + learner->halves.size;
}

cz_tensor *cz_learner_value(const cz_learner *learner, size_t i)
{
    return &learner->value[i];
}

/* ---- the optimizer ---- */

static cloze_status measure(const cz_learner *learner, const cz_place *place, size_t level,
                            double *norm)
{
    double total = 0;
    for (size_t i = 0; i < learner->count; i++) {
        double sum = 0;
        cz_squares_call call = { &learner->level[level].tensor[i], &sum };
        cloze_status status = learner->backend->squares(place, &call);
        if (status)
            return status;
        total += sum;
    }
    *norm = sqrt(total);
    return CLOZE_OK;
}

/* As torch.nn.utils.clip_grad_norm_. */
static double scale_of(const cz_optimizer *optimizer, double norm)
{
    double scale = optimizer->clip / (norm + 1e-6);
    return optimizer->clip < 0 || scale > 1 ? 1 : scale;
}

cloze_status cz_learner_step(const cz_learner *learner, const cz_place *place,
                             const cz_optimizer *optimizer, size_t level, double *norm)
{
    double times = (double)optimizer->step;
    cloze_status status = measure(learner, place, level, norm);
    if (status || !isfinite(*norm))
        return status;
    for (size_t i = 0; i < learner->count && !status; i++) {
        const cz_parameter *parameter = learner->parameter[i];
        cz_adamw_call call = {
            .gradient = &learner->level[level].tensor[i],
            .value = cz_learner_value(learner, i),
            .first = &learner->moment[0][i],
            .second = &learner->moment[1][i],
            .rate = optimizer->rate * learner->pace[i],
            .beta1 = optimizer->beta1,
            .beta2 = optimizer->beta2,
            .epsilon = optimizer->epsilon,
            .decay = parameter->is_matrix && optimizer->decay > 0 ? optimizer->decay : 0,
            .scale = scale_of(optimizer, *norm),
            .correct1 = optimizer->bias_correction ? 1 - pow(optimizer->beta1, times) : 1,
            .correct2 = optimizer->bias_correction ? 1 - pow(optimizer->beta2, times) : 1,
        };
        status = learner->backend->adamw(place, &call);
    }
    return status;
}
