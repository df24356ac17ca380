/* safetensors: what is legal opens, each lie of a file has its own refusal. */
#include "formats/safetensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A block of exactly the file's size, so that a sanitizer sees a read past its end. */
static char *file_of(const char *header, size_t header_size, size_t data_size, size_t *size)
{
    *size = 8 + header_size + data_size;
    char *file = calloc(*size, 1);
    for (size_t i = 0; i < 8; i++)
        file[i] = (char)(unsigned char)(header_size >> 8 * i & 255);
    memcpy(file + 8, header, header_size);
    for (size_t i = 0; i < data_size; i++)
        file[8 + header_size + i] = (char)i;
    return file;
}

static cloze_status open_header(const char *header, size_t header_size, size_t data_size,
                                cloze_error *error)
{
    size_t size;
    char *file = file_of(header, header_size, data_size, &size);
    cz_weights *weights = NULL;
    cloze_status status = cz_weights_open_memory(&weights, file, size, NULL, error);
    cz_weights_close(weights);
    free(file);
    return status;
}

static void refuse(const char *header, size_t data_size, cloze_status expected, const char *word)
{
    cloze_error error = { CLOZE_OK, 0, "" };
    cloze_status status = open_header(header, strlen(header), data_size, &error);
    if (status != expected || !strstr(error.message, word))
        print_error("%.80s\ngave %d \"%s\", expected \"%s\"\n", header, status, error.message,
                    word);
    assert_int_equal(status, expected);
    assert_int_equal(error.status, expected);
    assert_non_null(strstr(error.message, word));
}

static void accept(const char *header, size_t data_size)
{
    cloze_error error = { CLOZE_OK, 0, "" };
    cloze_status status = open_header(header, strlen(header), data_size, &error);
    if (status)
        print_error("%.80s\ngave \"%s\"\n", header, error.message);
    assert_int_equal(status, CLOZE_OK);
}

static void legal_headers_open(void **state)
{
    (void)state;
    accept("{}", 0);
    accept("{ }   \n\t", 0);
    accept("{\"__metadata__\":{}}", 0);
    accept("{\"__metadata__\":{\"format\":\"pt\",\"a\":\"\"}}", 0);
    accept("{\"scalar\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4);
    accept("{\"empty\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[0,0]}}", 0);
    accept("{\"a\":{\"data_offsets\":[0,2],\"shape\":[1],\"dtype\":\"F16\"},"
           "\"e\":{\"dtype\":\"I64\",\"shape\":[0],\"data_offsets\":[2,2]},"
           "\"b\":{\"dtype\":\"BF16\",\"shape\":[1,1,1,1,1,1,1,2],\"data_offsets\":[2,6]}}",
           6);
    accept("{\"four\":{\"dtype\":\"F4\",\"shape\":[2],\"data_offsets\":[0,1]}}", 1);
    accept("{\"\\u00e4\\ud83d\\ude00\\n\\/\":{\"dtype\":\"U8\",\"shape\":[1],"
           "\"data_offsets\":[0,1]}}",
           1);
}

static void a_lying_header_length_is_refused(void **state)
{
    static const uint64_t lies[] = {
        0, 3, 100000001, 1u << 31, (uint64_t)1 << 32, INT64_MAX, UINT64_MAX - 7, UINT64_MAX
    };
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        char file[10] = { 0 };
        cz_weights *weights = NULL;
        for (int j = 0; j < 8; j++)
            file[j] = (char)(unsigned char)(lies[i] >> 8 * j & 255);
        memcpy(file + 8, "{}", 2);
        assert_int_equal(cz_weights_open_memory(&weights, file, sizeof file, NULL, NULL),
                         CLOZE_ERROR_FORMAT);
        assert_null(weights);
    }
}

static void files_too_short_for_a_header_are_refused(void **state)
{
    cz_weights *weights = NULL;
    (void)state;
    for (size_t size = 0; size < 8; size++) {
        char *file = calloc(size ? size : 1, 1);
        assert_int_equal(cz_weights_open_memory(&weights, file, size, NULL, NULL),
                         CLOZE_ERROR_FORMAT);
        free(file);
    }
}

static void a_header_of_more_than_100_million_bytes_is_refused(void **state)
{
    size_t size = 100000001;
    char *header = malloc(size);
    (void)state;
    memset(header, ' ', size);
    memcpy(header, "{}", 2);
    assert_int_equal(open_header(header, size, 0, NULL), CLOZE_ERROR_LIMIT);
    assert_int_equal(open_header(header, size - 1, 0, NULL), CLOZE_OK);
    free(header);
}

static void a_header_must_begin_with_a_brace(void **state)
{
    (void)state;
    refuse(" {}", 0, CLOZE_ERROR_FORMAT, "begin");
    refuse("[]", 0, CLOZE_ERROR_FORMAT, "begin");
    refuse("\xef\xbb\xbf{}", 0, CLOZE_ERROR_FORMAT, "begin");
}

static void broken_json_is_refused(void **state)
{
    static const char *const broken[] = {
        "{",
        "{}}",
        "{} x",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1}",
        "{\"a\":[]}",
        "{\"a\":null}",
        "{\"a\":{}}",
        "{\"a\":{},}",
        "{'a':{}}",
        "{\"a",
        "{\"a\\",
        "{\"\\x\":{}}",
        "{\"\\u12\":{}}",
        "{\"\\u0000\":{}}",
        "{\"\\ud800\":{}}",
        "{\"\\ud800\\u0041\":{}}",
        "{\"\\udc00\":{}}",
        "{\"a\x01\":{}}",
        "{\"__metadata__\":{\"a\":\"b\",}}",
        "{\"__metadata__\":[]}",
        "{\"__metadata__\":{}} {}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_int_equal(open_header(broken[i], strlen(broken[i]), 0, NULL), CLOZE_ERROR_FORMAT);
    assert_int_equal(open_header("{}\0", 3, 0, NULL), CLOZE_ERROR_FORMAT);
    assert_int_equal(open_header("{\"\0\":{}}", 8, 0, NULL), CLOZE_ERROR_FORMAT);
}

static void every_cut_of_a_good_header_is_refused(void **state)
{
    static const char good[] = "{\"__metadata__\":{\"a\":\"b\"},\"\\ud83d\\ude00\":{\"dtype\":"
                               "\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}}";
    (void)state;
    for (size_t size = 0; size < sizeof good - 1; size++)
        assert_int_equal(open_header(good, size, 8, NULL), CLOZE_ERROR_FORMAT);
    assert_int_equal(open_header(good, sizeof good - 1, 8, NULL), CLOZE_OK);
}

static void text_that_is_not_utf8_is_refused(void **state)
{
    static const char *const bad[] = { "\xff",     "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                       "\xe2\x82", "\x80" };
    char header[128];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(header, sizeof header, "{\"__metadata__\":{\"k\":\"%s\"}}", bad[i]);
        refuse(header, 0, CLOZE_ERROR_FORMAT, "UTF-8");
        snprintf(header, sizeof header,
                 "{\"%s\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", bad[i]);
        refuse(header, 1, CLOZE_ERROR_FORMAT, "UTF-8");
    }
}

#define U8_AT(name, begin, end, count)                                                             \
    "\"" name "\":{\"dtype\":\"U8\",\"shape\":[" #count "],\"data_offsets\":[" #begin "," #end "]" \
    "}"

static void duplicates_are_refused_however_they_are_written(void **state)
{
    (void)state;
    refuse("{" U8_AT("a", 0, 1, 1) "," U8_AT("a", 1, 2, 1) "}", 2, CLOZE_ERROR_FORMAT, "twice");
    refuse("{" U8_AT("a", 0, 1, 1) "," U8_AT("\\u0061", 1, 2, 1) "}", 2, CLOZE_ERROR_FORMAT,
           "twice");
    refuse("{\"__metadata__\":{},\"__metadata__\":{}}", 0, CLOZE_ERROR_FORMAT, "twice");
    refuse("{\"__metadata__\":{\"k\":\"1\",\"j\":\"2\",\"\\u006b\":\"3\"}}", 0, CLOZE_ERROR_FORMAT,
           "twice");
    refuse("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", 1,
           CLOZE_ERROR_FORMAT, "twice");
}

static void metadata_that_is_not_text_is_refused(void **state)
{
    (void)state;
    refuse("{\"__metadata__\":{\"a\":1}}", 0, CLOZE_ERROR_FORMAT, "not a string");
    refuse("{\"__metadata__\":{\"a\":null}}", 0, CLOZE_ERROR_FORMAT, "not a string");
    refuse("{\"__metadata__\":{\"a\":{}}}", 0, CLOZE_ERROR_FORMAT, "not a string");
    refuse("{\"__metadata__\":\"a\"}", 0, CLOZE_ERROR_FORMAT, "expected '{'");
}

static void holes_overlaps_and_remainders_are_refused(void **state)
{
    (void)state;
    accept("{" U8_AT("a", 2, 4, 2) "," U8_AT("b", 0, 2, 2) "}", 4);
    refuse("{" U8_AT("a", 0, 2, 2) "," U8_AT("b", 3, 4, 1) "}", 4, CLOZE_ERROR_FORMAT, "hole");
    refuse("{" U8_AT("a", 1, 2, 1) "}", 2, CLOZE_ERROR_FORMAT, "hole");
    refuse("{" U8_AT("a", 0, 2, 2) "," U8_AT("b", 1, 3, 2) "}", 3, CLOZE_ERROR_FORMAT, "overlaps");
    refuse("{" U8_AT("a", 0, 2, 2) "," U8_AT("b", 0, 2, 2) "}", 2, CLOZE_ERROR_FORMAT, "overlaps");
    refuse("{" U8_AT("a", 0, 4, 4) "," U8_AT("e", 2, 2, 0) "}", 4, CLOZE_ERROR_FORMAT, "overlaps");
    refuse("{" U8_AT("a", 0, 2, 2) "}", 3, CLOZE_ERROR_FORMAT, "after the last");
    refuse("{" U8_AT("a", 0, 2, 2) "}", 1, CLOZE_ERROR_FORMAT, "beyond the end");
    refuse("{}", 1, CLOZE_ERROR_FORMAT, "after the last");
}

static void offsets_that_do_not_fit_the_shape_are_refused(void **state)
{
    (void)state;
    refuse("{" U8_AT("a", 0, 3, 2) "}", 3, CLOZE_ERROR_FORMAT, "do not fit");
    refuse("{" U8_AT("a", 2, 0, 2) "}", 2, CLOZE_ERROR_FORMAT, "do not fit");
    refuse("{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,2]}}", 2, CLOZE_ERROR_FORMAT,
           "do not fit");
    refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, CLOZE_ERROR_FORMAT,
           "two data_offsets");
    refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}", 4,
           CLOZE_ERROR_FORMAT, "more than 2");
}

static void products_that_overflow_are_refused(void **state)
{
    static const char *const shapes[] = { "4294967296,4294967296", "9223372036854775807,2",
                                          "9223372036854775808,2", "18446744073709551612,2",
                                          "2305843009213693952",   "18446744073709551615" };
    char header[200];
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        snprintf(header, sizeof header,
                 "{\"a\":{\"dtype\":\"F64\",\"shape\":[%s],\"data_offsets\":[0,0]}}", shapes[i]);
        refuse(header, 0, CLOZE_ERROR_FORMAT, "overflows");
    }
    refuse("{\"a\":{\"dtype\":\"U8\",\"shape\":[18446744073709551616],\"data_offsets\":[0,0]}}", 0,
           CLOZE_ERROR_FORMAT, "too large");
    refuse("{" U8_AT("a", 0, 2305843009213693951, 2305843009213693951) "}", 4, CLOZE_ERROR_FORMAT,
           "beyond the end");
}

static void numbers_are_whole_and_not_negative(void **state)
{
    static const char *const numbers[] = { "-1",   "1.0", "1e0", "01",   "\"1\"",
                                           "null", "+1",  "0x1", "true", "" };
    char header[200];
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        snprintf(header, sizeof header,
                 "{\"a\":{\"dtype\":\"U8\",\"shape\":[1,%s],\"data_offsets\":[0,1]}}", numbers[i]);
        assert_int_equal(open_header(header, strlen(header), 1, NULL), CLOZE_ERROR_FORMAT);
        snprintf(header, sizeof header,
                 "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,%s]}}", numbers[i]);
        assert_int_equal(open_header(header, strlen(header), 1, NULL), CLOZE_ERROR_FORMAT);
    }
}

static void tensors_need_their_three_members_and_have_no_others(void **state)
{
    (void)state;
    refuse("{\"a\":{\"shape\":[],\"data_offsets\":[0,1]}}", 1, CLOZE_ERROR_FORMAT, "needs");
    refuse("{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, CLOZE_ERROR_FORMAT, "needs");
    refuse("{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}", 1, CLOZE_ERROR_FORMAT, "needs");
    refuse("{\"a\":{}}", 1, CLOZE_ERROR_FORMAT, "needs");
    refuse("{\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1],\"x\":1}}", 1,
           CLOZE_ERROR_FORMAT, "member");
    refuse("{\"a\":{\"dtype\":\"F31\",\"shape\":[],\"data_offsets\":[0,1]}}", 1, CLOZE_ERROR_FORMAT,
           "dtype");
    refuse("{\"a\":{\"dtype\":32,\"shape\":[],\"data_offsets\":[0,1]}}", 1, CLOZE_ERROR_FORMAT,
           "expected");
}

static void more_than_eight_dimensions_are_refused(void **state)
{
    (void)state;
    refuse("{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1,
           CLOZE_ERROR_FORMAT, "8 dimensions");
}

static void names_of_more_than_1024_bytes_are_refused(void **state)
{
    char header[1200];
    (void)state;
    for (int length = 1024; length <= 1025; length++) {
        char name[1026];
        memset(name, 'x', (size_t)length);
        name[length] = 0;
        snprintf(header, sizeof header,
                 "{\"%s\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", name);
        if (length == 1024)
            accept(header, 1);
        else
            refuse(header, 1, CLOZE_ERROR_FORMAT, "1024");
    }
}

static char *many_tensors(size_t count, size_t *size)
{
    char *header = NULL;
    FILE *out = open_memstream(&header, size);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%c\"%zx\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}",
                i ? ',' : '{', i);
    putc('}', out);
    fclose(out);
    return header;
}

static void a_million_tensors_open_and_one_more_is_refused(void **state)
{
    size_t size;
    (void)state;
    for (size_t count = 1000000; count <= 1000001; count++) {
        char *header = many_tensors(count, &size);
        cloze_status status = open_header(header, size, 0, NULL);
        free(header);
        assert_int_equal(status, count == 1000000 ? CLOZE_OK : CLOZE_ERROR_FORMAT);
    }
}

static void errors_tell_the_byte_of_the_file(void **state)
{
    cloze_error error;
    (void)state;
    assert_int_equal(open_header("{\"a\":x}", 7, 0, &error), CLOZE_ERROR_FORMAT);
    assert_int_equal(error.position, 8 + 5);
}

static void tensors_are_described_and_found_by_name(void **state)
{
    static const char header[] =
        "{\"__metadata__\":{\"format\":\"pt\",\"by\":\"a\\tb\"},"
        "\"w\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[3,11]},"
        "\"b\":{\"dtype\":\"BOOL\",\"shape\":[3],\"data_offsets\":[0,3]}}";
    size_t size;
    char *file = file_of(header, sizeof header - 1, 11, &size);
    cz_weights *weights = NULL;
    (void)state;
    assert_int_equal(cz_weights_open_memory(&weights, file, size, NULL, NULL), CLOZE_OK);
    assert_int_equal(cz_weights_count(weights), 2);
    assert_string_equal(cz_weights_tensor(weights, 0)->name, "b");
    assert_null(cz_weights_tensor(weights, 2));
    const cz_stored_tensor *w = cz_weights_find(weights, "w");
    assert_int_equal(w->type, CZ_F32);
    assert_int_equal(w->rank, 2);
    assert_int_equal(w->shape[0], 2);
    assert_int_equal(w->shape[1], 1);
    assert_int_equal(w->size, 8);
    assert_memory_equal(w->data, "\3\4\5\6\7\10\11\12", 8);
    assert_int_equal(cz_weights_find(weights, "b")->type, CZ_OTHER);
    assert_null(cz_weights_find(weights, "c"));
    assert_null(cz_weights_find(weights, "__metadata__"));
    cz_weights_forget(weights, w);
    cz_weights_close(weights);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(legal_headers_open),
        cmocka_unit_test(a_lying_header_length_is_refused),
        cmocka_unit_test(files_too_short_for_a_header_are_refused),
        cmocka_unit_test(a_header_of_more_than_100_million_bytes_is_refused),
        cmocka_unit_test(a_header_must_begin_with_a_brace),
        cmocka_unit_test(broken_json_is_refused),
        cmocka_unit_test(every_cut_of_a_good_header_is_refused),
        cmocka_unit_test(text_that_is_not_utf8_is_refused),
        cmocka_unit_test(duplicates_are_refused_however_they_are_written),
        cmocka_unit_test(metadata_that_is_not_text_is_refused),
        cmocka_unit_test(holes_overlaps_and_remainders_are_refused),
        cmocka_unit_test(offsets_that_do_not_fit_the_shape_are_refused),
        cmocka_unit_test(products_that_overflow_are_refused),
        cmocka_unit_test(numbers_are_whole_and_not_negative),
        cmocka_unit_test(tensors_need_their_three_members_and_have_no_others),
        cmocka_unit_test(more_than_eight_dimensions_are_refused),
        cmocka_unit_test(names_of_more_than_1024_bytes_are_refused),
        cmocka_unit_test(a_million_tensors_open_and_one_more_is_refused),
        cmocka_unit_test(errors_tell_the_byte_of_the_file),
        cmocka_unit_test(tensors_are_described_and_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
