/*
 * formats/safetensors_header.h - the JSON header of a safetensors file, read by a scanner of its
 * own: it allocates only what the result needs, so a hostile header cannot blow up in memory.
 */
#ifndef CZ_FORMATS_SAFETENSORS_HEADER_H
#define CZ_FORMATS_SAFETENSORS_HEADER_H

#include "formats/safetensors.h"

typedef struct cz_header {
    cz_stored_tensor *tensors; /* by name */
    size_t count, capacity;
    char *texts;  /* the names and the keys of __metadata__, each zero-terminated */
    char *copies; /* of tensors that do not lie row by row in the file (torch.h), or NULL */
} cz_header;

/* Checks the whole file of `size` bytes and describes its tensors, which point into `data`. */
cloze_status cz_header_read(cz_header *out, const char *data, size_t size,
                            const cloze_allocator *allocator, cloze_error *error);
void cz_header_clear(cz_header *header, const cloze_allocator *allocator);

#endif
