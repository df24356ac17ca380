/*
 * convert.c - a tokenizer from files older than tokenizer.json: the vocabulary they hold, and what
 * transformers' converter of the tokenizer's class puts around it (tokenizer_class.c).
 */
#include "text/pieces_file.h"

typedef struct conversion {
    cloze_tokenizer *tokenizer;
    const cz_tokenizer_files *files;
    const cz_tokenizer_class *class;
    cz_configs configs;
    cz_pieces_source pieces;
    cloze_text specials[CZ_SPECIALS];
} conversion;

/* ---- which class ---- */

static bool has_files(const cz_tokenizer_files *files, cz_old_files kind)
{
    return kind == CZ_OLD_LINES    ? files->lines.data != NULL
           : kind == CZ_OLD_MERGES ? files->vocabulary.data && files->merges.data
                                   : files->pieces.data != NULL;
}

static cloze_status choose_named(conversion *work, const char *name, cloze_error *error)
{
    static const char *const needed[] = { "vocab.txt", "vocab.json and merges.txt",
                                          "a SentencePiece model" };
    char shown[80];
    cz_printable(shown, sizeof shown, name, strlen(name));
    work->class = cz_tokenizer_class_named(name);
    if (!work->class)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "the tokenizer class \"%s\" is not supported without a tokenizer.json; "
                       "let transformers write one: AutoTokenizer.from_pretrained(...)"
                       ".save_pretrained(...)",
                       shown);
    if (!has_files(work->files, work->class->files))
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                       "the tokenizer class \"%s\" needs a tokenizer.json, or %s", shown,
                       needed[work->class->files]);
    return CLOZE_OK;
}

/* Nothing names the class: the type of the model tells, or the files themselves. */
static cloze_status choose_unnamed(conversion *work, const char *type, cloze_error *error)
{
    work->class = type ? cz_tokenizer_class_of_model(type) : NULL;
    for (int kind = CZ_OLD_LINES; kind <= CZ_OLD_PIECES; kind++)
        if ((!work->class || !has_files(work->files, work->class->files)) &&
            has_files(work->files, (cz_old_files)kind))
            work->class = cz_tokenizer_class_by_files((cz_old_files)kind);
    if (!work->class)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "vocab.json and merges.txt do not tell what kind of tokenizer they make: "
                       "tokenizer_config.json must state a \"tokenizer_class\"");
    return CLOZE_OK;
}

static cloze_status choose_class(conversion *work, const json_t *model, cloze_error *error)
{
    const char *name = NULL, *type = NULL;
    cloze_status status = cz_json_string(work->configs.config, "tokenizer_class", &name, error);
    if (!status && !name)
        name = work->files->class_name;
    if (!status && !name)
        status = cz_json_string(model, "tokenizer_class", &name, error);
    if (!status)
        status = cz_json_string(model, "model_type", &type, error);
    if (status)
        return status;
    if (name && strcmp(name, "PreTrainedTokenizerFast"))
        return choose_named(work, name, error);
    return choose_unnamed(work, type, error);
}

/* ---- the template ---- */

/* The token that a word of the template names: as it stands there, or as it was stated. */
static cloze_status put_token(const conversion *work, cz_template *template, cloze_text word,
                              uint32_t type, cloze_error *error)
{
    cloze_text unknown = work->specials[CZ_SPECIAL_UNKNOWN];
    cz_slot slot = { CZ_SLOT_TOKEN, 0, type };
    char shown[80];
    if (word.size == 3 && !memcmp(word.data, "CLS", 3))
        word = work->specials[CZ_SPECIAL_CLASS];
    else if (word.size == 3 && !memcmp(word.data, "SEP", 3))
        word = work->specials[CZ_SPECIAL_SEPARATOR];
    else if (word.size == 3 && !memcmp(word.data, "BOS", 3))
        word = work->specials[CZ_SPECIAL_BEGIN];
    if (!word.size)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "cls_token or sep_token is empty");
    if (!cloze_tokenizer_id(work->tokenizer, word, &slot.id) &&
        !(unknown.size && cloze_tokenizer_id(work->tokenizer, unknown, &slot.id)))
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the special token \"%s\" is neither in the vocabulary nor added",
                       cz_printable(shown, sizeof shown, word.data, word.size));
    template->slots[template->count++] = slot;
    template->added++;
    return CLOZE_OK;
}

/* "[CLS] $A [SEP] $B:1 [SEP]:1"; of one text: up to the first token behind it. */
static cloze_status write_template(const conversion *work, const char *ends, bool pair,
                                   cz_template *template, cloze_error *error)
{
    bool seen = false;
    for (const char *at = ends; *at;) {
        size_t size = strcspn(at, " "), word = strcspn(at, " :");
        uint32_t type = word < size && at[word + 1] == '1';
        bool text = *at == '$', second = text && at[1] == 'B';
        cloze_status status = CLOZE_OK;
        if (second && !pair)
            break;
        if (text)
            template->slots[template->count++] =
                (cz_slot){ second ? CZ_SLOT_SECOND : CZ_SLOT_FIRST, 0, type };
        else
            status = put_token(work, template, (cloze_text){ at, word }, type, error);
        if (status || (seen && !pair))
            return status;
        seen = seen || text;
        at += size + (at[size] == ' ');
    }
    return CLOZE_OK;
}

static cloze_status trim(const conversion *work, cloze_error *error)
{
    cloze_tokenizer *tokenizer = work->tokenizer;
    const cz_stated *stated = &tokenizer->stated;
    cz_template first = { .count = 0 };
    cloze_status status = write_template(work, "CLS $A SEP", false, &first, error);
    if (status)
        return status;
    tokenizer->bytes.trims = stated->has_trim ? stated->trim : true;
    tokenizer->bytes.trims_prefix = stated->has_prefix_space && stated->prefix_space;
    cz_template_roberta(tokenizer, first.slots[0].id, first.slots[2].id);
    return CLOZE_OK;
}

static cloze_status put_ends(const conversion *work, cloze_error *error)
{
    cloze_tokenizer *tokenizer = work->tokenizer;
    const char *ends = work->class->ends;
    bool begins = false;
    cloze_status status;
    if (work->class->trims)
        return trim(work, error);
    status = cz_json_flag(work->configs.config, "add_bos_token", &begins, error);
    if (!status && !ends && begins && work->class->files == CZ_OLD_MERGES)
        ends = "BOS $A $B:1";
    if (status || !ends)
        return status;
    tokenizer->has_template = true;
    status = write_template(work, ends, false, &tokenizer->single, error);
    return status ? status : write_template(work, ends, true, &tokenizer->pair, error);
}

/* ---- the parts around the vocabulary ---- */

cloze_status cz_load_part(cloze_tokenizer *tokenizer, cz_part_loader *load, const char *json,
                          cloze_error *error)
{
    json_t *object = NULL;
    cloze_status status = cz_json_parse(&object, json, strlen(json), "a part", error);
    if (!status)
        status = load(tokenizer, object, error);
    json_decref(object);
    return status;
}

static cloze_status read_bert_normalizer(const conversion *work, cloze_error *error)
{
    const json_t *config = work->configs.config;
    bool lower = true, chinese = true, strip;
    cloze_status status = cz_json_flag(config, "do_lower_case", &lower, error);
    if (!status)
        status = cz_json_flag(config, "tokenize_chinese_chars", &chinese, error);
    strip = lower;
    if (!status)
        status = cz_json_flag(config, "strip_accents", &strip, error);
    if (!status)
        cz_normalizer_bert(&work->tokenizer->normalizer, true, chinese, strip, lower);
    return status;
}

static cloze_status load_lines(const conversion *work, cloze_error *error)
{
    cloze_text lines = work->files->lines;
    cloze_status status =
        cz_load_vocabulary(work->tokenizer, lines.data, lines.size, "vocab.txt", error);
    return status ? status : read_bert_normalizer(work, error);
}

static cloze_status load_merges(const conversion *work, cloze_error *error)
{
    cloze_tokenizer *tokenizer = work->tokenizer;
    const cz_tokenizer_files *files = work->files;
    cloze_status status =
        cz_read_vocabulary(&tokenizer->model.vocabulary, &tokenizer->hooks.allocator,
                           files->vocabulary.data, files->vocabulary.size, "vocab.json", error);
    if (!status)
        status = cz_load_merges(tokenizer, files->merges.data, files->merges.size, error);
    if (!status)
        status = cz_load_part(tokenizer, cz_load_splitter,
                              "{\"type\":\"ByteLevel\",\"add_prefix_space\":false}", error);
    return status ? status
                  : cz_load_part(tokenizer, cz_load_decoder, "{\"type\":\"ByteLevel\"}", error);
}

static cloze_status load_pieces(conversion *work, cloze_error *error)
{
    cloze_text bytes = work->files->pieces;
    cloze_status status = cz_sentencepiece_read(
        &work->pieces.file, &work->tokenizer->hooks.allocator, bytes.data, bytes.size, error);
    work->pieces.class = work->class;
    return status ? status
                  : cz_pieces_load(work->tokenizer, &work->pieces, work->configs.config, error);
}

static cloze_status load_vocabulary(conversion *work, cloze_error *error)
{
    cz_old_files kind = work->class->files;
    return kind == CZ_OLD_LINES    ? load_lines(work, error)
           : kind == CZ_OLD_MERGES ? load_merges(work, error)
                                   : load_pieces(work, error);
}

static cloze_status load_parts(conversion *work, cloze_error *error)
{
    cloze_tokenizer *tokenizer = work->tokenizer;
    bool lines = work->class->files == CZ_OLD_LINES;
    cloze_status status = cz_adjust_by_config(tokenizer, work->configs.config, error);
    if (!status)
        status = load_vocabulary(work, error);
    if (status)
        return status;
    cz_added_begin(tokenizer);
    status = cz_pieces_add(tokenizer, &work->pieces, error);
    if (!status)
        status = cz_load_specials(tokenizer, work->class, &work->configs, work->pieces.extras,
                                  work->specials, error);
    if (!status && lines)
        status = cz_set_text(tokenizer, &tokenizer->model.unknown, &tokenizer->model.unknown_size,
                             work->specials[CZ_SPECIAL_UNKNOWN], error);
    if (!status)
        status = put_ends(work, error);
    if (!status && !lines)
        cz_settle_splitter(tokenizer);
    return status;
}

static cloze_status parse(json_t **out, cloze_text text, const char *name, cloze_error *error)
{
    return text.data ? cz_parse_config(out, text.data, text.size, name, error) : CLOZE_OK;
}

cloze_status cz_load_old(cloze_tokenizer *tokenizer, const cz_tokenizer_files *files,
                         cloze_error *error)
{
    json_t *config = NULL, *special = NULL, *added = NULL, *model = NULL;
    conversion work = { .tokenizer = tokenizer, .files = files };
    cloze_status status = parse(&config, files->config, "tokenizer_config.json", error);
    if (!status)
        status = parse(&special, files->special, "special_tokens_map.json", error);
    if (!status)
        status = parse(&added, files->added, "added_tokens.json", error);
    if (!status)
        status = parse(&model, files->model, "config.json", error);
    work.configs = (cz_configs){ config, special, added };
    if (!status)
        status = choose_class(&work, model, error);
    if (!status)
        status = load_parts(&work, error);
    cz_sentencepiece_clear(&work.pieces.file, &tokenizer->hooks.allocator);
    json_decref(config);
    json_decref(special);
    json_decref(added);
    json_decref(model);
    return status;
}
