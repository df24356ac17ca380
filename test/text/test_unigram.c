/*
 * test_unigram.c - whole tokenizers with a Unigram: t5-base, and small ones that cover rare options
 * (test/golden/text/unigram_*.json), over texts of many languages, against hashes of what the
 * package makes of them (test/golden/text/unigram.py); and numbers as the package reads them.
 */
#include "encoding_hash.h"
#include "text/parts.h"
#include "vocabularies.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char *read_named(const char *variable, const char *folder, const char *name, size_t *size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%s", getenv(variable), folder, name);
    return read_whole(path, size);
}

static cloze_tokenizer *open_named(const char *name)
{
    cloze_tokenizer *tokenizer = NULL;
    cloze_error error;
    char file[256], *text;
    size_t size;
    snprintf(file, sizeof file, "unigram_%s.json", name);
    text = strcmp(name, "t5-base")
               ? read_named("CLOZE_TEST_DATA", "golden/text/", file, &size)
               : read_named("CLOZE_DATA", "tokenizers/", "t5-base/tokenizer.json", &size);
    assert_non_null(text);
    if (cz_tokenizer_from_json(&tokenizer, text, size, NULL, &error))
        fail_msg("%s: %s", name, error.message);
    free(text);
    return tokenizer;
}

static uint64_t hash_lines(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                           const char *data, size_t size)
{
    encoding_hash hash = { 0, 0 };
    cloze_text none = { NULL, 0 };
    for (size_t at = 0; at <= size;) {
        const char *end = at < size ? memchr(data + at, '\n', size - at) : NULL;
        cloze_text line = { data + at, end ? (size_t)(end - data) - at : size - at };
        cloze_error error;
        cloze_status status = cloze_tokenize(tokenizer, line, none, NULL, encoding, &error);
        if (!status)
            hash_encoding(&hash, encoding, line);
        else if (status != CLOZE_ERROR_TEXT)
            fail_msg("%s", error.message);
        at += line.size + 1;
    }
    return hash.sum;
}

static void every_text_is_cut_as_the_package_cuts_it(void **state)
{
    cloze_tokenizer *tokenizer = NULL;
    cloze_encoding *encoding = NULL;
    char path[4096], opened[64] = "", name[64], source[256];
    unsigned long long wanted;
    unsigned checked = 0, wrong = 0;
    FILE *golden;
    (void)state;
    if (!getenv("CLOZE_DATA") || !*getenv("CLOZE_DATA")) {
        printf("skipped: CLOZE_DATA is not set\n");
        skip();
    }
    assert_int_equal(cloze_encoding_new(&encoding, NULL, NULL), CLOZE_OK);
    snprintf(path, sizeof path, "%s/golden/text/unigram.txt", getenv("CLOZE_TEST_DATA"));
    golden = fopen(path, "r");
    assert_non_null(golden);
    assert_int_equal(fscanf(golden, "#%*[^\n]\n"), 0);
    while (fscanf(golden, "%63s %255s %llx", name, source, &wanted) == 3) {
        size_t size;
        char *data = read_named("CLOZE_DATA", "", source, &size);
        assert_non_null(data);
        if (strcmp(name, opened)) {
            cloze_tokenizer_free(tokenizer);
            tokenizer = open_named(name);
            snprintf(opened, sizeof opened, "%s", name);
        }
        checked++;
        if (hash_lines(tokenizer, encoding, data, size) != wanted && wrong++ < 20)
            print_error("%s: %s differs from the package\n", name, source);
        free(data);
    }
    fclose(golden);
    cloze_tokenizer_free(tokenizer);
    cloze_encoding_free(encoding);
    assert_int_equal(wrong, 0);
    assert_true(checked > 300);
}

/* The package's reader gives -2.012292861938477 for the first, one unit in the last place off. */
static void a_score_is_read_with_the_two_roundings_of_the_package(void **state)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = { { "-2.0122928619384766", -2.012292861938477 },
                  { "-3.9598512649536133", -3.9598512649536137 },
                  { "0", 0 },
                  { "-100.0", -100 },
                  { "1.5e3", 1500 },
                  { "25E-1", 2.5 },
                  { "1e-400", 0 } };
    static const char *const bad[] = { "", "-", "01", ".5", "1.", "1e", "1e999", "nan", "+1" };
    double value;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t at = 0;
        assert_true(cz_read_score(cases[i].text, strlen(cases[i].text), &at, &value));
        assert_int_equal(at, strlen(cases[i].text));
        assert_memory_equal(&value, &cases[i].value, sizeof value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t at = 0;
        assert_false(cz_read_score(bad[i], strlen(bad[i]), &at, &value));
    }
}

static cloze_status open_text(const char *json)
{
    cloze_tokenizer *tokenizer = NULL;
    cloze_status status = cz_tokenizer_from_json(&tokenizer, json, strlen(json), NULL, NULL);
    cloze_tokenizer_free(tokenizer);
    return status;
}

#define MODEL(members) "{\"model\": {\"type\": \"Unigram\", " members "}}"

static void a_unigram_that_is_not_one_is_refused(void **state)
{
    (void)state;
    assert_int_equal(open_text(MODEL("\"unk_id\": 0, \"vocab\": [[\"a\", -1]]")), CLOZE_OK);
    assert_int_equal(open_text(MODEL("\"vocab\": {\"a\": 1}")), CLOZE_ERROR_FORMAT);
    assert_int_equal(open_text(MODEL("\"vocab\": [[\"a\"]]")), CLOZE_ERROR_FORMAT);
    assert_int_equal(open_text(MODEL("\"vocab\": [[\"a\", \"b\"]]")), CLOZE_ERROR_FORMAT);
    assert_int_equal(open_text(MODEL("\"vocab\": [[\"a\", 1e999]]")), CLOZE_ERROR_FORMAT);
    assert_int_equal(open_text(MODEL("\"vocab\": [[\"a\", 1], ]")), CLOZE_ERROR_FORMAT);
    assert_int_equal(open_text(MODEL("\"unk_id\": 1, \"vocab\": [[\"a\", -1]]")),
                     CLOZE_ERROR_FORMAT);
    assert_int_equal(open_text(MODEL("\"unk_id\": 0, \"vocab\": []")), CLOZE_ERROR_FORMAT);
}

/* As tokenizers 0.23.3 numbers it. */
static void an_added_token_is_numbered_after_every_piece(void **state)
{
    static const char json[] =
        "{\"added_tokens\": [{\"id\": 9, \"content\": \"new\"}], \"model\": {\"type\": "
        "\"Unigram\", "
        "\"unk_id\": 0, \"vocab\": [[\"<unk>\", 0], [\"a\", -1], [\"b\", -2], [\"a\", -3]]}}";
    cloze_tokenizer *tokenizer = NULL;
    uint32_t id = 0;
    (void)state;
    assert_int_equal(cz_tokenizer_from_json(&tokenizer, json, strlen(json), NULL, NULL), CLOZE_OK);
    assert_true(cloze_tokenizer_id(tokenizer, (cloze_text){ "new", 3 }, &id));
    assert_int_equal(id, 4);
    cloze_tokenizer_free(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_is_cut_as_the_package_cuts_it),
        cmocka_unit_test(a_score_is_read_with_the_two_roundings_of_the_package),
        cmocka_unit_test(a_unigram_that_is_not_one_is_refused),
        cmocka_unit_test(an_added_token_is_numbered_after_every_piece),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
