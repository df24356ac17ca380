/* test_tokenizer.c - the public calls of the tokenizer with a vocabulary of our own. */
#include "small_tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct fixture {
    cloze_tokenizer *tokenizer;
    cloze_encoding *encoding;
    cloze_error error;
} fixture;

static int set_up(void **state)
{
    static fixture made;
    made = (fixture){ 0 };
    *state = &made;
    return open_small(&made.tokenizer, NULL, NULL, &made.error) ||
           cloze_encoding_new(&made.encoding, NULL, &made.error);
}

static int tear_down(void **state)
{
    fixture *made = *state;
    cloze_tokenizer_free(made->tokenizer);
    cloze_encoding_free(made->encoding);
    return 0;
}

static cloze_tokens tokens_of(fixture *with, const char *text,
                              const cloze_tokenize_options *options)
{
    cloze_text none = { NULL, 0 };
    if (cloze_tokenize(with->tokenizer, as_text(text), none, options, with->encoding, &with->error))
        fail_msg("%s", with->error.message);
    return cloze_encoding_tokens(with->encoding, 0);
}

static void check_ids(const cloze_tokens *tokens, const uint32_t *ids, size_t count)
{
    assert_int_equal(tokens->length, count);
    assert_memory_equal(tokens->ids, ids, count * sizeof *ids);
}

static void words_become_the_longest_pieces(void **state)
{
    const uint32_t ids[] = { 2, 7, 8, 9, 11, 3 };
    cloze_tokens tokens = tokens_of(*state, "Unaffable!", NULL);
    check_ids(&tokens, ids, 6);
    assert_int_equal(tokens.offsets[2].begin, 2);
    assert_int_equal(tokens.offsets[2].end, 5);
    assert_int_equal(tokens.words[3], 0);
    assert_int_equal(tokens.words[4], 1);
    assert_int_equal(tokens.special[0], 1);
    assert_int_equal(tokens.sequences[0], -1);
    assert_int_equal(tokens.sequences[1], 0);
}

static void a_word_that_cannot_be_covered_is_unknown_as_a_whole(void **state)
{
    const uint32_t ids[] = { 2, 1, 3 };
    cloze_tokens tokens = tokens_of(*state, "unaffablex", NULL);
    check_ids(&tokens, ids, 3);
    assert_int_equal(tokens.offsets[1].end, 10);
}

static void offsets_are_bytes_and_become_code_points(void **state)
{
    const char *text = "hello \xE4\xB8\x80 CAF\xC3\x89!"; /* hello, one Chinese character, CAFE */
    const uint32_t ids[] = { 2, 5, 15, 12, 13, 11, 3 };
    cloze_token_offset offsets[7];
    cloze_tokens tokens = tokens_of(*state, text, NULL);
    check_ids(&tokens, ids, 7);
    assert_int_equal(tokens.offsets[2].begin, 6);
    assert_int_equal(tokens.offsets[2].end, 9);
    assert_int_equal(tokens.offsets[4].begin, 13);
    assert_int_equal(tokens.offsets[4].end, 15);
    memcpy(offsets, tokens.offsets, sizeof offsets);
    cloze_offsets_to_code_points(as_text(text), offsets, 7);
    assert_int_equal(offsets[2].begin, 6);
    assert_int_equal(offsets[2].end, 7);
    assert_int_equal(offsets[4].begin, 11);
    assert_int_equal(offsets[4].end, 12);
    assert_int_equal(offsets[6].end, 0);
}

static void an_empty_text_has_only_special_tokens(void **state)
{
    const uint32_t ids[] = { 2, 3 };
    fixture *with = *state;
    cloze_tokenize_options bare = { .no_special_tokens = true };
    cloze_text none = { NULL, 0 };
    cloze_tokens tokens = tokens_of(with, "", NULL);
    check_ids(&tokens, ids, 2);
    tokens = tokens_of(with, " \t ", NULL);
    check_ids(&tokens, ids, 2);
    assert_int_equal(tokens_of(with, "", &bare).length, 0);
    assert_int_equal(cloze_tokenize(with->tokenizer, none, none, NULL, with->encoding, NULL), 0);
    assert_int_equal(cloze_encoding_tokens(with->encoding, 0).length, 2);
    assert_int_equal(cloze_encoding_tokens(with->encoding, 1).length, 0);
}

static void invalid_utf8_is_refused_with_its_place(void **state)
{
    static const char *const broken[] = { "hello \xFF",         "hello \xC3",
                                          "hello \xC0\x80",     "hello \x80",
                                          "hello \xED\xA0\x80", "hello \xF4\x90\x80\x80" };
    fixture *with = *state;
    cloze_text none = { NULL, 0 };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        assert_int_equal(cloze_tokenize(with->tokenizer, as_text(broken[i]), none, NULL,
                                        with->encoding, &with->error),
                         CLOZE_ERROR_TEXT);
        assert_int_equal(with->error.position, 6);
        assert_non_null(strstr(with->error.message, "not UTF-8 at byte 6"));
        assert_int_equal(cloze_encoding_windows(with->encoding), 0);
    }
    assert_int_equal(cloze_tokenize(with->tokenizer, as_text("hello"), as_text("\xFF"), NULL,
                                    with->encoding, &with->error),
                     CLOZE_ERROR_TEXT);
    assert_non_null(strstr(with->error.message, "second text"));
}

static void ids_alone_are_the_same_ids(void **state)
{
    const uint32_t ids[] = { 2, 5, 10, 6, 17, 3 };
    cloze_tokenize_options options = { .ids_only = true };
    cloze_tokens tokens = tokens_of(*state, "hello, Worlds", &options);
    check_ids(&tokens, ids, 6);
    assert_null(tokens.offsets);
    assert_null(tokens.words);
    assert_int_equal(tokens.type_ids[0], 0);
}

static void truncation_counts_what_it_lost(void **state)
{
    const uint32_t ids[] = { 2, 5, 5, 3 };
    cloze_tokenize_options options = { .max_length = 4 };
    fixture *with = *state;
    cloze_tokens tokens = tokens_of(with, "hello hello hello world", &options);
    check_ids(&tokens, ids, 4);
    assert_int_equal(cloze_encoding_truncated(with->encoding), 2);
    options.overflow = true;
    tokens_of(with, "hello hello hello world", &options);
    assert_int_equal(cloze_encoding_windows(with->encoding), 2);
    assert_int_equal(cloze_encoding_truncated(with->encoding), 0);
    assert_int_equal(cloze_encoding_tokens(with->encoding, 1).ids[2], 6);
}

static void impossible_truncation_is_an_error(void **state)
{
    fixture *with = *state;
    cloze_text text = as_text("hello hello hello"), none = { NULL, 0 };
    cloze_tokenize_options options = { .max_length = 1 };
    assert_int_equal(
        cloze_tokenize(with->tokenizer, text, none, &options, with->encoding, &with->error),
        CLOZE_ERROR_ARGUMENT);
    options = (cloze_tokenize_options){ .max_length = 4, .stride = 2 };
    assert_int_equal(
        cloze_tokenize(with->tokenizer, text, none, &options, with->encoding, &with->error),
        CLOZE_ERROR_ARGUMENT);
    options = (cloze_tokenize_options){ .max_length = 4, .truncation = CLOZE_TRUNCATE_ONLY_SECOND };
    assert_int_equal(
        cloze_tokenize(with->tokenizer, text, none, &options, with->encoding, &with->error),
        CLOZE_ERROR_ARGUMENT);
    assert_int_equal(
        cloze_tokenize(with->tokenizer, text, as_text("world"), &options, with->encoding, NULL),
        CLOZE_ERROR_TEXT);
}

static void the_vocabulary_answers(void **state)
{
    fixture *with = *state;
    uint32_t id = 0;
    assert_int_equal(cloze_tokenizer_size(with->tokenizer), 19);
    assert_true(cloze_tokenizer_id(with->tokenizer, as_text("##able"), &id));
    assert_int_equal(id, 9);
    assert_true(cloze_tokenizer_id(with->tokenizer, as_text("[SEP]"), &id));
    assert_int_equal(id, 3);
    assert_false(cloze_tokenizer_id(with->tokenizer, as_text("able"), &id));
    assert_memory_equal(cloze_tokenizer_token(with->tokenizer, 6).data, "world", 5);
    assert_null(cloze_tokenizer_token(with->tokenizer, 19).data);
    assert_null(cloze_tokenizer_token(with->tokenizer, UINT32_MAX).data);
    assert_int_equal(cloze_tokenizer_max_length(with->tokenizer), 0);
    assert_true(cz_tokenizer_bytes(with->tokenizer) > sizeof SMALL_VOCABULARY);
}

static void ids_become_text(void **state)
{
    const uint32_t ids[] = { 2, 5, 10, 7, 8, 9, 4000000, 11, 3 };
    fixture *with = *state;
    char *text = NULL;
    size_t size = 0;
    assert_int_equal(cloze_tokenizer_decode(with->tokenizer, ids, 9, true, &text, &size, NULL),
                     CLOZE_OK);
    assert_string_equal(text, "hello, unaffable!");
    assert_int_equal(size, 17);
    cloze_tokenizer_release_text(with->tokenizer, text);
    assert_int_equal(cloze_tokenizer_decode(with->tokenizer, ids, 1, false, &text, &size, NULL), 0);
    assert_string_equal(text, "[CLS]");
    cloze_tokenizer_release_text(with->tokenizer, text);
    assert_int_equal(cloze_tokenizer_decode(with->tokenizer, ids, 0, false, &text, &size, NULL), 0);
    assert_string_equal(text, "");
    cloze_tokenizer_release_text(with->tokenizer, text);
}

static double seconds(fixture *with, const char *text, size_t size)
{
    cloze_text given = { text, size }, none = { NULL, 0 };
    struct timespec begin, end;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    assert_int_equal(cloze_tokenize(with->tokenizer, given, none, NULL, with->encoding, NULL), 0);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    return (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) * 1e-9;
}

/* Ten times the text may take some ten times the time, for whatever the text repeats. */
static void ten_megabytes_on_one_line_take_linear_time(void **state)
{
    static const char *const units[] = { "hello ",       "a",        "\xCC\x81\xCC\xA3",
                                         "\xE4\xB8\x80", "[CLS",     "!",
                                         "\x01",         "\xC3\xA9", " ",
                                         "unaffable" };
    enum { SIZE = 10000000 };
    char *text = malloc(SIZE);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t unit = strlen(units[i]), size = SIZE / unit * unit;
        double large, small;
        for (size_t at = 0; at < size; at++)
            text[at] = units[i][at % unit];
        seconds(*state, text, size); /* the buffers grow */
        large = seconds(*state, text, size);
        small = seconds(*state, text, size / 10 / unit * unit);
        if (large > 30 * small + 0.05)
            fail_msg("10 MB of \"%s\" take %.3f s, 1 MB %.3f s", units[i], large, small);
    }
    free(text);
}

static void write_file(const char *folder, const char *name, const char *content)
{
    char path[512];
    FILE *file;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fputs(content, file) < 0, 0);
    assert_int_equal(fclose(file), 0);
}

static void remove_folder(const char *folder, const char *const *names)
{
    char path[512];
    for (; *names; names++) {
        snprintf(path, sizeof path, "%s/%s", folder, *names);
        unlink(path);
    }
    rmdir(folder);
}

static const char *const folder_files[] = { "vocab.txt", "tokenizer_config.json",
                                            "special_tokens_map.json", "added_tokens.json", NULL };

static void a_folder_is_read_as_transformers_reads_it(void **state)
{
    const uint32_t ids[] = { 2, 16, 20, 1, 19, 3 };
    char folder[] = "/tmp/cloze_tokenizer_XXXXXX";
    fixture with = { .encoding = ((fixture *)*state)->encoding };
    cloze_tokens tokens;
    assert_non_null(mkdtemp(folder));
    write_file(folder, "vocab.txt", SMALL_VOCABULARY);
    write_file(folder, "tokenizer_config.json",
               "{\"do_lower_case\": false, \"tokenizer_class\": \"BertTokenizer\","
               " \"model_max_length\": 1000000000000000019884624838656, \"cls_token\": \"[CLS]\"}");
    write_file(
        folder, "special_tokens_map.json",
        "{\"mask_token\": {\"content\": \"<mask>\", \"lstrip\": true}, \"unk_token\": \"[UNK]\"}");
    write_file(folder, "added_tokens.json", "{\"<new>\": 20, \"<mask>\": 19}");
    assert_int_equal(cloze_tokenizer_open(&with.tokenizer, folder, NULL, &with.error), CLOZE_OK);
    assert_int_equal(cloze_tokenizer_max_length(with.tokenizer), 0);
    assert_int_equal(cloze_tokenizer_size(with.tokenizer), 21);
    tokens = tokens_of(&with, "Hello<new>Worlds  <mask>", NULL);
    check_ids(&tokens, ids, 6);
    assert_int_equal(tokens.offsets[4].begin, 16); /* lstrip takes the spaces along */
    cloze_tokenizer_free(with.tokenizer);
    remove_folder(folder, folder_files);
}

static void a_vocabulary_file_alone_lowers_case(void **state)
{
    const uint32_t ids[] = { 2, 5, 3 };
    char folder[] = "/tmp/cloze_tokenizer_XXXXXX", path[64];
    fixture with = { .encoding = ((fixture *)*state)->encoding };
    cloze_tokens tokens;
    assert_non_null(mkdtemp(folder));
    write_file(folder, "vocab.txt", "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n[MASK]\r\nhello");
    snprintf(path, sizeof path, "%s/vocab.txt", folder);
    assert_int_equal(cloze_tokenizer_open(&with.tokenizer, path, NULL, &with.error), CLOZE_OK);
    tokens = tokens_of(&with, "HELLO", NULL);
    check_ids(&tokens, ids, 3);
    cloze_tokenizer_free(with.tokenizer);
    remove_folder(folder, folder_files);
}

static void a_configuration_beside_tokenizer_json_decides_the_case(void **state)
{
    const uint32_t ids[] = { 2, 1, 3 };
    static const char *const files[] = { "tokenizer.json", "tokenizer_config.json", NULL };
    static const char json[] =
        "{\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":"
        "\"##\",\"max_input_chars_per_word\":100,\"vocab\":{\"hello\":0,\"[UNK]\":1,\"[CLS]\":2,"
        "\"[SEP]\":3}},\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":true,"
        "\"handle_chinese_chars\":true,\"strip_accents\":null,\"lowercase\":true},"
        "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"post_processor\":{\"type\":"
        "\"BertProcessing\",\"sep\":[\"[SEP]\",3],\"cls\":[\"[CLS]\",2]}}";
    char folder[] = "/tmp/cloze_tokenizer_XXXXXX", path[64];
    fixture with = { .encoding = ((fixture *)*state)->encoding };
    cloze_tokens tokens;
    assert_non_null(mkdtemp(folder));
    write_file(folder, "tokenizer.json", json);
    write_file(folder, "tokenizer_config.json",
               "{\"do_lower_case\": false, \"model_max_length\": 77}");
    assert_int_equal(cloze_tokenizer_open(&with.tokenizer, folder, NULL, &with.error), CLOZE_OK);
    assert_int_equal(cloze_tokenizer_max_length(with.tokenizer), 77);
    tokens = tokens_of(&with, "Hello", NULL);
    check_ids(&tokens, ids, 3);
    cloze_tokenizer_free(with.tokenizer);
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    assert_int_equal(cloze_tokenizer_open(&with.tokenizer, path, NULL, &with.error), CLOZE_OK);
    assert_int_equal(tokens_of(&with, "Hello", NULL).ids[1], 0);
    cloze_tokenizer_free(with.tokenizer);
    remove_folder(folder, files);
}

static void a_missing_tokenizer_is_said_to_be_missing(void **state)
{
    char folder[] = "/tmp/cloze_tokenizer_XXXXXX";
    cloze_tokenizer *tokenizer = NULL;
    cloze_error error;
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(cloze_tokenizer_open(&tokenizer, folder, NULL, &error), CLOZE_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "neither tokenizer.json nor vocab.txt"));
    assert_int_not_equal(cloze_tokenizer_open(&tokenizer, "/nowhere/at/all", NULL, &error), 0);
    assert_null(tokenizer);
    rmdir(folder);
}

static void an_encoding_serves_several_tokenizers_in_turn(void **state)
{
    fixture *with = *state;
    fixture cased = { .encoding = with->encoding };
    assert_int_equal(open_small(&cased.tokenizer, "{\"do_lower_case\": false}", NULL, NULL), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tokens_of(with, "Hello", NULL).ids[1], 5);
        assert_int_equal(tokens_of(&cased, "Hello", NULL).ids[1], 16);
    }
    cloze_tokenizer_free(cased.tokenizer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(words_become_the_longest_pieces),
        TEST(a_word_that_cannot_be_covered_is_unknown_as_a_whole),
        TEST(offsets_are_bytes_and_become_code_points),
        TEST(an_empty_text_has_only_special_tokens),
        TEST(invalid_utf8_is_refused_with_its_place),
        TEST(ids_alone_are_the_same_ids),
        TEST(truncation_counts_what_it_lost),
        TEST(impossible_truncation_is_an_error),
        TEST(the_vocabulary_answers),
        TEST(ids_become_text),
        TEST(ten_megabytes_on_one_line_take_linear_time),
        TEST(a_folder_is_read_as_transformers_reads_it),
        TEST(a_vocabulary_file_alone_lowers_case),
        TEST(a_configuration_beside_tokenizer_json_decides_the_case),
        TEST(a_missing_tokenizer_is_said_to_be_missing),
        TEST(an_encoding_serves_several_tokenizers_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
