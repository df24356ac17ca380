/*
 * torch.c - see torch.h. The pickle says which part of which storage a tensor is; each number is
 * held against the entry of the zip file that holds the storage. Sparse, quantised and strided
 * tensors are refused.
 */
#include "formats/torch.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/table.h"
#include "formats/pickle.h"
#include "formats/zip.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 1024, TENSORS_MOST = 100000 };

typedef struct checkpoint {
    cz_zip zip;
    cz_pickle pickle;
    cz_table names;     /* of the entries */
    const char *folder; /* before every name, with its slash */
    size_t folder_size;
} checkpoint;

static const cz_zip_entry *find_entry(const checkpoint *c, const char *middle, const char *name,
                                      size_t size)
{
    char path[2 * NAME_MOST + 8];
    size_t before = c->folder_size, between = strlen(middle);
    uint32_t number;
    if (before > NAME_MOST || size > NAME_MOST)
        return NULL;
    memcpy(path, c->folder, before);
    memcpy(path + before, middle, between);
    memcpy(path + before + between, name, size);
    return cz_table_get(&c->names, path, before + between + size, &number) ? &c->zip.entries[number]
                                                                           : NULL;
}

static cloze_status index_entries(checkpoint *c, const cloze_allocator *allocator,
                                  cloze_error *error)
{
    if (!cz_table_init(&c->names, allocator, c->zip.count))
        return cz_fail_memory(error, "a table of names", c->zip.count);
    for (size_t i = 0; i < c->zip.count; i++) {
        const cz_zip_entry *entry = &c->zip.entries[i];
        const char *slash = memchr(entry->name, '/', entry->name_size);
        bool existed;
        uint32_t old;
        if (!slash || (i && ((size_t)(slash + 1 - entry->name) != c->folder_size ||
                             memcmp(entry->name, c->folder, c->folder_size) != 0)))
            return cz_fail(error, CLOZE_ERROR_FORMAT,
                           "not a torch checkpoint: its entries must lie in one folder");
        c->folder = entry->name;
        c->folder_size = (size_t)(slash + 1 - entry->name);
        if (!cz_table_put(&c->names, allocator, entry->name, entry->name_size, (uint32_t)i,
                          &existed, &old))
            return cz_fail_memory(error, "a table of names", c->zip.count);
    }
    return CLOZE_OK;
}

static cloze_status open_checkpoint(checkpoint *c, const char *data, size_t size,
                                    const cloze_allocator *allocator, cloze_error *error)
{
    if (size < 4 || memcmp(data, "PK\3\4", 4) != 0)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "not a zip file: torch wrote it before version 1.6, or it is damaged. Load "
                       "it with transformers and save_pretrained(safe_serialization=True)");
    cloze_status status = cz_zip_read(&c->zip, data, size, allocator, error);
    if (status || (status = index_entries(c, allocator, error)))
        return status;
    const cz_zip_entry *entry = find_entry(c, "", "byteorder", 9);
    if (entry && (entry->size != 6 || memcmp(entry->data, "little", 6) != 0))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "its numbers are not little-endian");
    if (find_entry(c, "", "constants.pkl", 13))
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "a TorchScript program, not weights: save the model's state_dict instead");
    if (!(entry = find_entry(c, "", "data.pkl", 8)))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "not a torch checkpoint: no data.pkl in it");
    if ((status = cz_zip_check_crc(entry, error)))
        return status;
    return cz_pickle_read(&c->pickle, entry->data, entry->size, allocator, error);
}

static bool is_integer(const cz_pickle_value *value)
{
    return value->kind == CZ_PICKLE_INTEGER && value->integer >= 0;
}

/* Shape and strides; *count elements, packed row by row. */
static cloze_status read_shape(const cz_pickle *pickle, const cz_pickle_value *shape,
                               const cz_pickle_value *strides, cz_stored_tensor *out, size_t *count,
                               const char *shown, cloze_error *error)
{
    if (shape->kind != CZ_PICKLE_TUPLE || strides->kind != CZ_PICKLE_TUPLE ||
        shape->size != strides->size || shape->size > CZ_RANK)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%s\" has no shape of at most %d sizes", shown,
                       CZ_RANK);
    out->rank = (int)shape->size;
    *count = 1;
    bool empty = false, packed = true;
    for (size_t i = shape->size; i-- > 0;) {
        const cz_pickle_value *extent = cz_pickle_item(pickle, shape, i);
        const cz_pickle_value *stride = cz_pickle_item(pickle, strides, i);
        if (!is_integer(extent) || !is_integer(stride))
            return cz_fail(error, CLOZE_ERROR_FORMAT,
                           "\"%s\" has a size or stride that is no "
                           "number of 0 or more",
                           shown);
        out->shape[i] = (size_t)extent->integer;
        empty = empty || !extent->integer;
        packed = packed && (extent->integer == 1 || (uint64_t)stride->integer == *count);
        if (!empty && !cz_multiply(*count, out->shape[i], count))
            return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%s\" has too many elements", shown);
    }
    if (empty)
        *count = 0;
    if (!empty && !packed)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "\"%s\" is transposed or strided: save it with .contiguous()", shown);
    return CLOZE_OK;
}

static cloze_status read_tensor(const checkpoint *c, const cz_pickle_value *value,
                                cz_stored_tensor *out, const char *shown, cloze_error *error)
{
    const cz_pickle *pickle = &c->pickle;
    if (value->kind != CZ_PICKLE_TENSOR)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "\"%s\" is not a tensor: save the model's state_dict alone", shown);
    const cz_pickle_value *storage = cz_pickle_item(pickle, value, 0);
    const cz_pickle_value *offset = cz_pickle_item(pickle, value, 1);
    const cz_pickle_value *key = cz_pickle_item(pickle, storage, 2);
    const cz_pickle_value *elements = cz_pickle_item(pickle, storage, 4);
    const cz_zip_entry *entry = find_entry(c, "data/", key->text, key->size);
    size_t width =
        cz_pickle_storage_type(cz_pickle_item(pickle, storage, 1), &out->type, &out->type_name);
    size_t count = 0, bytes, end;
    cloze_status status = read_shape(pickle, cz_pickle_item(pickle, value, 2),
                                     cz_pickle_item(pickle, value, 3), out, &count, shown, error);
    if (status)
        return status;
    if (!entry || !is_integer(elements) || !cz_multiply((size_t)elements->integer, width, &bytes) ||
        bytes != entry->size)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the storage of \"%s\" is missing or has another size than stated", shown);
    if (!is_integer(offset) || !cz_add((size_t)offset->integer, count, &end) ||
        end > (size_t)elements->integer)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%s\" reaches beyond its storage", shown);
    out->data = entry->data + (size_t)offset->integer * width;
    out->size = count * width;
    return CLOZE_OK;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const cz_stored_tensor *)left)->name, ((const cz_stored_tensor *)right)->name);
}

static cloze_status list_tensors(const checkpoint *c, cz_header *out,
                                 const cloze_allocator *allocator, cloze_error *error)
{
    const cz_pickle *pickle = &c->pickle;
    const cz_pickle_value *root = &pickle->values[pickle->root];
    size_t count = 0, texts = 0, used = 0;
    char shown[200];
    if (root->kind != CZ_PICKLE_DICTIONARY)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "not a dictionary of tensors: save the model's state_dict alone");
    for (size_t at = root->first; at; at = pickle->pairs[at - 1].next) {
        const cz_pickle_value *key = &pickle->values[pickle->pairs[at - 1].key];
        cz_printable(shown, sizeof shown, key->text, key->size);
        if (key->size > NAME_MOST || memchr(key->text, 0, key->size))
            return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%s\" is no name for a tensor", shown);
        if (++count > TENSORS_MOST)
            return cz_fail(error, CLOZE_ERROR_LIMIT, "more than %d tensors", (int)TENSORS_MOST);
        texts += key->size + 1;
    }
    out->tensors = cz_allocate_zero(allocator, count, sizeof *out->tensors);
    out->texts = cz_allocate(allocator, texts, 1);
    if (!out->tensors || !out->texts)
        return cz_fail_memory(error, "a list of tensors", count * sizeof *out->tensors);
    out->capacity = count;
    for (size_t at = root->first; at; at = pickle->pairs[at - 1].next) {
        const cz_pickle_value *key = &pickle->values[pickle->pairs[at - 1].key];
        cz_stored_tensor *tensor = &out->tensors[out->count];
        cz_printable(shown, sizeof shown, key->text, key->size);
        cloze_status status =
            read_tensor(c, &pickle->values[pickle->pairs[at - 1].value], tensor, shown, error);
        if (status)
            return status;
        tensor->name = memcpy(out->texts + used, key->text, key->size);
        out->texts[used + key->size] = 0;
        used += key->size + 1;
        out->count++;
    }
    if (count)
        qsort(out->tensors, count, sizeof *out->tensors, by_name);
    for (size_t i = 1; i < count; i++)
        if (!strcmp(out->tensors[i - 1].name, out->tensors[i].name))
            return cz_fail(error, CLOZE_ERROR_FORMAT, "two tensors have the same name");
    return CLOZE_OK;
}

cloze_status cz_torch_read(cz_header *out, const char *data, size_t size,
                           const cloze_allocator *allocator, cloze_error *error)
{
    checkpoint c = { 0 };
    cz_header header = { 0 };
    cloze_status status = open_checkpoint(&c, data, size, allocator, error);
    if (!status)
        status = list_tensors(&c, &header, allocator, error);
    cz_table_clear(&c.names, allocator);
    cz_pickle_clear(&c.pickle, allocator);
    cz_zip_clear(&c.zip, allocator);
    if (status)
        cz_header_clear(&header, allocator);
    else
        *out = header;
    return status;
}
