/* encode.c - texts and bytes as HTML may hold them. */
#include "page/parts.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"

#include <string.h>
#include <zlib.h>

enum { LINE = 3 * 4096 }; /* bytes that become base64 at once */

/* Returns the characters written: four for each three bytes, the last padded. */
static size_t to_base64(const uint8_t *bytes, size_t size, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t used = 0;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        unsigned three = (unsigned)bytes[i] << 16 | (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
                         (left > 2 ? bytes[i + 2] : 0);
        out[used++] = digits[three >> 18];
        out[used++] = digits[three >> 12 & 63];
        out[used++] = left > 1 ? digits[three >> 6 & 63] : '=';
        out[used++] = left > 2 ? digits[three & 63] : '=';
    }
    return used;
}

static cloze_status put_base64(const uint8_t *bytes, size_t size, cz_output *out,
                               cloze_error *error)
{
    char line[LINE / 3 * 4];
    cloze_status status = CLOZE_OK;
    for (size_t at = 0; !status && at < size; at += LINE) {
        size_t some = size - at < LINE ? size - at : LINE;
        status = cz_output_put(out, line, to_base64(bytes + at, some, line), error);
    }
    return status;
}

static cloze_status deflate_all(z_stream *stream, const uint8_t *bytes, size_t size, cz_output *out,
                                cloze_error *error)
{
    size_t bound = deflateBound(stream, (uLong)size);
    uint8_t *packed = cz_allocate(NULL, bound, 1);
    cloze_status status;
    if (!packed)
        return cz_fail_memory(error, "a deflated layer", bound);
    stream->next_in = (z_const Bytef *)bytes;
    stream->avail_in = (uInt)size;
    stream->next_out = packed;
    stream->avail_out = (uInt)bound;
    if (deflate(stream, Z_FINISH) == Z_STREAM_END)
        status = put_base64(packed, stream->total_out, out, error);
    else
        status = cz_fail_memory(error, "deflating a layer", bound);
    cz_release(NULL, packed);
    return status;
}

/* Only runs are looked for: attention repeats little else, and searching would take eight times as long
 * for a larger file. */
cloze_status cz_page_put_packed(const uint8_t *bytes, size_t size, cz_output *out,
                                cloze_error *error)
{
    enum { WINDOW = 15, MEMORY = 9 };
    z_stream stream = { 0 };
    cloze_status status;
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW, MEMORY, Z_RLE) != Z_OK)
        return cz_fail_memory(error, "the state of deflate", 1 << 18);
    status = deflate_all(&stream, bytes, size, out, error);
    deflateEnd(&stream);
    return status;
}

/* NULL: the byte as it is. A zero byte is an error in HTML. */
static const char *entity_of(char byte)
{
    switch (byte) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case 0:
        return "\xef\xbf\xbd";
    default:
        return NULL;
    }
}

cloze_status cz_page_put_text(cloze_text text, cz_output *out, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (size_t at = 0; !status && at < text.size;) {
        const char *entity = entity_of(text.data[at]);
        size_t plain = at;
        while (plain < text.size && !entity_of(text.data[plain]))
            plain++;
        status = entity ? cz_output_put(out, entity, strlen(entity), error)
                        : cz_output_put(out, text.data + at, plain - at, error);
        at = entity ? at + 1 : plain;
    }
    return status;
}

static uint8_t digit_of(char hexadecimal)
{
    return (uint8_t)(hexadecimal <= '9' ? hexadecimal - '0' : hexadecimal - 'a' + 10);
}

void cz_page_hash(const unsigned char *bytes, size_t size, char out[CZ_PAGE_HASH_SIZE])
{
    enum { BYTES = 32 };
    cz_digest digest;
    char text[CZ_DIGEST_HEX];
    uint8_t binary[BYTES];
    cz_digest_begin(&digest, CZ_SHA256);
    cz_digest_add(&digest, bytes, size);
    cz_digest_end(&digest, text);
    for (int i = 0; i < BYTES; i++)
        binary[i] = (uint8_t)(digit_of(text[2 * i]) << 4 | digit_of(text[2 * i + 1]));
    out[to_base64(binary, BYTES, out)] = 0;
}
