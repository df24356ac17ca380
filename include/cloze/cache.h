/*
 * cloze/cache.h - vectors of texts kept in a file, so that only texts that are new are computed.
 *
 * A cache belongs to one model with one set of embedding options; a row is found by the SHA-256 of
 * its text. It is believed only if its checksums hold, if it was made by the same files of the
 * model (settings and tokenizer whole, weights in samples), options and version of cloze, and if
 * the model gives a probe text the vector, to the last bit, that it gave then. The file is
 * safetensors: key, probe, texts, lost, vectors, checksum.
 */
#ifndef CLOZE_CACHE_H
#define CLOZE_CACHE_H

#include <cloze/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cloze_vector_cache cloze_vector_cache;

typedef enum cloze_cache_state {
    CLOZE_CACHE_NEW = 0, /* there was no file */
    CLOZE_CACHE_KNOWN,   /* its vectors are used */
    CLOZE_CACHE_FOREIGN, /* of another model, other options or another version: not used */
    CLOZE_CACHE_DAMAGED  /* a checksum does not hold: not used */
} cloze_cache_state;

/*
 * Reads the file at `path` into memory. The session must outlive the cache; the options are copied,
 * their strings too. A file that is no cache of this kind is CLOZE_ERROR_FORMAT and left as it is;
 * one that is not believed is an empty cache, and replaced when the cache is saved.
 */
CLOZE_API cloze_status cloze_vector_cache_open(cloze_vector_cache **out, cloze_session *session,
                                               const cloze_embed_options *options,
                                               const char *path, cloze_error *error);
CLOZE_API void cloze_vector_cache_free(cloze_vector_cache *cache); /* without saving */

CLOZE_API cloze_cache_state cloze_vector_cache_state(const cloze_vector_cache *cache);
CLOZE_API size_t cloze_vector_cache_size(const cloze_vector_cache *cache); /* texts it holds */
/* Texts that were asked for and did not have to be computed, in all calls so far. */
CLOZE_API size_t cloze_vector_cache_found(const cloze_vector_cache *cache);

/*
 * As cloze_embed, with the same bits, but only texts that the cache does not hold are computed, each
 * once, and are added to it. `report` (may be NULL) counts tokens of computed texts alone.
 */
CLOZE_API cloze_status cloze_vector_cache_embed(cloze_vector_cache *cache, const cloze_text *texts,
                                                size_t count, float *vectors,
                                                cloze_embed_report *report, cloze_error *error);

/* Writes the file, whole or not at all, if there is something new in it. */
CLOZE_API cloze_status cloze_vector_cache_save(cloze_vector_cache *cache, cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
