/*
 * test_pieces.c - the Unigram model and the character maps of the SentencePiece models in the data
 * folder, over texts of many languages and every code point, against hashes of what the package
 * makes of them (test/golden/text/pieces.py); and what is refused.
 */
#include "encoding_hash.h"
#include "text/charsmap.h"
#include "text/sentencepiece.h"
#include "text/unigram.h"
#include "vocabularies.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A model file with what is made of it. */
typedef struct opened {
    char path[256], *bytes;
    cz_sentencepiece file;
    cz_unigram unigram, fallback;
    cz_charsmap map;
} opened;

static void close_model(opened *model)
{
    cz_sentencepiece_clear(&model->file, NULL);
    cz_unigram_clear(&model->unigram);
    cz_unigram_clear(&model->fallback);
    cz_charsmap_clear(&model->map);
    free(model->bytes);
    memset(model, 0, sizeof *model);
}

static char *read_data_file(const char *folder, const char *name, size_t *size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%s", getenv("CLOZE_DATA"), folder, name);
    return read_whole(path, size);
}

static void open_model(opened *model, const char *path)
{
    cz_unigram_token *tokens;
    cloze_error error = { 0 };
    size_t size;
    close_model(model);
    snprintf(model->path, sizeof model->path, "%s", path);
    model->bytes = read_data_file("tokenizers/", path, &size);
    assert_non_null(model->bytes);
    if (cz_sentencepiece_read(&model->file, NULL, model->bytes, size, &error))
        fail_msg("%s: %s", path, error.message);
    tokens = malloc(model->file.count * sizeof *tokens);
    assert_non_null(tokens);
    for (size_t i = 0; i < model->file.count; i++)
        tokens[i] = (cz_unigram_token){ model->file.pieces[i].text, model->file.pieces[i].score };
    assert_int_equal(cz_unigram_init(&model->unigram, NULL, tokens, model->file.count,
                                     model->file.unknown_id, false, &error),
                     CLOZE_OK);
    assert_int_equal(cz_unigram_init(&model->fallback, NULL, tokens, model->file.count,
                                     model->file.unknown_id, true, &error),
                     CLOZE_OK);
    if (model->file.map.size &&
        cz_charsmap_init(&model->map, NULL, model->file.map.data, model->file.map.size, &error))
        fail_msg("%s: %s", path, error.message);
    free(tokens);
}

/* "_" and the line with each space as "_" (U+2581). */
static size_t mark_spaces(const char *line, size_t size, char *out)
{
    size_t written = 3;
    memcpy(out, "\xE2\x96\x81", 3);
    for (size_t i = 0; i < size; i++) {
        if (line[i] == ' ') {
            memcpy(out + written, "\xE2\x96\x81", 3);
            written += 3;
        } else {
            out[written++] = line[i];
        }
    }
    return written;
}

static void hash_pieces(encoding_hash *hash, const cz_unigram *model, cz_unigram_scratch *scratch,
                        const char *line, size_t size)
{
    char *word = malloc(3 * size + 3);
    size_t length, count = 0;
    cloze_token_offset offset;
    assert_non_null(word);
    length = mark_spaces(line, size, word);
    assert_int_equal(cz_unigram_split(model, NULL, scratch, word, length, &count, NULL), CLOZE_OK);
    hash_value(hash, count);
    for (size_t i = 0; i < count; i++) {
        offset = (cloze_token_offset){ scratch->pieces[i].begin, scratch->pieces[i].end };
        cloze_offsets_to_code_points((cloze_text){ word, length }, &offset, 1);
        hash_value(hash, scratch->pieces[i].id);
        hash_value(hash, offset.begin | (uint64_t)offset.end << 32);
    }
    free(word);
}

typedef struct room {
    cz_characters characters, spare;
    cz_unigram_scratch scratch;
} room;

/* Positions of characters stand for offsets in code points. */
static void hash_characters(encoding_hash *hash, const cz_charsmap *map, room *buffers,
                            const char *line, size_t size)
{
    cz_characters *characters = &buffers->characters;
    characters->count = 0;
    assert_true(cz_grow(NULL, (void **)&characters->items, &characters->capacity, size + 1,
                        sizeof *characters->items));
    for (size_t at = 0; at < size;) {
        uint32_t number = (uint32_t)characters->count;
        characters->items[characters->count++] =
            (cz_character){ cz_utf8_read(line, &at), number, number + 1 };
    }
    assert_true(cz_charsmap_apply(map, NULL, characters, &buffers->spare, SIZE_MAX));
    hash_value(hash, characters->count);
    for (size_t i = 0; i < characters->count; i++) {
        const cz_character *c = &characters->items[i];
        hash_value(hash, c->code);
        hash_value(hash, c->begin | (uint64_t)c->end << 32);
    }
}

static void hash_line(encoding_hash *hash, const opened *model, const char *what, room *buffers,
                      const char *line, size_t size)
{
    if (cz_utf8_check(line, size) < size)
        return;
    if (!strcmp(what, "map"))
        hash_characters(hash, &model->map, buffers, line, size);
    else
        hash_pieces(hash, *what == 'b' ? &model->fallback : &model->unigram, &buffers->scratch,
                    line, size);
}

static void hash_every_character(encoding_hash *hash, const opened *model, room *buffers)
{
    for (uint32_t c = 1; c < 0x110000; c++) {
        char text[64] = "a";
        size_t size = 1;
        if (c >= 0xD800 && c < 0xE000)
            continue;
        size += cz_utf8_put(text + size, c);
        text[size++] = 'b';
        size += cz_utf8_put(text + size, c);
        size += cz_utf8_put(text + size, 0x308);
        size += cz_utf8_put(text + size, 0xA9);
        size += cz_utf8_put(text + size, 0x200D);
        size += cz_utf8_put(text + size, c);
        size += cz_utf8_put(text + size, 0x600);
        size += cz_utf8_put(text + size, c);
        hash_characters(hash, &model->map, buffers, text, size);
    }
}

static uint64_t hash_source(const opened *model, const char *what, const char *source,
                            room *buffers)
{
    encoding_hash hash = { 0, 0 };
    size_t size;
    char *data;
    if (!strcmp(source, "characters")) {
        hash_every_character(&hash, model, buffers);
        return hash.sum;
    }
    data = read_data_file("", source, &size);
    assert_non_null(data);
    for (size_t at = 0; at <= size;) {
        const char *end = at < size ? memchr(data + at, '\n', size - at) : NULL;
        size_t length = end ? (size_t)(end - data) - at : size - at;
        hash_line(&hash, model, what, buffers, data + at, length);
        at += length + 1;
    }
    free(data);
    return hash.sum;
}

static void every_model_file_is_read_and_cut_as_the_package_does(void **state)
{
    opened model = { 0 };
    room buffers = { 0 };
    char path[4096], name[256], what[16], source[256];
    unsigned long long wanted;
    unsigned checked = 0, wrong = 0;
    FILE *golden;
    (void)state;
    if (!getenv("CLOZE_DATA") || !*getenv("CLOZE_DATA")) {
        printf("skipped: CLOZE_DATA is not set\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/golden/text/pieces.txt", getenv("CLOZE_TEST_DATA"));
    golden = fopen(path, "r");
    assert_non_null(golden);
    assert_int_equal(fscanf(golden, "#%*[^\n]\n"), 0);
    while (fscanf(golden, "%255s %15s %255s %llx", name, what, source, &wanted) == 4) {
        if (strcmp(name, model.path))
            open_model(&model, name);
        checked++;
        if (hash_source(&model, what, source, &buffers) != wanted && wrong++ < 20)
            print_error("%s, %s: %s differs from the package\n", name, what, source);
    }
    fclose(golden);
    close_model(&model);
    cz_release(NULL, buffers.characters.items);
    cz_release(NULL, buffers.spare.items);
    cz_unigram_scratch_clear(&buffers.scratch, NULL);
    assert_int_equal(wrong, 0);
    assert_true(checked > 500);
}

static const cz_unigram_token few[] = { { { "<unk>", 5 }, 0 },  { { "a", 1 }, -1 },
                                        { { "b", 1 }, -1 },     { { "ab", 2 }, -2 },
                                        { { "abc", 3 }, -1.5 }, { { "<0x63>", 6 }, -3 },
                                        { { "a", 1 }, -1 } };

static void the_first_of_two_equally_good_ways_stays(void **state)
{
    cz_unigram model;
    cz_unigram_scratch scratch = { 0 };
    size_t count;
    (void)state;
    assert_int_equal(cz_unigram_init(&model, NULL, few, 7, 0, false, NULL), CLOZE_OK);
    assert_int_equal(cz_unigram_split(&model, NULL, &scratch, "ab", 2, &count, NULL), CLOZE_OK);
    assert_int_equal(count, 1); /* "ab" arrives before "a", "b" does */
    assert_int_equal(scratch.pieces[0].id, 3);
    assert_int_equal(cz_unigram_split(&model, NULL, &scratch, "a", 1, &count, NULL), CLOZE_OK);
    assert_int_equal(scratch.pieces[0].id, 6); /* of equal tokens the last */
    assert_int_equal(cz_unigram_split(&model, NULL, &scratch, "", 0, &count, NULL), CLOZE_OK);
    assert_int_equal(count, 0);
    cz_unigram_scratch_clear(&scratch, NULL);
    cz_unigram_clear(&model);
}

static void unknown_neighbours_are_one_piece_or_bytes_if_all_are_there(void **state)
{
    cz_unigram model;
    cz_unigram_scratch scratch = { 0 };
    size_t count;
    (void)state;
    assert_int_equal(cz_unigram_init(&model, NULL, few, 7, 0, true, NULL), CLOZE_OK);
    assert_int_equal(cz_unigram_split(&model, NULL, &scratch, "accb", 4, &count, NULL), CLOZE_OK);
    assert_int_equal(count, 4);
    assert_int_equal(scratch.pieces[1].id, 5);
    assert_int_equal(scratch.pieces[2].id, 5);
    assert_int_equal(scratch.pieces[2].begin, 1);
    assert_int_equal(scratch.pieces[2].end, 3);
    assert_int_equal(cz_unigram_split(&model, NULL, &scratch, "acdb", 4, &count, NULL), CLOZE_OK);
    assert_int_equal(count, 3); /* there is no "<0x64>" */
    assert_int_equal(scratch.pieces[1].id, 0);
    assert_int_equal(scratch.pieces[1].end, 3);
    cz_unigram_clear(&model);
    assert_int_equal(cz_unigram_init(&model, NULL, few, 7, CZ_UNIGRAM_NONE, true, NULL), CLOZE_OK);
    assert_int_equal(cz_unigram_split(&model, NULL, &scratch, "abc", 3, &count, NULL), CLOZE_OK);
    assert_int_equal(cz_unigram_split(&model, NULL, &scratch, "ad", 2, &count, NULL),
                     CLOZE_ERROR_TEXT);
    cz_unigram_scratch_clear(&scratch, NULL);
    cz_unigram_clear(&model);
}

static void a_vocabulary_that_cannot_be_scored_is_refused(void **state)
{
    cz_unigram_token tokens[2] = { { { "a", 1 }, 0 }, { { "b", 1 }, 0 } };
    cz_unigram model;
    (void)state;
    assert_int_equal(cz_unigram_init(&model, NULL, tokens, 2, 2, false, NULL), CLOZE_ERROR_FORMAT);
    assert_int_equal(cz_unigram_init(&model, NULL, NULL, 0, 0, false, NULL), CLOZE_ERROR_FORMAT);
    tokens[1].score = strtod("nan", NULL);
    assert_int_equal(cz_unigram_init(&model, NULL, tokens, 2, 0, false, NULL), CLOZE_ERROR_FORMAT);
    tokens[1].score = strtod("inf", NULL);
    assert_int_equal(cz_unigram_init(&model, NULL, tokens, 2, 0, false, NULL), CLOZE_ERROR_FORMAT);
}

enum { UNITS = 512, MAP = 4 + UNITS * 4 + 4 };

/* A map from "a" to "xy"; everything else stays. */
static void make_map(unsigned char map[MAP])
{
    uint32_t units[UNITS] = { 0 };
    memset(map, 0, MAP);
    units[0] = 256 << 10;
    units[256 + 'a'] = 'a' | 1 << 8;
    units[256 + 'a'] |= (uint32_t)('a' ^ 1) << 10; /* its value is unit 257 */
    units[257] = 1u << 31 | 0;
    for (size_t i = 0; i < UNITS; i++)
        for (size_t k = 0; k < 4; k++)
            map[4 + i * 4 + k] = (unsigned char)(units[i] >> 8 * k);
    map[1] = UNITS * 4 >> 8;
    memcpy(map + 4 + UNITS * 4, "xy", 3);
}

static cloze_status open_map(const unsigned char *bytes, size_t size)
{
    cz_charsmap map;
    cloze_status status = cz_charsmap_init(&map, NULL, (const char *)bytes, size, NULL);
    cz_charsmap_clear(&map);
    return status;
}

static void a_map_that_points_outside_of_itself_is_refused(void **state)
{
    unsigned char bytes[MAP];
    (void)state;
    make_map(bytes);
    assert_int_equal(open_map(bytes, MAP), CLOZE_OK);
    for (size_t size = 0; size < 4 + UNITS * 4; size++)
        assert_int_equal(open_map(bytes, size), CLOZE_ERROR_FORMAT);
    bytes[0] = 1; /* not a multiple of four */
    assert_int_equal(open_map(bytes, MAP), CLOZE_ERROR_FORMAT);
    make_map(bytes);
    bytes[4 + 2] = 0xFF; /* the root's children */
    assert_int_equal(open_map(bytes, MAP), CLOZE_ERROR_FORMAT);
    make_map(bytes);
    bytes[4 + 4 * (256 + 'a') + 2] = 0xFF; /* those of "a" */
    assert_int_equal(open_map(bytes, MAP), CLOZE_ERROR_FORMAT);
    make_map(bytes);
    bytes[4 + 4 * 257] = 4; /* the replacement begins behind the pool */
    assert_int_equal(open_map(bytes, MAP), CLOZE_ERROR_FORMAT);
    make_map(bytes);
    memcpy(bytes + MAP - 4, "\xC3\xA4", 3);
    assert_int_equal(open_map(bytes, MAP), CLOZE_OK);
    bytes[4 + 4 * 257] = 1; /* within a character */
    assert_int_equal(open_map(bytes, MAP), CLOZE_ERROR_FORMAT);
    make_map(bytes);
    bytes[MAP - 4] = 0xFF; /* not UTF-8 */
    assert_int_equal(open_map(bytes, MAP), CLOZE_ERROR_FORMAT);
}

static cloze_status read_bytes(const char *bytes, size_t size)
{
    cz_sentencepiece file;
    char *copy = malloc(size ? size : 1); /* a sanitizer sees a read past the end */
    cloze_status status;
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    status = cz_sentencepiece_read(&file, NULL, copy, size, NULL);
    if (!status)
        cz_sentencepiece_clear(&file, NULL);
    free(copy);
    return status;
}

#define READ(bytes) read_bytes(bytes, sizeof bytes - 1)

static void a_model_file_that_lies_is_refused(void **state)
{
    (void)state;
    assert_int_equal(READ("\x0A\x03\x0A\x01"
                          "a"),
                     CLOZE_OK);
    assert_int_equal(READ(""), CLOZE_ERROR_FORMAT);
    assert_int_equal(READ("\x0A\x04\x0A\x01"
                          "a"),
                     CLOZE_ERROR_FORMAT); /* a length beyond the file */
    assert_int_equal(READ("\x0A\x03\x0A\x02"
                          "ab"),
                     CLOZE_ERROR_FORMAT); /* beyond the message */
    assert_int_equal(READ("\x0A\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"), CLOZE_ERROR_FORMAT);
    assert_int_equal(READ("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), CLOZE_ERROR_FORMAT);
    assert_int_equal(READ("\x08\x01"), CLOZE_ERROR_FORMAT); /* pieces that are a number */
    assert_int_equal(READ("\x0B"), CLOZE_ERROR_FORMAT);     /* a group */
    assert_int_equal(READ("\x02\x00"), CLOZE_ERROR_FORMAT); /* field 0 */
    assert_int_equal(READ("\x0A\x03\x0A\x01\xFF"), CLOZE_ERROR_FORMAT);
    assert_int_equal(READ("\x0A\x05\x15\x00\x00\xC0\x7F"), CLOZE_ERROR_FORMAT); /* a score of NaN */
    assert_int_equal(READ("\x0A\x02\x18\x07"), CLOZE_ERROR_FORMAT); /* piece of kind 7 */
    assert_int_equal(READ("\x0A\x00\x12\x02\x18\x03"), CLOZE_ERROR_UNSUPPORTED); /* a word model */
    assert_int_equal(READ("\x0A\x00\x12\x03\xC0\x02\x01"), CLOZE_ERROR_FORMAT);
    assert_int_equal(READ("\x0A\x00\x12\x0C\xC0\x02\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
                     CLOZE_ERROR_FORMAT); /* unknown id -1 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_model_file_is_read_and_cut_as_the_package_does),
        cmocka_unit_test(the_first_of_two_equally_good_ways_stays),
        cmocka_unit_test(unknown_neighbours_are_one_piece_or_bytes_if_all_are_there),
        cmocka_unit_test(a_vocabulary_that_cannot_be_scored_is_refused),
        cmocka_unit_test(a_map_that_points_outside_of_itself_is_refused),
        cmocka_unit_test(a_model_file_that_lies_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
