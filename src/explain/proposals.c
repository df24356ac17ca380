/*
 * proposals.c - single edits of an input: each unit deleted, and what a model that fills masks puts in its
 * place or before it. Words are kept that the proposer's tokenizer makes this very token of at that
 * place: pieces of words and special tokens are not among them.
 */
#include "explain/edits.h"

#include "base/error.h"

#include <cloze/fill.h>

#include <ctype.h>
#include <math.h>
#include <string.h>

enum { PROPOSALS = 20 };

typedef struct proposing {
    cz_edits *edits; /* what is proposed */
    cz_edits masked; /* edits that put the proposer's mask */
    const cloze_model *proposer;
    cloze_session *session;
    cloze_encoding *encoding;
    cloze_fillings *fillings;
    cz_edited_text *built; /* [masked.count] */
    cloze_text *texts;     /* [masked.count] */
    cloze_text mask;
    size_t proposals;
} proposing;

/* ---- texts with a mask ---- */

static cloze_status add_masks(proposing *p, const cloze_counterfactual_options *options,
                              cloze_error *error)
{
    const cloze_explainer *e = p->edits->explainer;
    cloze_status status = CLOZE_OK;
    for (size_t u = 0; u < e->unit_count && !status; u++) {
        cz_edit edit = { .kind = CLOZE_EDIT_REPLACE, .unit = u };
        if (!options->no_replacements && !cz_unit_is_asked(e, u))
            status = cz_edits_add(&p->masked, edit, p->mask, error);
        edit.kind = CLOZE_EDIT_INSERT;
        bool inside = u && cz_unit_is_asked(e, u) && cz_unit_is_asked(e, u - 1);
        if (!options->no_insertions && !inside && !status)
            status = cz_edits_add(&p->masked, edit, p->mask, error);
    }
    return status;
}

static cloze_status build_texts(proposing *p, cloze_error *error)
{
    const cloze_explainer *e = p->edits->explainer;
    const cloze_allocator *allocator = &e->hooks.allocator;
    p->built = cz_allocate_zero(allocator, p->masked.count, sizeof *p->built);
    p->texts = cz_allocate(allocator, p->masked.count, sizeof *p->texts);
    if (!p->built || !p->texts)
        return cz_fail_memory(error, "texts with a mask", p->masked.count * sizeof *p->built);
    for (size_t i = 0; i < p->masked.count; i++) {
        int side = e->units[p->masked.items[i].unit].span.side;
        if (!cz_edited_build(&p->masked, &i, 1, side, &p->built[i]))
            return cz_fail_memory(error, "a text with a mask", e->size[side]);
        p->texts[i] = (cloze_text){ p->built[i].data, p->built[i].size };
    }
    return CLOZE_OK;
}

/* Masks that the text had before ours: the mask is looked up by its number. */
static size_t masks_before(const proposing *p, const cz_edit *edit)
{
    const cloze_explainer *e = p->edits->explainer;
    cz_cut cut = cz_edit_cut(e, edit->kind, edit->unit);
    const char *text = e->text[e->units[edit->unit].span.side];
    size_t count = 0;
    for (size_t i = 0; i + p->mask.size <= cut.begin; i++)
        count += !memcmp(text + i, p->mask.data, p->mask.size);
    return count;
}

/* ---- words ---- */

static bool is_special(const proposing *p, uint32_t id)
{
    for (int role = CLOZE_TOKEN_UNKNOWN; role <= CLOZE_TOKEN_MASK; role++) {
        uint32_t special;
        if (cloze_tokenizer_role(p->proposer->tokenizer, (cloze_token_role)role, &special) &&
            special == id)
            return true;
    }
    return false;
}

static cloze_text without_spaces(const char *text, size_t size)
{
    while (size && text[size - 1] == ' ')
        size--;
    for (; size && *text == ' '; size--)
        text++;
    return (cloze_text){ text, size };
}

static bool has_letters(cloze_text word)
{
    for (size_t i = 0; i < word.size; i++)
        if (isalnum((unsigned char)word.data[i]) || (unsigned char)word.data[i] >= 0x80)
            return true;
    return false;
}

static bool same_word(cloze_text a, cloze_text b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (tolower((unsigned char)a.data[i]) != tolower((unsigned char)b.data[i]))
            return false;
    return true;
}

static bool is_token(const cloze_encoding *encoding, uint32_t id)
{
    cloze_tokens tokens = cloze_encoding_tokens(encoding, 0);
    return tokens.length == 1 && tokens.ids[0] == id;
}

static cloze_status take_word(proposing *p, const cz_edit *at, cloze_filling filling, bool *taken,
                              cloze_error *error)
{
    const cloze_explainer *e = p->edits->explainer;
    cloze_explain_span span = e->units[at->unit].span;
    cloze_text unit = { e->text[span.side] + span.begin, span.end - span.begin };
    char *text = NULL;
    size_t size = 0;
    cloze_status status = cloze_filling_text(p->proposer, filling.token, &text, &size, error);
    *taken = false;
    if (status)
        return status;
    cloze_text word = without_spaces(text, size);
    if (has_letters(word) && !(at->kind == CLOZE_EDIT_REPLACE && same_word(word, unit))) {
        status = cz_edit_tokenize(e, at->kind, at->unit, word, p->proposer->tokenizer, p->encoding,
                                  error);
        *taken = !status && is_token(p->encoding, filling.token);
    }
    cz_edit edit = { .kind = at->kind, .unit = at->unit, .likelihood = (double)filling.score };
    if (!status && *taken)
        status = cz_edits_add(p->edits, edit, word, error);
    cloze_tokenizer_release_text(p->proposer->tokenizer, text);
    return status;
}

static cloze_status take_words(proposing *p, size_t number, cloze_error *error)
{
    const cz_edit *at = &p->masked.items[number];
    size_t mask = masks_before(p, at), listed = cloze_fillings_count(p->fillings), kept = 0;
    cloze_status status = CLOZE_OK;
    for (size_t rank = 0; rank < listed && kept < p->proposals && !status; rank++) {
        cloze_filling filling = cloze_fillings_get(p->fillings, number, mask, rank);
        bool taken = false;
        if (!is_special(p, filling.token))
            status = take_word(p, at, filling, &taken, error);
        kept += taken;
    }
    return status;
}

/* ---- all of them ---- */

static cloze_status fill(proposing *p, const cloze_counterfactual_options *options,
                         cloze_error *error)
{
    const cloze_hooks *hooks = &p->edits->explainer->hooks;
    const cloze_fill_options how = { .top = 2 * p->proposals + 10 };
    cloze_session_options session = { .batch_tokens = p->edits->explainer->options.batch_tokens };
    cloze_status status = add_masks(p, options, error);
    if (!status)
        status = build_texts(p, error);
    if (!status)
        status = cloze_session_new(&p->session, p->proposer, &session, error);
    if (!status)
        status = cloze_fillings_new(&p->fillings, hooks, error);
    if (!status)
        status = cloze_encoding_new(&p->encoding, hooks, error);
    if (!status)
        status = cloze_fill(p->session, p->texts, p->masked.count, &how, p->fillings, NULL, error);
    for (size_t i = 0; i < p->masked.count && !status; i++)
        status = take_words(p, i, error);
    return status;
}

static void clear(proposing *p)
{
    const cloze_allocator *allocator = &p->edits->explainer->hooks.allocator;
    for (size_t i = 0; i < p->masked.count && p->built; i++)
        cz_release(allocator, p->built[i].data);
    cz_release(allocator, p->built);
    cz_release(allocator, p->texts);
    cz_edits_clear(&p->masked);
    cloze_session_free(p->session);
    cloze_fillings_free(p->fillings);
    cloze_encoding_free(p->encoding);
}

static cloze_status propose_words(cz_edits *edits, const cloze_counterfactual_options *options,
                                  cloze_error *error)
{
    proposing p = { .edits = edits,
                    .masked = { .explainer = edits->explainer },
                    .proposer = options->proposer,
                    .proposals = options->proposals ? options->proposals : PROPOSALS };
    uint32_t mask;
    if (!cloze_model_fills(p.proposer) ||
        !cloze_tokenizer_role(p.proposer->tokenizer, CLOZE_TOKEN_MASK, &mask))
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                       "%.200s proposes no words: it has no masked language modelling head or no "
                       "mask token",
                       p.proposer->path);
    p.mask = cloze_tokenizer_token(p.proposer->tokenizer, mask);
    cloze_status status = fill(&p, options, error);
    clear(&p);
    return status;
}

cloze_status cz_edits_propose(cz_edits *edits, const cloze_counterfactual_options *options,
                              cloze_error *error)
{
    const cloze_explainer *e = edits->explainer;
    const cloze_text nothing = { "", 0 };
    cloze_status status = CLOZE_OK;
    for (size_t u = 0; u < e->unit_count && !options->no_deletions && !status; u++) {
        cz_edit edit = { .kind = CLOZE_EDIT_DELETE, .unit = u, .likelihood = NAN };
        if (!cz_unit_is_asked(e, u) && e->unit_count > 1)
            status = cz_edits_add(edits, edit, nothing, error);
    }
    if (!status && options->proposer && !(options->no_replacements && options->no_insertions))
        status = propose_words(edits, options, error);
    return status;
}
