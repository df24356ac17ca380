/* json.c - see json.h. */
#include "base/json.h"

#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* jansson recurses and spends up to 40 times an array's bytes, so depth and number of values are
 * checked first. Each value but the first stands behind a bracket or a comma. */
static cloze_status check_size(const char *text, size_t size, const char *name, cloze_error *error)
{
    size_t depth = 0, values = 1;
    bool inside = false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (inside) {
            if (c == '\\')
                i++;
            else if (c == '"')
                inside = false;
        } else if (c == '"') {
            inside = true;
        } else if (c == '{' || c == '[') {
            values++;
            if (++depth > CZ_JSON_DEPTH)
                return cz_fail_at(error, CLOZE_ERROR_FORMAT, i,
                                  "%.200s: more than %d levels of JSON", name, (int)CZ_JSON_DEPTH);
        } else if (c == ',') {
            values++;
        } else if ((c == '}' || c == ']') && depth) {
            depth--;
        }
    }
    return values <= CZ_JSON_VALUES
               ? CLOZE_OK
               : cz_fail(error, CLOZE_ERROR_LIMIT, "%.200s: more than %d values of JSON", name,
                         (int)CZ_JSON_VALUES);
}

cloze_status cz_json_parse(json_t **out, const char *text, size_t size, const char *name,
                           cloze_error *error)
{
    json_error_t reason;
    json_t *value;
    cloze_status status = check_size(text, size, name, error);
    if (status)
        return status;
    value = json_loadb(text, size, JSON_REJECT_DUPLICATES, &reason);
    if (!value) {
        char shown[JSON_ERROR_TEXT_LENGTH * 2];
        if (json_error_code(&reason) == json_error_out_of_memory)
            return cz_fail(error, CLOZE_ERROR_MEMORY, "%.200s: out of memory", name);
        cz_printable(shown, sizeof shown, reason.text, strlen(reason.text));
        return cz_fail_at(error, CLOZE_ERROR_FORMAT,
                          (size_t)(reason.position < 0 ? 0 : reason.position),
                          "%.200s is not valid JSON at byte %d (line %d): %.160s", name,
                          reason.position, reason.line, shown);
    }
    *out = value;
    return CLOZE_OK;
}

cloze_status cz_json_load(json_t **out, const char *path, size_t limit,
                          const cloze_allocator *allocator, cloze_error *error)
{
    cz_mapping file;
    cloze_status status = cz_file_open(&file, path, limit, true, allocator, error);
    if (status)
        return status;
    status = cz_json_parse(out, file.data, file.size, path, error);
    cz_file_close(&file);
    return status;
}

static const json_t *member(const json_t *object, const char *key)
{
    const json_t *value = key ? json_object_get(object, key) : NULL;
    return json_is_null(value) ? NULL : value;
}

cloze_status cz_json_integer(const json_t *object, const char *key, int64_t least, int64_t most,
                             int64_t *out, cloze_error *error)
{
    const json_t *value = member(object, key);
    int64_t number;
    if (!value)
        return CLOZE_OK;
    if (!json_is_integer(value))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%.100s\" must be a whole number", key);
    number = json_integer_value(value);
    if (number < least || number > most)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%.100s\" is %lld, outside %lld to %lld", key,
                       (long long)number, (long long)least, (long long)most);
    *out = number;
    return CLOZE_OK;
}

cloze_status cz_json_size(const json_t *object, const char *key, size_t least, size_t most,
                          size_t *out, cloze_error *error)
{
    int64_t number = -1;
    cloze_status status =
        cz_json_integer(object, key, (int64_t)least,
                        most > (size_t)INT64_MAX ? INT64_MAX : (int64_t)most, &number, error);
    if (!status && number >= 0)
        *out = (size_t)number;
    return status;
}

cloze_status cz_json_real(const json_t *object, const char *key, double *out, cloze_error *error)
{
    const json_t *value = member(object, key);
    if (!value)
        return CLOZE_OK;
    if (!json_is_number(value))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%.100s\" must be a number", key);
    *out = json_number_value(value);
    return CLOZE_OK;
}

cloze_status cz_json_flag(const json_t *object, const char *key, bool *out, cloze_error *error)
{
    const json_t *value = member(object, key);
    if (!value)
        return CLOZE_OK;
    if (!json_is_boolean(value))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%.100s\" must be true or false", key);
    *out = json_is_true(value);
    return CLOZE_OK;
}

cloze_status cz_json_string(const json_t *object, const char *key, const char **out,
                            cloze_error *error)
{
    const json_t *value = member(object, key);
    if (!value)
        return CLOZE_OK;
    if (!json_is_string(value))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%.100s\" must be a string", key);
    *out = json_string_value(value);
    return CLOZE_OK;
}

/* What a byte must be written as, or NULL if it stays. */
static const char *escape_of(unsigned char byte, char *room, size_t room_size)
{
    switch (byte) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\t':
        return "\\t";
    case '\r':
        return "\\r";
    default:
        if (byte >= 0x20 && byte != 0x7f)
            return NULL;
        snprintf(room, room_size, "\\u%04x", byte);
        return room;
    }
}

void cz_json_write_string(FILE *out, const char *text, size_t size)
{
    size_t plain = 0; /* where the bytes that stay as they are begin */
    char room[8];
    putc('"', out);
    for (size_t i = 0; i < size;) {
        size_t length = cz_utf8_length(text + i, size - i);
        const char *other =
            length ? escape_of((unsigned char)text[i], room, sizeof room) : "\xef\xbf\xbd";
        if (!length)
            length = 1;
        i += length;
        if (!other)
            continue;
        fwrite(text + plain, 1, i - length - plain, out);
        fputs(other, out);
        plain = i;
    }
    fwrite(text + plain, 1, size - plain, out);
    putc('"', out);
}
