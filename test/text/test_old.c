/*
 * test_old.c - tokenizers from files older than tokenizer.json, as transformers converts them for each
 * class (tools/golden/make_old_tokenizers.py): every token of some cases in small folders, and
 * hashes over the lines of text files for the real vocabularies.
 */
#include "encoding_hash.h"
#include "text/tokenizer.h"
#include "vocabularies.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const folders[] = {
    "roberta",          "roberta_stated", "roberta_spaced", "longformer",
    "deberta",          "deberta_listed", "gpt2",           "mpnet",
    "bert_added",       "albert",         "albert_cased",   "fnet",
    "camembert",        "camembert_more", "xlm_roberta",    "deberta_v2",
    "deberta_v2_split", "rembert",        "bigbird",        "t5",
    "reformer",         "albert_bpe",     "camembert_bpe",  "xlm_roberta_bpe",
    "deberta_v2_bpe"
};

static cloze_text text_of(const json_t *value)
{
    return (cloze_text){ json_string_value(value), json_string_length(value) };
}

static bool same_numbers(const json_t *wanted, size_t i, long long value)
{
    return json_integer_value(json_array_get(wanted, i)) == value;
}

static bool same_case(const json_t *wanted, const cloze_tokenizer *tokenizer,
                      const cloze_encoding *encoding)
{
    cloze_tokens tokens = cloze_encoding_tokens(encoding, 0);
    cloze_token_offset *offsets = (cloze_token_offset *)(uintptr_t)tokens.offsets;
    cloze_text decoded = text_of(json_array_get(wanted, 6));
    char *text;
    size_t size;
    bool same = json_array_size(json_array_get(wanted, 2)) == tokens.length;
    for (size_t i = 0; i < tokens.length && same; i++) {
        if (tokens.sequences[i] >= 0)
            cloze_offsets_to_code_points(
                text_of(json_array_get(wanted, (size_t)tokens.sequences[i])), &offsets[i], 1);
        same = same_numbers(json_array_get(wanted, 2), i, tokens.ids[i]) &&
               same_numbers(json_array_get(wanted, 3), 2 * i, (long long)offsets[i].begin) &&
               same_numbers(json_array_get(wanted, 3), 2 * i + 1, (long long)offsets[i].end) &&
               same_numbers(json_array_get(wanted, 4), i, tokens.type_ids[i]) &&
               same_numbers(json_array_get(wanted, 5), i, tokens.words[i]);
    }
    assert_int_equal(
        cloze_tokenizer_decode(tokenizer, tokens.ids, tokens.length, false, &text, &size, NULL),
        CLOZE_OK);
    same = same && size == decoded.size && !memcmp(text, decoded.data, size);
    cloze_tokenizer_release_text(tokenizer, text);
    return same;
}

static unsigned check_folder(const char *name, cloze_encoding *encoding)
{
    cloze_tokenizer *tokenizer = NULL;
    cloze_error error;
    char path[4096], *data;
    size_t size;
    unsigned wrong = 0;
    json_t *cases;
    snprintf(path, sizeof path, "%s/golden/old/%s", getenv("CLOZE_TEST_DATA"), name);
    if (cloze_tokenizer_open(&tokenizer, path, NULL, &error))
        fail_msg("%s: %s", name, error.message);
    snprintf(path, sizeof path, "%s/golden/old/%s/cases.json", getenv("CLOZE_TEST_DATA"), name);
    data = read_whole(path, &size);
    assert_non_null(data);
    cases = json_loadb(data, size, JSON_ALLOW_NUL, NULL);
    free(data);
    assert_true(json_array_size(cases) > 100);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *wanted = json_array_get(cases, i);
        if (cloze_tokenize(tokenizer, text_of(json_array_get(wanted, 0)),
                           text_of(json_array_get(wanted, 1)), NULL, encoding, &error))
            fail_msg("%s, case %zu: %s", name, i, error.message);
        if (!same_case(wanted, tokenizer, encoding)) {
            print_error("%s: case %zu differs from transformers\n", name, i);
            wrong++;
        }
    }
    json_decref(cases);
    cloze_tokenizer_free(tokenizer);
    return wrong;
}

static void old_files_are_converted_as_transformers_converts_them(void **state)
{
    cloze_encoding *encoding = NULL;
    unsigned wrong = 0;
    (void)state;
    assert_int_equal(cloze_encoding_new(&encoding, NULL, NULL), CLOZE_OK);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        wrong += check_folder(folders[i], encoding);
    cloze_encoding_free(encoding);
    assert_int_equal(wrong, 0);
}

/* ---- the real files ---- */

static char *read_real(const char *folder, const char *file, cloze_text *text)
{
    char path[4096];
    char *data;
    snprintf(path, sizeof path, "%s/%s/%s", getenv("CLOZE_DATA"), folder, file);
    data = read_whole(path, &text->size);
    text->data = data;
    return data;
}

/* `source`: "folder/file" below tokenizers. */
static cloze_tokenizer *open_real(const char *class, const char *source)
{
    char name[128], other[256], *first, *second = NULL;
    cz_tokenizer_files files = { .class_name = name };
    cloze_tokenizer *tokenizer = NULL;
    cloze_error error;
    const char *end = strrchr(source, '/');
    snprintf(name, sizeof name, "%sTokenizer", class);
    snprintf(other, sizeof other, "%.*s/merges.txt", (int)(end - source), source);
    if (!strcmp(end, "/vocab.json")) {
        first = read_real("tokenizers", source, &files.vocabulary);
        second = read_real("tokenizers", other, &files.merges);
    } else {
        first = read_real("tokenizers", source, &files.pieces);
    }
    assert_non_null(first);
    if (cz_tokenizer_from_files(&tokenizer, &files, NULL, &error))
        fail_msg("%s: %s", source, error.message);
    free(first);
    free(second);
    return tokenizer;
}

static uint64_t hash_lines(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                           cloze_text data)
{
    encoding_hash hash = { 0, 0 };
    cloze_text none = { NULL, 0 };
    for (size_t at = 0; at <= data.size;) {
        const char *end = at < data.size ? memchr(data.data + at, '\n', data.size - at) : NULL;
        cloze_text line = { data.data + at, end ? (size_t)(end - data.data) - at : data.size - at };
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

static void every_line_is_as_transformers_has_it(void **state)
{
    cloze_tokenizer *tokenizer = NULL;
    cloze_encoding *encoding = NULL;
    char path[4096], opened[512] = "", class[64], source[256], lines[256], both[512];
    unsigned long long wanted;
    unsigned checked = 0, wrong = 0;
    FILE *golden;
    (void)state;
    if (!getenv("CLOZE_DATA") || !*getenv("CLOZE_DATA")) {
        printf("skipped: CLOZE_DATA is not set\n");
        skip();
    }
    assert_int_equal(cloze_encoding_new(&encoding, NULL, NULL), CLOZE_OK);
    snprintf(path, sizeof path, "%s/golden/old/lines.txt", getenv("CLOZE_TEST_DATA"));
    golden = fopen(path, "r");
    assert_non_null(golden);
    assert_int_equal(fscanf(golden, "#%*[^\n]\n"), 0);
    while (fscanf(golden, "%63s %255s %255s %llx", class, source, lines, &wanted) == 4) {
        cloze_text text;
        char *data = read_real(".", lines, &text);
        assert_non_null(data);
        snprintf(both, sizeof both, "%s %s", class, source);
        if (strcmp(both, opened)) {
            cloze_tokenizer_free(tokenizer);
            tokenizer = open_real(class, source);
            memcpy(opened, both, sizeof opened);
        }
        if (hash_lines(tokenizer, encoding, text) != wanted && wrong++ < 20)
            print_error("%s: %s differs from transformers\n", both, lines);
        checked++;
        free(data);
    }
    fclose(golden);
    cloze_tokenizer_free(tokenizer);
    cloze_encoding_free(encoding);
    assert_int_equal(wrong, 0);
    assert_true(checked >= 40);
}

/* ---- what is refused ---- */

static cloze_status open_texts(const char *vocabulary, const char *merges, const char *config,
                               cloze_error *error)
{
    cz_tokenizer_files files = { .vocabulary = { vocabulary, vocabulary ? strlen(vocabulary) : 0 },
                                 .merges = { merges, merges ? strlen(merges) : 0 },
                                 .config = { config, config ? strlen(config) : 0 } };
    cloze_tokenizer *tokenizer = NULL;
    cloze_status status = cz_tokenizer_from_files(&tokenizer, &files, NULL, error);
    cloze_tokenizer_free(tokenizer);
    return status;
}

static void what_cannot_be_converted_is_refused_with_advice(void **state)
{
    static const struct {
        const char *vocabulary, *merges, *config, *says;
        cloze_status status;
    } cases[] = {
        { "{}", "", NULL, "\"tokenizer_class\"", CLOZE_ERROR_UNSUPPORTED },
        { "{}", "", "{\"tokenizer_class\":\"WhisperTokenizer\"}", "save_pretrained",
          CLOZE_ERROR_UNSUPPORTED },
        { "{}", "", "{\"tokenizer_class\":\"Roberta\"}", "Roberta", CLOZE_ERROR_UNSUPPORTED },
        { "{}", NULL, "{\"tokenizer_class\":\"RobertaTokenizer\"}", "merges.txt",
          CLOZE_ERROR_NOT_FOUND },
        { "{}", "", "{\"tokenizer_class\":\"BertTokenizer\"}", "vocab.txt", CLOZE_ERROR_NOT_FOUND },
        { "[]", "", "{\"tokenizer_class\":\"RobertaTokenizer\"}", "vocab.json",
          CLOZE_ERROR_FORMAT },
        { "{\"a\":0} x", "", "{\"tokenizer_class\":\"RobertaTokenizer\"}", "behind",
          CLOZE_ERROR_FORMAT },
        { "{\"a\":0,\"a\":1}", "", "{\"tokenizer_class\":\"RobertaTokenizer\"}", "twice",
          CLOZE_ERROR_FORMAT },
        { "{}", "", "[1]", "tokenizer_config.json", CLOZE_ERROR_FORMAT },
        { NULL, NULL, NULL, "tokenizer", CLOZE_ERROR_UNSUPPORTED },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cloze_error error = { 0 };
        assert_int_equal(open_texts(cases[i].vocabulary, cases[i].merges, cases[i].config, &error),
                         cases[i].status);
        if (!strstr(error.message, cases[i].says))
            fail_msg("case %zu: %s", i, error.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_files_are_converted_as_transformers_converts_them),
        cmocka_unit_test(every_line_is_as_transformers_has_it),
        cmocka_unit_test(what_cannot_be_converted_is_refused_with_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
