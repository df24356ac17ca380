/*
 * safetensors_write.c - the writer of safetensors.h. Tensors lie in the order of the caller; the
 * header is padded so that the first begins at a multiple of 64 bytes.
 */
#include "formats/safetensors.h"

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { DATA_ALIGNMENT = 64 };

static cloze_status describe(const cz_tensor_to_store *tensor, cz_stored_tensor *out,
                             cloze_error *error)
{
    size_t size = cz_type_size(tensor->type);
    if (tensor->type >= CZ_OTHER || tensor->rank < 0 || tensor->rank > CZ_RANK)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "\"%.200s\" has a type or rank that cannot be "
                       "written",
                       tensor->name);
    for (int i = 0; i < tensor->rank; i++)
        if (!cz_multiply(size, tensor->shape[i], &size))
            return cz_fail(error, CLOZE_ERROR_LIMIT, "the shape of \"%.200s\" overflows",
                           tensor->name);
    *out = (cz_stored_tensor){ .name = tensor->name,
                               .type = tensor->type,
                               .type_name = cz_type_name(tensor->type),
                               .rank = tensor->rank,
                               .data = tensor->data,
                               .size = size };
    memcpy(out->shape, tensor->shape, sizeof out->shape);
    return CLOZE_OK;
}

static cloze_status print_tensor(FILE *out, const cz_stored_tensor *tensor, size_t *offset,
                                 cloze_error *error)
{
    size_t end, length = strlen(tensor->name);
    char shown[200];
    if (length > CZ_TENSOR_NAME_MOST || !strcmp(tensor->name, "__metadata__"))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "safetensors cannot hold a tensor of the name \"%s\"",
                       cz_printable(shown, sizeof shown, tensor->name, length));
    if (!cz_add(*offset, tensor->size, &end))
        return cz_fail(error, CLOZE_ERROR_LIMIT, "the tensors have too many bytes");
    putc(',', out);
    cz_json_write_string(out, tensor->name, length);
    fprintf(out, ":{\"dtype\":\"%s\",\"shape\":[", tensor->type_name);
    for (int i = 0; i < tensor->rank; i++)
        fprintf(out, "%s%zu", i ? "," : "", tensor->shape[i]);
    fprintf(out, "],\"data_offsets\":[%zu,%zu]}", *offset, end);
    *offset = end;
    return CLOZE_OK;
}

/* The header with its length in front; transformers insists on the format in the metadata. */
static cloze_status make_header(char **out, size_t *out_size, const cz_stored_tensor *tensors,
                                size_t count, cloze_error *error)
{
    char *text = NULL;
    size_t size = 0, offset = 0;
    cloze_status status = CLOZE_OK;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return cz_fail_memory(error, "a safetensors header", 0);
    fputs("        {\"__metadata__\":{\"format\":\"pt\"}", memory);
    for (size_t i = 0; i < count && !status; i++)
        status = print_tensor(memory, &tensors[i], &offset, error);
    putc('}', memory);
    while (ftell(memory) % DATA_ALIGNMENT && !ferror(memory))
        putc(' ', memory);
    bool failed = ferror(memory);
    if (fclose(memory) || failed)
        status = cz_fail_memory(error, "a safetensors header", size);
    if (status) {
        free(text);
        return status;
    }
    for (int i = 0; i < 8; i++)
        text[i] = (char)(unsigned char)((size - 8) >> (8 * i) & 255);
    *out = text;
    *out_size = size;
    return CLOZE_OK;
}

cloze_status cz_safetensors_begin(cz_output *output, const char *path,
                                  const cz_stored_tensor *tensors, size_t count, cloze_error *error)
{
    char *header = NULL;
    size_t size = 0;
    cloze_status status = make_header(&header, &size, tensors, count, error);
    if (status)
        return status;
    status = cz_output_begin(output, path, error);
    if (!status && (status = cz_output_put(output, header, size, error)))
        (void)cz_output_finish(output, status, error);
    free(header);
    return status;
}

cloze_status cz_safetensors_write(const char *path, const cz_tensor_to_store *tensors, size_t count,
                                  cloze_error *error)
{
    cz_output output;
    cz_stored_tensor *stored = calloc(count + 1, sizeof *stored);
    cloze_status status =
        stored ? CLOZE_OK : cz_fail_memory(error, "a list of tensors", count * sizeof *stored);
    for (size_t i = 0; i < count && !status; i++)
        status = describe(&tensors[i], &stored[i], error);
    if (!status && !(status = cz_safetensors_begin(&output, path, stored, count, error))) {
        for (size_t i = 0; i < count && !status; i++)
            status = cz_output_put(&output, stored[i].data, stored[i].size, error);
        status = cz_output_finish(&output, status, error);
    }
    free(stored);
    return status;
}
