/*
 * convert_shared.c - see convert.h. Tensors are put in the order of their numbers' place in memory, so
 * that those which are the same ones lie side by side: time and room grow with their number alone.
 */
#include "formats/convert.h"

#include "base/error.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { SHARED_MOST = 64 }; /* times what they take that tensors are written */

static bool ends_with(const char *name, const char *tail)
{
    size_t length = strlen(name), size = strlen(tail);
    return length >= size && !strcmp(name + length - size, tail);
}

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

/* 0: the same numbers in the same place, of the same shape. */
static int compare_numbers(const cz_stored_tensor *a, const cz_stored_tensor *b)
{
    int order = compare_sizes((uintptr_t)a->data, (uintptr_t)b->data);
    order = order ? order : compare_sizes(a->size, b->size);
    order = order ? order : strcmp(a->type_name, b->type_name);
    order = order ? order : a->rank - b->rank;
    for (int i = 0; i < a->rank && !order; i++)
        order = compare_sizes(a->shape[i], b->shape[i]);
    return order;
}

static bool is_same(const cz_stored_tensor *a, const cz_stored_tensor *b)
{
    return a->size && !compare_numbers(a, b);
}

/* The table of words, and the output layers that are the same numbers. */
static bool is_table(const char *name)
{
    return ends_with(name, "embeddings.weight");
}

static bool is_output(const char *name)
{
    return ends_with(name, "decoder.weight") || ends_with(name, "lm_head.weight") ||
           ends_with(name, "vocab_projector.weight");
}

/* Does transformers make "...decoder.bias" the same tensor as "...bias", which is there? */
static bool is_tied_bias(const cz_sources *from, const cz_stored_tensor *tensor)
{
    static const char bias[] = "decoder.bias";
    char name[CZ_TENSOR_NAME_MOST + 1];
    const cz_stored_tensor *kept;
    size_t before;
    if (tensor->rank != 1 || !ends_with(tensor->name, bias))
        return false;
    before = strlen(tensor->name) - (sizeof bias - 1);
    memcpy(name, tensor->name, before);
    memcpy(name + before, "bias", sizeof "bias");
    kept = cz_weights_find(from->weights, name);
    return kept && is_same(kept, tensor);
}

static int by_place(const void *left, const void *right)
{
    const cz_stored_tensor *a = *(const cz_stored_tensor *const *)left;
    const cz_stored_tensor *b = *(const cz_stored_tensor *const *)right;
    int order = compare_numbers(a, b);
    return order ? order : strcmp(a->name, b->name);
}

/* Of items [begin, end), which are the same numbers, those that transformers finds by others. */
static void mark_tied(const cz_sources *from, size_t begin, size_t end, bool *drops)
{
    bool has_table = false;
    for (size_t i = begin; i < end; i++)
        has_table = has_table || is_table(from->items[i]->name);
    for (size_t i = begin; i < end && end - begin > 1; i++)
        drops[i] = (from->tied && has_table && is_output(from->items[i]->name)) ||
                   is_tied_bias(from, from->items[i]);
}

/* Names may share their numbers, but a small file must not become a huge one. */
static cloze_status check_growth(const cz_sources *from, cloze_error *error)
{
    uintptr_t end = 0;
    size_t held = 0, written = 0;
    bool fits = true;
    for (size_t i = 0; i < from->count; i++) {
        uintptr_t begin = (uintptr_t)from->items[i]->data, stop = begin + from->items[i]->size;
        held += stop > end ? stop - (begin > end ? begin : end) : 0;
        end = stop > end ? stop : end;
        fits = fits && cz_add(written, from->items[i]->size, &written);
    }
    return fits && written / SHARED_MOST <= held
               ? CLOZE_OK
               : cz_fail(error, CLOZE_ERROR_LIMIT,
                         "so many names share their numbers that a file of them all would be more "
                         "than %d times as large",
                         (int)SHARED_MOST);
}

cloze_status cz_sources_drop_tied(cz_sources *from, const cloze_allocator *allocator,
                                  size_t *dropped, cloze_error *error)
{
    size_t kept = 0;
    bool *drops = cz_allocate_zero(allocator, from->count, sizeof *drops);
    if (!drops)
        return cz_fail_memory(error, "a list of tensors", from->count);
    qsort(from->items, from->count, sizeof *from->items, by_place);
    for (size_t begin = 0, end; begin < from->count; begin = end) {
        for (end = begin + 1; end < from->count && is_same(from->items[begin], from->items[end]);)
            end++;
        mark_tied(from, begin, end, drops);
    }
    for (size_t i = 0; i < from->count; i++) {
        *dropped += drops[i];
        if (!drops[i])
            from->items[kept++] = from->items[i];
    }
    cz_release(allocator, drops);
    from->count = kept;
    return check_growth(from, error);
}
