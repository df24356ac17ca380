/*
 * output.c - see output.h. A named regular file is written beside its place and renamed at the end;
 * devices and pipes are written directly.
 */
#include "output.h"

#include "interrupt.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER_SIZE = 1 << 16 };

struct cli_output {
    int descriptor, final; /* final: where a spooled output goes in the end, or -1 */
    int failure;           /* errno of the first failed call */
    off_t patch_at;
    char *path, *temporary; /* NULL: standard output, or written directly */
    size_t used;
    char buffer[BUFFER_SIZE];
};

static const char *name_of(const cli_output *output)
{
    return output->path ? output->path : "standard output";
}

static int cannot_write(const char *name, int failure)
{
    if (failure == EPIPE)
        return EXIT_BROKEN_PIPE;
    return say_failure(failure == ENOENT ? (int)CLOZE_ERROR_NOT_FOUND : (int)CLOZE_ERROR_IO,
                       "cannot write %s: %s", name, strerror(failure));
}

/* Opens a temporary file beside output->path, as readable as the one there, or as any new file. */
static bool open_beside(cli_output *output, const struct stat *there)
{
    enum { ATTEMPTS = 100 };
    size_t size = strlen(output->path) + sizeof ".01234567";
    unsigned number = (unsigned)getpid() * 2654435761u ^ (unsigned)time(NULL);
    if (!(output->temporary = malloc(size)))
        return false;
    for (int attempt = 0; attempt < ATTEMPTS && output->descriptor < 0; attempt++) {
        snprintf(output->temporary, size, "%s.%08x", output->path, number++);
        output->descriptor = open(output->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (output->descriptor < 0 && errno != EEXIST)
            return false;
    }
    return output->descriptor >= 0 &&
           (!there || !fchmod(output->descriptor, there->st_mode & 0777));
}

static bool open_path(cli_output *output, const char *path)
{
    struct stat there;
    if (!*path) {
        errno = ENOENT;
        return false;
    }
    bool exists = !stat(path, &there), regular = exists && S_ISREG(there.st_mode);
    if (!exists && !lstat(path, &there)) /* a link to nothing is not ours to replace */
        return false;
    output->path = regular ? realpath(path, NULL) : strdup(path);
    if (!output->path)
        return false;
    if (exists && !regular) {
        output->descriptor = open(path, O_WRONLY | O_CLOEXEC);
        return output->descriptor >= 0;
    }
    if (exists && access(path, W_OK))
        return false;
    return open_beside(output, exists ? &there : NULL);
}

static void release(cli_output *output)
{
    if (output->temporary && output->descriptor >= 0)
        unlink(output->temporary);
    if (output->path && output->descriptor >= 0)
        close(output->descriptor);
    free(output->temporary);
    free(output->path);
    free(output);
}

int output_open(cli_output **out, const char *path)
{
    cli_output *output = calloc(1, sizeof *output);
    bool standard = !path || !strcmp(path, "-") || !strcmp(path, "/dev/stdout");
    int code;
    if (!output)
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    output->descriptor = standard ? STDOUT_FILENO : -1;
    output->final = -1;
    if (!standard && !open_path(output, path)) {
        code = cannot_write(path, errno);
        release(output);
        return code;
    }
    *out = output;
    return 0;
}

int output_check(const char *path)
{
    cli_output *output = NULL;
    struct stat there;
    if (!strcmp(path, "-") || (!stat(path, &there) && !S_ISREG(there.st_mode)))
        return say_failure(CLOZE_ERROR_IO, "cannot write %s: not a regular file", path);
    int code = output_open(&output, path);
    if (!code)
        release(output);
    return code;
}

static bool write_all(int descriptor, const char *data, size_t size)
{
    while (size) {
        ssize_t written = write(descriptor, data, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        data += written;
        size -= (size_t)written;
    }
    return true;
}

void output_flush(cli_output *output)
{
    if (!output->failure && !write_all(output->descriptor, output->buffer, output->used))
        output->failure = errno;
    output->used = 0;
}

void output_write(cli_output *output, const void *data, size_t size)
{
    if (size > BUFFER_SIZE - output->used)
        output_flush(output);
    if (size >= BUFFER_SIZE) {
        if (!output->failure && !write_all(output->descriptor, data, size))
            output->failure = errno;
        return;
    }
    if (size)
        memcpy(output->buffer + output->used, data, size);
    output->used += size;
}

void output_text(cli_output *output, const char *text)
{
    output_write(output, text, strlen(text));
}

void output_format(cli_output *output, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (size > 0)
        output_write(output, line, (size_t)size < sizeof line ? (size_t)size : sizeof line - 1);
}

void output_json(cli_output *output, cloze_text text)
{
    size_t from = 0;
    output_write(output, "\"", 1);
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
            continue;
        output_write(output, text.data + from, i - from);
        if (c == '"' || c == '\\')
            output_format(output, "\\%c", c);
        else if (c == '\n')
            output_text(output, "\\n");
        else if (c == '\t')
            output_text(output, "\\t");
        else
            output_format(output, "\\u%04x", (unsigned)c);
        from = i + 1;
    }
    output_write(output, text.data + from, text.size - from);
    output_write(output, "\"", 1);
}

/* Less than the half distance to the nearer neighbour: what lies so near rounds to `value`. */
static double safe_distance(float value)
{
    uint32_t bits, power;
    float scale;
    memcpy(&bits, &value, sizeof bits);
    power = bits & 0x7f800000u;
    memcpy(&scale, &power, sizeof scale);
    return (double)scale * (bits & 0x7fffffu ? 0x1p-24 : 0x1p-25) * 0.999999;
}

/* Nine digits always tell floats apart; fewer are taken when they do too. */
void output_float(cli_output *output, float value)
{
    static const double powers[] = { 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13 };
    double size = fabs((double)value), bound = 1, near = safe_distance(value);
    char text[32], *end = text + sizeof text, *begin = end;
    uint64_t digits = 0;
    int decimals = 5, chosen;
    if (!(size < 10 && size >= 1e-4)) {
        if (size == 0)
            output_text(output, signbit(value) ? "-0.0" : "0.0");
        else if (isfinite(value))
            output_format(output, "%.9g", (double)value);
        else
            output_text(output, "null");
        return;
    }
    while (size < bound) {
        bound /= 10;
        decimals++;
    }
    for (chosen = 0; chosen < 4; chosen++) {
        digits = (uint64_t)(size * powers[decimals + chosen - 5] + 0.5);
        if (fabs((double)digits / powers[decimals + chosen - 5] - size) < near)
            break;
    }
    if (chosen == 4)
        chosen = 3;
    decimals += chosen;
    while (decimals > 1 && digits % 10 == 0) {
        digits /= 10;
        decimals--;
    }
    for (int i = 0; i < decimals; i++, digits /= 10)
        *--begin = (char)('0' + digits % 10);
    *--begin = '.';
    *--begin = (char)('0' + digits % 10);
    if (value < 0)
        *--begin = '-';
    output_write(output, begin, (size_t)(end - begin));
}

void output_real(cli_output *output, double value)
{
    char text[40] = "null";
    int count = 15;
    while (isfinite(value) && snprintf(text, sizeof text, "%.*g", count, value) > 0 && count < 17 &&
           (strtod(text, NULL) < value || strtod(text, NULL) > value))
        count++;
    output_text(output, text);
    if (isfinite(value) && !strpbrk(text, ".e"))
        output_text(output, ".0");
}

bool output_failed(const cli_output *output)
{
    return output->failure != 0;
}

bool output_is_terminal(const cli_output *output)
{
    return isatty(output->descriptor);
}

static int open_spool(void)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    int descriptor;
    snprintf(path, sizeof path, "%s/cloze.XXXXXX", folder && *folder ? folder : "/tmp");
    descriptor = mkstemp(path);
    if (descriptor >= 0)
        unlink(path);
    return descriptor;
}

int output_open_kept(cli_output **out)
{
    cli_output *output = calloc(1, sizeof *output);
    if (!output)
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    output->final = -1;
    output->descriptor = open_spool();
    if (output->descriptor < 0) {
        int failure = errno;
        free(output);
        return cannot_write("a temporary file", failure);
    }
    *out = output;
    return 0;
}

static bool read_back(int descriptor, char *bytes, size_t size)
{
    while (size) {
        ssize_t got = read(descriptor, bytes, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        bytes += got;
        size -= (size_t)got;
    }
    return true;
}

int output_take(cli_output *output, char **bytes, size_t *size)
{
    off_t end;
    int code = 0;
    output_flush(output);
    end = lseek(output->descriptor, 0, SEEK_CUR);
    *bytes = end >= 0 ? malloc((size_t)end + 1) : NULL;
    *size = *bytes ? (size_t)end : 0;
    if (!*bytes)
        code = say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    else if (output->failure || lseek(output->descriptor, 0, SEEK_SET) < 0 ||
             !read_back(output->descriptor, *bytes, *size))
        code = cannot_write("a temporary file", output->failure ? output->failure : errno);
    close(output->descriptor);
    free(output);
    return code;
}

void output_begin_patchable(cli_output *output)
{
    struct stat kind;
    int flags = fcntl(output->descriptor, F_GETFL);
    output_flush(output);
    if (!fstat(output->descriptor, &kind) && S_ISREG(kind.st_mode) && !(flags & O_APPEND)) {
        output->patch_at = lseek(output->descriptor, 0, SEEK_CUR);
        return;
    }
    output->final = output->descriptor;
    output->descriptor = open_spool();
    if (output->descriptor < 0) {
        output->failure = errno;
        output->descriptor = output->final;
        output->final = -1;
    }
}

void output_patch(cli_output *output, const void *data, size_t size)
{
    output_flush(output);
    if (!output->failure &&
        pwrite(output->descriptor, data, size, output->patch_at) != (ssize_t)size)
        output->failure = errno ? errno : EIO;
}

/* The spooled bytes go where they belong. */
static void unspool(cli_output *output)
{
    ssize_t got = 0;
    int spool = output->descriptor;
    output_flush(output);
    output->descriptor = output->final;
    output->final = -1;
    if (!output->failure && lseek(spool, 0, SEEK_SET) < 0)
        output->failure = errno;
    while (!output->failure && (got = read(spool, output->buffer, BUFFER_SIZE)) > 0)
        if (!write_all(output->descriptor, output->buffer, (size_t)got))
            output->failure = errno;
    if (got < 0 && !output->failure)
        output->failure = errno;
    close(spool);
}

static void complete(cli_output *output)
{
    if (output->final >= 0)
        unspool(output);
    else
        output_flush(output);
    if (output->failure || !output->temporary)
        return;
    if (fsync(output->descriptor) || rename(output->temporary, output->path))
        output->failure = errno;
    else {
        free(output->temporary);
        output->temporary = NULL;
    }
}

int output_close(cli_output *output, int code)
{
    if (!output)
        return code;
    if (!code && interrupted())
        code = EXIT_INTERRUPTED;
    if (!code || (!output->path && output->final < 0))
        complete(output);
    if (output->failure && (!code || code == EXIT_BROKEN_PIPE))
        code = cannot_write(name_of(output), output->failure);
    if (output->final >= 0) {
        close(output->descriptor);
        output->descriptor = output->final;
    }
    release(output);
    return code;
}
