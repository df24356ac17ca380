/*
 * test_merges.c - tokens and merges beside those of the tokenizers package's trainers
 * (tools/golden/make_vocabularies.py).
 */
#include "cases.h"

#include "base/digest.h"

static void add_token(cz_digest *digest, const cloze_vocabulary *vocabulary, size_t id,
                      const char *end)
{
    cloze_text token = cloze_vocabulary_token(vocabulary, id);
    cz_digest_add(digest, token.data, token.size);
    cz_digest_add(digest, end, 1);
}

static void same_digest(cz_digest *digest, const json_t *wanted, const char *key)
{
    char found[CZ_DIGEST_HEX];
    cz_digest_end(digest, found);
    assert_string_equal(found, json_string_value(json_object_get(wanted, key)));
}

static void same_token(const cloze_vocabulary *vocabulary, size_t id, const json_t *wanted)
{
    cloze_text token = cloze_vocabulary_token(vocabulary, id), text = text_of(wanted);
    if (token.size != text.size || memcmp(token.data, text.data, token.size))
        fail_msg("\"%.*s\" instead of \"%s\"", (int)token.size, token.data, text.data);
}

static void hold_merges(const cloze_vocabulary *vocabulary, const json_t *wanted)
{
    const json_t *merges = json_object_get(wanted, "merges");
    size_t count = cloze_vocabulary_merges(vocabulary);
    uint32_t left, right;
    cz_digest digest;
    cz_digest_begin(&digest, CZ_SHA256);
    for (size_t i = 0; i < count; i++) {
        assert_true(cloze_vocabulary_merge(vocabulary, i, &left, &right));
        if (i < json_array_size(merges)) {
            same_token(vocabulary, left, json_array_get(json_array_get(merges, i), 0));
            same_token(vocabulary, right, json_array_get(json_array_get(merges, i), 1));
        }
        add_token(&digest, vocabulary, left, " ");
        add_token(&digest, vocabulary, right, "\n");
    }
    assert_false(cloze_vocabulary_merge(vocabulary, count, &left, &right));
    assert_int_equal(count, number(wanted, "merge_count", 0));
    same_digest(&digest, wanted, "merge_digest");
}

static void hold(const cloze_vocabulary *vocabulary, const json_t *wanted)
{
    cz_digest digest;
    cz_digest_begin(&digest, CZ_SHA256);
    assert_int_equal(cloze_vocabulary_size(vocabulary), number(wanted, "token_count", 0));
    for (size_t i = 0; i < cloze_vocabulary_size(vocabulary); i++)
        add_token(&digest, vocabulary, i, "\n");
    same_digest(&digest, wanted, "token_digest");
    if (kind_of(wanted) != CLOZE_VOCABULARY_WORDPIECE)
        hold_merges(vocabulary, wanted);
}

static void tokens_and_merges_are_those_of_the_package(void **state)
{
    (void)state;
    hold_cases("merges.json", 30, hold);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_and_merges_are_those_of_the_package),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
