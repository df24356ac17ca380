/*
 * formats/torch_shape.h - where the elements of a torch tensor lie in its storage: one after the
 * other, or anywhere by strides (a transposed weight), in which case they are copied.
 */
#ifndef CZ_FORMATS_TORCH_SHAPE_H
#define CZ_FORMATS_TORCH_SHAPE_H

#include "formats/pickle.h"
#include "formats/safetensors.h"

typedef struct cz_torch_shape {
    size_t stride[CZ_RANK]; /* in elements */
    size_t count;           /* elements */
    size_t reach;           /* elements of the storage from the first to the last of them */
    bool packed;            /* row by row without a gap */
} cz_torch_shape;

/* Shape and strides of a tensor from its pickle, the shape into *out; `shown` names it in errors. */
cloze_status cz_torch_shape_read(const cz_pickle *pickle, const cz_pickle_value *tensor,
                                 cz_stored_tensor *out, cz_torch_shape *shape, const char *shown,
                                 cloze_error *error);
/* The elements of `width` bytes row by row into `to`. */
void cz_torch_gather(const cz_stored_tensor *tensor, const cz_torch_shape *shape, size_t width,
                     char *to);

#endif
