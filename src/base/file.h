/*
 * base/file.h - mapped and read files, and files that are written whole or not at all.
 *
 * Only regular files are opened for reading. All calls retry on EINTR and short transfers.
 */
#ifndef CZ_BASE_FILE_H
#define CZ_BASE_FILE_H

#include <cloze/status.h>

enum { CZ_PATH_SIZE = 4096 };

typedef struct cz_mapping {
    const char *data;
    size_t size;
    bool mapped; /* false: read into memory of `allocator` */
    const cloze_allocator *allocator;
    int file; /* kept open while mapped, for cz_file_check */
} cz_mapping;

/* Maps `path` read-only, or reads it with `read_instead`. An empty file has data "" and size 0. */
cloze_status cz_file_open(cz_mapping *out, const char *path, size_t limit, bool read_instead,
                          const cloze_allocator *allocator, cloze_error *error);
void cz_file_close(cz_mapping *mapping);
/* Fails if a mapped file no longer has the size that it was mapped with. (A file that shrinks while
 * mapped kills the process that touches the lost part; replacing a file by rename is safe.) */
cloze_status cz_file_check(const cz_mapping *mapping, const char *path, cloze_error *error);
/* Tells the system that these bytes are not needed for now (a kept pack replaces them). */
void cz_file_forget(const cz_mapping *mapping, size_t offset, size_t size);

/* "folder/name" into `out`; CLOZE_ERROR_LIMIT if it does not fit. */
cloze_status cz_path_join(char *out, size_t out_size, const char *folder, const char *name,
                          cloze_error *error);
/* The same for a name that a file told us: only a plain name below the folder is allowed ("x" or
 * "x/y"; no "..", no absolute path, no empty part, no backslash, no control byte). */
cloze_status cz_path_below(char *out, size_t out_size, const char *folder, const char *name,
                           cloze_error *error);
/* Fails if links lead from `path` out of `folder`. The links of the Hugging Face cache, from
 * X/snapshots/COMMIT/... to X/blobs, stay inside. */
cloze_status cz_path_stays(const char *folder, const char *path, cloze_error *error);
bool cz_path_is_folder(const char *path);
bool cz_path_is_file(const char *path);
cloze_status cz_folder_make(const char *path, cloze_error *error); /* with its parents */

/*
 * A file being written: into a temporary file beside `path`, which takes its place, with the
 * permissions of the old one, only when all is there and on the disk. Through a link the file that it
 * leads to is replaced; a folder, pipe or device is CLOZE_ERROR_IO. cz_output_finish with a status
 * other than CLOZE_OK leaves nothing behind and returns that status.
 */
typedef struct cz_output {
    int file;
    char path[CZ_PATH_SIZE], temporary[CZ_PATH_SIZE];
} cz_output;
cloze_status cz_output_begin(cz_output *output, const char *path, cloze_error *error);
cloze_status cz_output_put(cz_output *output, const void *data, size_t size, cloze_error *error);
cloze_status cz_output_finish(cz_output *output, cloze_status so_far, cloze_error *error);

/* Removes what outputs for `path` left behind because they were killed. Nobody may be writing. */
void cz_output_sweep(const char *path);

/* Writes `size` bytes to `path`, whole or not at all. */
cloze_status cz_file_write(const char *path, const void *data, size_t size, cloze_error *error);

/*
 * A folder being written: a temporary one beside `path`, which takes its place only when all is
 * there. `path` must be absent or an empty folder. cz_folder_finish with a status other than
 * CLOZE_OK leaves nothing behind and returns that status.
 */
typedef struct cz_folder_output {
    char path[CZ_PATH_SIZE], temporary[CZ_PATH_SIZE];
} cz_folder_output;
cloze_status cz_folder_begin(cz_folder_output *output, const char *path, cloze_error *error);
cloze_status cz_folder_finish(cz_folder_output *output, cloze_status so_far, cloze_error *error);

/* Calls back with every plain name in a folder but "." and "..", sorted, until a call fails. */
cloze_status cz_folder_each(const char *path, size_t limit,
                            cloze_status (*each)(void *context, const char *name,
                                                 cloze_error *error),
                            void *context, cloze_error *error);

#endif
