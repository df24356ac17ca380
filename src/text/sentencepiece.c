/*
 * sentencepiece.c - the fields of a SentencePiece model file.
 *
 * A message is a row of fields, each a key (number and wire type) and a value; every length is held
 * against the message that it lies in. Fields that are not known are passed over, groups refused.
 * Messages nest two deep here, so there is no recursion.
 */
#include "text/sentencepiece.h"

#include "base/memory.h"
#include "text/parts.h"

#include <math.h>

typedef enum wire { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 } wire;

typedef struct entry {
    uint64_t number;
    wire type;
    uint64_t value;   /* VARINT, FIXED32 */
    cloze_text bytes; /* BYTES */
} entry;

typedef struct reader {
    const char *bytes; /* of the file */
    size_t at, end;    /* of the message */
} reader;

static cloze_status damaged(const reader *in, const char *what, cloze_error *error)
{
    return cz_fail_at(error, CLOZE_ERROR_FORMAT, in->at, "the SentencePiece model %s at byte %zu",
                      what, in->at);
}

static cloze_status read_varint(reader *in, uint64_t *out, cloze_error *error)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint64_t byte;
        if (in->at >= in->end)
            return damaged(in, "is cut short", error);
        byte = (unsigned char)in->bytes[in->at++];
        if (shift == 63 && byte > 1)
            break;
        *out |= (byte & 0x7F) << shift;
        if (byte < 0x80)
            return CLOZE_OK;
    }
    return damaged(in, "has a number of more than 64 bits", error);
}

static cloze_status read_fixed(reader *in, size_t size, uint64_t *out, cloze_error *error)
{
    if (in->end - in->at < size)
        return damaged(in, "is cut short", error);
    *out = 0;
    for (size_t i = 0; i < size; i++)
        *out |= (uint64_t)(unsigned char)in->bytes[in->at + i] << 8 * i;
    in->at += size;
    return CLOZE_OK;
}

static cloze_status read_field(reader *in, entry *out, cloze_error *error)
{
    uint64_t key, size;
    cloze_status status = read_varint(in, &key, error);
    if (status)
        return status;
    out->number = key >> 3;
    out->type = (wire)(key & 7);
    if (!out->number || key >> 3 > 0x1FFFFFFF)
        return damaged(in, "has a field with an impossible number", error);
    switch (out->type) {
    case VARINT:
        return read_varint(in, &out->value, error);
    case FIXED64:
        return read_fixed(in, 8, &out->value, error);
    case FIXED32:
        return read_fixed(in, 4, &out->value, error);
    case BYTES:
        status = read_varint(in, &size, error);
        if (status)
            return status;
        if (size > in->end - in->at)
            return damaged(in, "states a length that leaves its message", error);
        out->bytes = (cloze_text){ in->bytes + in->at, (size_t)size };
        in->at += (size_t)size;
        return CLOZE_OK;
    }
    return damaged(in, "has a field of an unknown type", error);
}

static cloze_status expect(const reader *in, const entry *field, wire type, cloze_error *error)
{
    return field->type == type ? CLOZE_OK
                               : damaged(in, "has a known field of a wrong type before", error);
}

/* The message inside `bytes`, which lies in in->bytes. */
static reader enter(const reader *in, cloze_text bytes)
{
    size_t begin = (size_t)(bytes.data - in->bytes);
    return (reader){ in->bytes, begin, begin + bytes.size };
}

static cloze_status read_piece_field(const reader *in, const entry *field,
                                     cz_sentencepiece_piece *piece, cloze_error *error)
{
    static const wire types[] = { VARINT, BYTES, FIXED32, VARINT };
    uint32_t bits;
    cloze_status status;
    if (field->number > 3)
        return CLOZE_OK;
    status = expect(in, field, types[field->number], error);
    if (status)
        return status;
    if (field->number == 1) {
        piece->text = field->bytes;
    } else if (field->number == 2) {
        bits = (uint32_t)field->value;
        memcpy(&piece->score, &bits, sizeof bits);
    } else {
        if (field->value < CZ_SENTENCEPIECE_NORMAL || field->value > CZ_SENTENCEPIECE_BYTE)
            return damaged(in, "has a piece of an unknown kind", error);
        piece->kind = (cz_sentencepiece_kind)field->value;
    }
    return CLOZE_OK;
}

static cloze_status read_piece(cz_sentencepiece *file, const cloze_allocator *allocator, reader in,
                               cloze_error *error)
{
    cz_sentencepiece_piece piece = { .text = { "", 0 }, .kind = CZ_SENTENCEPIECE_NORMAL };
    entry field;
    while (in.at < in.end) {
        cloze_status status = read_field(&in, &field, error);
        if (!status)
            status = read_piece_field(&in, &field, &piece, error);
        if (status)
            return status;
    }
    if (!isfinite(piece.score))
        return damaged(&in, "has a score that is not finite", error);
    if (piece.text.size > CZ_TOKEN_LIMIT || file->count >= CZ_VOCABULARY_LIMIT)
        return damaged(&in, "has too long or too many pieces", error);
    if (cz_utf8_check(piece.text.data, piece.text.size) < piece.text.size)
        return damaged(&in, "has a piece that is not UTF-8", error);
    if (!cz_grow(allocator, (void **)&file->pieces, &file->capacity, file->count + 1,
                 sizeof *file->pieces))
        return cz_fail_memory(error, "a vocabulary", file->count * sizeof *file->pieces);
    file->pieces[file->count++] = piece;
    return CLOZE_OK;
}

static cloze_status read_trainer(cz_sentencepiece *file, reader in, cloze_error *error)
{
    enum { MODEL = 3, SPACE_BEHIND = 24, BYTE_FALLBACK = 35, UNKNOWN_ID = 40, UNKNOWN = 45 };
    entry field;
    while (in.at < in.end) {
        cloze_status status = read_field(&in, &field, error);
        if (status)
            return status;
        if (field.number != MODEL && field.number != SPACE_BEHIND &&
            field.number != BYTE_FALLBACK && field.number != UNKNOWN_ID && field.number != UNKNOWN)
            continue;
        status = expect(&in, &field, field.number == UNKNOWN ? BYTES : VARINT, error);
        if (status)
            return status;
        if (field.number == MODEL) {
            if (field.value != CZ_SENTENCEPIECE_UNIGRAM && field.value != CZ_SENTENCEPIECE_BPE)
                return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                               "the SentencePiece model is of type %llu; known are Unigram (1) and "
                               "BPE (2)",
                               (unsigned long long)field.value);
            file->model = (cz_sentencepiece_model)field.value;
        } else if (field.number == SPACE_BEHIND) {
            file->space_behind = field.value != 0;
        } else if (field.number == BYTE_FALLBACK) {
            file->byte_fallback = field.value != 0;
        } else if (field.number == UNKNOWN_ID) {
            file->unknown_id = (int32_t)(uint32_t)field.value;
        } else {
            file->unknown = field.bytes;
        }
    }
    return CLOZE_OK;
}

static cloze_status read_normalizer(cz_sentencepiece *file, reader in, cloze_error *error)
{
    static const wire types[] = { BYTES, BYTES, BYTES, VARINT, VARINT, VARINT };
    entry field;
    while (in.at < in.end) {
        cloze_status status = read_field(&in, &field, error);
        if (status)
            return status;
        if (field.number < 2 || field.number > 5)
            continue;
        status = expect(&in, &field, types[field.number], error);
        if (status)
            return status;
        if (field.number == 2)
            file->map = field.bytes;
        else if (field.number == 3)
            file->dummy_prefix = field.value != 0;
        else if (field.number == 4)
            file->remove_spaces = field.value != 0;
        else
            file->escape_spaces = field.value != 0;
    }
    return CLOZE_OK;
}

static cloze_status read_model(cz_sentencepiece *file, const cloze_allocator *allocator, reader in,
                               cloze_error *error)
{
    enum { PIECE = 1, TRAINER = 2, NORMALIZER = 3 };
    entry field;
    while (in.at < in.end) {
        cloze_status status = read_field(&in, &field, error);
        if (!status && field.number <= NORMALIZER)
            status = expect(&in, &field, BYTES, error);
        if (status)
            return status;
        if (field.number == PIECE)
            status = read_piece(file, allocator, enter(&in, field.bytes), error);
        else if (field.number == TRAINER)
            status = read_trainer(file, enter(&in, field.bytes), error);
        else if (field.number == NORMALIZER)
            status = read_normalizer(file, enter(&in, field.bytes), error);
        if (status)
            return status;
    }
    return CLOZE_OK;
}

cloze_status cz_sentencepiece_read(cz_sentencepiece *file, const cloze_allocator *allocator,
                                   const char *bytes, size_t size, cloze_error *error)
{
    cloze_status status;
    *file = (cz_sentencepiece){ .model = CZ_SENTENCEPIECE_UNIGRAM,
                                .unknown = { "<unk>", 5 },
                                .dummy_prefix = true,
                                .remove_spaces = true,
                                .escape_spaces = true };
    status = read_model(file, allocator, (reader){ bytes, 0, size }, error);
    if (!status && !file->count)
        status = cz_fail(error, CLOZE_ERROR_FORMAT, "the SentencePiece model has no pieces");
    if (!status && (file->unknown_id < 0 || (size_t)file->unknown_id >= file->count))
        status = cz_fail(error, CLOZE_ERROR_FORMAT,
                         "the SentencePiece model has %zu pieces, but %d is the unknown one",
                         file->count, (int)file->unknown_id);
    if (status)
        cz_sentencepiece_clear(file, allocator);
    return status;
}

void cz_sentencepiece_clear(cz_sentencepiece *file, const cloze_allocator *allocator)
{
    cz_release(allocator, file->pieces);
    *file = (cz_sentencepiece){ 0 };
}
