/*
 * pieces_file.c - a SentencePiece model as a tokenizer: its pieces by the class's layout, its character
 * map among the class's normalizers, marks for spaces, control pieces as added tokens. What the file
 * itself says of spaces is passed over, as transformers' converters do.
 */
#include "text/pieces_file.h"

#include "text/charsmap.h"

enum { EXTRAS_LIMIT = 10000 };

#define MARK "\xE2\x96\x81"

/* ---- the vocabulary ---- */

static cloze_status put_piece(cloze_tokenizer *tokenizer, cloze_text text, double score,
                              cloze_error *error)
{
    cz_vocabulary *vocabulary = &tokenizer->model.vocabulary;
    size_t id = vocabulary->scored;
    bool existed;
    if (!cz_grow(&tokenizer->hooks.allocator, (void **)&vocabulary->scores,
                 &vocabulary->scores_capacity, id + 1, sizeof *vocabulary->scores) ||
        !cz_vocabulary_put(vocabulary, text.data, text.size, (uint32_t)id, &existed))
        return cz_text_memory(error);
    vocabulary->scores[vocabulary->scored++] = score;
    return CLOZE_OK;
}

static cloze_status put_named(cloze_tokenizer *tokenizer, const char *const *names, size_t count,
                              cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < count && !status; i++)
        status = put_piece(tokenizer, (cloze_text){ names[i], strlen(names[i]) },
                           strcmp(names[i], "<unk>NOTUSED") ? 0 : -100, error);
    return status;
}

/* Whether a digit and a comma end the piece. */
static bool ends_number(cloze_text piece)
{
    size_t at = piece.size;
    if (at < 2 || piece.data[at - 1] != ',')
        return false;
    return cz_unicode_kind_of(cz_utf8_before(piece.data, at - 1)) == CZ_KIND_NUMBER;
}

static cloze_status put_pieces(cloze_tokenizer *tokenizer, const cz_pieces_source *from,
                               size_t first, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (size_t i = first; i < from->file.count && !status; i++) {
        const cz_sentencepiece_piece *piece = &from->file.pieces[i];
        double less = ends_number(piece->text) ? from->class->comma : 0;
        status = put_piece(tokenizer, piece->text, (double)piece->score - less, error);
    }
    return status;
}

static cloze_status put_extras(cloze_tokenizer *tokenizer, size_t count, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    while (count-- > 0 && !status) {
        char name[32];
        int size = snprintf(name, sizeof name, "<extra_id_%zu>", count);
        status = put_piece(tokenizer, (cloze_text){ name, (size_t)size }, 0, error);
    }
    return status;
}

static cloze_status lay_out(cloze_tokenizer *tokenizer, const cz_pieces_source *from,
                            cloze_error *error)
{
    static const char *const four[] = { "<s>", "<pad>", "</s>", "<unk>" };
    static const char *const five[] = { "<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>",
                                        "<unk>NOTUSED" };
    static const char *const mask[] = { "<mask>" };
    cz_piece_layout layout = from->class->layout;
    cloze_status status = CLOZE_OK;
    bool behind = layout == CZ_PIECES_BEHIND_FOUR || layout == CZ_PIECES_BEHIND_FIVE;
    size_t first = 0;
    if (!cz_vocabulary_init(&tokenizer->model.vocabulary, &tokenizer->hooks.allocator,
                            from->file.count + from->extras, from->file.count * 8))
        return cz_text_memory(error);
    if (layout == CZ_PIECES_BEHIND_FOUR) {
        first = 3;
        status = put_named(tokenizer, four, 4, error);
    } else if (layout == CZ_PIECES_BEHIND_FIVE) {
        first = 1;
        status = put_named(tokenizer, five, 5, error);
    }
    if (!status)
        status = put_pieces(tokenizer, from, first, error);
    if (!status && behind)
        status = put_named(tokenizer, mask, 1, error);
    return status ? status : put_extras(tokenizer, from->extras, error);
}

static cloze_status load_model(cloze_tokenizer *tokenizer, const cz_pieces_source *from,
                               cloze_error *error)
{
    cz_piece_layout layout = from->class->layout;
    bool moved = layout == CZ_PIECES_BEHIND_FOUR || layout == CZ_PIECES_BEHIND_FIVE;
    if (from->file.model == CZ_SENTENCEPIECE_BPE) {
        cloze_status status = cz_set_text(tokenizer, &tokenizer->model.unknown,
                                          &tokenizer->model.unknown_size, from->file.unknown,
                                          error);
        tokenizer->bpe.fuses = true;
        return status ? status : cz_pieces_merges(tokenizer, &from->file, error);
    }
    return cz_unigram_from_vocabulary(tokenizer, moved ? 3 : from->file.unknown_id, false, error);
}

/* ---- the parts around it ---- */

typedef struct named_step {
    const char *name, *json; /* json NULL: the character map */
} named_step;

static const named_step steps[] = {
    { "quotes", "{\"type\":\"Sequence\",\"normalizers\":["
                "{\"type\":\"Replace\",\"pattern\":{\"String\":\"``\"},\"content\":\"\\\"\"},"
                "{\"type\":\"Replace\",\"pattern\":{\"String\":\"''\"},\"content\":\"\\\"\"}]}" },
    { "accents", "{\"type\":\"Sequence\",\"normalizers\":["
                 "{\"type\":\"NFKD\"},{\"type\":\"StripAccents\"}]}" },
    { "lower", "{\"type\":\"Lowercase\"}" },
    { "strip", "{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true}" },
    { "strip-right", "{\"type\":\"Strip\",\"strip_left\":false,\"strip_right\":true}" },
    { "spaces", "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\" {2,}\"},\"content\":\" \"}" },
    { "marks",
      "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\" {2,}\"},\"content\":\"" MARK "\"}" },
    { "map", NULL },
};

static cloze_status load_map(cloze_tokenizer *tokenizer, cloze_text map, cloze_error *error)
{
    cz_normalizer *normalizer = &tokenizer->normalizer;
    const cloze_allocator *allocator = &tokenizer->hooks.allocator;
    if (!map.size)
        return CLOZE_OK;
    normalizer->map = cz_allocate_zero(allocator, 1, sizeof *normalizer->map);
    if (!normalizer->map)
        return cz_fail_memory(error, "a character map", sizeof *normalizer->map);
    normalizer->steps[normalizer->count++] = CZ_STEP_MAP;
    normalizer->whole = true;
    return cz_charsmap_init(normalizer->map, allocator, map.data, map.size, error);
}

static cloze_status load_normalizer(cloze_tokenizer *tokenizer, const cz_pieces_source *from,
                                    cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (const char *at = from->class->steps; *at && !status;) {
        size_t size = strcspn(at, " "), i = 0;
        while (strlen(steps[i].name) != size || memcmp(steps[i].name, at, size))
            i++;
        if (!steps[i].json)
            status = load_map(tokenizer, from->file.map, error);
        else if ((strcmp(steps[i].name, "accents") || !from->accents) &&
                 (strcmp(steps[i].name, "lower") || from->lower))
            status = cz_load_part(tokenizer, cz_load_normalizer, steps[i].json, error);
        at += size + (at[size] == ' ');
    }
    return status;
}

static cloze_status load_around(cloze_tokenizer *tokenizer, const cz_pieces_source *from,
                                cloze_error *error)
{
    char marks[160];
    cloze_status status = load_normalizer(tokenizer, from, error);
    snprintf(marks, sizeof marks,
             "{\"type\":\"Metaspace\",\"replacement\":\"" MARK "\",\"prepend_scheme\":\"%s\"}",
             from->scheme);
    if (!status && from->punctuation)
        status = cz_load_part(tokenizer, cz_load_splitter,
                              "{\"type\":\"Punctuation\",\"behavior\":\"Isolated\"}", error);
    if (!status)
        status = cz_load_part(tokenizer, cz_load_splitter, marks, error);
    return status ? status : cz_load_part(tokenizer, cz_load_decoder, marks, error);
}

static cloze_status read_settings(cz_pieces_source *from, const json_t *config, cloze_error *error)
{
    const cz_tokenizer_class *class = from->class;
    bool prefix = true, legacy = true;
    cloze_status status;
    from->lower = class->lower;
    from->accents = class->accents;
    from->extras = class->layout == CZ_PIECES_AND_EXTRAS ? 100 : 0;
    status = cz_json_flag(config, "do_lower_case", &from->lower, error);
    if (!status)
        status = cz_json_flag(config, "keep_accents", &from->accents, error);
    if (!status && class->punctuation)
        status = cz_json_flag(config, "split_by_punct", &from->punctuation, error);
    if (!status && class->scheme)
        status = cz_json_flag(config, "add_prefix_space", &prefix, error);
    if (!status && class->scheme)
        status = cz_json_flag(config, "legacy", &legacy, error);
    if (!status && from->extras)
        status = cz_json_size(config, "extra_ids", 0, EXTRAS_LIMIT, &from->extras, error);
    from->scheme = !prefix ? "never" : legacy ? "always" : "first";
    return status;
}

cloze_status cz_pieces_load(cloze_tokenizer *tokenizer, cz_pieces_source *from,
                            const json_t *config, cloze_error *error)
{
    cloze_status status = read_settings(from, config, error);
    if (!status)
        status = lay_out(tokenizer, from, error);
    if (!status)
        status = load_model(tokenizer, from, error);
    return status ? status : load_around(tokenizer, from, error);
}

cloze_status cz_pieces_add(cloze_tokenizer *tokenizer, const cz_pieces_source *from,
                           cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < from->file.count && !status; i++) {
        const cz_sentencepiece_piece *piece = &from->file.pieces[i];
        cz_added_spec spec = { .text = piece->text,
                               .special = piece->kind == CZ_SENTENCEPIECE_CONTROL };
        if (spec.special || piece->kind == CZ_SENTENCEPIECE_USER_DEFINED)
            status = cz_added_put(tokenizer, &spec, error);
    }
    return status;
}
