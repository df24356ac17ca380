/* torch_shape.c - see torch_shape.h. */
#include "formats/torch_shape.h"

#include "base/error.h"
#include "base/memory.h"

#include <string.h>

static bool is_extent(const cz_pickle_value *value)
{
    return value->kind == CZ_PICKLE_INTEGER && value->integer >= 0;
}

/* Adds what dimension i, of `extent` elements that lie `stride` apart, means for the whole. */
static bool add_dimension(cz_torch_shape *shape, size_t extent, size_t stride)
{
    size_t far;
    shape->packed = shape->packed && (extent == 1 || stride == shape->count);
    return cz_multiply(extent - 1, stride, &far) && cz_add(shape->reach, far, &shape->reach) &&
           cz_multiply(shape->count, extent, &shape->count);
}

/* As safetensors asks: no product on the way overflows, though a later size be 0. */
static bool is_countable(const cz_stored_tensor *tensor)
{
    size_t product = 1;
    bool fits = true;
    for (int i = 0; i < tensor->rank && fits; i++)
        fits = cz_multiply(product, tensor->shape[i], &product);
    return fits;
}

cloze_status cz_torch_shape_read(const cz_pickle *pickle, const cz_pickle_value *tensor,
                                 cz_stored_tensor *out, cz_torch_shape *shape, const char *shown,
                                 cloze_error *error)
{
    const cz_pickle_value *extents = cz_pickle_item(pickle, tensor, 2);
    const cz_pickle_value *strides = cz_pickle_item(pickle, tensor, 3);
    bool empty = false, fits = true;
    *shape = (cz_torch_shape){ .count = 1, .reach = 1, .packed = true };
    if (extents->kind != CZ_PICKLE_TUPLE || strides->kind != CZ_PICKLE_TUPLE ||
        extents->size != strides->size || extents->size > CZ_RANK)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%s\" has no shape of at most %d sizes", shown,
                       CZ_RANK);
    out->rank = (int)extents->size;
    for (size_t i = extents->size; i-- > 0;) {
        const cz_pickle_value *extent = cz_pickle_item(pickle, extents, i);
        const cz_pickle_value *stride = cz_pickle_item(pickle, strides, i);
        if (!is_extent(extent) || !is_extent(stride))
            return cz_fail(error, CLOZE_ERROR_FORMAT,
                           "\"%s\" has a size or stride that is no number of 0 or more", shown);
        out->shape[i] = (size_t)extent->integer;
        shape->stride[i] = (size_t)stride->integer;
        empty = empty || !extent->integer;
        if (!empty)
            fits = fits && add_dimension(shape, out->shape[i], shape->stride[i]);
    }
    if (!fits || !is_countable(out))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%s\" has too many elements", shown);
    if (empty)
        *shape = (cz_torch_shape){ .packed = true };
    return CLOZE_OK;
}

void cz_torch_gather(const cz_stored_tensor *tensor, const cz_torch_shape *shape, size_t width,
                     char *to)
{
    size_t at[CZ_RANK] = { 0 }, from = 0;
    const char *data = tensor->data;
    for (size_t i = 0; i < shape->count; i++) {
        memcpy(to + i * width, data + from * width, width);
        for (int d = tensor->rank; d-- > 0;) {
            from += shape->stride[d];
            if (++at[d] < tensor->shape[d])
                break;
            from -= shape->stride[d] * tensor->shape[d];
            at[d] = 0;
        }
    }
}
