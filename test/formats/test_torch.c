/* torch checkpoints: what torch.save wrote opens, each lie and every program has its refusal. */
#include "formats/pickle.h"
#include "formats/torch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A block of exactly the file's size, so that a sanitizer sees a read past its end. */
static char *load(const char *name, size_t *size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/golden/torch/%s", getenv("CLOZE_TEST_DATA"), name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *data = malloc(1 << 16);
    *size = fread(data, 1, 1 << 16, file);
    fclose(file);
    return realloc(data, *size);
}

static void refuse_file(const char *name, cloze_status expected, const char *word)
{
    size_t size;
    char *data = load(name, &size);
    cz_header header = { 0 };
    cloze_error error = { CLOZE_OK, 0, "" };
    assert_int_equal(cz_torch_read(&header, data, size, NULL, &error), expected);
    assert_non_null(strstr(error.message, word));
    free(data);
}

static void a_checkpoint_of_torch_opens_without_a_copy(void **state)
{
    static const char *const names[] = { "empty",        "half",      "ids",   "layer.part",
                                         "layer.weight", "parameter", "scalar" };
    (void)state;
    size_t size;
    char *data = load("weights.bin", &size);
    cz_header header = { 0 };
    cloze_error error = { CLOZE_OK, 0, "" };
    cloze_status status = cz_torch_read(&header, data, size, NULL, &error);
    if (status)
        print_error("%s\n", error.message);
    assert_int_equal(status, CLOZE_OK);
    assert_int_equal(header.count, 7);
    for (size_t i = 0; i < 7; i++)
        assert_string_equal(header.tensors[i].name, names[i]);
    const cz_stored_tensor *part = &header.tensors[3], *whole = &header.tensors[4];
    assert_int_equal(whole->rank, 2);
    assert_int_equal(whole->shape[0], 3);
    assert_int_equal(whole->shape[1], 4);
    assert_int_equal(whole->type, CZ_F32);
    assert_ptr_equal(part->data, (const char *)whole->data + 16);
    assert_int_equal(part->size, 32);
    float number;
    memcpy(&number, (const char *)whole->data + 11 * 4, 4);
    assert_true(number == 11.0f);
    assert_int_equal(header.tensors[0].size, 0);
    assert_int_equal(header.tensors[2].type, CZ_I64);
    assert_int_equal(header.tensors[6].rank, 0);
    assert_int_equal(header.tensors[6].type, CZ_F64);
    cz_header_clear(&header, NULL);
    free(data);
}

static void other_checkpoints_are_refused_with_advice(void **state)
{
    (void)state;
    refuse_file("legacy.bin", CLOZE_ERROR_UNSUPPORTED, "save_pretrained");
    refuse_file("expanded.bin", CLOZE_ERROR_UNSUPPORTED, "contiguous");
    refuse_file("program.bin", CLOZE_ERROR_UNSUPPORTED, "state_dict");
}

/* turned: a transposed matrix; every: one column of three; deep: three dimensions, permuted. */
static void strided_tensors_are_copied_row_by_row(void **state)
{
    static const float turned[] = { 0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11 }, every[] = { 1, 5, 9 };
    static const float deep[] = { 0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11 };
    (void)state;
    size_t size;
    char *data = load("turned.bin", &size);
    cz_header header = { 0 };
    assert_int_equal(cz_torch_read(&header, data, size, NULL, NULL), CLOZE_OK);
    assert_int_equal(header.count, 4);
    assert_string_equal(header.tensors[0].name, "deep");
    assert_int_equal(header.tensors[0].rank, 3);
    assert_int_equal(header.tensors[0].shape[0], 3);
    assert_memory_equal(header.tensors[0].data, deep, sizeof deep);
    assert_string_equal(header.tensors[1].name, "every");
    assert_memory_equal(header.tensors[1].data, every, sizeof every);
    assert_string_equal(header.tensors[3].name, "turned");
    assert_int_equal(header.tensors[3].shape[0], 4);
    assert_memory_equal(header.tensors[3].data, turned, sizeof turned);
    assert_true((const char *)header.tensors[2].data > data &&
                (const char *)header.tensors[2].data < data + size);
    cz_header_clear(&header, NULL);
    free(data);
}

/* The archive that tch writes: names with dots, a tied matrix kept once, a scalar. */
static void an_archive_of_tch_opens(void **state)
{
    static const char *const names[] = {
        "bert.embeddings.LayerNorm.weight",       "bert.embeddings.position_ids",
        "bert.embeddings.word_embeddings.weight", "cls.half",
        "cls.predictions.decoder.weight",         "scalar"
    };
    (void)state;
    size_t size;
    char *data = load("rust_model.ot", &size);
    cz_header header = { 0 };
    cloze_error error = { CLOZE_OK, 0, "" };
    if (cz_torch_read(&header, data, size, NULL, &error))
        fail_msg("%s", error.message);
    assert_int_equal(header.count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(header.tensors[i].name, names[i]);
    assert_ptr_equal(header.tensors[2].data, header.tensors[4].data);
    assert_int_equal(header.tensors[2].shape[1], 4);
    assert_int_equal(header.tensors[3].type, CZ_F16);
    double seven;
    memcpy(&seven, header.tensors[5].data, sizeof seven);
    assert_true(seven == 7);
    assert_int_equal(header.tensors[5].rank, 0);
    cz_header_clear(&header, NULL);
    free(data);
}

/* Every change of a byte is refused, or leaves a checkpoint whose tensors lie in the file. */
static void damage_every_byte_of(const char *name)
{
    size_t size;
    char *data = load(name, &size);
    for (size_t at = 0; at < size; at++) {
        static const char changes[] = { 1, 2, 127, -128, -1 };
        for (size_t c = 0; c < sizeof changes; c++) {
            cz_header header = { 0 };
            data[at] = (char)(data[at] ^ changes[c]);
            if (!cz_torch_read(&header, data, size, NULL, NULL))
                for (size_t i = 0; i < header.count; i++)
                    assert_true(header.copies ||
                                ((const char *)header.tensors[i].data >= data &&
                                 (const char *)header.tensors[i].data + header.tensors[i].size <=
                                     data + size));
            cz_header_clear(&header, NULL);
            data[at] = (char)(data[at] ^ changes[c]);
        }
    }
    free(data);
}

static void no_damaged_byte_leads_out_of_the_file(void **state)
{
    (void)state;
    damage_every_byte_of("weights.bin");
    damage_every_byte_of("turned.bin");
    damage_every_byte_of("rust_model.ot");
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    size_t size;
    char *data = load("rust_model.ot", &size);
    for (size_t left = 0; left < size; left++) {
        char *part = malloc(left ? left : 1);
        cz_header header = { 0 };
        memcpy(part, data, left);
        assert_int_not_equal(cz_torch_read(&header, part, left, NULL, NULL), CLOZE_OK);
        free(part);
    }
    free(data);
}

static void *counted_resize(void *context, void *block, size_t size)
{
    size_t *left = context;
    if (!*left)
        return NULL;
    --*left;
    return realloc(block, size);
}

static void *counted_allocate(void *context, size_t size)
{
    return counted_resize(context, NULL, size);
}

static void counted_release(void *context, void *block)
{
    (void)context;
    free(block);
}

static void every_failing_allocation_is_reported(void **state)
{
    (void)state;
    size_t size, left = 0, allowed = 0;
    char *data = load("turned.bin", &size);
    const cloze_allocator allocator = { counted_allocate, counted_resize, counted_release, &left };
    cz_header header = { 0 };
    cloze_status status = CLOZE_ERROR_MEMORY;
    for (; status; allowed++) {
        left = allowed;
        status = cz_torch_read(&header, data, size, &allocator, NULL);
        assert_true(!status || status == CLOZE_ERROR_MEMORY);
    }
    assert_true(allowed > 5);
    cz_header_clear(&header, &allocator);
    free(data);
}

static void pickles_that_are_programs_are_refused(void **state)
{
    (void)state;
#define PICKLE(text) text, sizeof(text) - 1
    static const struct {
        const char *data;
        size_t size;
        const char *word;
    } cases[] = {
        { PICKLE("\200\2cos\nsystem\nX\2\0\0\0id\205R."), "os.system" },
        { PICKLE("\200\2cbuiltins\neval\n."), "builtins.eval" },
        { PICKLE("\200\4\214\2os\214\6system\223."), "os.system" },
        { PICKLE("\200\2ctorch._utils\n_rebuild_sparse_tensor\n."), "_rebuild_sparse_tensor" },
        { PICKLE("\200\2ctorch._utils\n_rebuild_qtensor\n."), "_rebuild_qtensor" },
        { PICKLE("\200\2ccollections\nCounter\n."), "Counter" },
        { PICKLE("\200\2c_codecs\nencode\nX\1\0\0\0aX\5\0\0\0utf-8\206R."), "REDUCE" },
        { PICKLE("\200\2c_codecs\nencode\nX\1\0\0\0a\205R."), "REDUCE" },
        { PICKLE("\200\2c_codecs\ndecode\n."), "decode" },
        { PICKLE("\200\2(ios\nsystem\n."), "opcode 0x69" },
        { PICKLE("\200\2\202\1."), "opcode 0x82" },
        { PICKLE("\200\2N)\201."), "NEWOBJ" },
        { PICKLE("\200\2ctorch._utils\n_rebuild_tensor_v2\n)\201."), "NEWOBJ" },
        { PICKLE("\200\2]Nb."), "BUILD" },
        { PICKLE("\200\2}Na."), "APPEND" },
        { PICKLE("\200\2](a."), "mark" },
        { PICKLE("\200\2Nq\1."), "memo" },
        { PICKLE("\200\2(q\0."), "memo" },
        { PICKLE("\200\2ctorch\nFloatStorage\n)R."), "REDUCE" },
        { PICKLE("\200\2NNR."), "REDUCE" },
        { PICKLE("\200\2NX\1\0\0\0aNs."), "SETITEM" },
        { PICKLE("\200\2X\1\0\0\0aNNs."), "SETITEM" },
        { PICKLE("\200\2s."), "SETITEM" },
        { PICKLE("\200\2}NNs."), "key" },
        { PICKLE("\200\2u."), "mark" },
        { PICKLE("\200\2}(X\1\0\0\0au."), "SETITEM" },
        { PICKLE("\200\2NNb."), "BUILD" },
        { PICKLE("\200\2NQ."), "storage" },
        { PICKLE("\200\2Nr\377\377\377\377."), "memo" },
        { PICKLE("\200\2h\0."), "memo" },
        { PICKLE("\200\2\206."), "empty" },
        { PICKLE("\200\2X\377\377\377\377a."), "64 KiB" },
        { PICKLE("\200\2\212\377."), "8 bytes" },
        { PICKLE("\200\4\225\3\0\0\0\0\0\0\0N."), "frame" },
        { PICKLE("\200\4\225\377\377\377\377\377\377\377\377N."), "frame" },
        { PICKLE("\200\2ctorch\nFloatStorage\nX\1\0\0\0aNs."), "SETITEM" },
        { PICKLE("\200\2N)\206q\0X\1\0\0\0aNs."), "SETITEM" },
        { PICKLE("\200\2N.N."), "after the end" },
        { PICKLE("\200\2NN."), "more than one" },
        { PICKLE("\200\2N"), "STOP" },
        { PICKLE("\200\1N."), "protocol" },
        { PICKLE("\200\6N."), "protocol" },
        { PICKLE(""), "protocol" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cz_pickle pickle = { 0 };
        cloze_error error = { CLOZE_OK, 0, "" };
        char *data = malloc(cases[i].size + !cases[i].size);
        memcpy(data, cases[i].data, cases[i].size);
        cloze_status status = cz_pickle_read(&pickle, data, cases[i].size, NULL, &error);
        if (!strstr(error.message, cases[i].word))
            print_error("%zu: \"%s\", expected \"%s\"\n", i, error.message, cases[i].word);
        assert_int_equal(status, CLOZE_ERROR_FORMAT);
        assert_non_null(strstr(error.message, cases[i].word));
        free(data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checkpoint_of_torch_opens_without_a_copy),
        cmocka_unit_test(other_checkpoints_are_refused_with_advice),
        cmocka_unit_test(strided_tensors_are_copied_row_by_row),
        cmocka_unit_test(an_archive_of_tch_opens),
        cmocka_unit_test(no_damaged_byte_leads_out_of_the_file),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(every_failing_allocation_is_reported),
        cmocka_unit_test(pickles_that_are_programs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
