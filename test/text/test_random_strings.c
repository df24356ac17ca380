/*
 * test_random_strings.c - a million strings made by a counter, and every code point, against hashes
 * of what the package makes of them (test/golden/text/random_strings.py makes the same strings).
 */
#include "encoding_hash.h"
#include "text/unicode.h"
#include "vocabularies.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { LONGEST = 40, BLOCK = 4096 };

static const uint32_t ranges[][2] = {
    { 0x20, 0x7E },       { 0x41, 0x7A },       { 0x30, 0x39 },       { 0x00, 0x20 },
    { 0x7F, 0xA0 },       { 0xA0, 0x17F },      { 0x180, 0x2FF },     { 0x300, 0x36F },
    { 0x370, 0x3FF },     { 0x400, 0x52F },     { 0x530, 0x5FF },     { 0x600, 0x6FF },
    { 0x700, 0x8FF },     { 0x900, 0xDFF },     { 0xE00, 0xEFF },     { 0xF00, 0xFFF },
    { 0x1000, 0x109F },   { 0x1100, 0x11FF },   { 0x1AB0, 0x1AFF },   { 0x1DC0, 0x1FFF },
    { 0x2000, 0x206F },   { 0x2070, 0x2BFF },   { 0x2E80, 0x303F },   { 0x3040, 0x31FF },
    { 0x3400, 0x4DBF },   { 0x4E00, 0x9FFF },   { 0xA000, 0xABFF },   { 0xAC00, 0xD7A3 },
    { 0xE000, 0xF8FF },   { 0xF900, 0xFAFF },   { 0xFB00, 0xFDFF },   { 0xFE00, 0xFFFF },
    { 0x10000, 0x10FFF }, { 0x11000, 0x11FFF }, { 0x12000, 0x1BFFF }, { 0x1D000, 0x1D7FF },
    { 0x1E000, 0x1EFFF }, { 0x1F000, 0x1FAFF }, { 0x20000, 0x2FA1F }, { 0x2FA20, 0x10FFFF },
};

static size_t make_string(uint64_t number, char out[LONGEST * 4])
{
    const size_t count = sizeof ranges / sizeof *ranges;
    uint64_t first = splitmix(number * 64), home = first >> 32;
    size_t length = first % (LONGEST + 1), size = 0;
    for (size_t i = 1; i <= length; i++) {
        uint64_t draw = splitmix(number * 64 + i);
        size_t which = ((draw >> 60 < 4 ? draw >> 40 : home) & 0xFFFF) % count;
        uint32_t low = ranges[which][0], span = ranges[which][1] - low + 1;
        size += cz_utf8_put(out + size, low + (uint32_t)(draw & 0xFFFFFFFF) % span);
    }
    return size;
}

static void add_text(encoding_hash *hash, const cloze_tokenizer *tokenizer,
                     cloze_encoding *encoding, const char *data, size_t size)
{
    cloze_text text = { data, size }, none = { NULL, 0 };
    cloze_error error;
    if (cloze_tokenize(tokenizer, text, none, NULL, encoding, &error))
        fail_msg("%s", error.message);
    hash_encoding(hash, encoding, text);
}

static uint64_t hash_strings(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                             uint64_t thousand)
{
    encoding_hash hash = { 0, 0 };
    char text[LONGEST * 4];
    for (uint64_t i = 0; i < 1000; i++)
        add_text(&hash, tokenizer, encoding, text, make_string(thousand * 1000 + i, text));
    return hash.sum;
}

static uint64_t hash_characters(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                                uint64_t block)
{
    encoding_hash hash = { 0, 0 };
    for (uint32_t c = (uint32_t)block * BLOCK; c < (block + 1) * BLOCK; c++) {
        char text[16] = "a";
        size_t size = 1;
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        size += cz_utf8_put(text + size, c);
        memcpy(text + size, "b ", 2);
        size += 2;
        size += cz_utf8_put(text + size, c);
        add_text(&hash, tokenizer, encoding, text, size);
    }
    return hash.sum;
}

/* Every line of the golden file for vocabulary number `which`. */
static void check_vocabulary(int which)
{
    cloze_tokenizer *tokenizer = open_vocabulary(which);
    cloze_encoding *encoding = NULL;
    char path[4096], name[64], what[16];
    unsigned long long number, wanted, checked = 0, wrong = 0;
    FILE *golden;
    if (!tokenizer) {
        skip();
        return;
    }
    assert_int_equal(cloze_encoding_new(&encoding, NULL, NULL), CLOZE_OK);
    snprintf(path, sizeof path, "%s/golden/text/random_strings.txt", getenv("CLOZE_TEST_DATA"));
    golden = fopen(path, "r");
    assert_non_null(golden);
    assert_int_equal(fscanf(golden, "#%*[^\n]\n"), 0);
    while (fscanf(golden, "%63s %15s %llu %llx", name, what, &number, &wanted) == 4) {
        uint64_t found;
        if (strcmp(name, vocabulary_names[which]))
            continue;
        found = *what == 's' ? hash_strings(tokenizer, encoding, number)
                             : hash_characters(tokenizer, encoding, number);
        checked++;
        if (found != wanted && wrong++ < 5)
            print_error("%s: %s %llu differ from the package\n", name, what, number);
    }
    fclose(golden);
    cloze_encoding_free(encoding);
    cloze_tokenizer_free(tokenizer);
    assert_int_equal(wrong, 0);
    assert_true(checked > 400);
}

static void an_uncased_vocabulary_splits_a_million_strings_as_the_package_does(void **state)
{
    (void)state;
    check_vocabulary(0);
}

static void a_cased_vocabulary_splits_random_strings_as_the_package_does(void **state)
{
    (void)state;
    check_vocabulary(1);
}

static void a_multilingual_vocabulary_splits_random_strings_as_the_package_does(void **state)
{
    (void)state;
    check_vocabulary(2);
}

static void a_chinese_vocabulary_splits_random_strings_as_the_package_does(void **state)
{
    (void)state;
    check_vocabulary(3);
}

static void a_byte_level_vocabulary_splits_random_strings_as_the_package_does(void **state)
{
    (void)state;
    check_vocabulary(WORDPIECES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_uncased_vocabulary_splits_a_million_strings_as_the_package_does),
        cmocka_unit_test(a_cased_vocabulary_splits_random_strings_as_the_package_does),
        cmocka_unit_test(a_multilingual_vocabulary_splits_random_strings_as_the_package_does),
        cmocka_unit_test(a_chinese_vocabulary_splits_random_strings_as_the_package_does),
        cmocka_unit_test(a_byte_level_vocabulary_splits_random_strings_as_the_package_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
