/* fuzz_index.c - the index of a sharded checkpoint, beside two shards: what is accepted is read whole
 * and found by its names. */
#include "../temporary.h"

#include "base/file.h"
#include "formats/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const shards[] = { "one.safetensors", "two.safetensors" };
static const char index_name[] = "model.safetensors.index.json";

/* One folder for the whole run: only the index changes. */
static char folder[TEMPORARY_SIZE];

static const char *inside(const char *name)
{
    static char path[TEMPORARY_SIZE + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void remove_all(void)
{
    for (size_t i = 0; i < 2; i++)
        unlink(inside(shards[i]));
    unlink(inside(index_name));
    rmdir(folder);
}

static void prepare(void)
{
    static const float numbers[] = { 1, 2, 3, 4, 5, 6 };
    static const cz_tensor_to_store tensors[2][2] = {
        { { "a", CZ_F32, 1, { 2 }, numbers }, { "b", CZ_F32, 2, { 2, 3 }, numbers } },
        { { "c", CZ_F32, 1, { 1 }, numbers }, { "d", CZ_F32, 0, { 0 }, numbers } },
    };
    if (*folder)
        return;
    temporary_name(folder);
    if (!mkdtemp(folder) || atexit(remove_all))
        abort();
    for (size_t i = 0; i < 2; i++)
        if (cz_safetensors_write(inside(shards[i]), tensors[i], 2, NULL))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cz_weights *weights = NULL;
    unsigned sum = 0;
    prepare();
    FILE *file = fopen(inside(index_name), "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file))
        abort();
    if (cz_weights_open_folder(&weights, folder, NULL, NULL))
        return 0;
    for (size_t i = 0; i < cz_weights_count(weights); i++) {
        const cz_stored_tensor *tensor = cz_weights_tensor(weights, i);
        for (size_t b = 0; b < tensor->size; b++)
            sum += ((const unsigned char *)tensor->data)[b];
        if (cz_weights_find(weights, tensor->name) != tensor || cz_weights_count(weights) > 4)
            abort();
    }
    cz_weights_close(weights);
    return sum == 1 && size == 0;
}
