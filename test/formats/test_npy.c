/* npy files: what NumPy wrote is read, what is written has NumPy's bytes, the rest is refused. */
#include "formats/npy.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* numpy.save of arange(6, dtype=float32).reshape(2, 3), NumPy 1.26. */
static const char from_numpy[] =
    "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
    "                                                          \n"
    "\0\0\0\0\0\0\x80?\0\0\0@\0\0@@\0\0\x80@\0\0\xa0@";
enum { NUMPY_SIZE = sizeof from_numpy - 1 };

static cloze_status read_header(const char *header, size_t data_size, cz_npy *out)
{
    size_t length = strlen(header), size = 10 + length + data_size;
    char *file = calloc(size, 1);
    memcpy(file, "\x93NUMPY\x01", 8);
    file[8] = (char)(length & 255);
    file[9] = (char)(length >> 8);
    memcpy(file + 10, header, length);
    cloze_status status = cz_npy_read(out, file, size, NULL);
    free(file);
    return status;
}

static void what_numpy_wrote_is_read(void **state)
{
    static const float expected[] = { 0, 1, 2, 3, 4, 5 };
    cz_npy array;
    (void)state;
    assert_int_equal(NUMPY_SIZE, 128 + 24);
    assert_int_equal(cz_npy_read(&array, from_numpy, NUMPY_SIZE, NULL), CLOZE_OK);
    assert_int_equal(array.type, CZ_NPY_F32);
    assert_int_equal(array.rank, 2);
    assert_int_equal(array.shape[0], 2);
    assert_int_equal(array.shape[1], 3);
    assert_int_equal(array.size, 24);
    assert_memory_equal(array.data, expected, 24);
}

static void what_is_written_has_the_bytes_of_numpy(void **state)
{
    cz_npy array;
    cz_mapping file;
    (void)state;
    assert_int_equal(cz_npy_read(&array, from_numpy, NUMPY_SIZE, NULL), CLOZE_OK);
    assert_int_equal(cz_npy_write(inside("a.npy"), &array, NULL), CLOZE_OK);
    assert_int_equal(cz_file_open(&file, inside("a.npy"), 1000, true, NULL, NULL), CLOZE_OK);
    assert_int_equal(file.size, NUMPY_SIZE);
    assert_memory_equal(file.data, from_numpy, NUMPY_SIZE);
    cz_file_close(&file);
}

static void every_type_and_rank_reads_back(void **state)
{
    char data[64] = { 0 };
    (void)state;
    for (cz_npy_type type = CZ_NPY_F32; type <= CZ_NPY_I8; type++) {
        for (size_t rank = 0; rank <= CZ_NPY_RANK; rank++) {
            cz_npy array = { type, rank, { 2, 1, 3, 1, 1, 1, 1, 1 }, data, 0 }, back;
            cz_mapping file;
            array.size = cz_npy_type_size(type) * (rank > 2 ? 6 : rank ? 2 : 1);
            assert_int_equal(cz_npy_write(inside("b.npy"), &array, NULL), CLOZE_OK);
            assert_int_equal(cz_file_open(&file, inside("b.npy"), 1000, false, NULL, NULL), 0);
            assert_int_equal(cz_npy_read(&back, file.data, file.size, NULL), CLOZE_OK);
            assert_int_equal(back.type, type);
            assert_int_equal(back.rank, rank);
            assert_int_equal(back.size, array.size);
            assert_memory_equal(back.shape, array.shape, rank * sizeof(size_t));
            assert_int_equal(((size_t)((const char *)back.data - file.data)) % 64, 0);
            cz_file_close(&file);
        }
    }
}

static void shapes_that_do_not_fit_are_not_written(void **state)
{
    cz_npy bad = { CZ_NPY_F32, 2, { 2, 2 }, from_numpy, 15 };
    (void)state;
    assert_int_equal(cz_npy_write(inside("c.npy"), &bad, NULL), CLOZE_ERROR_ARGUMENT);
    bad.rank = 9;
    assert_int_equal(cz_npy_write(inside("c.npy"), &bad, NULL), CLOZE_ERROR_ARGUMENT);
    assert_false(cz_path_is_file(inside("c.npy")));
}

static void headers_that_numpy_does_not_write_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "{}\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n ",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }\n",
        "{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }\n",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }\n",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n",
        "{'descr': [('a','<f4')], 'fortran_order': False, 'shape': (1,), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,,), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (,), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1), }\n",
        "{'descr': '<f4', 'fortran_order': False, }\n",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}\n",
        "{'descr': '<f4' 'fortran_order': False, 'shape': (1,), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387905,), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551617,), }\n",
        "__import__('os')\n",
    };
    cz_npy array;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(read_header(bad[i], 4, &array), CLOZE_ERROR_FORMAT);
    assert_int_equal(
        read_header("{'shape': (1, 1), 'descr': '<f4', 'fortran_order': False}\n", 4, &array),
        CLOZE_OK);
}

static void every_cut_is_refused(void **state)
{
    (void)state;
    for (size_t size = 0; size < NUMPY_SIZE; size++) {
        cz_npy array;
        char *cut = malloc(size ? size : 1);
        memcpy(cut, from_numpy, size);
        assert_int_equal(cz_npy_read(&array, cut, size, NULL), CLOZE_ERROR_FORMAT);
        free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_numpy_wrote_is_read),
        cmocka_unit_test(what_is_written_has_the_bytes_of_numpy),
        cmocka_unit_test(every_type_and_rank_reads_back),
        cmocka_unit_test(shapes_that_do_not_fit_are_not_written),
        cmocka_unit_test(headers_that_numpy_does_not_write_are_refused),
        cmocka_unit_test(every_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
