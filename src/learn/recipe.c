/*
 * recipe.c - what stands around the model of each kind: normalizer, pre-tokenizer, special tokens,
 * post-processor and decoder, as a tokenizer.json and a tokenizer_config.json say them.
 */
#include "learn/writing.h"

#include "text/tokenizer.h"
#include "text/unicode.h"

#include <string.h>

#define BYTE_LEVEL                                                                                 \
    "{\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"trim_offsets\": true, "              \
    "\"use_regex\": true}"
#define ANGLE_SPECIALS                                                                             \
    {                                                                                              \
        "<s>", "<pad>", "</s>", "<unk>", "<mask>"                                                  \
    }
#define METASPACE                                                                                  \
    "{\"type\": \"Metaspace\", \"replacement\": \"\xE2\x96\x81\", "                                \
    "\"prepend_scheme\": \"always\", \"split\": true}"

static const cz_recipe recipes[] = {
    [CLOZE_VOCABULARY_WORDPIECE] = {
        .special = { "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]" },
        .padding = 0, .unknown = 1, .class = 2, .separator = 3, .mask = 4,
        .prefix = "##",
        .pre_tokenizer = "{\"type\": \"BertPreTokenizer\"}",
        .decoder = "{\"type\": \"WordPiece\", \"prefix\": \"##\", \"cleanup\": true}",
        .tokenizer_class = "BertTokenizer",
    },
    [CLOZE_VOCABULARY_BYTE_LEVEL] = {
        .special = ANGLE_SPECIALS,
        .class = 0, .padding = 1, .separator = 2, .unknown = 3, .mask = 4,
        .mask_takes_space = true,
        .bytes = true,
        .model = "\"type\": \"BPE\", \"dropout\": null, \"unk_token\": null, "
                 "\"continuing_subword_prefix\": \"\", \"end_of_word_suffix\": \"\", "
                 "\"fuse_unk\": false, \"byte_fallback\": false, \"ignore_merges\": false",
        .pre_tokenizer = BYTE_LEVEL,
        .decoder = BYTE_LEVEL,
        .tokenizer_class = "RobertaTokenizer",
    },
    [CLOZE_VOCABULARY_BPE] = {
        .special = ANGLE_SPECIALS,
        .class = 0, .padding = 1, .separator = 2, .unknown = 3, .mask = 4,
        .mask_takes_space = true,
        .marks_spaces = true,
        .model = "\"type\": \"BPE\", \"dropout\": null, \"unk_token\": \"<unk>\", "
                 "\"continuing_subword_prefix\": null, \"end_of_word_suffix\": null, "
                 "\"fuse_unk\": true, \"byte_fallback\": false, \"ignore_merges\": false",
        .pre_tokenizer = METASPACE,
        .decoder = METASPACE,
        .tokenizer_class = "PreTrainedTokenizerFast",
    },
    [CLOZE_VOCABULARY_UNIGRAM] = {
        .special = ANGLE_SPECIALS,
        .class = 0, .padding = 1, .separator = 2, .unknown = 3, .mask = 4,
        .mask_takes_space = true,
        .marks_spaces = true,
        .model = "\"type\": \"Unigram\", \"unk_id\": 3, \"byte_fallback\": false",
        .pre_tokenizer = METASPACE,
        .decoder = METASPACE,
        .tokenizer_class = "PreTrainedTokenizerFast",
    },
};

const cz_recipe *cz_recipe_of(cloze_vocabulary_kind kind)
{
    return &recipes[kind];
}

static cloze_text as_text(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static void write_added(cz_buffer *out, const cz_recipe *recipe, cloze_text text, size_t id)
{
    bool takes_space = id == recipe->mask && recipe->mask_takes_space;
    cz_buffer_say(out, "\"content\": ");
    cz_buffer_json(out, text);
    cz_buffer_say(out, takes_space ? ", \"single_word\": false, \"lstrip\": true"
                                   : ", \"single_word\": false, \"lstrip\": false");
    cz_buffer_say(out, ", \"rstrip\": false, \"normalized\": false, \"special\": true}");
}

static void write_normalizer(cz_buffer *out, cloze_vocabulary_kind kind, bool lower)
{
    switch (kind) {
    case CLOZE_VOCABULARY_WORDPIECE:
        cz_buffer_say(out, "{\"type\": \"BertNormalizer\", \"clean_text\": true, "
                           "\"handle_chinese_chars\": true, \"strip_accents\": null, "
                           "\"lowercase\": ");
        cz_buffer_say(out, lower ? "true}" : "false}");
        break;
    case CLOZE_VOCABULARY_BYTE_LEVEL:
        cz_buffer_say(out, lower ? "{\"type\": \"Lowercase\"}" : "null");
        break;
    case CLOZE_VOCABULARY_BPE:
    case CLOZE_VOCABULARY_UNIGRAM:
        cz_buffer_say(out, "{\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"Nmt\"}, "
                           "{\"type\": \"NFKC\"}, ");
        cz_buffer_say(out, lower ? "{\"type\": \"Lowercase\"}, " : "");
        cz_buffer_say(out, "{\"type\": \"Replace\", \"pattern\": {\"Regex\": \" {2,}\"}, "
                           "\"content\": \" \"}]}");
        break;
    }
}

/* A piece of a template: a special token or a text. */
static void write_piece(cz_buffer *out, const char *kind, const char *id, bool second)
{
    cz_buffer_say(out, "{\"");
    cz_buffer_say(out, kind);
    cz_buffer_say(out, "\": {\"id\": \"");
    cz_buffer_say(out, id);
    cz_buffer_say(out, second ? "\", \"type_id\": 1}}" : "\", \"type_id\": 0}}");
}

static void write_template_token(cz_buffer *out, const cz_recipe *recipe, uint32_t id)
{
    cz_buffer_say(out, "\"");
    cz_buffer_say(out, recipe->special[id]);
    cz_buffer_say(out, "\": {\"id\": \"");
    cz_buffer_say(out, recipe->special[id]);
    cz_buffer_say(out, "\", \"ids\": [");
    cz_buffer_number(out, id);
    cz_buffer_say(out, "], \"tokens\": [\"");
    cz_buffer_say(out, recipe->special[id]);
    cz_buffer_say(out, "\"]}");
}

/* [CLS] A [SEP] and [CLS] A [SEP] B [SEP] with types 0 and 1; <s> A </s> and
 * <s> A </s> </s> B </s> with the type 0. */
static void write_template(cz_buffer *out, cloze_vocabulary_kind kind, const cz_recipe *recipe)
{
    const char *class = recipe->special[recipe->class], *sep = recipe->special[recipe->separator];
    bool types = kind == CLOZE_VOCABULARY_WORDPIECE;
    cz_buffer_say(out, "{\"type\": \"TemplateProcessing\", ");
    for (int pair = 0; pair < 2; pair++) {
        cz_buffer_say(out, pair ? ", \"pair\": [" : "\"single\": [");
        write_piece(out, "SpecialToken", class, false);
        cz_buffer_say(out, ", ");
        write_piece(out, "Sequence", "A", false);
        cz_buffer_say(out, ", ");
        write_piece(out, "SpecialToken", sep, false);
        for (int more = 0; pair && more < 1 + !types; more++) {
            cz_buffer_say(out, ", ");
            if (more < !types)
                write_piece(out, "SpecialToken", sep, false);
            else
                write_piece(out, "Sequence", "B", types);
        }
        if (pair) {
            cz_buffer_say(out, ", ");
            write_piece(out, "SpecialToken", sep, types);
        }
        cz_buffer_say(out, "]");
    }
    cz_buffer_say(out, ", \"special_tokens\": {");
    write_template_token(out, recipe, recipe->class);
    cz_buffer_say(out, ", ");
    write_template_token(out, recipe, recipe->separator);
    cz_buffer_say(out, "}}");
}

void cz_write_parts(cz_buffer *out, cloze_vocabulary_kind kind, bool lower,
                    const cloze_text *special, size_t special_count)
{
    const cz_recipe *recipe = cz_recipe_of(kind);
    cz_buffer_say(out, "{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"padding\": null,\n"
                       "  \"added_tokens\": [");
    for (size_t i = 0; i < special_count; i++) {
        cz_buffer_say(out, i ? ",\n    {\"id\": " : "\n    {\"id\": ");
        cz_buffer_number(out, i);
        cz_buffer_say(out, ", ");
        write_added(out, recipe, special[i], i);
    }
    cz_buffer_say(out, special_count ? "\n  ],\n  \"normalizer\": " : "],\n  \"normalizer\": ");
    write_normalizer(out, kind, lower);
    cz_buffer_say(out, ",\n  \"pre_tokenizer\": ");
    cz_buffer_say(out, recipe->pre_tokenizer);
    cz_buffer_say(out, ",\n  \"post_processor\": ");
    if (!special_count)
        cz_buffer_say(out, "null");
    else if (recipe->bytes)
        cz_buffer_say(out, "{\"type\": \"RobertaProcessing\", \"sep\": [\"</s>\", 2], "
                           "\"cls\": [\"<s>\", 0], \"trim_offsets\": true, "
                           "\"add_prefix_space\": false}");
    else
        write_template(out, kind, recipe);
    cz_buffer_say(out, ",\n  \"decoder\": ");
    cz_buffer_say(out, recipe->decoder);
}

/* The word limit of the finished tokenizer must not keep a long word from being counted. */
void cz_write_counter(cz_buffer *out, cloze_vocabulary_kind kind, bool lower)
{
    const cz_recipe *recipe = cz_recipe_of(kind);
    cz_write_parts(out, kind, lower, NULL, 0);
    cz_buffer_say(out, ",\n  \"model\": {");
    if (kind == CLOZE_VOCABULARY_WORDPIECE) {
        cz_buffer_say(out, "\"type\": \"WordPiece\", \"unk_token\": \"[UNK]\", "
                           "\"continuing_subword_prefix\": \"##\", "
                           "\"max_input_chars_per_word\": 4294967295, \"vocab\": {}}\n}\n");
        return;
    }
    cz_buffer_say(out, cz_recipe_of(recipe->bytes ? kind : CLOZE_VOCABULARY_BPE)->model);
    cz_buffer_say(out, ", \"vocab\": {\"<unk>\": 0");
    for (unsigned byte = 0; recipe->bytes && byte < 256; byte++) {
        char letter[4];
        size_t size = cz_utf8_put(letter, cz_byte_letter((unsigned char)byte));
        cz_buffer_say(out, ", ");
        cz_buffer_json(out, (cloze_text){ letter, size });
        cz_buffer_say(out, ": ");
        cz_buffer_number(out, byte + 1);
    }
    cz_buffer_say(out, "}, \"merges\": []}\n}\n");
}

static void write_named(cz_buffer *out, const char *key, const char *value)
{
    cz_buffer_say(out, ",\n  \"");
    cz_buffer_say(out, key);
    cz_buffer_say(out, "\": ");
    cz_buffer_json(out, as_text(value));
}

void cz_write_config(cz_buffer *out, cloze_vocabulary_kind kind, bool lower,
                     const cloze_text *special, size_t special_count)
{
    const cz_recipe *recipe = cz_recipe_of(kind);
    cz_buffer_say(out, "{\n  \"tokenizer_class\": \"");
    cz_buffer_say(out, recipe->tokenizer_class);
    cz_buffer_say(out, "\"");
    if (kind == CLOZE_VOCABULARY_WORDPIECE) {
        cz_buffer_say(out,
                      lower ? ",\n  \"do_lower_case\": true" : ",\n  \"do_lower_case\": false");
        cz_buffer_say(out, ",\n  \"strip_accents\": null,\n  \"tokenize_chinese_chars\": true");
    } else {
        write_named(out, "bos_token", recipe->special[recipe->class]);
        write_named(out, "eos_token", recipe->special[recipe->separator]);
    }
    if (recipe->bytes)
        cz_buffer_say(out, ",\n  \"add_prefix_space\": false,\n  \"trim_offsets\": true");
    if (recipe->marks_spaces)
        cz_buffer_say(out, ",\n  \"clean_up_tokenization_spaces\": false,\n  "
                           "\"model_input_names\": [\"input_ids\", \"attention_mask\"]");
    write_named(out, "unk_token", recipe->special[recipe->unknown]);
    write_named(out, "sep_token", recipe->special[recipe->separator]);
    write_named(out, "pad_token", recipe->special[recipe->padding]);
    write_named(out, "cls_token", recipe->special[recipe->class]);
    write_named(out, "mask_token", recipe->special[recipe->mask]);
    cz_buffer_say(out, ",\n  \"added_tokens_decoder\": {");
    for (size_t i = 0; i < special_count; i++) {
        cz_buffer_say(out, i ? ",\n    \"" : "\n    \"");
        cz_buffer_number(out, i);
        cz_buffer_say(out, "\": {");
        write_added(out, recipe, special[i], i);
    }
    cz_buffer_say(out, "\n  }\n}\n");
}
