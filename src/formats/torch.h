/*
 * formats/torch.h - the weights of a torch checkpoint (pytorch_model.bin, a zip file), through
 * zip.h and pickle.h. Tensors are views of the file's bytes: nothing is copied or scanned.
 */
#ifndef CZ_FORMATS_TORCH_H
#define CZ_FORMATS_TORCH_H

#include "formats/safetensors_header.h"

/* Checks the whole file of `size` bytes and describes its tensors, which point into `data`. */
cloze_status cz_torch_read(cz_header *out, const char *data, size_t size,
                           const cloze_allocator *allocator, cloze_error *error);

#endif
