/*
 * lesson.c - a linear map that is no part of the model: a student's hidden states through it are as wide as
 * a teacher's (Jiao et al. 2020, TinyBERT). It is drawn as PyTorch draws a linear map.
 */
#include "model/bind.h"

#include "base/error.h"

#include <math.h>

static const char name[] = "distillation.projection.weight";

void cz_bind_lesson(cz_binder *b)
{
    cz_network *network = b->network;
    const char *prefix = b->prefix;
    size_t in = network->config.hidden, out = b->anew ? b->anew->lesson_width : 0;
    if (b->status || !out || out == in)
        return;
    if (!cz_make_even(b, name, out, in, 1 / sqrt((double)in))) {
        b->status =
            cz_fail_memory(b->error, "a map to the teacher's width", out * in * sizeof(float));
        return;
    }
    b->prefix = "";
    network->lesson = (cz_linear_weights){ .weight = { .in = in, .out = out, .parts = 1 } };
    network->lesson.part[0] = cz_bind_named(b, "", name, "", out, in);
    b->prefix = prefix;
    if (b->status)
        return;
    cz_parameter *parameter = &network->parameters[network->lesson.part[0]->index];
    parameter->of_lesson = true;
    parameter->depth = network->layer_count + 1;
    network->lesson.weight.part[0] = &parameter->value;
}
