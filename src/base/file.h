/*
 * base/file.h - mapped and read files, and files that are written whole or not at all.
 *
 * Only regular files are opened for reading. All calls retry on EINTR and short transfers.
 */
#ifndef CZ_BASE_FILE_H
#define CZ_BASE_FILE_H

#include <cloze/status.h>

typedef struct cz_mapping {
    const char *data;
    size_t size;
    bool mapped;                     /* false: read into memory of `allocator` */
    const cloze_allocator *allocator;
} cz_mapping;

/* Maps `path` read-only, or reads it with `read_instead`. An empty file has data "" and size 0. */
cloze_status cz_file_open(cz_mapping *out, const char *path, size_t limit, bool read_instead,
                          const cloze_allocator *allocator, cloze_error *error);
void cz_file_close(cz_mapping *mapping);
/* Tells the system that these bytes are not needed for now (a kept pack replaces them). */
void cz_file_forget(const cz_mapping *mapping, size_t offset, size_t size);

/* "folder/name" into `out`; CLOZE_ERROR_LIMIT if it does not fit. */
cloze_status cz_path_join(char *out, size_t out_size, const char *folder, const char *name,
                          cloze_error *error);
/* The same for a name that a file told us: only a plain name below the folder is allowed ("x" or
 * "x/y"; no "..", no absolute path, no empty part, no backslash, no control byte). */
cloze_status cz_path_below(char *out, size_t out_size, const char *folder, const char *name,
                           cloze_error *error);
bool cz_path_is_folder(const char *path);
bool cz_path_is_file(const char *path);
cloze_status cz_folder_make(const char *path, cloze_error *error); /* with its parents */

/* Writes `size` bytes to `path` through a temporary file beside it, fsync and rename. */
cloze_status cz_file_write(const char *path, const void *data, size_t size, cloze_error *error);

#endif
