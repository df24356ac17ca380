/* error.c - see error.h. */
#include "base/error.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(cloze_error *error, cloze_status status, size_t position, const char *format,
                 va_list arguments)
{
    if (!error)
        return;
    error->status = status;
    error->position = position;
    vsnprintf(error->message, sizeof error->message, format, arguments);
}

cloze_status cz_fail(cloze_error *error, cloze_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(error, status, 0, format, arguments);
    va_end(arguments);
    return status;
}

cloze_status cz_fail_at(cloze_error *error, cloze_status status, size_t position,
                        const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(error, status, position, format, arguments);
    va_end(arguments);
    return status;
}

cloze_status cz_fail_memory(cloze_error *error, const char *what, size_t size)
{
    return cz_fail(error, CLOZE_ERROR_MEMORY, "out of memory: %s needs %zu bytes", what, size);
}

void cz_error_prefix(cloze_error *error, const char *format, ...)
{
    char old[CLOZE_MESSAGE_SIZE];
    va_list arguments;
    int length;
    if (!error)
        return;
    memcpy(old, error->message, sizeof old);
    va_start(arguments, format);
    length = vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof error->message)
        snprintf(error->message + length, sizeof error->message - (size_t)length, ": %.400s", old);
}

/* Control characters of one byte, and those of UTF-8 that terminals obey too: U+0080 to U+009F,
 * and the marks and overrides of writing direction, which make a name look like another. */
static bool obeys(const char *text, size_t length)
{
    const unsigned char *byte = (const unsigned char *)text;
    if (length == 1)
        return byte[0] < 0x20 || byte[0] == 0x7f;
    if (length == 2)
        return (byte[0] == 0xc2 && byte[1] < 0xa0) || (byte[0] == 0xd8 && byte[1] == 0x9c);
    if (length != 3 || byte[0] != 0xe2)
        return false;
    return (byte[1] == 0x80 && ((byte[2] >= 0xaa && byte[2] <= 0xae) || byte[2] == 0x8e ||
                                byte[2] == 0x8f || byte[2] == 0xa8 || byte[2] == 0xa9)) ||
           (byte[1] == 0x81 && byte[2] >= 0xa6 && byte[2] <= 0xa9);
}

const char *cz_printable(char *out, size_t out_size, const char *text, size_t size)
{
    static const char dots[] = "...";
    size_t used = 0, length;
    for (size_t i = 0; i < size; i += length ? length : 1) {
        unsigned char byte = (unsigned char)text[i];
        length = cz_utf8_length(text + i, size - i);
        if (length && obeys(text + i, length))
            length = 0;
        if (used + (length ? length : 4) + sizeof dots > out_size) {
            if (used + sizeof dots <= out_size)
                memcpy(out + used, dots, sizeof dots);
            else if (out_size)
                out[used] = 0;
            return out;
        }
        if (length)
            memcpy(out + used, text + i, length), used += length;
        else
            used += (size_t)snprintf(out + used, out_size - used, "\\x%02x", byte);
    }
    if (out_size)
        out[used] = 0;
    return out;
}

void cz_log(const cloze_hooks *hooks, cloze_log_level level, const char *format, ...)
{
    char message[CLOZE_MESSAGE_SIZE];
    va_list arguments;
    if (!hooks || !hooks->log.write)
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    hooks->log.write(hooks->log.context, level, message);
}

const char *cloze_version(void)
{
    return CLOZE_VERSION;
}

const char *cloze_status_name(cloze_status status)
{
    switch (status) {
    case CLOZE_OK:
        return "ok";
    case CLOZE_ERROR_MEMORY:
        return "out of memory";
    case CLOZE_ERROR_ARGUMENT:
        return "bad argument";
    case CLOZE_ERROR_NOT_FOUND:
        return "not found";
    case CLOZE_ERROR_IO:
        return "input or output failed";
    case CLOZE_ERROR_FORMAT:
        return "damaged file";
    case CLOZE_ERROR_UNSUPPORTED:
        return "not supported";
    case CLOZE_ERROR_LIMIT:
        return "over a limit";
    case CLOZE_ERROR_TEXT:
        return "text cannot be processed";
    case CLOZE_ERROR_CANCELLED:
        return "cancelled";
    case CLOZE_ERROR_NETWORK:
        return "network failure";
    case CLOZE_ERROR_ACCESS:
        return "access denied";
    case CLOZE_ERROR_OFFLINE:
        return "offline";
    }
    return "unknown status";
}
