/* fuzz_torch.c - a torch checkpoint, and its bytes as a pickle by itself; every tensor that is
 * accepted is read. */
#include "formats/pickle.h"
#include "formats/torch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cz_header header = { 0 };
    cz_pickle pickle = { 0 };
    unsigned sum = 0;
    if (!cz_pickle_read(&pickle, (const char *)data, size, NULL, NULL))
        cz_pickle_clear(&pickle, NULL);
    if (cz_torch_read(&header, (const char *)data, size, NULL, NULL))
        return 0;
    for (size_t i = 0; i < header.count; i++)
        for (size_t b = 0; b < header.tensors[i].size; b++)
            sum += ((const unsigned char *)header.tensors[i].data)[b];
    cz_header_clear(&header, NULL);
    return sum == 1 && size == 0;
}
