/* inputs.c - inputs on their way into the batch of a session. */
#include "explain/explainer.h"

#include "base/error.h"

#include <string.h>

cloze_status cz_inputs_begin(cz_inputs *inputs, const cloze_explainer *e, cloze_error *error)
{
    const cloze_allocator *allocator = &e->hooks.allocator;
    size_t longest = e->model->network->config.longest, tokens = e->session->batch_tokens;
    inputs->input.ids = cz_allocate(allocator, longest, sizeof *inputs->input.ids);
    inputs->input.types = cz_allocate(allocator, longest, sizeof *inputs->input.types);
    inputs->places = cz_allocate(allocator, tokens, sizeof *inputs->places);
    cz_session_clear(e->session);
    return inputs->input.ids && inputs->input.types && inputs->places
               ? CLOZE_OK
               : cz_fail_memory(error, "a batch of inputs", tokens * sizeof *inputs->places);
}

void cz_inputs_clear(cz_inputs *inputs, const cloze_explainer *e)
{
    const cloze_allocator *allocator = &e->hooks.allocator;
    cz_release(allocator, inputs->input.ids);
    cz_release(allocator, inputs->input.types);
    cz_release(allocator, inputs->places);
    cz_session_clear(e->session);
}

void cz_inputs_make(cz_inputs *inputs, const cloze_explainer *e, size_t number,
                    cz_input_maker *make, void *context)
{
    cz_input *input = &inputs->input;
    input->length = e->length;
    input->own_positions = false;
    input->places = e->places;
    memcpy(input->ids, e->ids, e->length * sizeof *input->ids);
    memcpy(input->types, e->types, e->length * sizeof *input->types);
    if (make)
        make(context, number, input);
}

cloze_status cz_inputs_append(cz_inputs *inputs, const cloze_explainer *e, cloze_error *error)
{
    const cz_input *input = &inputs->input;
    cloze_session *session = e->session;
    size_t at = session->tokens;
    inputs->places[session->sequences] = input->places;
    cloze_status status =
        cz_session_append(session, 0, input->ids, input->types, input->length, 0, error);
    if (!status && !input->own_positions && input->length == e->length)
        memcpy(session->positions + at, e->positions, e->length * sizeof *e->positions);
    return status;
}
