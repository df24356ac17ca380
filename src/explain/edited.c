/* edited.c - what the model says of an input with some edits. */
#include "explain/edits.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

/* ---- text ---- */

static bool put(const cz_edits *edits, cz_edited_text *text, const char *data, size_t size)
{
    if (!cz_grow(&edits->explainer->hooks.allocator, (void **)&text->data, &text->capacity,
                 text->size + size + 1, 1))
        return false;
    if (size)
        memcpy(text->data + text->size, data, size);
    text->size += size;
    return true;
}

bool cz_edited_build(const cz_edits *edits, const size_t *items, size_t count, int side,
                     cz_edited_text *text)
{
    const cloze_explainer *e = edits->explainer;
    size_t done = 0;
    text->size = 0;
    for (size_t i = 0; i < count; i++) {
        const cz_edit *edit = &edits->items[items[i]];
        if (e->units[edit->unit].span.side != side)
            continue;
        cz_cut cut = cz_edit_cut(e, edit->kind, edit->unit);
        cloze_text word = cz_edit_word(edits, edit);
        size_t kept = cut.begin > done ? cut.begin - done : 0;
        if (!put(edits, text, e->text[side] + done, kept) ||
            !put(edits, text, " ", cut.space_before) || !put(edits, text, word.data, word.size) ||
            !put(edits, text, " ", cut.space_behind))
            return false;
        done = cut.end > done ? cut.end : done;
    }
    return put(edits, text, e->text[side] + done, e->size[side] - done);
}

/* ---- places ---- */

/* Where a byte of the given text lies now; what is put in right at an end comes behind it. */
static size_t moved(const cz_edits *edits, const cz_edited *edited, int side, size_t byte,
                    bool is_end)
{
    const cloze_explainer *e = edits->explainer;
    size_t added = 0, taken = 0, done = 0;
    for (size_t i = 0; i < edited->count; i++) {
        const cz_edit *edit = &edits->items[edited->edits[i]];
        cz_cut cut = cz_edit_cut(e, edit->kind, edit->unit);
        if (e->units[edit->unit].span.side != side || cut.end > byte ||
            (is_end && cut.begin == byte))
            continue;
        size_t begin = cut.begin > done ? cut.begin : done;
        added += edit->size + cut.space_before + cut.space_behind;
        taken += cut.end > begin ? cut.end - begin : 0;
        done = cut.end > done ? cut.end : done;
    }
    return byte + added - taken;
}

static bool find_token(const cloze_tokens *tokens, int side, size_t byte, bool is_end, size_t *at)
{
    for (size_t i = 0; i < tokens->length; i++)
        if (tokens->sequences[i] == side &&
            (is_end ? tokens->offsets[i].end : tokens->offsets[i].begin) == byte) {
            *at = i;
            return true;
        }
    return false;
}

static bool find_places(const cz_edits *edits, const cz_edited *edited, const cloze_tokens *tokens,
                        cz_spots *places)
{
    const cloze_explainer *e = edits->explainer;
    size_t first = e->places.row[0], last = e->places.row[1];
    if (e->aim.task == CLOZE_EXPLAIN_LABELS)
        return true;
    int side = e->sequences[first];
    size_t begin = moved(edits, edited, side, e->offsets[first].begin, false);
    size_t end = moved(edits, edited, side, e->offsets[last].end, true);
    if (!find_token(tokens, side, begin, false, &places->row[0]))
        return false;
    if (e->aim.task != CLOZE_EXPLAIN_ANSWER)
        return true;
    places->context[0] = 0;
    while (places->context[0] < tokens->length && tokens->sequences[places->context[0]] != 1)
        places->context[0]++;
    for (size_t i = places->context[0]; i < tokens->length; i++)
        if (tokens->sequences[i] == 1)
            places->context[1] = i + 1;
    return find_token(tokens, side, end, true, &places->row[1]);
}

/* ---- asking ---- */

typedef struct asking {
    const cz_edits *edits;
    cz_edited *edited;
    cloze_encoding *encoding;
    cz_edited_text texts[2];
    cloze_status status; /* of making inputs */
    cloze_error *error;
} asking;

static void fail(asking *a, cloze_status status)
{
    if (!a->status)
        a->status = status;
}

static void make_edited(void *context, size_t number, cz_input *input)
{
    asking *a = context;
    const cloze_explainer *e = a->edits->explainer;
    cz_edited *edited = &a->edited[number];
    cloze_text texts[2] = { { NULL, 0 }, { NULL, 0 } };
    static const cloze_tokenize_options plain = { 0 };
    edited->usable = false;
    for (int side = 0; side < 2 && !a->status; side++)
        if (!cz_edited_build(a->edits, edited->edits, edited->count, side, &a->texts[side]))
            fail(a, cz_fail_memory(a->error, "a text", e->size[side]));
    if (a->status)
        return;
    texts[0] = (cloze_text){ a->texts[0].data, a->texts[0].size };
    if (a->texts[1].size) /* an empty one is none, as everywhere */
        texts[1] = (cloze_text){ a->texts[1].data, a->texts[1].size };
    fail(a, cloze_tokenize(e->model->tokenizer, texts[0], texts[1], &plain, a->encoding, a->error));
    if (a->status)
        return;
    cloze_tokens tokens = cloze_encoding_tokens(a->encoding, 0);
    cz_spots places = e->places;
    if (!tokens.length || tokens.length > e->model->max_tokens ||
        !find_places(a->edits, edited, &tokens, &places))
        return;
    edited->usable = true;
    input->length = tokens.length;
    memcpy(input->ids, tokens.ids, tokens.length * sizeof *input->ids);
    memcpy(input->types, tokens.type_ids, tokens.length * sizeof *input->types);
    input->own_positions = true;
    input->places = places;
}

static cloze_status keep(void *context, size_t number, const cz_input *input, const double *outcome,
                         cloze_error *error)
{
    const asking *a = context;
    const cz_aim *aim = &a->edits->explainer->aim;
    cz_edited *edited = &a->edited[number];
    (void)error;
    if (a->status)
        return a->status;
    edited->value = cz_aim_value(aim, &input->places, outcome, input->length, NULL);
    edited->probability = cz_aim_chance(aim, &input->places, outcome, input->length);
    edited->says = cz_aim_says(aim, outcome, &edited->says_probability);
    edited->changes = edited->usable && !cz_aim_holds(aim, &input->places, outcome);
    return CLOZE_OK;
}

cloze_status cz_edited_ask(const cz_edits *edits, cz_edited *edited, size_t count,
                           cloze_error *error)
{
    cloze_explainer *e = edits->explainer;
    asking a = { .edits = edits, .edited = edited, .error = error };
    cloze_status status = cloze_encoding_new(&a.encoding, &e->hooks, error);
    if (!status)
        status = cz_outcomes(e, count, make_edited, &a, keep, &a, error);
    cloze_encoding_free(a.encoding);
    for (int side = 0; side < 2; side++)
        cz_release(&e->hooks.allocator, a.texts[side].data);
    return status;
}
