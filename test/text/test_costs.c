/*
 * test_costs.c - no tokenizer makes a text slow or huge: what a text may cost holds for all its
 * words and segments together. What is not refused here took minutes or all memory once, or ends in
 * the test's time limit.
 */
#include "small_tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define WORDS      "\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"u\",\"vocab\":{\"u\":0}}"
#define EXPRESSION "\"pattern\":{\"Regex\":\"a(?=.*x)\"}"
#define ADDED(text, flags)                                                                         \
    "\"added_tokens\":[{\"id\":1,\"content\":\"" text "\",\"special\":false," flags "}],"

static cloze_tokenizer *open_text(const char *json)
{
    cloze_tokenizer *tokenizer = NULL;
    cloze_error error;
    if (cz_tokenizer_from_json(&tokenizer, json, strlen(json), NULL, &error))
        fail_msg("%s", error.message);
    return tokenizer;
}

/* `unit` so many times. */
static char *repeat(const char *unit, size_t times)
{
    size_t size = strlen(unit);
    char *text = malloc(size * times + 1);
    assert_non_null(text);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * size, unit, size);
    text[size * times] = 0;
    return text;
}

/* What tokenizing `times` times `unit` says; *tokens of it. */
static cloze_status cost(const char *json, const char *unit, size_t times, size_t *tokens,
                         cloze_error *error)
{
    cloze_tokenizer *tokenizer = open_text(json);
    cloze_encoding *encoding = NULL;
    char *text = repeat(unit, times);
    cloze_status status;
    assert_int_equal(cloze_encoding_new(&encoding, NULL, NULL), CLOZE_OK);
    status =
        cloze_tokenize(tokenizer, as_text(text), (cloze_text){ NULL, 0 }, NULL, encoding, error);
    *tokens = cloze_encoding_tokens(encoding, 0).length;
    cloze_encoding_free(encoding);
    cloze_tokenizer_free(tokenizer);
    free(text);
    return status;
}

static void assert_refused(const char *json, const char *unit, size_t times, const char *says)
{
    cloze_error error;
    size_t tokens;
    assert_int_equal(cost(json, unit, times, &tokens, &error), CLOZE_ERROR_LIMIT);
    assert_non_null(strstr(error.message, says));
    assert_int_equal(tokens, 0);
}

static void the_words_of_a_text_share_its_steps(void **state)
{
    char *word = repeat("a", 2001), *segment = repeat("a", 2001);
    (void)state;
    memcpy(word + 2000, " ", 1);
    assert_refused("{\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":"
                   "\"WhitespaceSplit\"},{\"type\":\"Split\"," EXPRESSION
                   ",\"behavior\":\"Isolated\",\"invert\":false}]}," WORDS "}",
                   word, 2000, "too many steps");
    memcpy(segment + 2000, "!", 1);
    assert_refused("{" ADDED("!", "\"normalized\":false") "\"normalizer\":{\"type\":\"Replace\"," //
                   EXPRESSION ",\"content\":\"b\"}," WORDS "}",
                   segment, 2000, "too many steps");
    free(word);
    free(segment);
}

static void only_places_that_need_many_steps_cost_many(void **state)
{
    char *unit = repeat(".", 212);
    cloze_error error;
    size_t tokens;
    (void)state;
    memcpy(unit + 200, "aaaaaaaaaab.", 12);
    assert_int_equal(cost("{\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":"
                          "\"(?:a|aa)*b(?=!)\"},\"behavior\":\"Isolated\",\"invert\":false}," WORDS
                          "}",
                          unit, 5000, &tokens, &error),
                     CLOZE_OK);
    assert_int_equal(tokens, 1);
    free(unit);
}

/* Documents that write a text with more and more characters. */
static void no_tokenizer_makes_a_text_huge(void **state)
{
    static const char replace[] = "{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},"
                                  "\"content\":\"%s\"},";
    char *many = repeat("a", 1000), *bytes = repeat("{\"type\":\"ByteLevel\"},", 16);
    char json[8192], step[2048];
    (void)state;
    snprintf(step, sizeof step, replace, many);
    snprintf(
        json, sizeof json,
        "{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[%s%s%s{\"type\":\"NFC\"}]}," WORDS
        "}",
        step, step, step);
    assert_refused(json, "a", 1, "64 times as long");
    snprintf(json, sizeof json,
             "{" ADDED("!", "\"normalized\":false") "\"normalizer\":{\"type\":\"Prepend\","
                                                    "\"prepend\":\"%s\"}," WORDS "}",
             many);
    assert_refused(json, "b!", 1000, "64 times as long");
    bytes[strlen(bytes) - 1] = 0;
    snprintf(json, sizeof json,
             "{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[%s]}," WORDS "}", bytes);
    assert_refused(json, "\xC3\xA9", 10, "64 times as long");
    snprintf(json, sizeof json,
             "{\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[%s]}," WORDS "}", bytes);
    assert_refused(json, "\xC3\xA9", 10, "64 times as long");
    free(many);
    free(bytes);
}

/* A document whose character map makes "a" so many letters; to be freed. */
static char *map_document(size_t many)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    enum { UNITS = 512 };
    uint32_t units[UNITS] = {
        [0] = 256 << 10, [256 + 'a'] = 'a' | 1 << 8 | (uint32_t)('a' ^ 1) << 10, [257] = 1u << 31
    };
    size_t size = (4 + sizeof units + many) / 3 * 3 + 3, used;
    unsigned char *map = calloc(size, 1);
    char *json = malloc(size / 3 * 4 + 256);
    assert_true(map && json);
    map[1] = sizeof units >> 8;
    memcpy(map + 4, units, sizeof units);
    memset(map + 4 + sizeof units, 'b', many);
    used = (size_t)sprintf(json, "{\"normalizer\":{\"type\":\"Precompiled\","
                                 "\"precompiled_charsmap\":\"");
    for (size_t i = 0; i < size; i += 3) {
        unsigned bits = (unsigned)map[i] << 16 | (unsigned)map[i + 1] << 8 | map[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            json[used++] = digits[bits >> shift & 63];
    }
    strcpy(json + used, "\"}," WORDS "}");
    free(map);
    return json;
}

static void no_character_map_makes_a_text_huge(void **state)
{
    char *huge = map_document(1 << 20), *long_one = map_document(50);
    cloze_error error;
    size_t tokens;
    (void)state;
    assert_refused(huge, "a", 100000, "64 times as long");
    assert_int_equal(cost(long_one, "a", 100000, &tokens, &error), CLOZE_OK);
    free(huge);
    free(long_one);
}

/* A vocabulary with a long token that is never there: all of it is looked at again and again. */
static void long_tokens_do_not_make_a_text_slow(void **state)
{
    char *many = repeat("a", 1000), json[4096];
    cloze_error error;
    size_t tokens;
    (void)state;
    snprintf(json, sizeof json,
             "{\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"a\",\"max_input_chars_per_word\":"
             "100000000,\"continuing_subword_prefix\":\"##\",\"vocab\":{\"a\":0,\"##a\":1,\"##%"
             "sb\":2}}}",
             many);
    assert_int_equal(cost(json, "a", 10000, &tokens, &error), CLOZE_OK);
    assert_refused(json, "a", 50000, "too many steps");
    snprintf(json, sizeof json,
             "{\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"a\",0],[\"%sb\",-1]]}}",
             many);
    assert_int_equal(cost(json, "a", 10000, &tokens, &error), CLOZE_OK);
    assert_refused(json, "a", 50000, "too many steps");
    free(many);
}

static void no_decoder_makes_a_text_huge(void **state)
{
    static const uint32_t ids[] = { 0 };
    char *many = repeat("a", 1000), json[8192], step[2048], *text = NULL;
    cloze_tokenizer *tokenizer;
    cloze_error error;
    size_t size;
    (void)state;
    snprintf(step, sizeof step,
             "{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},\"content\":\"%s\"}", many);
    snprintf(json, sizeof json,
             "{\"decoder\":{\"type\":\"Sequence\",\"decoders\":[%s,%s,%s]},\"model\":{\"type\":"
             "\"WordLevel\",\"unk_token\":\"a\",\"vocab\":{\"a\":0}}}",
             step, step, step);
    tokenizer = open_text(json);
    assert_int_equal(cloze_tokenizer_decode(tokenizer, ids, 1, false, &text, &size, &error),
                     CLOZE_ERROR_LIMIT);
    assert_non_null(strstr(error.message, "64 times as long"));
    assert_null(text);
    cloze_tokenizer_free(tokenizer);
    free(many);
}

/* Each added token is normalized when the file is read. */
static void the_added_tokens_of_a_file_share_its_steps(void **state)
{
    enum { TOKENS = 200, LENGTH = 1000 };
    char *json = malloc(TOKENS * (LENGTH + 200) + 500), *name = repeat("a", LENGTH);
    size_t used;
    cloze_tokenizer *tokenizer = NULL;
    cloze_error error;
    (void)state;
    assert_non_null(json);
    used = (size_t)sprintf(json, "{\"normalizer\":{\"type\":\"Replace\"," EXPRESSION
                                 ",\"content\":\"b\"}," WORDS ",\"added_tokens\":[");
    for (int i = 0; i < TOKENS; i++)
        used += (size_t)sprintf(
            json + used, "%s{\"id\":%d,\"content\":\"%s%d\",\"normalized\":true,\"special\":false}",
            i ? "," : "", i + 1, name, i);
    strcpy(json + used, "]}");
    assert_int_equal(cz_tokenizer_from_json(&tokenizer, json, strlen(json), NULL, &error),
                     CLOZE_ERROR_LIMIT);
    assert_non_null(strstr(error.message, "too many steps"));
    free(json);
    free(name);
}

static void spaces_beside_added_tokens_are_walked_once(void **state)
{
    static const char *const flags[] = { "\"normalized\":false,\"lstrip\":true",
                                         "\"normalized\":false,\"rstrip\":true",
                                         "\"normalized\":true,\"lstrip\":true,\"rstrip\":true" };
    static const size_t expected[] = { 1000000, 1000000, 1 };
    cloze_error error;
    size_t tokens;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char json[400];
        snprintf(json, sizeof json, "{" ADDED(" ", "%s") WORDS "}", flags[i]);
        assert_int_equal(cost(json, " ", 1000000, &tokens, &error), CLOZE_OK);
        assert_int_equal(tokens, expected[i]);
    }
    assert_refused("{" ADDED(" ", "\"normalized\":false,\"rstrip\":true") WORDS
                   ",\"post_processor\":{\"type\":\"ByteLevel\",\"trim_offsets\":true}}",
                   " ", 1000000, "the same spaces");
}

static void much_dropout_has_an_end(void **state)
{
    static const char model[] = "{\"model\":{\"type\":\"BPE\",\"dropout\":%s,\"vocab\":{\"a\":0,"
                                "\"aa\":1},\"merges\":[[\"a\",\"a\"]]}}";
    char json[400];
    cloze_error error;
    size_t tokens;
    (void)state;
    snprintf(json, sizeof json, model, "0.99998");
    assert_refused(json, "a", 300000, "dropout");
    snprintf(json, sizeof json, model, "0.9");
    assert_int_equal(cost(json, "a", 100000, &tokens, &error), CLOZE_OK);
    assert_in_range(tokens, 50000, 99999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_words_of_a_text_share_its_steps),
        cmocka_unit_test(only_places_that_need_many_steps_cost_many),
        cmocka_unit_test(no_tokenizer_makes_a_text_huge),
        cmocka_unit_test(no_character_map_makes_a_text_huge),
        cmocka_unit_test(long_tokens_do_not_make_a_text_slow),
        cmocka_unit_test(no_decoder_makes_a_text_huge),
        cmocka_unit_test(the_added_tokens_of_a_file_share_its_steps),
        cmocka_unit_test(spaces_beside_added_tokens_are_walked_once),
        cmocka_unit_test(much_dropout_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
