/* whole_file.c - see whole_file.h. */
#include "whole_file.h"

#include "interrupt.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool grow(char **bytes, size_t *room)
{
    size_t larger = *room ? 2 * *room : 1 << 16;
    char *grown = larger > *room ? realloc(*bytes, larger) : NULL;
    if (!grown)
        return false;
    *bytes = grown;
    *room = larger;
    return true;
}

static int read_whole(int descriptor, const char *name, char **bytes, size_t *size)
{
    size_t room = 0;
    for (;;) {
        ssize_t got;
        if (*size == room && !grow(bytes, &room))
            return say_failure(CLOZE_ERROR_MEMORY, "out of memory for %s", name);
        got = read(descriptor, *bytes + *size, room - *size);
        if (interrupted())
            return EXIT_INTERRUPTED;
        if (got < 0 && errno != EINTR)
            return say_failure(CLOZE_ERROR_IO, "cannot read %s: %s", name, strerror(errno));
        if (!got)
            return 0;
        *size += got > 0 ? (size_t)got : 0;
    }
}

int read_whole_file(const char *path, char **bytes, size_t *size)
{
    bool standard = !strcmp(path, "-");
    int descriptor = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC), code;
    *bytes = NULL;
    *size = 0;
    if (descriptor < 0)
        return say_failure(errno == ENOENT ? (int)CLOZE_ERROR_NOT_FOUND : (int)CLOZE_ERROR_IO,
                           "cannot read %s: %s", path, strerror(errno));
    code = read_whole(descriptor, standard ? "standard input" : path, bytes, size);
    if (!standard)
        close(descriptor);
    if (code) {
        free(*bytes);
        *bytes = NULL;
    }
    return code;
}
