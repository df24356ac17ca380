/*
 * test_allocation.c - when the n-th allocation fails, for every n, opening and tokenizing report it
 * and leak nothing; and once warm, tokenizing allocates nothing.
 */
#include "small_tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct counter {
    long calls, fail_at, held; /* fail_at: this call and all later ones fail; 0: none */
} counter;

static bool fails(counter *count)
{
    return ++count->calls >= count->fail_at && count->fail_at;
}

static void *allocate(void *context, size_t size)
{
    counter *count = context;
    void *block = fails(count) ? NULL : malloc(size);
    count->held += block != NULL;
    return block;
}

static void *resize(void *context, void *block, size_t size)
{
    return fails(context) ? NULL : realloc(block, size);
}

static void release(void *context, void *block)
{
    ((counter *)context)->held--;
    free(block);
}

static cloze_hooks hooks_of(counter *count)
{
    cloze_hooks hooks = { .allocator = { allocate, resize, release, count } };
    return hooks;
}

static const char json[] =
    "{\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##"
    "\","
    "\"max_input_chars_per_word\":100,\"vocab\":{\"[UNK]\":0,\"[CLS]\":1,\"[SEP]\":2,\"a\":3}},"
    "\"added_tokens\":[{\"content\":\"[CLS]\",\"special\":true,\"normalized\":false},"
    "{\"content\":\"New\",\"normalized\":true}],\"normalizer\":{\"type\":\"BertNormalizer\"},"
    "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"decoder\":{\"type\":\"WordPiece\","
    "\"prefix\":\"##\"},\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":[\"[SEP]\",2],"
    "\"cls\":[\"[CLS]\",1]}}";

static cloze_status open_json(cloze_tokenizer **out, const cloze_hooks *hooks, cloze_error *error)
{
    return cz_tokenizer_from_json(out, json, strlen(json), hooks, error);
}

/* Cuts of a text instead of the short way. */
static const char cut_json[] =
    "{\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##"
    "\",\"max_input_chars_per_word\":100,\"vocab\":{\"[UNK]\":0,\"a\":1,\"new\":2}},"
    "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":"
    "\"a\"},"
    "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"[xy]+\"},\"content\":\"a\"},"
    "{\"type\":\"NFKC\"},{\"type\":\"ByteLevel\"}]},\"pre_tokenizer\":{\"type\":\"Sequence\","
    "\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"String\":\"a\"},\"behavior\":"
    "\"Contiguous\","
    "\"invert\":false},{\"type\":\"UnicodeScripts\"},{\"type\":\"Split\",\"pattern\":{\"Regex\":\"("
    "?:a|b)+n\"},"
    "\"behavior\":\"Isolated\",\"invert\":true},"
    "{\"type\":\"Digits\",\"individual_digits\":"
    "true},"
    "{\"type\":\"Metaspace\",\"replacement\":\"_\"},{\"type\":\"ByteLevel\"}]},"
    "\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"Regex\":"
    "\"a+\"},"
    "\"content\":\"<0x41>\"},{\"type\":\"ByteFallback\"},{\"type\":\"CTC\",\"pad_token\":\"p\","
    "\"word_delimiter_token\":\"w\"},{\"type\":\"BPEDecoder\",\"suffix\":\"</"
    "w>\"},{\"type\":\"Fuse\"},"
    "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":1}]}}";

static cloze_status open_cut(cloze_tokenizer **out, const cloze_hooks *hooks, cloze_error *error)
{
    return cz_tokenizer_from_json(out, cut_json, strlen(cut_json), hooks, error);
}

static cloze_status open_vocabulary(cloze_tokenizer **out, const cloze_hooks *hooks,
                                    cloze_error *error)
{
    return open_small(out, "{\"additional_special_tokens\": [\"<a>\", \"<b>\"]}", hooks, error);
}

static cloze_status open_byte_level(cloze_tokenizer **out, const cloze_hooks *hooks,
                                    cloze_error *error)
{
    char *document = byte_level_document("[\"a b\"]");
    cloze_status status;
    assert_non_null(document);
    status = cz_tokenizer_from_json(out, document, strlen(document), hooks, error);
    free(document);
    return status;
}

/* The vocabulary of the same document as a vocab.json. */
static cloze_status open_merges(cloze_tokenizer **out, const cloze_hooks *hooks, cloze_error *error)
{
    static const char merges[] = "#version: 0.2\na b\na b\n";
    static const char config[] = "{\"additional_special_tokens\": [\"<a>\"],"
                                 "\"tokenizer_class\": \"RobertaTokenizer\"}";
    char *document = byte_level_document("[]"), *vocabulary, *end;
    cz_tokenizer_files files = { .merges = as_text(merges), .config = as_text(config) };
    cloze_status status;
    assert_non_null(document);
    vocabulary = strstr(document, "\"vocab\":") + strlen("\"vocab\":");
    end = strstr(vocabulary, ",\"merges\"");
    files.vocabulary = (cloze_text){ vocabulary, (size_t)(end - vocabulary) };
    status = cz_tokenizer_from_files(out, &files, hooks, error);
    free(document);
    return status;
}

static void check_opening(cloze_status (*open)(cloze_tokenizer **, const cloze_hooks *,
                                               cloze_error *))
{
    for (long n = 1;; n++) {
        counter count = { .fail_at = n };
        cloze_hooks hooks = hooks_of(&count);
        cloze_tokenizer *tokenizer = NULL;
        cloze_error error = { 0 };
        cloze_status status = open(&tokenizer, &hooks, &error);
        if (!status) {
            cloze_tokenizer_free(tokenizer);
            assert_int_equal(count.held, 0);
            assert_true(n > 8);
            return;
        }
        assert_int_equal(status, CLOZE_ERROR_MEMORY);
        assert_int_equal(error.status, CLOZE_ERROR_MEMORY);
        assert_null(tokenizer);
        assert_int_equal(count.held, 0);
        assert_true(n < 1000);
    }
}

static void opening_survives_every_failed_allocation(void **state)
{
    (void)state;
    check_opening(open_json);
    check_opening(open_vocabulary);
    check_opening(open_byte_level);
    check_opening(open_merges);
    check_opening(open_cut);
}

/* Ten marks, of two classes in turn. */
#define MARKS "\xCC\x81\xCC\xA3\xCC\x81\xCC\xA3\xCC\x81\xCC\xA3\xCC\x81\xCC\xA3\xCC\x81\xCC\xA3"

static cloze_status tokenize_all(const cloze_tokenizer *tokenizer, cloze_encoding *encoding)
{
    static const char *const texts[] = {
        "a new \xC3\x89t\xC3\xA9 \xE4\xB8\x80 a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "[CLS] NEW a a a a a a a a a a a a a a a a a a a a a a a a a a",
        "\xC4\xB0\xC4\xB0" MARKS MARKS MARKS MARKS
    };
    cloze_tokenize_options options = { .max_length = 8, .stride = 1, .overflow = true };
    cloze_text words[] = { as_text("a"), as_text("New") };
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < 4 && !status; i++)
        status = cloze_tokenize(tokenizer, as_text(texts[i]), as_text(texts[3 - i]), &options,
                                encoding, NULL);
    return status ? status
                  : cloze_tokenize_words(tokenizer, words, 2, words, 1, NULL, encoding, NULL);
}

static void check_tokenizing(const cloze_tokenizer *tokenizer)
{
    for (long n = 1;; n++) {
        counter count = { .fail_at = n };
        cloze_hooks hooks = hooks_of(&count);
        cloze_encoding *encoding = NULL;
        cloze_status status = cloze_encoding_new(&encoding, &hooks, NULL);
        if (!status)
            status = tokenize_all(tokenizer, encoding);
        if (status) {
            assert_int_equal(status, CLOZE_ERROR_MEMORY);
            if (encoding) { /* it can be used again once there is memory */
                count.fail_at = 0;
                assert_int_equal(tokenize_all(tokenizer, encoding), CLOZE_OK);
            }
        }
        cloze_encoding_free(encoding);
        assert_int_equal(count.held, 0);
        if (!status)
            return;
        assert_true(n < 1000);
    }
}

static void tokenizing_survives_every_failed_allocation(void **state)
{
    cloze_tokenizer *tokenizer = NULL;
    (void)state;
    assert_int_equal(open_json(&tokenizer, NULL, NULL), CLOZE_OK);
    check_tokenizing(tokenizer);
    cloze_tokenizer_free(tokenizer);
    assert_int_equal(open_vocabulary(&tokenizer, NULL, NULL), CLOZE_OK);
    check_tokenizing(tokenizer);
    cloze_tokenizer_free(tokenizer);
    assert_int_equal(open_byte_level(&tokenizer, NULL, NULL), CLOZE_OK);
    check_tokenizing(tokenizer);
    cloze_tokenizer_free(tokenizer);
    assert_int_equal(open_cut(&tokenizer, NULL, NULL), CLOZE_OK);
    check_tokenizing(tokenizer);
    cloze_tokenizer_free(tokenizer);
}

static void check_decoding(cloze_status (*open)(cloze_tokenizer **, const cloze_hooks *,
                                                cloze_error *),
                           const uint32_t *ids, size_t ids_count)
{
    counter count = { 0 };
    cloze_hooks hooks = hooks_of(&count);
    cloze_tokenizer *tokenizer = NULL;
    cloze_status status = CLOZE_ERROR_MEMORY;
    assert_int_equal(open(&tokenizer, &hooks, NULL), CLOZE_OK);
    for (long n = 1; status; n++) {
        long held = count.held;
        char *text = NULL;
        size_t size;
        count.calls = 0;
        count.fail_at = n;
        status = cloze_tokenizer_decode(tokenizer, ids, ids_count, false, &text, &size, NULL);
        assert_true(status == CLOZE_OK || status == CLOZE_ERROR_MEMORY);
        if (!status)
            cloze_tokenizer_release_text(tokenizer, text);
        assert_int_equal(count.held, held);
    }
    cloze_tokenizer_free(tokenizer);
    assert_int_equal(count.held, 0);
}

static void decoding_survives_every_failed_allocation(void **state)
{
    const uint32_t ids[] = { 2, 5, 10, 7, 8, 9, 11, 3, 5, 5, 5, 5, 5, 5, 5, 5, 5 };
    const uint32_t cut_ids[] = { 0, 1, 2, 1, 1, 0 };
    (void)state;
    check_decoding(open_vocabulary, ids, 17);
    check_decoding(open_cut, cut_ids, 6);
}

static void check_warm(cloze_status (*open)(cloze_tokenizer **, const cloze_hooks *, cloze_error *))
{
    counter count = { 0 };
    cloze_hooks hooks = hooks_of(&count);
    cloze_tokenizer *tokenizer = NULL;
    cloze_encoding *encoding = NULL;
    long calls;
    assert_int_equal(open(&tokenizer, NULL, NULL), CLOZE_OK);
    assert_int_equal(cloze_encoding_new(&encoding, &hooks, NULL), CLOZE_OK);
    assert_int_equal(tokenize_all(tokenizer, encoding), CLOZE_OK);
    calls = count.calls;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(tokenize_all(tokenizer, encoding), CLOZE_OK);
    assert_int_equal(count.calls, calls);
    cloze_encoding_free(encoding);
    cloze_tokenizer_free(tokenizer);
    assert_int_equal(count.held, 0);
}

static void a_warm_encoding_allocates_nothing(void **state)
{
    (void)state;
    check_warm(open_json);
    check_warm(open_cut);
}

/* Sizes of blocks, kept before each block. */
static size_t held_bytes;
enum { HEAD = 32 };

static void *allocate_counted(void *context, size_t size)
{
    char *block = malloc(size + HEAD);
    (void)context;
    if (!block)
        return NULL;
    memcpy(block, &size, sizeof size);
    held_bytes += size;
    return block + HEAD;
}

static void release_counted(void *context, void *block)
{
    size_t size;
    (void)context;
    if (!block)
        return;
    memcpy(&size, (char *)block - HEAD, sizeof size);
    held_bytes -= size;
    free((char *)block - HEAD);
}

static void *resize_counted(void *context, void *block, size_t size)
{
    size_t old;
    void *made = allocate_counted(context, size);
    if (!made)
        return NULL;
    memcpy(&old, (char *)block - HEAD, sizeof old);
    memcpy(made, block, old < size ? old : size);
    release_counted(context, block);
    return made;
}

static void the_size_of_a_tokenizer_is_what_it_allocated(void **state)
{
    cloze_hooks hooks = { .allocator = { allocate_counted, resize_counted, release_counted,
                                         NULL } };
    cloze_tokenizer *tokenizer = NULL;
    (void)state;
    assert_int_equal(open_json(&tokenizer, &hooks, NULL), CLOZE_OK);
    assert_int_equal(cz_tokenizer_bytes(tokenizer), held_bytes);
    cloze_tokenizer_free(tokenizer);
    assert_int_equal(open_vocabulary(&tokenizer, &hooks, NULL), CLOZE_OK);
    assert_int_equal(cz_tokenizer_bytes(tokenizer), held_bytes);
    cloze_tokenizer_free(tokenizer);
    assert_int_equal(held_bytes, 0);
    assert_int_equal(open_cut(&tokenizer, &hooks, NULL), CLOZE_OK);
    assert_int_equal(cz_tokenizer_bytes(tokenizer), held_bytes);
    cloze_tokenizer_free(tokenizer);
    assert_int_equal(held_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_survives_every_failed_allocation),
        cmocka_unit_test(tokenizing_survives_every_failed_allocation),
        cmocka_unit_test(decoding_survives_every_failed_allocation),
        cmocka_unit_test(a_warm_encoding_allocates_nothing),
        cmocka_unit_test(the_size_of_a_tokenizer_is_what_it_allocated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
