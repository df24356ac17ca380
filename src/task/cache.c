/*
 * cache.c - see <cloze/cache.h>. Rows lie in the order in which texts were first seen, so that what a
 * call adds is computed in one go behind the others.
 */
#include "task/cache.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- rows and how they are found ---- */

static uint64_t start_of(const cloze_vector_cache *cache, const unsigned char *digest)
{
    uint64_t word;
    memcpy(&word, digest, sizeof word);
    word = (word ^ cache->seed) * 0x9E3779B97F4A7C15u;
    return word ^ word >> 32;
}

static size_t place_of(const cloze_vector_cache *cache, const unsigned char *digest)
{
    size_t at = (size_t)start_of(cache, digest) & (cache->slot_count - 1);
    while (cache->slots[at] &&
           memcmp(cache->texts + (size_t)(cache->slots[at] - 1) * CZ_TEXT_DIGEST, digest,
                  CZ_TEXT_DIGEST) != 0)
        at = (at + 1) & (cache->slot_count - 1);
    return at;
}

/* Finds all rows anew in a table of this many slots. */
static bool build_slots(cloze_vector_cache *cache, size_t slot_count)
{
    const cloze_allocator *allocator = &cache->session->hooks.allocator;
    uint32_t *slots = cz_allocate_zero(allocator, slot_count, sizeof *slots);
    if (!slots)
        return false;
    cz_release(allocator, cache->slots);
    cache->slots = slots;
    cache->slot_count = slot_count;
    for (size_t i = 0; i < cache->count; i++)
        slots[place_of(cache, cache->texts + i * CZ_TEXT_DIGEST)] = (uint32_t)i + 1;
    return true;
}

cloze_status cz_cache_reserve(cloze_vector_cache *cache, size_t count, cloze_error *error)
{
    const cloze_allocator *allocator = &cache->session->hooks.allocator;
    size_t room = cache->capacity, slots = cache->slot_count ? cache->slot_count : 64, row;
    unsigned char *texts;
    int64_t *lost;
    float *vectors;
    if (count >= UINT32_MAX / 4 || !cz_multiply(cache->dimension, sizeof *vectors, &row))
        return cz_fail(error, CLOZE_ERROR_LIMIT, "a cache of %zu texts", count);
    if (count > room)
        room = count > 2 * room ? count : 2 * room;
    while (slots <= 2 * count)
        slots *= 2;
    if (room > cache->capacity) {
        if ((texts = cz_resize(allocator, cache->texts, room, CZ_TEXT_DIGEST)))
            cache->texts = texts;
        if ((lost = cz_resize(allocator, cache->lost, room, sizeof *lost)))
            cache->lost = lost;
        if ((vectors = cz_resize(allocator, cache->vectors, room, row)))
            cache->vectors = vectors;
        if (!texts || !lost || !vectors)
            return cz_fail_memory(error, "a cache of vectors", room);
        cache->capacity = room;
    }
    if (slots > cache->slot_count && !build_slots(cache, slots))
        return cz_fail_memory(error, "a cache of vectors", slots);
    return CLOZE_OK;
}

size_t cz_cache_row(cloze_vector_cache *cache, const unsigned char *digest, bool add)
{
    size_t place = place_of(cache, digest);
    if (cache->slots[place])
        return cache->slots[place] - 1;
    if (!add)
        return cache->count;
    memcpy(cache->texts + cache->count * CZ_TEXT_DIGEST, digest, CZ_TEXT_DIGEST);
    cache->slots[place] = (uint32_t)++cache->count;
    return cache->count - 1;
}

/* ---- opening ---- */

static const char probe_text[] =
    "Zwölf Boxkämpfer jagen Viktor quer über den Sylter Deich; 日本 3.14";

static cloze_status copy_text(char **out, const char *text, const cloze_allocator *allocator,
                              cloze_error *error)
{
    if (!text || (*out = cz_copy_text(allocator, text, strlen(text))))
        return CLOZE_OK;
    return cz_fail_memory(error, "a text", strlen(text));
}

static cloze_status prepare(cloze_vector_cache *cache, const cloze_embed_options *options,
                            const char *path, cloze_error *error)
{
    const cloze_allocator *allocator = &cache->session->hooks.allocator;
    const cloze_model *model = cache->session->model;
    cloze_embed_options of_probe;
    cloze_status status = copy_text(&cache->path, path, allocator, error);
    if (options)
        cache->options = *options;
    if (!status)
        status = copy_text(&cache->prompt_name, cache->options.prompt_name, allocator, error);
    if (!status)
        status = copy_text(&cache->prompt, cache->options.prompt, allocator, error);
    cache->options.prompt_name = cache->prompt_name;
    cache->options.prompt = cache->prompt;
    if (status || (status = cz_fingerprint(model, &cache->options, cache->key, error)))
        return status;
    cache->dimension = cloze_embed_dimension(model, &cache->options);
    cache->probe = cz_allocate_zero(allocator, cache->dimension, sizeof *cache->probe);
    if (!cache->probe)
        return cz_fail_memory(error, "a vector", cache->dimension);
    /* A low limit of tokens must not refuse the probe. */
    of_probe = cache->options;
    if (of_probe.long_text == CLOZE_LONG_ERROR)
        of_probe.long_text = CLOZE_LONG_TRUNCATE;
    status = cloze_embed(cache->session, &(cloze_text){ probe_text, sizeof probe_text - 1 }, 1,
                         &of_probe, cache->probe, NULL, NULL, error);
    return status ? status : cz_cache_reserve(cache, 16, error);
}

cloze_status cloze_vector_cache_open(cloze_vector_cache **out, cloze_session *session,
                                     const cloze_embed_options *options, const char *path,
                                     cloze_error *error)
{
    cloze_vector_cache *cache = cz_allocate_zero(&session->hooks.allocator, 1, sizeof *cache);
    cloze_status status;
    if (!cache)
        return cz_fail_memory(error, "a cache of vectors", sizeof *cache);
    cache->session = session;
    cache->seed = cz_system_seed();
    status = prepare(cache, options, path, error);
    if (!status)
        status = cz_cache_read(cache, error);
    if (status)
        cloze_vector_cache_free(cache);
    else
        *out = cache;
    return status;
}

void cloze_vector_cache_free(cloze_vector_cache *cache)
{
    const cloze_allocator *allocator;
    if (!cache)
        return;
    allocator = &cache->session->hooks.allocator;
    cz_release(allocator, cache->prompt_name);
    cz_release(allocator, cache->prompt);
    cz_release(allocator, cache->path);
    cz_release(allocator, cache->texts);
    cz_release(allocator, cache->lost);
    cz_release(allocator, cache->vectors);
    cz_release(allocator, cache->probe);
    cz_release(allocator, cache->slots);
    cz_release(allocator, cache);
}

cloze_cache_state cloze_vector_cache_state(const cloze_vector_cache *cache)
{
    return cache->state;
}

size_t cloze_vector_cache_size(const cloze_vector_cache *cache)
{
    return cache->count;
}

size_t cloze_vector_cache_found(const cloze_vector_cache *cache)
{
    return cache->found;
}

/* ---- vectors ---- */

typedef struct request {
    size_t *rows;        /* [count] of each text */
    cloze_text *missing; /* texts of new rows */
    size_t *numbers;     /* their numbers in the call */
    size_t *truncated;   /* tokens that each lost */
    size_t missing_count;
} request;

static void digest_text(cloze_text text, unsigned char out[CZ_TEXT_DIGEST])
{
    cz_digest digest;
    char hex[CZ_DIGEST_HEX];
    cz_digest_begin(&digest, CZ_SHA256);
    if (text.size)
        cz_digest_add(&digest, text.data, text.size);
    cz_digest_end(&digest, hex);
    for (int i = 0; i < CZ_TEXT_DIGEST; i++) {
        const char pair[3] = { hex[2 * i], hex[2 * i + 1], 0 };
        out[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
}

/* cloze_embed numbers the texts that it was given; the caller counts his own. */
static void renumber(cloze_error *error, const request *r)
{
    static const char subject[] = "text ";
    char rest[CLOZE_MESSAGE_SIZE], *end;
    unsigned long long number;
    if (!error || strncmp(error->message, subject, sizeof subject - 1) != 0)
        return;
    number = strtoull(error->message + sizeof subject - 1, &end, 10);
    if (!number || number > r->missing_count)
        return;
    snprintf(rest, sizeof rest, "%s", end);
    snprintf(error->message, sizeof error->message, "text %zu%.480s", r->numbers[number - 1] + 1,
             rest);
}

static cloze_status compute(cloze_vector_cache *cache, const request *r, size_t first,
                            cloze_embed_report *report, cloze_error *error)
{
    cloze_status status =
        cloze_embed(cache->session, r->missing, r->missing_count, &cache->options,
                    cache->vectors + first * cache->dimension, r->truncated, report, error);
    if (!status) {
        for (size_t i = 0; i < r->missing_count; i++)
            cache->lost[first + i] = (int64_t)r->truncated[i];
        return CLOZE_OK;
    }
    renumber(error, r);
    cache->count = first;
    memset(cache->slots, 0, cache->slot_count * sizeof *cache->slots);
    for (size_t i = 0; i < cache->count; i++)
        cache->slots[place_of(cache, cache->texts + i * CZ_TEXT_DIGEST)] = (uint32_t)i + 1;
    return status;
}

static void find_rows(cloze_vector_cache *cache, const cloze_text *texts, size_t count, request *r)
{
    unsigned char digest[CZ_TEXT_DIGEST];
    for (size_t i = 0; i < count; i++) {
        size_t before = cache->count;
        digest_text(texts[i], digest);
        r->rows[i] = cz_cache_row(cache, digest, true);
        if (cache->count > before) {
            r->numbers[r->missing_count] = i;
            r->missing[r->missing_count++] = texts[i];
        }
    }
}

cloze_status cloze_vector_cache_embed(cloze_vector_cache *cache, const cloze_text *texts,
                                      size_t count, float *vectors, cloze_embed_report *report,
                                      cloze_error *error)
{
    const cloze_allocator *allocator = &cache->session->hooks.allocator;
    size_t first = cache->count, total = first;
    cloze_embed_report made = { 0 };
    request r = { .rows = cz_allocate(allocator, count, sizeof *r.rows),
                  .missing = cz_allocate(allocator, count, sizeof *r.missing),
                  .numbers = cz_allocate(allocator, count, sizeof *r.numbers),
                  .truncated = cz_allocate(allocator, count, sizeof *r.truncated) };
    cloze_status status = CLOZE_OK;
    if (!r.rows || !r.missing || !r.numbers || !r.truncated || !cz_add(total, count, &total))
        status = cz_fail_memory(error, "a list of texts", count);
    if (!status)
        status = cz_cache_reserve(cache, total, error);
    if (!status) {
        find_rows(cache, texts, count, &r);
        status = compute(cache, &r, first, &made, error);
    }
    if (!status) {
        made.texts = count;
        made.truncated_texts = made.truncated_tokens = 0;
        for (size_t i = 0; i < count; i++) {
            memcpy(vectors + i * cache->dimension, cache->vectors + r.rows[i] * cache->dimension,
                   cache->dimension * sizeof *vectors);
            made.truncated_texts += cache->lost[r.rows[i]] > 0;
            made.truncated_tokens += (size_t)cache->lost[r.rows[i]];
        }
        cache->found += count - r.missing_count;
    }
    if (!status && report)
        *report = made;
    cz_release(allocator, r.rows);
    cz_release(allocator, r.missing);
    cz_release(allocator, r.numbers);
    cz_release(allocator, r.truncated);
    return status;
}

cloze_status cloze_vector_cache_save(cloze_vector_cache *cache, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    if (cache->count == cache->stored)
        return CLOZE_OK;
    if (!(status = cz_cache_write(cache, error)))
        cache->stored = cache->count;
    return status;
}
