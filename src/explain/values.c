/*
 * values.c - F of many inputs: they are packed one behind the other, as embedding does it, and what the
 * model makes of each is handed on before the next batch is begun.
 */
#include "explain/explainer.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

typedef struct asking {
    cloze_explainer *explainer;
    cz_outcome_done *done;
    void *context;
    cz_inputs inputs;
    size_t *rows;  /* [batch tokens] of words */
    float *states; /* [batch tokens, hidden] words: of the rows asked for; */
    size_t states_capacity;
    float *outcome; /* of a batch */
    size_t outcome_capacity;
    double *row; /* of one input */
    size_t row_capacity;
    size_t first; /* number of the batch's first input */
} asking;

static void clear(asking *a)
{
    const cloze_allocator *allocator = &a->explainer->hooks.allocator;
    cz_inputs_clear(&a->inputs, a->explainer);
    cz_release(allocator, a->rows);
    cz_release(allocator, a->states);
    cz_release(allocator, a->outcome);
    cz_release(allocator, a->row);
}

static cloze_status begin(asking *a, cloze_error *error)
{
    const cloze_explainer *e = a->explainer;
    size_t tokens = e->session->batch_tokens;
    cloze_status status = cz_inputs_begin(&a->inputs, e, error);
    a->rows = cz_allocate(&e->hooks.allocator, tokens, sizeof *a->rows);
    if (!status && !a->rows)
        status = cz_fail_memory(error, "rows of a batch", tokens * sizeof *a->rows);
    return status;
}

static bool fit(asking *a, size_t rows, size_t columns)
{
    size_t count;
    return cz_multiply(rows, columns, &count) &&
           cz_grow(&a->explainer->hooks.allocator, (void **)&a->outcome, &a->outcome_capacity,
                   count, sizeof *a->outcome);
}

/* ---- what the model makes of a batch ---- */

static cloze_status words_of_batch(asking *a, cz_request *request, cloze_error *error)
{
    cloze_session *session = a->explainer->session;
    size_t hidden = session->model->network->config.hidden, count;
    if (!cz_multiply(session->sequences, hidden, &count) ||
        !cz_grow(&a->explainer->hooks.allocator, (void **)&a->states, &a->states_capacity, count,
                 sizeof *a->states))
        return cz_fail_memory(error, "states of masks", session->sequences * hidden);
    for (size_t i = 0; i < session->sequences; i++)
        a->rows[i] = session->begin[i] + a->inputs.places[i].row[0];
    request->rows = a->rows;
    request->row_count = session->sequences;
    request->row_states = a->states;
    cloze_status status = cz_session_encode(session, request, error);
    return status ? status
                  : cz_session_words(session, a->states, session->sequences, a->outcome, error);
}

static cloze_status vectors_of_batch(asking *a, cz_request *request, cloze_error *error)
{
    cloze_session *session = a->explainer->session;
    size_t count, width = cz_pooled_width(request->pooling, session->model->network->config.hidden);
    session->pooled_width = width;
    if (!cz_multiply(session->sequences, width, &count) ||
        !cz_grow(&a->explainer->hooks.allocator, (void **)&a->states, &a->states_capacity, count,
                 sizeof *a->states))
        return cz_fail_memory(error, "vectors", session->sequences * width * sizeof(float));
    request->pooled = a->states;
    cloze_status status = cz_session_encode(session, request, error);
    return status
               ? status
               : cz_session_finish(session, a->states, session->sequences, a->outcome, true, error);
}

static cloze_status compute(asking *a, cloze_error *error)
{
    cloze_session *session = a->explainer->session;
    const cz_aim *aim = &a->explainer->aim;
    cz_batch batch = cz_session_batch(session);
    cz_request request = { .batch = &batch,
                           .layers = session->model->network->config.layers,
                           .pooling = session->model->pipeline.pooling };
    bool tokens = aim->task == CLOZE_EXPLAIN_TAGS || aim->task == CLOZE_EXPLAIN_ANSWER;
    if (!fit(a, tokens ? session->tokens : session->sequences, aim->columns))
        return cz_fail_memory(error, "what the model makes of a batch", a->outcome_capacity);
    if (aim->task == CLOZE_EXPLAIN_WORDS)
        return words_of_batch(a, &request, error);
    if (aim->task == CLOZE_EXPLAIN_SIMILARITY)
        return vectors_of_batch(a, &request, error);
    request.head = aim->head;
    request.logits = a->outcome;
    return cz_session_encode(session, &request, error);
}

/* ---- handing on ---- */

static void to_length_one(double *row, size_t count)
{
    double squares = 0;
    for (size_t i = 0; i < count; i++)
        squares += row[i] * row[i];
    for (size_t i = 0; i < count && squares > 0; i++)
        row[i] /= sqrt(squares);
}

static cloze_status hand_on(asking *a, size_t i, cloze_error *error)
{
    const cloze_session *session = a->explainer->session;
    const cz_aim *aim = &a->explainer->aim;
    size_t length = session->length[i], rows = cz_aim_rows(aim, length), first = i;
    if (aim->task == CLOZE_EXPLAIN_ANSWER)
        first = session->begin[i];
    else if (aim->task == CLOZE_EXPLAIN_TAGS)
        first = session->begin[i] + a->inputs.places[i].row[0];
    const float *from = a->outcome + first * aim->columns;
    size_t count = rows * aim->columns;
    if (!cz_grow(&a->explainer->hooks.allocator, (void **)&a->row, &a->row_capacity, count,
                 sizeof *a->row))
        return cz_fail_memory(error, "what the model makes of an input", count * sizeof *a->row);
    for (size_t k = 0; k < count; k++)
        a->row[k] = (double)from[k];
    if (aim->task == CLOZE_EXPLAIN_SIMILARITY)
        to_length_one(a->row, count);
    cz_input input = { .length = length,
                       .ids = session->ids + session->begin[i],
                       .types = session->types + session->begin[i],
                       .places = a->inputs.places[i] };
    cloze_status status = cz_check_finite(from, count, 0, error);
    return status ? status : a->done(a->context, a->first + i, &input, a->row, error);
}

static cloze_status flush(asking *a, cloze_error *error)
{
    cloze_session *session = a->explainer->session;
    size_t count = session->sequences;
    if (!count)
        return CLOZE_OK;
    cloze_status status = compute(a, error);
    for (size_t i = 0; i < count && !status; i++)
        status = hand_on(a, i, error);
    a->first += count;
    cz_session_clear(session);
    if (!status && !cz_explain_step(a->explainer, count, error))
        status = CLOZE_ERROR_CANCELLED;
    return status;
}

static cloze_status add(asking *a, cloze_error *error)
{
    const cloze_explainer *e = a->explainer;
    size_t length = a->inputs.input.length;
    if (!length)
        return cz_fail(
            error, CLOZE_ERROR_ARGUMENT,
            "without its units nothing is left of the input, since the tokenizer adds no "
            "special tokens: let a mask, padding or unknown stand for them");
    cloze_status status = cz_session_check(e->session, 0, length, error);
    if (!status && !cz_session_takes(e->session, length))
        status = flush(a, error);
    return status ? status : cz_inputs_append(&a->inputs, e, error);
}

cloze_status cz_outcomes(cloze_explainer *explainer, size_t count, cz_input_maker *make,
                         void *context, cz_outcome_done *done, void *done_context,
                         cloze_error *error)
{
    asking a = { .explainer = explainer, .done = done, .context = done_context };
    cloze_status status = begin(&a, error);
    for (size_t i = 0; i < count && !status; i++) {
        cz_inputs_make(&a.inputs, explainer, i, make, context);
        status = add(&a, error);
    }
    if (!status)
        status = flush(&a, error);
    clear(&a);
    return status;
}

/* ---- values ---- */

typedef struct valuing {
    const cloze_explainer *explainer;
    double *values;
} valuing;

static cloze_status keep_value(void *context, size_t number, const cz_input *input,
                               const double *outcome, cloze_error *error)
{
    const valuing *v = context;
    (void)error;
    v->values[number] =
        cz_aim_value(&v->explainer->aim, &input->places, outcome, input->length, NULL);
    return CLOZE_OK;
}

/* Embeddings that are shifted: runs of a session have no taps for that. */
typedef struct shifted {
    cz_input_maker *make;
    void *context;
    double *values;
} shifted;

static void make_shifted(void *context, size_t number, cz_input *input)
{
    const shifted *s = context;
    if (s->make)
        s->make(s->context, number, input);
}

static cloze_status keep_shifted(void *context, size_t number, double value, const double *gradient,
                                 size_t length, size_t width, cloze_error *error)
{
    const shifted *s = context;
    (void)gradient;
    (void)length;
    (void)width;
    (void)error;
    s->values[number] = value;
    return CLOZE_OK;
}

cloze_status cz_values(cloze_explainer *explainer, size_t count, cz_input_maker *make,
                       void *context, double *values, cloze_error *error)
{
    shifted s = { make, context, values };
    cz_copies copies = { .count = count,
                         .make = make_shifted,
                         .layer = CZ_AT_WORDS,
                         .no_gradient = true,
                         .done = keep_shifted,
                         .context = &s };
    if (explainer->shift)
        return cz_copies_run(explainer, &copies, error);
    valuing v = { explainer, values };
    return cz_outcomes(explainer, count, make, context, keep_value, &v, error);
}

/* ---- masks ---- */

typedef struct masking {
    const cloze_explainer *explainer;
    cz_mask_maker *make;
    void *context;
    uint8_t *present;
    bool removes;
    uint32_t absent;
} masking;

/* The tagged word's token, begin and end of the answer: without them F would read another row. */
static bool is_read(const cloze_explainer *e, size_t token)
{
    return e->aim.task == CLOZE_EXPLAIN_ANSWER
               ? token == e->places.row[0] || token == e->places.row[1]
               : e->aim.task == CLOZE_EXPLAIN_TAGS && token == e->places.row[0];
}

/* Places shift by what was removed before them. */
static void remove_units(const masking *m, cz_input *input)
{
    const cloze_explainer *e = m->explainer;
    cz_spots places = e->places;
    size_t length = 0;
    for (size_t i = 0; i <= e->length; i++) {
        for (int k = 0; k < 2; k++) {
            if (e->places.row[k] == i)
                places.row[k] = length;
            if (e->places.context[k] == i)
                places.context[k] = length;
        }
        bool away = i < e->length && e->unit_of[i] != SIZE_MAX && !m->present[e->unit_of[i]];
        if (i == e->length || (away && !is_read(e, i)))
            continue;
        input->ids[length] = away ? m->absent : e->ids[i];
        input->types[length++] = e->types[i];
    }
    input->length = length;
    input->own_positions = true;
    input->places = places;
}

static void mask_input(void *context, size_t number, cz_input *input)
{
    masking *m = context;
    const cloze_explainer *e = m->explainer;
    memset(m->present, 0, e->unit_count);
    m->make(m->context, number, m->present);
    if (m->removes) {
        remove_units(m, input);
        return;
    }
    for (size_t i = 0; i < e->length; i++)
        if (e->unit_of[i] != SIZE_MAX && !m->present[e->unit_of[i]])
            input->ids[i] = m->absent;
}

static cloze_status begin_masks(masking *m, cloze_absence absence, cloze_error *error)
{
    const cloze_explainer *e = m->explainer;
    bool reads = e->aim.task == CLOZE_EXPLAIN_ANSWER || e->aim.task == CLOZE_EXPLAIN_TAGS;
    m->removes = absence == CLOZE_ABSENT_REMOVED;
    cloze_status status = CLOZE_OK;
    if (!m->removes || reads)
        status = cz_absent_id(e, m->removes ? CLOZE_ABSENT_DEFAULT : absence, &m->absent, error);
    if (status)
        return status;
    m->present = cz_allocate(&e->hooks.allocator, e->unit_count, 1);
    return m->present ? CLOZE_OK : cz_fail_memory(error, "a mask", e->unit_count);
}

cloze_status cz_outcomes_of_masks(cloze_explainer *explainer, size_t count, cz_mask_maker *make,
                                  void *context, cloze_absence absence, cz_outcome_done *done,
                                  void *done_context, cloze_error *error)
{
    masking m = { .explainer = explainer, .make = make, .context = context };
    cloze_status status = begin_masks(&m, absence, error);
    if (!status)
        status = cz_outcomes(explainer, count, mask_input, &m, done, done_context, error);
    cz_release(&explainer->hooks.allocator, m.present);
    return status;
}

cloze_status cz_values_of_masks(cloze_explainer *explainer, size_t count, cz_mask_maker *make,
                                void *context, cloze_absence absence, double *values,
                                cloze_error *error)
{
    masking m = { .explainer = explainer, .make = make, .context = context };
    cloze_status status = begin_masks(&m, absence, error);
    if (!status)
        status = cz_values(explainer, count, mask_input, &m, values, error);
    cz_release(&explainer->hooks.allocator, m.present);
    return status;
}

typedef struct given_masks {
    const uint8_t *present;
    size_t units;
} given_masks;

static void copy_mask(void *context, size_t number, uint8_t *present)
{
    const given_masks *given = context;
    memcpy(present, given->present + number * given->units, given->units);
}

cloze_status cloze_explainer_values(cloze_explainer *explainer, const uint8_t *present,
                                    size_t count, cloze_absence absence, double *values,
                                    cloze_error *error)
{
    given_masks given = { present, explainer->unit_count };
    return cz_values_of_masks(explainer, count, copy_mask, &given, absence, values, error);
}
