/*
 * formats/safetensors.h - strict reading of safetensors files, single or sharded. Bytes in,
 * descriptors out, no maths. Rules: the format's own tensor.rs. Limits: a header of 100,000,000
 * bytes, 1,000,000 tensors a file, names of 1024 bytes, 8 dimensions; an index of 16 MiB with 1,000
 * shards, which lie beside it.
 */
#ifndef CZ_FORMATS_SAFETENSORS_H
#define CZ_FORMATS_SAFETENSORS_H

#include "base/file.h"
#include "tensor/tensor.h"

enum { CZ_RANK = 8, CZ_TENSOR_NAME_MOST = 1024 };

typedef struct cz_stored_tensor {
    const char *name;      /* zero-terminated, owned by the collection */
    cz_type type;          /* CZ_OTHER: legal, but of a type nothing here reads */
    const char *type_name; /* as safetensors writes it, also of such a type */
    int rank;
    size_t shape[CZ_RANK];
    const void *data; /* in the mapping or a copy, not necessarily aligned for the type */
    size_t size;      /* bytes */
    size_t file;      /* which of the collection's files */
} cz_stored_tensor;

typedef struct cz_weights cz_weights;

typedef struct cz_weights_options {
    bool read_instead; /* no mapping */
    const cloze_allocator *allocator;
} cz_weights_options;

/* Opens FOLDER/model.safetensors, or the shards that FOLDER/model.safetensors.index.json lists; if
 * there is neither, pytorch_model.bin in the same way, or rust_model.ot (torch.h; a file is torch's
 * if it ends in ".bin" or ".ot"). */
cloze_status cz_weights_open_folder(cz_weights **out, const char *folder,
                                    const cz_weights_options *options, cloze_error *error);
/* Is there any of these files? */
bool cz_weights_are_in(const char *folder);
cloze_status cz_weights_open_file(cz_weights **out, const char *path,
                                  const cz_weights_options *options, cloze_error *error);
/* The same for the bytes of one file, which must outlive the collection. */
cloze_status cz_weights_open_memory(cz_weights **out, const void *data, size_t size,
                                    const cz_weights_options *options, cloze_error *error);
void cz_weights_close(cz_weights *weights);
/* Fails if a mapped file has changed its size since: call it after reading what was needed. */
cloze_status cz_weights_check(const cz_weights *weights, cloze_error *error);
size_t cz_weights_count(const cz_weights *weights);
const cz_stored_tensor *cz_weights_tensor(const cz_weights *weights, size_t index); /* by name */
const cz_stored_tensor *cz_weights_find(const cz_weights *weights, const char *name);
/* The bytes of this tensor are no longer needed from the mapping. */
void cz_weights_forget(const cz_weights *weights, const cz_stored_tensor *tensor);

/* A tensor that no file has, in the place of the one of its name or as one more: `like` without its
 * data, for which *data is room that the collection owns. Tensors that were asked for before may move. */
cloze_status cz_weights_put(cz_weights *weights, const cz_stored_tensor *like, void **data,
                            cloze_error *error);
/* Every name with this in front of it. */
cloze_status cz_weights_prefix(cz_weights *weights, const char *prefix, cloze_error *error);

/* Begins a file with the header for these tensors, of which name, type_name, rank, shape and size
 * count; then their bytes are put, in the same order, one behind the other, and the file is
 * finished. */
cloze_status cz_safetensors_begin(cz_output *output, const char *path,
                                  const cz_stored_tensor *tensors, size_t count,
                                  cloze_error *error);

typedef struct cz_tensor_to_store {
    const char *name;
    cz_type type;
    int rank;
    size_t shape[CZ_RANK];
    const void *data; /* row-major, packed */
} cz_tensor_to_store;
/* All of it: a file with these tensors, whole or not at all. */
cloze_status cz_safetensors_write(const char *path, const cz_tensor_to_store *tensors, size_t count,
                                  cloze_error *error);

#endif
