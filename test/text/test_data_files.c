/*
 * test_data_files.c - every text of the data folder (datasets, many languages, Unicode's own test
 * files) in five vocabularies, against hashes of what the package makes of it
 * (test/golden/text/data_files.py). Members of a zip archive are read where zlib is there.
 */
#include "archive.h"
#include "encoding_hash.h"
#include "text/unicode.h"
#include "vocabularies.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef struct tested {
    cloze_tokenizer *tokenizer;
    cloze_encoding *encoding;
    encoding_hash hash;
    unsigned long long texts;
} tested;

static void add_text(tested *subject, const char *data, size_t size)
{
    cloze_text text = { data, size }, none = { NULL, 0 };
    cloze_error error;
    cloze_status status =
        cloze_tokenize(subject->tokenizer, text, none, NULL, subject->encoding, &error);
    if (status == CLOZE_ERROR_TEXT)
        return; /* not UTF-8 */
    assert_int_equal(status, CLOZE_OK);
    hash_encoding(&subject->hash, subject->encoding, text);
    subject->texts++;
}

static void add_lines(tested *subject, const char *data, size_t size)
{
    for (size_t at = 0; at <= size;) {
        const char *end = at < size ? memchr(data + at, '\n', size - at) : NULL;
        size_t length = end ? (size_t)(end - data) - at : size - at;
        add_text(subject, data + at, length);
        at += length + 1;
    }
}

/* A word of four to six upper-case hex digits; false for anything else. */
static bool read_hex(const char *word, size_t size, uint32_t *code)
{
    *code = 0;
    for (size_t i = 0; i < size; i++) {
        const char *digits = "0123456789ABCDEF", *digit = strchr(digits, word[i]);
        if (!word[i] || !digit)
            return false;
        *code = *code << 4 | (uint32_t)(digit - digits);
    }
    return size >= 4 && size <= 6 && *code < 0x110000 && !(*code >= 0xD800 && *code < 0xE000);
}

/* Adds the characters that the field spells, if it is nothing but hex words. */
static void add_field(tested *subject, const char *field, size_t size)
{
    char *text = malloc(size + 1);
    size_t length = 0;
    bool good = text != NULL;
    for (size_t at = 0, end; at < size && good; at = end + 1) {
        const char *word = field + at;
        uint32_t code;
        for (end = at; end < size && field[end] != ' ';)
            end++;
        if (end == at ||
            (end - at == 2 && (!memcmp(word, "\xC3\xB7", 2) || !memcmp(word, "\xC3\x97", 2))))
            continue;
        good = read_hex(word, end - at, &code);
        if (good)
            length += cz_utf8_put(text + length, code);
    }
    if (good && length)
        add_text(subject, text, length);
    free(text);
}

static void add_sequences(tested *subject, const char *data, size_t size)
{
    for (size_t at = 0; at < size; at++) {
        size_t end = at;
        while (end < size && !strchr("\n#;\t", data[end]))
            end++;
        add_field(subject, data + at, end - at);
        if (end < size && data[end] == '#')
            while (end < size && data[end] != '\n')
                end++;
        at = end;
    }
}

static void check_line(tested subjects[VOCABULARIES], char *path, bool lines,
                       unsigned long long texts, const unsigned long long wanted[VOCABULARIES],
                       unsigned *wrong, unsigned *missing)
{
    size_t size;
    char *data;
    for (char *space; (space = strstr(path, "%20"));) {
        *space = ' ';
        memmove(space + 1, space + 3, strlen(space + 3) + 1);
    }
    data = read_data(path, &size);
    if (!data) {
        ++*missing;
        return;
    }
    for (int i = 0; i < VOCABULARIES; i++) {
        tested *subject = &subjects[i];
        subject->hash = (encoding_hash){ 0, 0 };
        subject->texts = 0;
        if (lines)
            add_lines(subject, data, size);
        else
            add_sequences(subject, data, size);
        if (subject->texts != texts || subject->hash.sum != wanted[i]) {
            print_error("%s %s: %s differs from the package\n", path, lines ? "lines" : "sequences",
                        vocabulary_names[i]);
            ++*wrong;
        }
    }
    free(data);
}

static void check_golden(tested subjects[VOCABULARIES])
{
    char path[4096], how[16];
    unsigned long long texts, wanted[VOCABULARIES];
    unsigned checked = 0, wrong = 0, missing = 0;
    FILE *golden;
    snprintf(path, sizeof path, "%s/golden/text/data_files.txt", getenv("CLOZE_TEST_DATA"));
    golden = fopen(path, "r");
    assert_non_null(golden);
    assert_int_equal(fscanf(golden, "#%*[^\n]\n"), 0);
    while (fscanf(golden, "%4095s %15s %llu %llx %llx %llx %llx %llx", path, how, &texts,
                  &wanted[0], &wanted[1], &wanted[2], &wanted[3], &wanted[4]) == 8) {
        check_line(subjects, path, *how == 'l', texts, wanted, &wrong, &missing);
        checked++;
    }
    fclose(golden);
    print_message("%u files, %u of them not there or not readable here\n", checked, missing);
    assert_int_equal(wrong, 0);
    assert_true(checked > 100 && checked > missing);
}

static void every_text_of_the_data_is_split_as_the_package_splits_it(void **state)
{
    tested subjects[VOCABULARIES] = { { 0 } };
    bool there = true;
    (void)state;
    for (int i = 0; i < VOCABULARIES && there; i++) {
        subjects[i].tokenizer = open_vocabulary(i);
        there = subjects[i].tokenizer && !cloze_encoding_new(&subjects[i].encoding, NULL, NULL);
    }
    if (there)
        check_golden(subjects);
    for (int i = 0; i < VOCABULARIES; i++) {
        cloze_encoding_free(subjects[i].encoding);
        cloze_tokenizer_free(subjects[i].tokenizer);
    }
    if (!there)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_of_the_data_is_split_as_the_package_splits_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
