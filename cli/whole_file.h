/* whole_file.h - a file read into memory at once. */
#ifndef CLI_WHOLE_FILE_H
#define CLI_WHOLE_FILE_H

#include <stddef.h>

/* `path` "-" is standard input. The caller frees *bytes. Exit code; on failure *bytes is NULL. */
int read_whole_file(const char *path, char **bytes, size_t *size);

#endif
