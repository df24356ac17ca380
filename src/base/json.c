/* json.c - see json.h. */
#include "base/json.h"

#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* jansson recurses, so the depth is checked first, without recursion. */
static cloze_status check_depth(const char *text, size_t size, const char *name, cloze_error *error)
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
                return cz_fail_at(error, CLOZE_ERROR_FORMAT, i,
                                  "%.200s: more than %d levels of JSON", name, CZ_JSON_DEPTH);
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
        return cz_fail_at(error, CLOZE_ERROR_FORMAT,
                          (size_t)(reason.position < 0 ? 0 : reason.position),
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

/* Reads back digits / 10^places as a float; false where rounding twice might change the result. */
static bool reads_back(double digits, double power, float value)
{
    double quotient = digits / power;
    return (float)nextafter(quotient, 0) == value && (float)nextafter(quotient, INFINITY) == value;
}

/* 0.00123: the digits after the zeros, the sign and the point put in. Returns the length. */
static size_t print_fixed(char *out, bool negative, uint64_t digits, int places)
{
    char reversed[24];
    size_t length = 0, used = 0;
    int count = 0;
    while (places > 0 && digits % 10 == 0) {
        digits /= 10;
        places--;
    }
    while (digits || count <= places) {
        if (count == places && count)
            reversed[length++] = '.';
        reversed[length++] = (char)('0' + digits % 10);
        digits /= 10;
        count++;
    }
    if (negative)
        out[used++] = '-';
    while (length)
        out[used++] = reversed[--length];
    return used;
}

/* 1e-5 to 1e6 without the C library, whose printf is slow and knows foreign decimal points. */
static size_t print_common(char *out, float value)
{
    static const double powers[] = { 1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6, 1e7,
                                     1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14 };
    double magnitude = fabs((double)value);
    int places = 5;
    if (!(magnitude >= 1e-5 && magnitude < 1e6))
        return 0;
    /* Six digits are always told apart, nine always suffice. */
    for (double edge = 1; magnitude < edge && places < 11; edge /= 10)
        places++;
    for (double edge = 10; magnitude >= edge && places > 0; edge *= 10)
        places--;
    for (int last = places + 3; places <= last; places++) {
        double digits = nearbyint(magnitude * powers[places]);
        if (reads_back(digits, powers[places], (float)magnitude))
            return print_fixed(out, value < 0, (uint64_t)digits, places);
    }
    return 0;
}

static size_t print_other(char *out, size_t room, float value)
{
    int length = 0;
    for (int digits = 6; digits <= FLT_DECIMAL_DIG; digits++) {
        length = snprintf(out, room, "%.*g", digits, (double)value);
        if (strtof(out, NULL) == value)
            break;
    }
    for (int i = 0; i < length; i++)
        if (out[i] == ',')
            out[i] = '.';
    return length < 0 ? 0 : (size_t)length;
}

void cz_json_write_float(FILE *out, float value)
{
    char text[32];
    size_t length;
    if (!isfinite(value)) {
        fputs("null", out);
        return;
    }
    length = print_common(text, value);
    if (!length)
        length = print_other(text, sizeof text, value);
    fwrite(text, 1, length, out);
}
