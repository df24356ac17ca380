/*
 * writing.c - a learned vocabulary in the words of a tokenizer.json, vocab.json, merges.txt and
 * vocab.txt. What stands around the model is in recipe.c.
 */
#include "learn/writing.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cz_buffer_clear(cz_buffer *buffer)
{
    cz_release(buffer->allocator, buffer->data);
    *buffer = (cz_buffer){ .allocator = buffer->allocator };
}

void cz_buffer_put(cz_buffer *buffer, const char *data, size_t size)
{
    size_t needed;
    if (buffer->failed || !size)
        return;
    if (!cz_add(buffer->size, size, &needed) ||
        !cz_grow(buffer->allocator, (void **)&buffer->data, &buffer->capacity, needed, 1)) {
        buffer->failed = true;
        return;
    }
    memcpy(buffer->data + buffer->size, data, size);
    buffer->size = needed;
}

void cz_buffer_say(cz_buffer *buffer, const char *text)
{
    cz_buffer_put(buffer, text, strlen(text));
}

void cz_buffer_number(cz_buffer *buffer, size_t number)
{
    char digits[24];
    cz_buffer_put(buffer, digits, (size_t)snprintf(digits, sizeof digits, "%zu", number));
}

void cz_buffer_real(cz_buffer *buffer, double number)
{
    enum { LEAST = 15, MOST = 17 };
    char digits[40];
    int size = 0;
    for (int precision = LEAST; precision <= MOST; precision++) {
        size = snprintf(digits, sizeof digits, "%.*g", precision, number);
        if (strtod(digits, NULL) == number)
            break;
    }
    for (int i = 0; i < size; i++)
        if (!strchr("0123456789+-e", digits[i]))
            digits[i] = '.'; /* whatever the locale has */
    cz_buffer_put(buffer, digits, (size_t)size);
    if (!memchr(digits, '.', (size_t)size) && !memchr(digits, 'e', (size_t)size))
        cz_buffer_say(buffer, ".0");
}

void cz_buffer_json(cz_buffer *buffer, cloze_text text)
{
    size_t from = 0;
    cz_buffer_say(buffer, "\"");
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        char escaped[8];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        cz_buffer_put(buffer, text.data + from, i - from);
        if (c < 0x20)
            snprintf(escaped, sizeof escaped, "\\u%04x", c);
        else
            snprintf(escaped, sizeof escaped, "\\%c", c);
        cz_buffer_say(buffer, escaped);
        from = i + 1;
    }
    cz_buffer_put(buffer, text.data + from, text.size - from);
    cz_buffer_say(buffer, "\"");
}

void cz_write_vocabulary(cz_buffer *out, const cz_learned *learned)
{
    for (size_t i = 0; i < learned->tokens.count; i++) {
        cz_buffer_say(out, i ? ",\n  " : "{\n  ");
        cz_buffer_json(out, cz_texts_at(&learned->tokens, i));
        cz_buffer_say(out, ": ");
        cz_buffer_number(out, i);
    }
    cz_buffer_say(out, "\n}");
}

static void write_scores(cz_buffer *out, const cz_learned *learned)
{
    for (size_t i = 0; i < learned->tokens.count; i++) {
        cz_buffer_say(out, i ? ",\n  [" : "[\n  [");
        cz_buffer_json(out, cz_texts_at(&learned->tokens, i));
        cz_buffer_say(out, ", ");
        cz_buffer_real(out, learned->scores[i]);
        cz_buffer_say(out, "]");
    }
    cz_buffer_say(out, "\n]");
}

static void write_merges_json(cz_buffer *out, const cz_learned *learned)
{
    cz_buffer_say(out, "[");
    for (size_t i = 0; i < learned->merge_count; i++) {
        cz_buffer_say(out, i ? ",\n  [" : "\n  [");
        cz_buffer_json(out, cz_texts_at(&learned->tokens, learned->merges[i].left));
        cz_buffer_say(out, ", ");
        cz_buffer_json(out, cz_texts_at(&learned->tokens, learned->merges[i].right));
        cz_buffer_say(out, "]");
    }
    cz_buffer_say(out, "\n]");
}

void cz_write_merges(cz_buffer *out, const cz_learned *learned)
{
    cz_buffer_say(out, "#version: 0.2\n");
    for (size_t i = 0; i < learned->merge_count; i++) {
        cloze_text left = cz_texts_at(&learned->tokens, learned->merges[i].left);
        cloze_text right = cz_texts_at(&learned->tokens, learned->merges[i].right);
        cz_buffer_put(out, left.data, left.size);
        cz_buffer_say(out, " ");
        cz_buffer_put(out, right.data, right.size);
        cz_buffer_say(out, "\n");
    }
}

void cz_write_lines(cz_buffer *out, const cz_learned *learned)
{
    for (size_t i = 0; i < learned->tokens.count; i++) {
        cloze_text token = cz_texts_at(&learned->tokens, i);
        cz_buffer_put(out, token.data, token.size);
        cz_buffer_say(out, "\n");
    }
}

void cz_write_tokenizer(cz_buffer *out, cloze_vocabulary_kind kind, bool lower,
                        const cloze_text *special, size_t special_count, const cz_learned *learned)
{
    cz_write_parts(out, kind, lower, special, special_count);
    cz_buffer_say(out, ",\n  \"model\": {");
    cz_buffer_say(out, kind == CLOZE_VOCABULARY_WORDPIECE
                           ? "\"type\": \"WordPiece\", \"unk_token\": \"[UNK]\", "
                             "\"continuing_subword_prefix\": \"##\", "
                             "\"max_input_chars_per_word\": 100"
                           : cz_recipe_of(kind)->model);
    cz_buffer_say(out, ", \"vocab\": ");
    if (learned->scores)
        write_scores(out, learned);
    else
        cz_write_vocabulary(out, learned);
    if (kind == CLOZE_VOCABULARY_BYTE_LEVEL || kind == CLOZE_VOCABULARY_BPE) {
        cz_buffer_say(out, ", \"merges\": ");
        write_merges_json(out, learned);
    }
    cz_buffer_say(out, "}\n}\n");
}
