/*
 * formats/torch.h - the weights of a torch checkpoint (pytorch_model.bin, a zip file), or of the
 * archive that the Rust crate tch writes (rust_model.ot), through zip.h and pickle.h. Tensors are
 * views of the file's bytes; only those that do not lie there row by row are copied.
 */
#ifndef CZ_FORMATS_TORCH_H
#define CZ_FORMATS_TORCH_H

#include "formats/safetensors_header.h"

/* Checks the whole file of `size` bytes, the checksums of what is used too, and describes its
 * tensors, which point into `data` or to copies that the header owns. */
cloze_status cz_torch_read(cz_header *out, const char *data, size_t size,
                           const cloze_allocator *allocator, cloze_error *error);

#endif
