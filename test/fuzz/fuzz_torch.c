/* fuzz_torch.c - a torch checkpoint; and its bytes as a pickle by itself, and in an archive whose
 * checksums are right; every tensor that is accepted is read. */
#include "../formats/zip_maker.h"

#include "formats/pickle.h"
#include "formats/torch.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_all(const char *data, size_t size)
{
    cz_header header = { 0 };
    unsigned sum = 0;
    if (cz_torch_read(&header, data, size, NULL, NULL))
        return 0;
    for (size_t i = 0; i < header.count; i++)
        for (size_t b = 0; b < header.tensors[i].size; b++)
            sum += ((const unsigned char *)header.tensors[i].data)[b];
    cz_header_clear(&header, NULL);
    return sum == 1 && size == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char numbers[64];
    const zip_entry entries[] = {
        { .name = "a/data.pkl", .data = (const char *)data, .size = size },
        { .name = "a/data/0", .data = numbers, .size = sizeof numbers },
        { .name = "a/data/1", .data = numbers, .size = 16 },
    };
    cz_pickle pickle = { 0 };
    size_t made_size;
    char *made = make_zip(entries, 3, NULL, &made_size);
    int found = read_all((const char *)data, size) | read_all(made, made_size);
    free(made);
    if (!cz_pickle_read(&pickle, (const char *)data, size, NULL, NULL))
        cz_pickle_clear(&pickle, NULL);
    return found;
}
