/*
 * test_trained.c - a trained tokenizer, saved and opened, gives the ids that transformers and the
 * tokenizers package give with the same folder (tools/golden/make_trained.py).
 */
#include "../formats/scratch.h"
#include "cases.h"

#include <cloze/tokenizer.h>

static void same_ids(const cloze_tokenizer *tokenizer, cloze_encoding *encoding, cloze_text text,
                     cloze_text second, const json_t *wanted)
{
    cloze_error error;
    cloze_tokens tokens;
    if (cloze_tokenize(tokenizer, text, second, NULL, encoding, &error))
        fail_msg("%s", error.message);
    tokens = cloze_encoding_tokens(encoding, 0);
    if (tokens.length != json_array_size(wanted))
        fail_msg("\"%s\" is %zu tokens, not %zu", text.data, tokens.length,
                 json_array_size(wanted));
    for (size_t i = 0; i < tokens.length; i++)
        if (tokens.ids[i] != (uint32_t)json_integer_value(json_array_get(wanted, i)))
            fail_msg("token %zu of \"%s\" is %u", i, text.data, tokens.ids[i]);
}

static void same_text(const cloze_tokenizer *tokenizer, const json_t *ids, cloze_text wanted)
{
    uint32_t list[256];
    size_t count = json_array_size(ids), size;
    char *text;
    assert_true(count <= 256);
    for (size_t i = 0; i < count; i++)
        list[i] = (uint32_t)json_integer_value(json_array_get(ids, i));
    assert_int_equal(cloze_tokenizer_decode(tokenizer, list, count, true, &text, &size, NULL),
                     CLOZE_OK);
    assert_string_equal(text, wanted.data);
    cloze_tokenizer_release_text(tokenizer, text);
}

static void hold(const cloze_vocabulary *vocabulary, const json_t *wanted)
{
    const json_t *cases = json_object_get(wanted, "cases");
    cloze_text none = { NULL, 0 }, second = text_of(json_object_get(wanted, "second"));
    cloze_tokenizer *tokenizer = NULL;
    cloze_encoding *encoding = NULL;
    cloze_error error;
    assert_int_equal(cloze_vocabulary_save(vocabulary, inside("made"), NULL), CLOZE_OK);
    if (cloze_tokenizer_open(&tokenizer, inside("made"), NULL, &error))
        fail_msg("%s", error.message);
    assert_int_equal(cloze_encoding_new(&encoding, NULL, NULL), CLOZE_OK);
    assert_true(json_array_size(cases) > 10);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *one = json_array_get(cases, i), *ids = json_object_get(one, "ids");
        cloze_text text = text_of(json_object_get(one, "text"));
        same_ids(tokenizer, encoding, text, none, ids);
        same_ids(tokenizer, encoding, text, second, json_object_get(one, "pair"));
        same_text(tokenizer, ids, text_of(json_object_get(one, "decoded")));
    }
    cloze_encoding_free(encoding);
    cloze_tokenizer_free(tokenizer);
}

static void ids_are_those_of_transformers(void **state)
{
    (void)state;
    hold_cases("trained.json", 8, hold);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_those_of_transformers),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
