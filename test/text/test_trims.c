/*
 * test_trims.c - offsets without their spaces, and added tokens that look the same once they are
 * normalized. Expected is what tokenizers 0.22.2 and 0.23.3 give; of tokens that look the same, what
 * 0.20 to 0.22 give, since 0.23 draws one.
 */
#include "small_tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TRIMS(space)                                                                               \
    "\"post_processor\":{\"type\":\"ByteLevel\",\"trim_offsets\":true,\"add_prefix_space\":" space \
    "},"
#define ADDED(id, text, special)                                                                   \
    "{\"id\":" #id ",\"content\":\"" text "\",\"normalized\":true,\"special\":" special "}"

typedef struct expected {
    const char *text;
    size_t count;
    struct {
        uint32_t id;
        size_t begin, end;
    } tokens[4];
} expected;

static void check(const char *json, const expected *cases, size_t count)
{
    cloze_tokenizer *tokenizer = NULL;
    cloze_encoding *encoding = NULL;
    assert_int_equal(cz_tokenizer_from_json(&tokenizer, json, strlen(json), NULL, NULL), CLOZE_OK);
    assert_int_equal(cloze_encoding_new(&encoding, NULL, NULL), CLOZE_OK);
    for (size_t i = 0; i < count; i++) {
        cloze_tokens got;
        assert_int_equal(cloze_tokenize(tokenizer, as_text(cases[i].text), (cloze_text){ NULL, 0 },
                                        NULL, encoding, NULL),
                         CLOZE_OK);
        got = cloze_encoding_tokens(encoding, 0);
        assert_int_equal(got.length, cases[i].count);
        for (size_t k = 0; k < got.length; k++) {
            assert_int_equal(got.ids[k], cases[i].tokens[k].id);
            assert_int_equal(got.offsets[k].begin, cases[i].tokens[k].begin);
            assert_int_equal(got.offsets[k].end, cases[i].tokens[k].end);
        }
    }
    cloze_encoding_free(encoding);
    cloze_tokenizer_free(tokenizer);
}

/* Its unknown token is what stands in the text, spaces included. */
static void an_unknown_token_of_a_unigram_is_trimmed(void **state)
{
    static const expected cases[] = {
        { "b\r\nx", 2, { { 2, 0, 1 }, { 0, 3, 4 } } },
        { "  xa", 2, { { 0, 2, 3 }, { 1, 3, 4 } } },
        { "a  ", 2, { { 1, 0, 1 }, { 0, 3, 3 } } },
        { "\n\nx\n\na", 2, { { 0, 2, 3 }, { 1, 5, 6 } } },
        { " x", 1, { { 0, 0, 2 } } },
    };
    (void)state;
    check("{" TRIMS("true") "\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<u>\",0],"
                            "[\"a\",-1],[\"b\",-2]]}}",
          cases, sizeof cases / sizeof *cases);
}

/* An added token has another form, normalized, than the token of the model with its id. */
static void a_token_is_trimmed_as_the_model_has_it(void **state)
{
    static const expected spaces[] = {
        { "a b", 4, { { 1, 0, 0 }, { 0, 0, 1 }, { 1, 2, 2 }, { 2, 2, 3 } } },
        { "a", 2, { { 1, 0, 0 }, { 0, 0, 1 } } },
        { " a", 2, { { 1, 1, 1 }, { 0, 1, 2 } } },
    };
    static const expected letters[] = {
        { "ab", 2, { { 0, 0, 1 }, { 1, 1, 2 } } },
        { "ba", 2, { { 1, 1, 1 }, { 0, 1, 2 } } },
        { "a b", 2, { { 0, 0, 1 }, { 1, 2, 3 } } },
    };
    (void)state;
    check("{\"added_tokens\":[" ADDED(
              1, " ", "true") "],\"normalizer\":{\"type\":\"Prepend\","
                              "\"prepend\":\" \"}," TRIMS(
                                  "true") "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,"
                                          "\" \":1,\"b\":2},\"merges\":[]}}",
          spaces, sizeof spaces / sizeof *spaces);
    check("{\"added_tokens\":[" ADDED(
              1, "b",
              "true") "],\"normalizer\":{\"type\":\"Prepend\","
                      "\"prepend\":\" \"},\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"}," TRIMS(
                          "false") "\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"u\","
                                   "\"continuing_subword_prefix\":\"\","
                                   "\"max_input_chars_per_word\":100,\"vocab\":{\"a\":0,\"b\":1,"
                                   "\"u\":2}}}",
          letters, sizeof letters / sizeof *letters);
}

static void of_equal_added_tokens_the_first_special_one_counts(void **state)
{
    static const expected cases[] = { { "ab", 1, { { 2, 0, 2 } } } };
    (void)state;
    check("{\"added_tokens\":[" ADDED(1, "AB", "false") "," ADDED(2, "aB", "true") "," //
          ADDED(3, "Ab", "true") "],\"normalizer\":{\"type\":\"Lowercase\"},\"model\":{\"type\":"
                                 "\"WordLevel\",\"unk_token\":\"u\",\"vocab\":{\"u\":0}}}",
          cases, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_token_of_a_unigram_is_trimmed),
        cmocka_unit_test(a_token_is_trimmed_as_the_model_has_it),
        cmocka_unit_test(of_equal_added_tokens_the_first_special_one_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
