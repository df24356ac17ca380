/* fuzz_adapter.c - adapter_config.json, and adapter_model.safetensors behind a zero byte, merged into the
 * weights of a model; what comes of it is read whole and found by its names. */
#include "../temporary.h"

#include "base/file.h"
#include "formats/adapter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "model.safetensors", "adapter_config.json",
                                     "adapter_model.safetensors" };

/* One folder for the whole run: only the adapter changes. */
static char folder[TEMPORARY_SIZE];

static const char *inside(const char *name)
{
    static char path[TEMPORARY_SIZE + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void remove_all(void)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(inside(names[i]));
    rmdir(folder);
}

static void prepare(void)
{
    static const float numbers[] = { 1, 2, 3, 4, 5, 6 };
    static const cz_tensor_to_store tensors[] = {
        { "bert.layer.0.query.weight", CZ_F32, 2, { 2, 3 }, numbers },
        { "bert.layer.0.key.weight", CZ_F16, 2, { 3, 2 }, numbers },
        { "classifier.weight", CZ_F32, 2, { 2, 2 }, numbers },
    };
    if (*folder)
        return;
    temporary_name(folder);
    if (!mkdtemp(folder) || atexit(remove_all) ||
        cz_safetensors_write(inside(names[0]), tensors, sizeof tensors / sizeof *tensors, NULL))
        abort();
}

static void put(const char *name, const void *data, size_t size)
{
    FILE *file = fopen(inside(name), "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    size_t first = zero ? (size_t)(zero - data) : size;
    cz_weights *weights = NULL;
    unsigned sum = 0;
    prepare();
    put(names[1], data, first);
    put(names[2], zero ? zero + 1 : data, zero ? size - first - 1 : 0);
    if (cz_weights_open_file(&weights, inside(names[0]), NULL, NULL))
        abort();
    if (!cz_adapter_merge(weights, folder, NULL, NULL))
        for (size_t i = 0; i < cz_weights_count(weights); i++) {
            const cz_stored_tensor *tensor = cz_weights_tensor(weights, i);
            for (size_t b = 0; b < tensor->size; b++)
                sum += ((const unsigned char *)tensor->data)[b];
            if (cz_weights_find(weights, tensor->name) != tensor)
                abort();
        }
    cz_weights_close(weights);
    return sum == 1 && size == 0;
}
