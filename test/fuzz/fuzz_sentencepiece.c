/* fuzz_sentencepiece.c - a SentencePiece model file: its pieces become a Unigram, its character map
 * is applied, and it is converted to a tokenizer of some classes; all must hold whatever was
 * accepted. */
#include "tokenize_some.h"

#include "text/charsmap.h"
#include "text/sentencepiece.h"
#include "text/unigram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] = "\xE2\x96\x81"
                           "a\xCC\x88 \xC2\xA9\xE2\x80\x8D\xEF\xBC\xA1\r\n(c)";

static void cut(const cz_sentencepiece *file)
{
    cz_unigram_token *tokens = calloc(file->count, sizeof *tokens);
    cz_unigram_scratch scratch = { 0 };
    cz_unigram model;
    size_t count;
    if (!tokens)
        return;
    for (size_t i = 0; i < file->count; i++)
        tokens[i] = (cz_unigram_token){ file->pieces[i].text, file->pieces[i].score };
    if (!cz_unigram_init(&model, NULL, tokens, file->count, file->unknown_id, file->byte_fallback,
                         NULL)) {
        if (cz_unigram_split(&model, NULL, &scratch, text, sizeof text - 1, &count, NULL))
            abort();
        for (size_t i = 0; i < count; i++)
            if (scratch.pieces[i].id >= file->count || scratch.pieces[i].end > sizeof text - 1 ||
                scratch.pieces[i].begin >= scratch.pieces[i].end)
                abort();
        cz_unigram_scratch_clear(&scratch, NULL);
        cz_unigram_clear(&model);
    }
    free(tokens);
}

static void normalize(const cz_charsmap *map)
{
    cz_characters characters = { calloc(sizeof text, sizeof(cz_character)), 0, sizeof text };
    cz_characters spare = { NULL, 0, 0 };
    for (size_t at = 0; characters.items && at < sizeof text - 1;) {
        cz_character *c = &characters.items[characters.count++];
        c->begin = (uint32_t)at;
        c->code = cz_utf8_read(text, &at);
        c->end = (uint32_t)at;
    }
    if (characters.items && cz_charsmap_apply(map, NULL, &characters, &spare, 1 << 20))
        for (size_t i = 0; i < characters.count; i++)
            if (characters.items[i].begin >= characters.items[i].end ||
                characters.items[i].end > sizeof text - 1)
                abort();
    free(characters.items);
    free(spare.items);
}

static void convert(const char *data, size_t size)
{
    static const char *const classes[] = { "AlbertTokenizer", "XLMRobertaTokenizer",
                                           "DebertaV2Tokenizer", "T5Tokenizer" };
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        cz_tokenizer_files files = { .pieces = { data, size }, .class_name = classes[i] };
        cloze_tokenizer *tokenizer = NULL;
        if (!cz_tokenizer_from_files(&tokenizer, &files, NULL, NULL))
            tokenize_some(tokenizer);
        cloze_tokenizer_free(tokenizer);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cz_sentencepiece file;
    cz_charsmap map;
    if (cz_sentencepiece_read(&file, NULL, (const char *)data, size, NULL))
        return 0;
    convert((const char *)data, size);
    cut(&file);
    if (!cz_charsmap_init(&map, NULL, file.map.data, file.map.size, NULL)) {
        normalize(&map);
        cz_charsmap_clear(&map);
    }
    cz_sentencepiece_clear(&file, NULL);
    return 0;
}
