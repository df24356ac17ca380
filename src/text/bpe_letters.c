/*
 * bpe_letters.c - the letters of a word of a BPE that is not made of bytes, and what stands for those
 * that the vocabulary lacks: the tokens of their bytes, the unknown token, or nothing.
 *
 * Method: the package's BPE::merge_word, in its order: an unknown token is put when the next known
 * letter comes, so that it may swallow others.
 */
#include "text/parts.h"

typedef struct letters {
    const cloze_tokenizer *tokenizer;
    cloze_encoding *encoding;
    size_t count;
    uint32_t end;
    uint32_t waiting; /* bytes of unknown letters that are not put yet */
} letters;

static void put(letters *out, uint32_t id, uint32_t size)
{
    out->end += size;
    out->encoding->word_ids[out->count] = id;
    out->encoding->word_ends[out->count++] = out->end;
}

/* The id of a letter with what its place in the word adds to it. */
static bool find(const cloze_tokenizer *tokenizer, cloze_text letter, bool first, bool last,
                 uint32_t *id)
{
    const cz_wordpiece *model = &tokenizer->model;
    const cz_bpe *bpe = &tokenizer->bpe;
    char text[2 * CZ_TOKEN_LIMIT + 4];
    size_t size = 0;
    if ((first || !model->prefix_size) && (!last || !bpe->suffix_size))
        return cz_vocabulary_get(&model->vocabulary, letter.data, letter.size, id);
    if (!first && model->prefix_size) {
        memcpy(text, model->prefix, model->prefix_size);
        size = model->prefix_size;
    }
    memcpy(text + size, letter.data, letter.size);
    size += letter.size;
    if (last && bpe->suffix_size) {
        memcpy(text + size, bpe->suffix, bpe->suffix_size);
        size += bpe->suffix_size;
    }
    return cz_vocabulary_get(&model->vocabulary, text, size, id);
}

static bool put_bytes(letters *out, cloze_text letter)
{
    const uint32_t *tokens = out->tokenizer->bpe.byte_token;
    for (size_t i = 0; i < letter.size; i++)
        if (tokens[(unsigned char)letter.data[i]] == UINT32_MAX)
            return false;
    for (size_t i = 0; i < letter.size; i++)
        put(out, tokens[(unsigned char)letter.data[i]], 1);
    return true;
}

static cloze_status put_unknown(letters *out, cloze_error *error)
{
    const cz_wordpiece *model = &out->tokenizer->model;
    uint32_t id;
    char shown[80];
    if (!out->waiting)
        return CLOZE_OK;
    if (!cz_vocabulary_get(&model->vocabulary, model->unknown, model->unknown_size, &id))
        return cz_fail(error, CLOZE_ERROR_TEXT,
                       "a letter is not in the vocabulary, and neither is the unknown token \"%s\"",
                       cz_printable(shown, sizeof shown, model->unknown, model->unknown_size));
    put(out, id, out->waiting);
    out->waiting = 0;
    return CLOZE_OK;
}

cloze_status cz_bpe_letters(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                            const char *word, size_t size, size_t *count, cloze_error *error)
{
    const cz_bpe *bpe = &tokenizer->bpe;
    letters out = { .tokenizer = tokenizer, .encoding = encoding };
    cloze_status status = CLOZE_OK;
    for (size_t at = 0, begin = 0; at < size && !status; begin = at) {
        uint32_t id;
        cz_utf8_read(word, &at);
        cloze_text letter = { word + begin, at - begin };
        if (find(tokenizer, letter, begin == 0, at == size, &id)) {
            status = put_unknown(&out, error);
            put(&out, id, (uint32_t)letter.size);
        } else if (!(bpe->fallback && put_bytes(&out, letter)) && tokenizer->model.unknown) {
            if (!bpe->fuses)
                status = put_unknown(&out, error);
            out.waiting += (uint32_t)letter.size;
        }
    }
    if (!status)
        status = put_unknown(&out, error);
    *count = out.count;
    return status;
}
