/* safetensors_scan.c - see safetensors_scan.h. */
#include "formats/safetensors_scan.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"

#include <string.h>

cloze_status cz_scan_complain(const cz_scanner *in, const char *what)
{
    return cz_fail_at(in->error, CLOZE_ERROR_FORMAT, CZ_SCAN_BEFORE + in->at,
                      "damaged safetensors header at byte %zu: %s", CZ_SCAN_BEFORE + in->at, what);
}

void cz_scan_space(cz_scanner *in)
{
    while (in->at < in->size && (in->text[in->at] == ' ' || in->text[in->at] == '\n' ||
                                 in->text[in->at] == '\t' || in->text[in->at] == '\r'))
        in->at++;
}

bool cz_scan_take(cz_scanner *in, char c)
{
    cz_scan_space(in);
    if (in->at >= in->size || in->text[in->at] != c)
        return false;
    in->at++;
    return true;
}

cloze_status cz_scan_expect(cz_scanner *in, char c)
{
    static const char message[] = "expected '?'";
    char shown[sizeof message];
    if (cz_scan_take(in, c))
        return CLOZE_OK;
    memcpy(shown, message, sizeof message);
    shown[sizeof message - 3] = c;
    return cz_scan_complain(in, shown);
}

bool cz_scan_more(cz_scanner *in, char close, cloze_status *status)
{
    if (cz_scan_take(in, ','))
        return true;
    *status = cz_scan_expect(in, close);
    return false;
}

static bool read_four_digits(cz_scanner *in, uint32_t *out)
{
    uint32_t value = 0;
    if (in->size - in->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = in->text[in->at++];
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (uint32_t)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = (uint32_t)(c - 'A') + 10;
        else
            return false;
        value = value << 4 | digit;
    }
    *out = value;
    return true;
}

static bool read_code_point(cz_scanner *in, uint32_t *point)
{
    uint32_t low;
    if (!read_four_digits(in, point) || !*point || (*point >= 0xdc00 && *point < 0xe000))
        return false;
    if (*point < 0xd800 || *point >= 0xe000)
        return true;
    if (in->size - in->at < 6 || in->text[in->at] != '\\' || in->text[in->at + 1] != 'u')
        return false;
    in->at += 2;
    if (!read_four_digits(in, &low) || low < 0xdc00 || low >= 0xe000)
        return false;
    *point = 0x10000 + ((*point - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

static bool read_escape(cz_scanner *in)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *letter;
    uint32_t point;
    char c;
    if (in->at >= in->size)
        return false;
    c = in->text[in->at++];
    if (c == 'u') {
        if (!read_code_point(in, &point))
            return false;
        in->used += cz_utf8_write(in->texts + in->used, point);
        return true;
    }
    letter = c ? strchr(letters, c) : NULL;
    if (!letter)
        return false;
    in->texts[in->used++] = meanings[letter - letters];
    return true;
}

cloze_status cz_scan_string(cz_scanner *in, const char **out, size_t *length)
{
    size_t begin = in->used, step;
    cloze_status status = cz_scan_expect(in, '"');
    if (status)
        return status;
    for (;;) {
        if (in->at >= in->size)
            return cz_scan_complain(in, "a string does not end");
        const char *at = in->text + in->at;
        if (*at == '"')
            break;
        if (*at == '\\') {
            in->at++;
            if (!read_escape(in))
                return cz_scan_complain(in, "bad escape in a string");
            continue;
        }
        if ((unsigned char)*at < 0x20)
            return cz_scan_complain(in, "control byte in a string");
        if (!(step = cz_utf8_length(at, in->size - in->at)))
            return cz_scan_complain(in, "a string is not UTF-8");
        memcpy(in->texts + in->used, at, step);
        in->used += step;
        in->at += step;
    }
    in->at++;
    *out = in->texts + begin;
    *length = in->used - begin;
    in->texts[in->used++] = 0;
    return CLOZE_OK;
}

static cloze_status read_number(cz_scanner *in, size_t *out)
{
    size_t value = 0, begin;
    cz_scan_space(in);
    begin = in->at;
    for (; in->at < in->size && in->text[in->at] >= '0' && in->text[in->at] <= '9'; in->at++) {
        if (!cz_multiply(value, 10, &value) ||
            !cz_add(value, (size_t)(in->text[in->at] - '0'), &value))
            return cz_scan_complain(in, "a number is too large");
    }
    if (in->at == begin || (in->text[begin] == '0' && in->at > begin + 1))
        return cz_scan_complain(in, "expected a whole number, not negative");
    *out = value;
    return CLOZE_OK;
}

cloze_status cz_scan_numbers(cz_scanner *in, size_t *out, size_t most, size_t *count,
                             const char *too_many)
{
    cloze_status status = cz_scan_expect(in, '[');
    *count = 0;
    if (status || cz_scan_take(in, ']'))
        return status;
    do {
        if (*count == most)
            return cz_scan_complain(in, too_many);
        if ((status = read_number(in, &out[(*count)++])))
            return status;
    } while (cz_scan_more(in, ']', &status));
    return status;
}
