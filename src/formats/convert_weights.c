/*
 * convert_weights.c - see convert.h. Once it is known which tensors are written (convert_shared.c), all
 * are, in one pass, the widest type first, so that each lies aligned.
 */
#include "formats/convert.h"

#include "base/error.h"
#include "base/memory.h"
#include "formats/adapter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 16 }; /* numbers that are converted at once */

typedef struct writing {
    cz_sources from;
    const cloze_convert_options *options;
    const cloze_allocator *allocator;
    cz_stored_tensor *tensors; /* [count] as they are written, in the order of the file */
    char *names;               /* those that are new */
    void *piece;
    size_t used, total, done;
    cloze_error *error;
} writing;

static bool ends_with(const char *name, const char *tail)
{
    size_t length = strlen(name), size = strlen(tail);
    return length >= size && !strcmp(name + length - size, tail);
}

/* ---- names ---- */

/* LayerNorm's parameters were once called gamma and beta. */
static const char *new_ending(const char *name)
{
    return ends_with(name, "LayerNorm.gamma")  ? ".weight"
           : ends_with(name, "LayerNorm.beta") ? ".bias"
                                               : NULL;
}

static cloze_status name_tensor(writing *w, const char *old, const char **out, size_t *renamed)
{
    const char *ending = new_ending(old);
    *out = old;
    if (!ending)
        return CLOZE_OK;
    size_t kept = (size_t)(strrchr(old, '.') - old);
    char *name = w->names + w->used;
    memcpy(name, old, kept);
    memcpy(name + kept, ending, strlen(ending) + 1);
    if (cz_weights_find(w->from.weights, name)) {
        char shown[200];
        return cz_fail(w->error, CLOZE_ERROR_FORMAT,
                       "the weights have \"%s\" under its old name too",
                       cz_printable(shown, sizeof shown, name, strlen(name)));
    }
    w->used += kept + strlen(ending) + 1;
    *out = name;
    ++*renamed;
    return CLOZE_OK;
}

/* Room for all new names: none is longer than its old one by more than two. */
static cloze_status make_room(writing *w, size_t count)
{
    size_t bytes = 1;
    for (size_t i = 0; i < count; i++) {
        const char *name = cz_weights_tensor(w->from.weights, i)->name;
        if (new_ending(name))
            bytes += strlen(name) + 3;
    }
    w->names = cz_allocate(w->allocator, bytes, 1);
    w->tensors = cz_allocate_zero(w->allocator, count, sizeof *w->tensors);
    w->from.items = cz_allocate(w->allocator, count, sizeof *w->from.items);
    w->piece = cz_allocate(w->allocator, PIECE, sizeof(float));
    return w->names && w->tensors && w->from.items && w->piece
               ? CLOZE_OK
               : cz_fail_memory(w->error, "a list of tensors", count * sizeof *w->tensors);
}

/* ---- their order ---- */

/* The widest numbers first, so that all are aligned; then by name. */
static int by_width(const void *left, const void *right)
{
    static const char *const narrow[] = { "BOOL", "U8", "I8", "BF16", "F16", "I16", "U16" };
    const cz_stored_tensor *a = *(const cz_stored_tensor *const *)left;
    const cz_stored_tensor *b = *(const cz_stored_tensor *const *)right;
    size_t width[2];
    for (int side = 0; side < 2; side++) {
        const cz_stored_tensor *one = side ? b : a;
        width[side] = strstr(one->type_name, "64") ? 8 : 4;
        for (size_t i = 0; i < sizeof narrow / sizeof *narrow; i++)
            if (!strcmp(one->type_name, narrow[i]))
                width[side] = i < 3 ? 1 : 2;
    }
    if (width[0] != width[1])
        return width[0] > width[1] ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* ---- numbers of another type ---- */

static bool is_floating(cz_type type)
{
    return type == CZ_F32 || type == CZ_F64 || type == CZ_F16 || type == CZ_BF16;
}

static cz_type type_of(const writing *w, const cz_stored_tensor *stored)
{
    static const cz_type types[] = { CZ_F32, CZ_F32, CZ_F16, CZ_BF16 };
    cloze_number_type numbers = w->options ? w->options->numbers : CLOZE_NUMBERS_AS_STORED;
    return numbers && is_floating(stored->type) ? types[numbers] : stored->type;
}

/* By way of float, as torch does it; false where a finite number becomes infinite. */
static bool convert(const cz_stored_tensor *from, size_t first, size_t count, cz_type to, void *out)
{
    cz_tensor row = {
        (void *)(uintptr_t)from->data, 1, first + count, first + count, from->type, false, NULL
    };
    for (size_t i = 0; i < count; i++) {
        double exact = cz_tensor_at(&row, 0, first + i);
        float value = (float)exact;
        uint16_t half = to == CZ_F16 ? cz_f32_to_f16(value) : cz_f32_to_bf16(value);
        float back = to == CZ_F32   ? value
                     : to == CZ_F16 ? cz_f16_to_f32(half)
                                    : cz_bf16_to_f32(half);
        if (isinf(back) && !isinf(exact))
            return false;
        if (to == CZ_F32)
            memcpy((char *)out + i * sizeof value, &value, sizeof value);
        else
            memcpy((char *)out + i * sizeof half, &half, sizeof half);
    }
    return true;
}

static cloze_status put(writing *w, cz_output *output, const void *data, size_t size)
{
    const cloze_progress *progress = w->options ? &w->options->progress : NULL;
    cloze_status status = cz_output_put(output, data, size, w->error);
    w->done += size;
    if (!status && progress && progress->report &&
        !progress->report(progress->context, w->done, w->total))
        status = cz_fail(w->error, CLOZE_ERROR_CANCELLED, "cancelled");
    return status;
}

static cloze_status put_tensor(writing *w, cz_output *output, const cz_stored_tensor *stored,
                               const cz_stored_tensor *as)
{
    enum { BYTES = PIECE * sizeof(float) };
    cloze_status status = CLOZE_OK;
    if (as->type == stored->type) {
        for (size_t at = 0; at < stored->size && !status; at += BYTES)
            status = put(w, output, (const char *)stored->data + at,
                         stored->size - at < BYTES ? stored->size - at : BYTES);
        return status;
    }
    size_t count = stored->size / cz_type_size(stored->type);
    for (size_t at = 0; at < count && !status; at += PIECE) {
        size_t part = count - at < PIECE ? count - at : PIECE;
        if (!convert(stored, at, part, as->type, w->piece))
            return cz_fail(w->error, CLOZE_ERROR_LIMIT,
                           "\"%.200s\" has a number that is larger than %s can hold", as->name,
                           cz_type_name(as->type));
        status = put(w, output, w->piece, part * cz_type_size(as->type));
    }
    return status;
}

/* ---- all of it ---- */

static cloze_status describe(writing *w, cloze_convert_report *report)
{
    qsort(w->from.items, w->from.count, sizeof *w->from.items, by_width);
    for (size_t i = 0; i < w->from.count; i++) {
        const cz_stored_tensor *stored = w->from.items[i];
        cz_stored_tensor *as = &w->tensors[i];
        *as = *stored;
        cloze_status status = name_tensor(w, stored->name, &as->name, &report->renamed);
        if (status)
            return status;
        as->type = type_of(w, stored);
        if (as->type != stored->type)
            as->type_name = cz_type_name(as->type);
        if (as->type != stored->type && !cz_multiply(stored->size / cz_type_size(stored->type),
                                                     cz_type_size(as->type), &as->size))
            return cz_fail(w->error, CLOZE_ERROR_LIMIT, "the tensors have too many bytes");
        if (!cz_add(w->total, as->size, &w->total))
            return cz_fail(w->error, CLOZE_ERROR_LIMIT, "the tensors have too many bytes");
    }
    return CLOZE_OK;
}

static cloze_status write_all(writing *w, const char *path, cloze_convert_report *report)
{
    cz_output output;
    cloze_status status = describe(w, report);
    if (status ||
        (status = cz_safetensors_begin(&output, path, w->tensors, w->from.count, w->error)))
        return status;
    for (size_t i = 0; i < w->from.count && !status; i++) {
        status = put_tensor(w, &output, w->from.items[i], &w->tensors[i]);
        cz_weights_forget(w->from.weights, w->from.items[i]);
    }
    if (!status)
        status = cz_weights_check(w->from.weights, w->error);
    report->tensors += w->from.count;
    report->bytes += w->total;
    return cz_output_finish(&output, status, w->error);
}

cloze_status cz_convert_weights(const char *folder, const char *adapter, const char *out, bool tied,
                                const cloze_convert_options *options, cloze_convert_report *report,
                                cloze_error *error)
{
    const cloze_hooks *hooks = options ? options->hooks : NULL;
    cz_weights *weights = NULL;
    char path[CZ_PATH_SIZE];
    cz_weights_options how = { options && options->no_mmap, hooks ? &hooks->allocator : NULL };
    cloze_status status = cz_path_join(path, sizeof path, out, "model.safetensors", error);
    if (status || (status = cz_weights_open_folder(&weights, folder, &how, error)))
        return status;
    if (adapter && (status = cz_adapter_merge(weights, adapter, &how, error))) {
        cz_weights_close(weights);
        return status;
    }
    writing w = { .from = { .weights = weights, .count = cz_weights_count(weights), .tied = tied },
                  .options = options,
                  .allocator = how.allocator,
                  .error = error };
    if (!(status = make_room(&w, w.from.count))) {
        for (size_t i = 0; i < w.from.count; i++)
            w.from.items[i] = cz_weights_tensor(weights, i);
        status = cz_sources_drop_tied(&w.from, w.allocator, &report->shared, error);
        if (!status)
            status = write_all(&w, path, report);
    }
    cz_release(w.allocator, w.names);
    cz_release(w.allocator, w.tensors);
    cz_release(w.allocator, (void *)w.from.items);
    cz_release(w.allocator, w.piece);
    cz_weights_close(weights);
    return status;
}
