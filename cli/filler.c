/*
 * filler.c - see filler.h. Of the best candidates that are whole words one is drawn, each as likely as
 * the model says.
 */
#include "filler.h"

#include "say.h"

#include <string.h>
#include <strings.h>

enum { CANDIDATES = 12 };

typedef struct candidate {
    cloze_text word;
    double score;
} candidate;

static bool is_word(cloze_text text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !((unsigned char)c & 0x80))
            return false;
    }
    return text.size > 0;
}

static bool is_same(cloze_text a, cloze_text b)
{
    return a.size == b.size && !strncasecmp(a.data, b.data, a.size);
}

/* Keeps a candidate that is a whole word and another one; false when memory is out. */
static bool take(const cli_filler *filler, cli_keep *keep, cloze_filling filling, cloze_text old,
                 candidate *out, size_t *count)
{
    const cloze_model *model = filler->opened.model;
    cloze_error error;
    cloze_text text;
    char *owned;
    bool good = true;
    if (cloze_filling_text(model, filling.token, &owned, &text.size, &error))
        return false;
    text.data = owned;
    while (text.size && *text.data == ' ') {
        text.data++;
        text.size--;
    }
    if (is_word(text) && !is_same(text, old)) {
        out[*count].score = (double)filling.score;
        good = keep_text(keep, text, &out[(*count)++].word);
    }
    cloze_tokenizer_release_text(cloze_model_tokenizer(model), owned);
    return good;
}

static cloze_text draw(const candidate *all, size_t count, cli_chance *chance)
{
    double sum = 0, at;
    size_t i = 0;
    for (size_t k = 0; k < count; k++)
        sum += all[k].score;
    at = chance_part(chance) * sum;
    while (i + 1 < count && at >= all[i].score)
        at -= all[i++].score;
    return count ? all[i].word : (cloze_text){ NULL, 0 };
}

/* A text that the model cannot take (it is too long, or has a mask of its own) gets no words. */
static bool fill(void *context, cli_keep *keep, cloze_text masked, const cloze_text *words,
                 size_t count, cli_chance *chance, cloze_text *out)
{
    static const cloze_fill_options options = { .top = CANDIDATES };
    cli_filler *filler = context;
    cloze_error error;
    cloze_status status =
        cloze_fill(filler->opened.session, &masked, 1, &options, filler->fillings, NULL, &error);
    memset(out, 0, count * sizeof *out);
    if (status == CLOZE_ERROR_TEXT)
        return true;
    if (status) {
        filler->code = say_error(&error, "--augment-model");
        return false;
    }
    if (cloze_fillings_masks(filler->fillings, 0) != count)
        return true;
    for (size_t i = 0; i < count; i++) {
        candidate all[CANDIDATES];
        size_t found = 0;
        for (size_t rank = 0; rank < cloze_fillings_count(filler->fillings); rank++)
            if (!take(filler, keep, cloze_fillings_get(filler->fillings, 0, i, rank), words[i], all,
                      &found))
                return false;
        out[i] = draw(all, found, chance);
    }
    return true;
}

int filler_open(cli_filler *filler, const cli_settings *settings, const char *model,
                cloze_engine *engine)
{
    cli_settings own = *settings;
    cloze_error error;
    own.model = model;
    own.revision = NULL;
    filler->opened.engine = engine;
    int code = open_model(&filler->opened, &own, false);
    if (!code && !cloze_model_fills(filler->opened.model))
        code = say_failure(CLOZE_ERROR_NOT_FOUND,
                           "--augment-model %s has no head for masked words: it cannot tell what "
                           "could stand in their place",
                           model);
    if (!code)
        code = open_session(&filler->opened, &own);
    if (!code && cloze_fillings_new(&filler->fillings, NULL, &error))
        code = say_error(&error, NULL);
    if (code)
        return code;
    const cloze_tokenizer *tokenizer = cloze_model_tokenizer(filler->opened.model);
    uint32_t mask;
    if (!cloze_tokenizer_role(tokenizer, CLOZE_TOKEN_MASK, &mask))
        return say_failure(CLOZE_ERROR_NOT_FOUND, "--augment-model %s has no token for masks",
                           model);
    filler->means = (augment_filler){ cloze_tokenizer_token(tokenizer, mask), fill, filler };
    return 0;
}

void filler_close(cli_filler *filler)
{
    cloze_fillings_free(filler->fillings);
    filler->opened.engine = NULL;
    close_all(&filler->opened);
}
