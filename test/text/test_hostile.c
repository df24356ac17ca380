/*
 * test_hostile.c - damaged, lying and unknown tokenizer files are refused with a message that names
 * the trouble, and nothing is made of them.
 */
#include "small_tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MODEL_BEGIN                                                                                \
    "{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\","        \
    "\"max_input_chars_per_word\":100,\"vocab\":"
#define MODEL MODEL_BEGIN "{\"[UNK]\":0,\"[CLS]\":1,\"[SEP]\":2}}"

#define BPE "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},"

typedef struct refused {
    const char *json, *says;
    cloze_status status;
} refused;

static const refused documents[] = {
    { "", "JSON", CLOZE_ERROR_FORMAT },
    { "[]", "object", CLOZE_ERROR_FORMAT },
    { "{}", "model", CLOZE_ERROR_FORMAT },
    { "{\"model\":{\"vocab\":{\"a\":0}", "not valid JSON", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL "} x", "not valid JSON", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"model\":" MODEL "}", "second vocabulary", CLOZE_ERROR_FORMAT },
    { "{\"version\":\"2.0\",\"model\":" MODEL "}", "2.0", CLOZE_ERROR_UNSUPPORTED },
    { "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}}}", "merges", CLOZE_ERROR_FORMAT },
    { BPE "\"merges\":[],\"dropout\":1.5}}", "0 to 1", CLOZE_ERROR_FORMAT },
    { BPE "\"merges\":[],\"dropout\":-0.1}}", "0 to 1", CLOZE_ERROR_FORMAT },
    { BPE "\"merges\":[],\"dropout\":\"x\"}}", "dropout", CLOZE_ERROR_FORMAT },
    { BPE "\"merges\":[],\"byte_fallback\":1}}", "byte_fallback", CLOZE_ERROR_FORMAT },
    { BPE "\"merges\":[],\"byte_fallback\":true,\"end_of_word_suffix\":\"w\"}}",
      "end_of_word_suffix", CLOZE_ERROR_UNSUPPORTED },
    { BPE "\"merges\":[],\"end_of_word_suffix\":7}}", "end_of_word_suffix", CLOZE_ERROR_FORMAT },
    { BPE "\"merges\":[],\"unk_token\":[]}}", "unk_token", CLOZE_ERROR_FORMAT },
    { BPE "\"merges\":[\"a a\"],\"continuing_subword_prefix\":\"##\"}}", "prefix",
      CLOZE_ERROR_FORMAT },
    { BPE "\"merges\":[\"a a\"]}}", "lacks", CLOZE_ERROR_FORMAT },
    { "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{}}}", "unk_token", CLOZE_ERROR_FORMAT },
    { "{\"model\":{\"type\":\"Words\",\"vocab\":{}}}", "WordLevel", CLOZE_ERROR_UNSUPPORTED },
    { "{\"model\":" MODEL_BEGIN "7}}", "vocab", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL_BEGIN "{\"a\":0,\"a\":1}}}", "token twice", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL_BEGIN "{\"a\":0,\"b\":0}}}", "same id", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL_BEGIN "{\"a\":4294967295}}}", "far larger", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL_BEGIN "{\"a\":99999999999999999999}}}", "whole number",
      CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL_BEGIN "{\"a\":-1}}}", "whole number", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL_BEGIN "{\"a\":1.5}}}", "comma", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL_BEGIN "{\"a\":01}}}", "whole number", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL_BEGIN "{\"a\":\"0\"}}}", "whole number", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL_BEGIN "{\"a\":0,}}}", "quotes", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL_BEGIN "{\"a\\u0000\":0}}}", "damaged", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL_BEGIN "{\"\\ud800\":0}}}", "damaged", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL_BEGIN "{\"\\udc00\\ud800\":0}}}", "damaged", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL_BEGIN "{\"\\x41\":0}}}", "damaged", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL_BEGIN "{\"a\nb\":0}}}", "damaged", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL_BEGIN "{\"\xFF\":0}}}", "not UTF-8", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL_BEGIN "{\"a\":0", "comma", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL_BEGIN "{\"a", "damaged", CLOZE_ERROR_FORMAT },
    { "{\"m\\u006fdel\":" MODEL "}", "without escapes", CLOZE_ERROR_FORMAT },
    { "{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"a\":0}}}", "max_input_chars_per_word",
      CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"normalizer\":{\"type\":\"Precompiled\"}}", "Precompiled",
      CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":"
      "\"Sequence\",\"normalizers\":[{\"type\":\"Sequence\",\"normalizers\":[{\"type\":"
      "\"Sequence\",\"normalizers\":[{\"type\":\"Sequence\",\"normalizers\":[]}]}]}]}]}}",
      "Sequence", CLOZE_ERROR_UNSUPPORTED },
    { "{\"model\":" MODEL ",\"normalizer\":{\"type\":7}}", "type", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"normalizer\":{\"type\":\"BertNormalizer\",\"lowercase\":1}}",
      "lowercase", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"pre_tokenizer\":{\"type\":\"Punctuation\",\"behavior\":\"Joined\"}}",
      "Joined", CLOZE_ERROR_UNSUPPORTED },
    { "{\"model\":" MODEL ",\"pre_tokenizer\":{\"type\":\"Splits\"}}", "Splits",
      CLOZE_ERROR_UNSUPPORTED },
    { "{\"model\":" MODEL ",\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\"a\"},"
      "\"behavior\":\"Removed\"}}",
      "invert", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":\"a\","
      "\"behavior\":\"Removed\",\"invert\":false}}",
      "pattern", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"pre_tokenizer\":{\"type\":\"CharDelimiterSplit\","
      "\"delimiter\":\"ab\"}}",
      "one character", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"pre_tokenizer\":{\"type\":\"FixedLength\",\"length\":0}}", "length",
      CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"pre_tokenizer\":[]}", "object", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"decoder\":{\"type\":\"BPEDecoder\"}}", "suffix", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"decoder\":{\"type\":\"BPEDecoder\",\"suffix\":\"\"}}", "suffix",
      CLOZE_ERROR_UNSUPPORTED },
    { "{\"model\":" MODEL ",\"decoder\":{\"type\":\"Words\"}}", "Words", CLOZE_ERROR_UNSUPPORTED },
    { "{\"model\":" MODEL ",\"decoder\":{\"type\":\"CTC\",\"pad_token\":\"x\"}}",
      "word_delimiter_token", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL
      ",\"decoder\":{\"type\":\"Strip\",\"content\":\"ab\",\"start\":1,\"stop\":0}}",
      "one character", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"decoder\":{\"type\":\"Sequence\",\"decoders\":7}}", "decoders",
      CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL
      ",\"decoder\":{\"type\":\"Replace\",\"content\":\"a\",\"pattern\":{\"Regex\":"
      "\"(a\"}}}",
      "closing parenthesis", CLOZE_ERROR_UNSUPPORTED },
    { "{\"model\":" MODEL ",\"decoder\":{\"type\":\"WordPiece\"}}", "prefix", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"added_tokens\":{}}", "added_tokens", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"added_tokens\":[{\"id\":1}]}", "content", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"added_tokens\":[{\"content\":\"x\",\"lstrip\":\"yes\"}]}", "lstrip",
      CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"normalizer\":{\"type\":\"StripAccents\"},\"added_tokens\":"
      "[{\"content\":\"\\u0301\"}]}",
      "empty after normalization", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"truncation\":7}", "truncation", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"post_processor\":{\"type\":\"RobertaProcessing\"}}", "cls",
      CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"post_processor\":{\"type\":\"Sequence\"}}", "processors",
      CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"post_processor\":{\"type\":\"Sequence\",\"processors\":["
      "{\"type\":\"BertProcessing\",\"sep\":[\"x\",0],\"cls\":[\"y\",0]},"
      "{\"type\":\"BertProcessing\",\"sep\":[\"x\",0],\"cls\":[\"y\",0]}]}}",
      "twice", CLOZE_ERROR_UNSUPPORTED },
    { "{\"model\":" MODEL ",\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":[\"x\",-1],"
      "\"cls\":[\"y\",0]}}",
      "sep", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":[\"x\",2],"
      "\"cls\":[\"y\",1000]}}",
      "1000", CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"post_processor\":{\"type\":\"TemplateProcessing\"}}", "single",
      CLOZE_ERROR_FORMAT },
    { "{\"model\":" MODEL ",\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":["
      "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],"
      "\"pair\":[]}}",
      "twice", CLOZE_ERROR_UNSUPPORTED },
    { "{\"model\":" MODEL ",\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":["
      "{\"SpecialToken\":{\"id\":\"[CLS]\",\"type_id\":0}}],\"pair\":[],\"special_tokens\":{}}}",
      "ids", CLOZE_ERROR_FORMAT },
};

static void merges_are_checked(void **state)
{
    static const struct {
        const char *merges, *says;
    } tests[] = {
        { "[\"a b\"]", NULL },
        { "[[\"a\",\"b\"]]", NULL },
        { "[]", NULL },
        { "[\"ab\"]", "merge 1" },
        { "[\"a b\",\"a b c\"]", "merge 2" },
        { "[7]", "merge 1" },
        { "[[\"a\"]]", "merge 1" },
        { "[[\"a\",1]]", "merge 1" },
        { "[\"b a\"]", "lacks" },
        { "[\"ab c\"]", "lacks" },
        { "[\"x yz\"]", "lacks" },
        { "{}", "merges" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        cloze_tokenizer *tokenizer = NULL;
        cloze_error error = { 0 };
        char *json = byte_level_document(tests[i].merges);
        cloze_status status = cz_tokenizer_from_json(&tokenizer, json, strlen(json), NULL, &error);
        if (!tests[i].says != !status || (status && !strstr(error.message, tests[i].says)))
            fail_msg("%s gave status %d: %s", tests[i].merges, (int)status, error.message);
        cloze_tokenizer_free(tokenizer);
        free(json);
    }
}

/* A word of a million letters is a matter of n log n. */
static void a_long_word_of_merges_ends_soon(void **state)
{
    enum { SIZE = 1 << 20 };
    cloze_tokenizer *tokenizer = NULL;
    cloze_encoding *encoding = NULL;
    char *json = byte_level_document("[\"a b\"]"), *word = malloc(SIZE);
    (void)state;
    assert_non_null(word);
    for (size_t i = 0; i < SIZE; i++)
        word[i] = i % 2 ? 'b' : 'a';
    assert_int_equal(cz_tokenizer_from_json(&tokenizer, json, strlen(json), NULL, NULL), 0);
    assert_int_equal(cloze_encoding_new(&encoding, NULL, NULL), 0);
    assert_int_equal(cloze_tokenize(tokenizer, (cloze_text){ word, SIZE }, (cloze_text){ NULL, 0 },
                                    NULL, encoding, NULL),
                     0);
    cloze_tokens tokens = cloze_encoding_tokens(encoding, 0);
    assert_int_equal(tokens.length, SIZE / 2);
    for (size_t i = 0; i < tokens.length; i++)
        assert_int_equal(tokens.ids[i], 256);
    cloze_encoding_free(encoding);
    cloze_tokenizer_free(tokenizer);
    free(json);
    free(word);
}

/* The same where a text is one word of letters, with dropout, and with letters left out. */
static void a_long_text_that_is_one_word_ends_soon(void **state)
{
    enum { SIZE = 1 << 18 };
    static const char *const dropouts[] = { "0", "0.5", "0.999999", "1" };
    char *text = malloc(SIZE), json[256];
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < SIZE; i++)
        text[i] = "abz "[i % 4];
    for (size_t i = 0; i < sizeof dropouts / sizeof *dropouts; i++) {
        cloze_tokenizer *tokenizer = NULL;
        cloze_encoding *encoding = NULL;
        cloze_text none = { NULL, 0 };
        snprintf(json, sizeof json,
                 "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":"
                 "[\"a b\"],\"dropout\":%s}}",
                 dropouts[i]);
        assert_int_equal(cz_tokenizer_from_json(&tokenizer, json, strlen(json), NULL, NULL), 0);
        assert_int_equal(cloze_encoding_new(&encoding, NULL, NULL), 0);
        assert_int_equal(
            cloze_tokenize(tokenizer, (cloze_text){ text, SIZE }, none, NULL, encoding, NULL), 0);
        size_t length = cloze_encoding_tokens(encoding, 0).length;
        assert_true(length >= SIZE / 4 && length <= SIZE / 2);
        cloze_encoding_free(encoding);
        cloze_tokenizer_free(tokenizer);
    }
    free(text);
}

static void damaged_documents_are_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        const refused *document = &documents[i];
        cloze_tokenizer *tokenizer = NULL;
        cloze_error error = { 0 };
        cloze_status status = cz_tokenizer_from_json(&tokenizer, document->json,
                                                     strlen(document->json), NULL, &error);
        if (status != document->status || !strstr(error.message, document->says))
            fail_msg("%s\ngave status %d: %s", document->json, (int)status, error.message);
        assert_null(tokenizer);
    }
}

/* Every cut of a good document, and every byte of it turned over, ends well or with an error. */
static void no_damage_to_a_document_crashes(void **state)
{
    const char *good =
        "{\"version\":\"1.0\",\"added_tokens\":[{\"id\":1,\"content\":\"[CLS]\",\"special\":true}],"
        "\"normalizer\":{\"type\":\"BertNormalizer\"},\"pre_tokenizer\":{\"type\":"
        "\"BertPreTokenizer\"},\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":[\"x\",2],"
        "\"cls\":[\"y\",1]},\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\"},\"model\":" MODEL
        "}";
    size_t size = strlen(good);
    cloze_tokenizer *tokenizer = NULL;
    (void)state;
    assert_int_equal(cz_tokenizer_from_json(&tokenizer, good, size, NULL, NULL), CLOZE_OK);
    cloze_tokenizer_free(tokenizer);
    for (size_t i = 0; i < size; i++) {
        char *copy = malloc(size);
        assert_non_null(copy);
        memcpy(copy, good, size);
        assert_int_not_equal(cz_tokenizer_from_json(&tokenizer, copy, i, NULL, NULL), CLOZE_OK);
        copy[i] = (char)(copy[i] ^ 0x15);
        if (!cz_tokenizer_from_json(&tokenizer, copy, size, NULL, NULL))
            cloze_tokenizer_free(tokenizer);
        free(copy);
    }
}

static void deep_nesting_is_refused(void **state)
{
    enum { DEPTH = 100000 };
    char *text = malloc(DEPTH);
    cloze_tokenizer *tokenizer = NULL;
    cloze_error error;
    (void)state;
    assert_non_null(text);
    memset(text, '[', DEPTH);
    assert_int_equal(cz_tokenizer_from_json(&tokenizer, text, DEPTH, NULL, &error),
                     CLOZE_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "levels"));
    free(text);
}

static void expect_vocabulary(const char *text, size_t size, const char *config,
                              cloze_status status, const char *says)
{
    cloze_tokenizer *tokenizer = NULL;
    cloze_error error = { 0 };
    assert_int_equal(cz_tokenizer_from_vocabulary(&tokenizer, text, size, config,
                                                  config ? strlen(config) : 0, NULL, &error),
                     status);
    if (!strstr(error.message, says))
        fail_msg("\"%s\" does not say \"%s\"", error.message, says);
    assert_null(tokenizer);
}

static void damaged_vocabularies_are_refused(void **state)
{
    const char *small = SMALL_VOCABULARY;
    char longest[1200];
    (void)state;
    memset(longest, 'a', sizeof longest);
    expect_vocabulary("", 0, NULL, CLOZE_ERROR_FORMAT, "empty");
    expect_vocabulary("a\n\xFF\n", 4, NULL, CLOZE_ERROR_FORMAT, "not UTF-8 at byte 2");
    expect_vocabulary(longest, sizeof longest, NULL, CLOZE_ERROR_LIMIT, "line 1");
    expect_vocabulary(small, strlen(small), "[]", CLOZE_ERROR_FORMAT, "object");
    expect_vocabulary(small, strlen(small), "{\"do_lower_case\": 1}", CLOZE_ERROR_FORMAT,
                      "do_lower_case");
    expect_vocabulary(small, strlen(small), "{\"model_max_length\": -5}", CLOZE_ERROR_FORMAT,
                      "model_max_length");
    expect_vocabulary(small, strlen(small), "{\"tokenizer_class\": \"T5Tokenizer\"}",
                      CLOZE_ERROR_NOT_FOUND, "T5Tokenizer");
    expect_vocabulary(small, strlen(small), "{\"tokenizer_class\": \"ByT5Tokenizer\"}",
                      CLOZE_ERROR_UNSUPPORTED, "ByT5Tokenizer");
    expect_vocabulary(small, strlen(small), "{\"cls_token\": 5}", CLOZE_ERROR_FORMAT, "cls_token");
    expect_vocabulary(small, strlen(small), "{\"cls_token\": \"\"}", CLOZE_ERROR_FORMAT, "empty");
    expect_vocabulary(small, strlen(small),
                      "{\"added_tokens_decoder\": {\"x\": {\"content\": \"y\"}}}",
                      CLOZE_ERROR_FORMAT, "number");
}

/* The package only complains when it needs the token, and so do we. */
static void a_missing_unknown_token_is_an_error_when_needed(void **state)
{
    const char *json = "{\"model\":" MODEL_BEGIN "{\"a\":0}}}";
    cloze_tokenizer *tokenizer = NULL;
    cloze_encoding *encoding = NULL;
    cloze_text none = { NULL, 0 };
    cloze_error error;
    (void)state;
    assert_int_equal(cz_tokenizer_from_json(&tokenizer, json, strlen(json), NULL, &error), 0);
    assert_int_equal(cloze_encoding_new(&encoding, NULL, NULL), 0);
    assert_int_equal(cloze_tokenize(tokenizer, as_text("a"), none, NULL, encoding, &error), 0);
    assert_int_equal(cloze_tokenize(tokenizer, as_text("b"), none, NULL, encoding, &error),
                     CLOZE_ERROR_TEXT);
    assert_non_null(strstr(error.message, "[UNK]"));
    cloze_encoding_free(encoding);
    cloze_tokenizer_free(tokenizer);
}

static void escapes_in_a_vocabulary_are_read(void **state)
{
    const char *json = "{\"model\":" MODEL_BEGIN
                       "{\"\\u00e9\\n\\\"\\\\\":0,\"\\ud83d\\ude00x\":1,\"[UNK]\" : 2 }}}";
    cloze_tokenizer *tokenizer = NULL;
    uint32_t id = 9;
    (void)state;
    assert_int_equal(cz_tokenizer_from_json(&tokenizer, json, strlen(json), NULL, NULL), 0);
    assert_true(cloze_tokenizer_id(tokenizer, as_text("\xC3\xA9\n\"\\"), &id));
    assert_int_equal(id, 0);
    assert_true(cloze_tokenizer_id(tokenizer, as_text("\xF0\x9F\x98\x80x"), &id));
    assert_int_equal(id, 1);
    cloze_tokenizer_free(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_documents_are_refused_by_name),
        cmocka_unit_test(merges_are_checked),
        cmocka_unit_test(a_long_word_of_merges_ends_soon),
        cmocka_unit_test(a_long_text_that_is_one_word_ends_soon),
        cmocka_unit_test(no_damage_to_a_document_crashes),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(damaged_vocabularies_are_refused),
        cmocka_unit_test(a_missing_unknown_token_is_an_error_when_needed),
        cmocka_unit_test(escapes_in_a_vocabulary_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
