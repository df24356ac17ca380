/*
 * splitter_json.c - what a tokenizer.json says of splitting into words: read as cuts in the order of
 * the file, and then, where they are common ones, as the rules that have a short way.
 */
#include "text/loaders.h"

static cloze_status load_behavior(const json_t *object, cz_behavior *behavior, cloze_error *error)
{
    static const char *const names[] = { "Removed", "Isolated", "MergedWithPrevious",
                                         "MergedWithNext", "Contiguous" };
    const char *name = names[*behavior];
    cloze_status status = cz_json_string(object, "behavior", &name, error);
    if (status)
        return status;
    for (int i = 0; i < 5; i++)
        if (!strcmp(name, names[i])) {
            *behavior = (cz_behavior)i;
            return CLOZE_OK;
        }
    return cz_part_unsupported(error, "behavior of a pre_tokenizer", name,
                               "Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous");
}

static cloze_status load_split(const cloze_tokenizer *tokenizer, const json_t *object, cz_cut *cut,
                               cloze_error *error)
{
    cloze_status status;
    cut->kind = CZ_CUT_FOUND;
    if (!json_is_string(json_object_get(object, "behavior")) ||
        !json_is_boolean(json_object_get(object, "invert")))
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the pre_tokenizer Split needs a \"behavior\" and an \"invert\"");
    status = load_behavior(object, &cut->behavior, error);
    if (!status)
        status = cz_json_flag(object, "invert", &cut->inverted, error);
    if (!status)
        status = cz_load_finder(&cut->finder, &tokenizer->hooks.allocator,
                                json_object_get(object, "pattern"), error);
    return status;
}

static cloze_status load_delimiter(const json_t *object, cz_cut *cut, cloze_error *error)
{
    const char *text = "";
    size_t at = 0;
    cloze_status status = cz_json_string(object, "delimiter", &text, error);
    if (status)
        return status;
    cut->kind = CZ_CUT_CHARACTER;
    cut->code = *text ? cz_utf8_read(text, &at) : 0;
    if (!cut->code || text[at])
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the \"delimiter\" of a CharDelimiterSplit must be one character");
    return CLOZE_OK;
}

static cloze_status load_digits(const json_t *object, cz_cut *cut, cloze_error *error)
{
    bool single = false;
    cloze_status status = cz_json_flag(object, "individual_digits", &single, error);
    cut->kind = CZ_CUT_DIGITS;
    cut->behavior = single ? CZ_ISOLATED : CZ_CONTIGUOUS;
    return status;
}

static cloze_status load_metaspace(const json_t *object, cz_cut *cut, cloze_error *error)
{
    bool splits = true;
    cloze_status status = cz_load_mark(object, &cut->code, &cut->prepend, error);
    if (!status)
        status = cz_json_flag(object, "split", &splits, error);
    cut->kind = CZ_CUT_MARKS;
    cut->behavior = CZ_MERGED_WITH_NEXT;
    cut->whole = !splits;
    return status;
}

/* `stated`: what a configuration beside the file says, or NULL. */
static cloze_status load_bytes(const json_t *object, const cz_stated *stated, cz_cut *cut,
                               cloze_error *error)
{
    bool space = true, pattern = true;
    cloze_status status = cz_json_flag(object, "add_prefix_space", &space, error);
    if (!status)
        status = cz_json_flag(object, "use_regex", &pattern, error);
    if (stated && stated->has_prefix_space)
        space = stated->prefix_space;
    cut->kind = CZ_CUT_BYTES;
    cut->behavior = CZ_ISOLATED;
    cut->code = ' ';
    cut->prepend = space ? CZ_PREPEND_ALWAYS : CZ_PREPEND_NEVER;
    cut->whole = !pattern;
    cut->finder.kind = CZ_FIND_WORDS;
    return status;
}

static cloze_status load_length(const json_t *object, cz_cut *cut, cloze_error *error)
{
    cut->kind = CZ_CUT_LENGTH;
    cut->behavior = CZ_ISOLATED;
    cut->length = 5;
    return cz_json_size(object, "length", 1, SIZE_MAX, &cut->length, error);
}

/* `cut` is removed spaces as it comes. */
static cloze_status load_cut(const cloze_tokenizer *tokenizer, const char *type,
                             const json_t *object, size_t depth, cz_cut *cut, cloze_error *error)
{
    if (!strcmp(type, "WhitespaceSplit"))
        return CLOZE_OK;
    if (!strcmp(type, "Whitespace")) {
        cut->kind = CZ_CUT_WORDS;
        return CLOZE_OK;
    }
    if (!strcmp(type, "Punctuation")) {
        cut->kind = CZ_CUT_PUNCTUATION;
        cut->behavior = CZ_ISOLATED;
        return load_behavior(object, &cut->behavior, error);
    }
    if (!strcmp(type, "UnicodeScripts")) {
        cut->kind = CZ_CUT_SCRIPTS;
        return CLOZE_OK;
    }
    if (!strcmp(type, "Digits"))
        return load_digits(object, cut, error);
    if (!strcmp(type, "CharDelimiterSplit"))
        return load_delimiter(object, cut, error);
    if (!strcmp(type, "FixedLength"))
        return load_length(object, cut, error);
    if (!strcmp(type, "Split"))
        return load_split(tokenizer, object, cut, error);
    if (!strcmp(type, "Metaspace"))
        return load_metaspace(object, cut, error);
    if (!strcmp(type, "ByteLevel"))
        return load_bytes(object, depth ? NULL : &tokenizer->stated, cut, error);
    return cz_part_unsupported(
        error, "pre_tokenizer", type,
        "BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, FixedLength, Metaspace, "
        "Punctuation, Sequence, Split, UnicodeScripts, Whitespace, WhitespaceSplit");
}

/* `depth`: Sequences around it. */
static cloze_status load_part(cloze_tokenizer *tokenizer, const json_t *object, size_t depth,
                              cloze_error *error)
{
    cz_cuts *cuts = &tokenizer->cuts;
    const json_t *members;
    const char *type;
    cloze_status status = cz_part_type(object, "pre_tokenizer", NULL, &type, error);
    if (status)
        return status;
    if (!strcmp(type, "Sequence") && depth < CZ_SEQUENCE_LIMIT) {
        status = cz_part_members(object, "pretokenizers", "pre_tokenizer", &members, error);
        for (size_t i = 0; !status && i < json_array_size(members); i++)
            status = load_part(tokenizer, json_array_get(members, i), depth + 1, error);
        return status;
    }
    if (cuts->count + 2 > CZ_CUTS_LIMIT)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "the pre_tokenizer has too many parts");
    if (!strcmp(type, "BertPreTokenizer")) {
        cuts->items[cuts->count++] = (cz_cut){ .kind = CZ_CUT_SPACES };
        cuts->items[cuts->count++] =
            (cz_cut){ .kind = CZ_CUT_PUNCTUATION, .behavior = CZ_ISOLATED };
        return CLOZE_OK;
    }
    return load_cut(tokenizer, type, object, depth, &cuts->items[cuts->count++], error);
}

cloze_status cz_load_splitter(cloze_tokenizer *tokenizer, const json_t *object, cloze_error *error)
{
    if (!object || json_is_null(object))
        return CLOZE_OK;
    return load_part(tokenizer, object, 0, error);
}

/* Whether a cut is one of the splitter's rules, which is set then. */
static bool settle_rule(const cz_cut *cut, cz_splitter *splitter)
{
    bool isolates = cut->kind == CZ_CUT_PUNCTUATION && cut->behavior == CZ_ISOLATED;
    splitter->spaces = splitter->spaces || cut->kind == CZ_CUT_SPACES || cut->kind == CZ_CUT_WORDS;
    splitter->punctuation = splitter->punctuation || isolates;
    splitter->groups = splitter->groups || cut->kind == CZ_CUT_WORDS;
    return isolates || cut->kind == CZ_CUT_SPACES || cut->kind == CZ_CUT_WORDS;
}

/* The splitter's rules, and marks behind them for a Unigram or a BPE. */
static bool settle_rules(cloze_tokenizer *tokenizer)
{
    const cz_cuts *cuts = &tokenizer->cuts;
    const cz_cut *last = cuts->count ? &cuts->items[cuts->count - 1] : NULL;
    bool marks = last && last->kind == CZ_CUT_MARKS && (tokenizer->unigram || tokenizer->bpe.used);
    cz_splitter splitter = { 0 };
    for (size_t i = 0; i + marks < cuts->count; i++)
        if (!settle_rule(&cuts->items[i], &splitter))
            return false;
    tokenizer->splitter = splitter;
    if (marks) {
        tokenizer->metaspace.used = true;
        tokenizer->metaspace.mark = last->code;
        tokenizer->metaspace.prepend = last->prepend;
        tokenizer->metaspace.whole = last->whole;
    }
    return true;
}

/* A known pattern and the letters of bytes, in one or two cuts. */
static bool settle_bytes(cloze_tokenizer *tokenizer)
{
    const cz_cuts *cuts = &tokenizer->cuts;
    const cz_cut *first = &cuts->items[0], *last = &cuts->items[cuts->count > 1];
    cz_byte_level *bytes = &tokenizer->bytes;
    if (!cuts->count || cuts->count > 2 || last->kind != CZ_CUT_BYTES)
        return false;
    if (cuts->count == 2 &&
        (first->kind != CZ_CUT_FOUND || first->finder.kind != CZ_FIND_WORDS ||
         (first->behavior != CZ_ISOLATED && !(first->behavior == CZ_REMOVED && first->inverted)) ||
         !last->whole || last->prepend != CZ_PREPEND_NEVER))
        return false;
    bytes->used = true;
    bytes->prefix_space = last->prepend == CZ_PREPEND_ALWAYS;
    bytes->pattern = cuts->count == 2 || !last->whole;
    bytes->rules = first->finder.rules;
    return true;
}

/* Whether words consist of the letters of bytes. */
static bool gives_letters(const cloze_tokenizer *tokenizer)
{
    const cz_normalizer *normalizer = &tokenizer->normalizer;
    bool letters = normalizer->count && normalizer->steps[normalizer->count - 1] == CZ_STEP_BYTES;
    for (size_t i = 0; i < tokenizer->cuts.count; i++) {
        cz_cut_kind kind = tokenizer->cuts.items[i].kind;
        letters = kind == CZ_CUT_BYTES || (letters && kind != CZ_CUT_MARKS);
    }
    return letters;
}

void cz_settle_splitter(cloze_tokenizer *tokenizer)
{
    cz_bpe *bpe = &tokenizer->bpe;
    bpe->by_bytes = bpe->by_bytes && gives_letters(tokenizer);
    if (bpe->by_bytes ? settle_bytes(tokenizer)
                      : !tokenizer->bytes.trims && settle_rules(tokenizer))
        cz_cuts_clear(&tokenizer->cuts, &tokenizer->hooks.allocator);
    else
        tokenizer->splitter.cuts = true;
}
