/*
 * torch.c - see torch.h. The pickle says which part of which storage a tensor is; each number is
 * held against the entry of the zip file that holds the storage. Strided tensors are copied; sparse
 * and quantised ones are refused.
 */
#include "formats/torch.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/table.h"
#include "base/utf8.h"
#include "formats/pickle.h"
#include "formats/torch_shape.h"
#include "formats/zip.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRY_NAME_MOST = 1024, TENSORS_MOST = 100000, COPIES_MOST = 4 };

typedef struct checkpoint {
    cz_zip zip;
    cz_pickle pickle;
    cz_table names;     /* of the entries */
    const char *folder; /* before every name, with its slash */
    size_t folder_size;
    size_t size;    /* of the file */
    bool is_script; /* TorchScript's archive: tch saves weights as attributes of a module */
} checkpoint;

static cz_zip_entry *find_entry(const checkpoint *c, const char *middle, const char *name,
                                size_t size)
{
    char path[2 * ENTRY_NAME_MOST + 8];
    size_t before = c->folder_size, between = strlen(middle);
    uint32_t number;
    if (before > ENTRY_NAME_MOST || size > ENTRY_NAME_MOST)
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

/* What is no zip file: the advice depends on what it looks like. */
static cloze_status refuse_other(const char *data, size_t size, cloze_error *error)
{
    static const char advice[] = "Load it with transformers and save_pretrained(model_folder, "
                                 "safe_serialization=True)";
    uint64_t header = 0;
    for (size_t i = 8; size > 8 && i-- > 0;)
        header = header << 8 | (unsigned char)data[i];
    if (header && header < size && data[8] == '{')
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "a safetensors file under another name: rename it to model.safetensors");
    if (size > 2 && data[0] == '\x80' && data[1] >= 2 && data[1] <= 5)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "a bare pickle, as torch wrote it before version 1.6. %s", advice);
    if (size > 262 && !memcmp(data + 257, "ustar", 5))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "a tar file, as torch wrote it before version 0.2. %s", advice);
    if (size > 40 && !memcmp(data, "version https://git-lfs", 23))
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "only a pointer of git-lfs, not the weights: fetch them with git lfs pull");
    return cz_fail(error, CLOZE_ERROR_FORMAT,
                   "neither torch's zip file nor safetensors: it may be damaged");
}

/* Begins with the one class that holds no program, which tch's archives have. */
static bool is_plain_module(const cz_zip_entry *pickle)
{
    static const char begin[] = "\x80\x02"
                                "c__torch__\nModule\n";
    return pickle->size >= sizeof begin - 1 && !memcmp(pickle->data, begin, sizeof begin - 1);
}

/* Only the source of a TorchScript archive may be packed, which is not read. */
static cloze_status check_packing(const checkpoint *c, cloze_error *error)
{
    static const char code[] = "code/";
    for (size_t i = 0; i < c->zip.count; i++) {
        const cz_zip_entry *entry = &c->zip.entries[i];
        const char *name = entry->name + c->folder_size;
        if (entry->is_packed &&
            (!c->is_script || entry->name_size - c->folder_size < sizeof code - 1 ||
             memcmp(name, code, sizeof code - 1) != 0))
            return cz_fail(error, CLOZE_ERROR_FORMAT,
                           "zip: a packed entry: torch stores its entries as they are");
    }
    return CLOZE_OK;
}

static cloze_status open_checkpoint(checkpoint *c, const char *data, size_t size,
                                    const cloze_allocator *allocator, cloze_error *error)
{
    if (size < 4 || memcmp(data, "PK\3\4", 4) != 0)
        return refuse_other(data, size, error);
    cloze_status status = cz_zip_read(&c->zip, data, size, allocator, error);
    if (status || (status = index_entries(c, allocator, error)))
        return status;
    c->is_script = find_entry(c, "", "constants.pkl", 13);
    if ((status = check_packing(c, error)))
        return status;
    const cz_zip_entry *entry = find_entry(c, "", "byteorder", 9);
    if (entry && (entry->size != 6 || memcmp(entry->data, "little", 6) != 0))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "its numbers are not little-endian: save it again on a usual machine");
    if (!(entry = find_entry(c, "", "data.pkl", 8)))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "not a torch checkpoint: no data.pkl in it");
    if ((status = cz_zip_check_crc(entry, error)))
        return status;
    if (c->is_script && !is_plain_module(entry))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "a TorchScript program, not weights: save the model's state_dict instead");
    return cz_pickle_read(&c->pickle, entry->data, entry->size, allocator, error);
}

static bool is_integer(const cz_pickle_value *value)
{
    return value->kind == CZ_PICKLE_INTEGER && value->integer >= 0;
}

/* out->data is where its first element lies. */
static cloze_status read_tensor(const checkpoint *c, const cz_pickle_value *value,
                                cz_stored_tensor *out, cz_torch_shape *shape, const char *shown,
                                cloze_error *error)
{
    const cz_pickle *pickle = &c->pickle;
    if (value->kind != CZ_PICKLE_TENSOR)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "\"%s\" is not a tensor: save the model's state_dict alone", shown);
    const cz_pickle_value *storage = cz_pickle_item(pickle, value, 0);
    const cz_pickle_value *offset = cz_pickle_item(pickle, value, 1);
    const cz_pickle_value *key = cz_pickle_item(pickle, storage, 2);
    const cz_pickle_value *elements = cz_pickle_item(pickle, storage, 4);
    cz_zip_entry *entry = find_entry(c, "data/", key->text, key->size);
    size_t width =
        cz_pickle_storage_type(cz_pickle_item(pickle, storage, 1), &out->type, &out->type_name);
    size_t bytes, end;
    cloze_status status = cz_torch_shape_read(pickle, value, out, shape, shown, error);
    if (status)
        return status;
    if (!entry || !is_integer(elements) || !cz_multiply((size_t)elements->integer, width, &bytes) ||
        bytes != entry->size)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the storage of \"%s\" is missing or has another size than stated", shown);
    if (!is_integer(offset) || !cz_add((size_t)offset->integer, shape->reach, &end) ||
        end > (size_t)elements->integer)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%s\" reaches beyond its storage", shown);
    if (shape->count > (size_t)elements->integer)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "\"%s\" has the same elements several times: save it with .contiguous()",
                       shown);
    out->data = entry->data + (size_t)offset->integer * width;
    out->size = shape->count * width;
    return CLOZE_OK;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const cz_stored_tensor *)left)->name, ((const cz_stored_tensor *)right)->name);
}

/* UTF-8 without a zero byte, as safetensors has it. */
static bool is_name(const char *text, size_t size)
{
    size_t step;
    for (size_t i = 0; i < size; i += step)
        if (!text[i] || !(step = cz_utf8_length(text + i, size - i)))
            return false;
    return true;
}

/* How many tensors there are, and the room that their names take. */
static cloze_status count_tensors(const checkpoint *c, const cz_pickle_value *root, size_t *count,
                                  size_t *texts, cloze_error *error)
{
    const cz_pickle *pickle = &c->pickle;
    char shown[200];
    *count = *texts = 0;
    for (size_t at = root->first; at; at = pickle->pairs[at - 1].next) {
        const cz_pickle_value *key = &pickle->values[pickle->pairs[at - 1].key];
        if (key->size > CZ_TENSOR_NAME_MOST || !is_name(key->text, key->size))
            return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%s\" is no name for a tensor",
                           cz_printable(shown, sizeof shown, key->text, key->size));
        if (++*count > TENSORS_MOST)
            return cz_fail(error, CLOZE_ERROR_LIMIT, "more than %d tensors", (int)TENSORS_MOST);
        *texts += key->size + 1;
    }
    return CLOZE_OK;
}

/* Takes the name in at out->texts + used; an attribute's name holds no dot, and "|" stands for it. */
static void name_tensor(const checkpoint *c, cz_header *out, size_t used,
                        const cz_pickle_value *key)
{
    char *name = memcpy(out->texts + used, key->text, key->size);
    name[key->size] = 0;
    for (size_t i = 0; c->is_script && i < key->size; i++)
        if (name[i] == '|')
            name[i] = '.';
    out->tensors[out->count++].name = name;
}

/* Each tensor in turn: described, or, with `copies`, copied there if it is not packed. *bytes: what
 * the copies take. */
static cloze_status walk_tensors(const checkpoint *c, const cz_pickle_value *root, cz_header *out,
                                 char *copies, size_t *bytes, cloze_error *error)
{
    const cz_pickle *pickle = &c->pickle;
    size_t used = 0, number = 0;
    *bytes = 0;
    for (size_t at = root->first; at; at = pickle->pairs[at - 1].next, number++) {
        const cz_pickle_value *key = &pickle->values[pickle->pairs[at - 1].key];
        cz_stored_tensor *tensor = &out->tensors[number];
        cz_torch_shape shape;
        char shown[200];
        cz_printable(shown, sizeof shown, key->text, key->size);
        cloze_status status = read_tensor(c, &pickle->values[pickle->pairs[at - 1].value], tensor,
                                          &shape, shown, error);
        if (status)
            return status;
        if (!copies)
            name_tensor(c, out, used, key);
        used += key->size + 1;
        if (shape.packed)
            continue;
        if (copies) {
            cz_torch_gather(tensor, &shape, tensor->size / shape.count, copies + *bytes);
            tensor->data = copies + *bytes;
        }
        *bytes += (tensor->size + 7) / 8 * 8;
        if (*bytes / COPIES_MOST > c->size)
            return cz_fail(error, CLOZE_ERROR_LIMIT,
                           "strided tensors of more than %d times the file's size",
                           (int)COPIES_MOST);
    }
    return CLOZE_OK;
}

static cloze_status list_tensors(const checkpoint *c, cz_header *out,
                                 const cloze_allocator *allocator, cloze_error *error)
{
    const cz_pickle_value *root = &c->pickle.values[c->pickle.root];
    size_t count, texts, bytes;
    cloze_status status;
    if (root->kind != (c->is_script ? CZ_PICKLE_MODULE : CZ_PICKLE_DICTIONARY))
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "not a dictionary of tensors: save the model's state_dict alone");
    if ((status = count_tensors(c, root, &count, &texts, error)))
        return status;
    out->tensors = cz_allocate_zero(allocator, count, sizeof *out->tensors);
    out->texts = cz_allocate(allocator, texts, 1);
    if (!out->tensors || !out->texts)
        return cz_fail_memory(error, "a list of tensors", count * sizeof *out->tensors);
    out->capacity = count;
    status = walk_tensors(c, root, out, NULL, &bytes, error);
    if (!status && bytes) {
        out->copies = cz_allocate(allocator, bytes, 1);
        status = out->copies ? walk_tensors(c, root, out, out->copies, &bytes, error)
                             : cz_fail_memory(error, "strided tensors", bytes);
    }
    if (!status && count)
        qsort(out->tensors, count, sizeof *out->tensors, by_name);
    for (size_t i = 1; i < count && !status; i++)
        if (!strcmp(out->tensors[i - 1].name, out->tensors[i].name))
            status = cz_fail(error, CLOZE_ERROR_FORMAT, "two tensors have the same name");
    return status;
}

/* Of all entries, also of those that no tensor lies in: no two readers take the file differently. */
static cloze_status check_sums(const checkpoint *c, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < c->zip.count && !status; i++)
        if (!c->zip.entries[i].is_packed)
            status = cz_zip_check_crc(&c->zip.entries[i], error);
    return status;
}

cloze_status cz_torch_read(cz_header *out, const char *data, size_t size,
                           const cloze_allocator *allocator, cloze_error *error)
{
    checkpoint c = { .size = size };
    cz_header header = { 0 };
    cloze_status status = open_checkpoint(&c, data, size, allocator, error);
    if (!status)
        status = list_tensors(&c, &header, allocator, error);
    if (!status)
        status = check_sums(&c, error);
    cz_table_clear(&c.names, allocator);
    cz_pickle_clear(&c.pickle, allocator);
    cz_zip_clear(&c.zip, allocator);
    if (status)
        cz_header_clear(&header, allocator);
    else
        *out = header;
    return status;
}
