/* json.c - see json.h. */
#include "base/json.h"

#include "base/error.h"
#include "base/file.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* jansson recurses, so the depth is checked first, without recursion. */
static cloze_status check_depth(const char *text, size_t size, const char *name,
                                cloze_error *error)
{
    size_t depth = 0;
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
            if (++depth > CZ_JSON_DEPTH)
                return cz_fail_at(error, CLOZE_ERROR_FORMAT, i, "%.200s: more than %d levels of JSON",
                                  name, CZ_JSON_DEPTH);
        } else if ((c == '}' || c == ']') && depth) {
            depth--;
        }
    }
    return CLOZE_OK;
}

cloze_status cz_json_parse(json_t **out, const char *text, size_t size, const char *name,
                           cloze_error *error)
{
    json_error_t reason;
    json_t *value;
    cloze_status status = check_depth(text, size, name, error);
    if (status)
        return status;
    value = json_loadb(text, size, JSON_REJECT_DUPLICATES, &reason);
    if (!value) {
        char shown[JSON_ERROR_TEXT_LENGTH * 2];
        if (json_error_code(&reason) == json_error_out_of_memory)
            return cz_fail(error, CLOZE_ERROR_MEMORY, "%.200s: out of memory", name);
        cz_printable(shown, sizeof shown, reason.text, strlen(reason.text));
        return cz_fail_at(error, CLOZE_ERROR_FORMAT, (size_t)(reason.position < 0 ? 0 : reason.position),
                          "%.200s is not valid JSON at byte %d (line %d): %.160s", name,
                          reason.position, reason.line, shown);
    }
    *out = value;
    return CLOZE_OK;
}

cloze_status cz_json_load(json_t **out, const char *path, size_t limit, cloze_error *error)
{
    cz_mapping file;
    cloze_status status = cz_file_open(&file, path, limit, true, NULL, error);
    if (status)
        return status;
    status = cz_json_parse(out, file.data, file.size, path, error);
    cz_file_close(&file);
    return status;
}

static const json_t *member(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
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

/* Bytes of the well-formed UTF-8 sequence at `text`, or 0. */
static size_t sequence_length(const unsigned char *text, size_t left)
{
    unsigned char a = text[0];
    size_t length = a < 0x80 ? 1 : a >= 0xc2 && a < 0xe0 ? 2 : (a & 0xf0) == 0xe0 ? 3
                    : a >= 0xf0 && a < 0xf5                                       ? 4
                                                                                  : 0;
    if (!length || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((a == 0xe0 && text[1] < 0xa0) || (a == 0xed && text[1] > 0x9f) ||
        (a == 0xf0 && text[1] < 0x90) || (a == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

void cz_json_write_string(FILE *out, const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    putc('"', out);
    for (size_t i = 0; i < size;) {
        size_t length = sequence_length(bytes + i, size - i);
        unsigned char c = bytes[i];
        if (!length)
            fputs("\xef\xbf\xbd", out), length = 1;
        else if (c == '"' || c == '\\')
            putc('\\', out), putc(c, out);
        else if (c == '\n')
            fputs("\\n", out);
        else if (c == '\t')
            fputs("\\t", out);
        else if (c == '\r')
            fputs("\\r", out);
        else if (c < 0x20 || c == 0x7f)
            fprintf(out, "\\u%04x", c);
        else
            fwrite(bytes + i, 1, length, out);
        i += length;
    }
    putc('"', out);
}

void cz_json_write_float(FILE *out, float value)
{
    char text[32];
    if (!isfinite(value)) {
        fputs("null", out);
        return;
    }
    for (int digits = 6; digits <= FLT_DECIMAL_DIG; digits++) {
        float back;
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (sscanf(text, "%f", &back) == 1 && memcmp(&back, &value, sizeof back) == 0)
            break;
    }
    fputs(text, out);
}
