/*
 * formats/npy.h - NumPy's array files, version 1.0: little-endian float32, float64, uint8 and int8
 * in C order. Strict: nothing else is read, and the size of the file must be exact.
 */
#ifndef CZ_FORMATS_NPY_H
#define CZ_FORMATS_NPY_H

#include "base/file.h"

enum { CZ_NPY_RANK = 8 };

typedef enum cz_npy_type { CZ_NPY_F32, CZ_NPY_F64, CZ_NPY_U8, CZ_NPY_I8 } cz_npy_type;

typedef struct cz_npy {
    cz_npy_type type;
    size_t rank, shape[CZ_NPY_RANK];
    const void *data; /* aligned to 16 bytes if the file's first byte is */
    size_t size;      /* bytes */
} cz_npy;

size_t cz_npy_type_size(cz_npy_type type);
/* Describes the array in a file's bytes, which it points into. */
cloze_status cz_npy_read(cz_npy *out, const void *file, size_t size, cloze_error *error);
/* Writes a file, whole or not at all. `data` and `size` belong together. */
cloze_status cz_npy_write(const char *path, const cz_npy *array, cloze_error *error);

#endif
