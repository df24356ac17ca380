/*
 * cloze/model.h - engine, model, session; sentence embeddings and hidden states.
 *
 * Three lifetimes. An engine owns the worker threads; a model owns weights and tokenizer and is
 * immutable: both may be shared by any number of threads. A session owns the memory of a running
 * computation and is used by one thread at a time. Free sessions before their model, models before
 * their engine.
 *
 * The same text gives the same bits on a given instruction set, whatever else is in the call, in
 * whatever order, and with any number of threads.
 */
#ifndef CLOZE_MODEL_H
#define CLOZE_MODEL_H

#include <cloze/status.h>
#include <cloze/tokenizer.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cloze_engine cloze_engine;
typedef struct cloze_model cloze_model;
typedef struct cloze_session cloze_session;

typedef enum cloze_precision {
    CLOZE_PRECISION_F32 = 0, /* fast kernels, float32 */
    CLOZE_PRECISION_F64      /* plain loops in double: the yardstick of `cloze compare` */
} cloze_precision;

typedef struct cloze_engine_options {
    unsigned threads;          /* 0: as many as the machine has cores */
    cloze_precision precision;
    const char *isa;           /* NULL: the best; "scalar", "avx2", "avx512", "neon" at most */
    const cloze_hooks *hooks;  /* copied */
} cloze_engine_options;

CLOZE_API cloze_status cloze_engine_new(cloze_engine **out, const cloze_engine_options *options,
                                        cloze_error *error);
CLOZE_API void cloze_engine_free(cloze_engine *engine);
/* "avx512", "avx2", "neon", "scalar", or "reference". Borrowed. */
CLOZE_API const char *cloze_engine_isa(const cloze_engine *engine);
CLOZE_API unsigned cloze_engine_threads(const cloze_engine *engine);

typedef enum cloze_packing {
    CLOZE_PACK_KEPT = 0,   /* weights are packed once at opening: best when many texts follow */
    CLOZE_PACK_AT_USE,     /* packed panel by panel while used: best for one short text */
    CLOZE_PACK_KEPT_BF16   /* kept in bfloat16: half the memory, rounded weights */
} cloze_packing;

typedef struct cloze_model_options {
    cloze_engine *engine;    /* NULL: the model makes and owns one with default options */
    cloze_packing packing;
    bool no_mmap;            /* read the weights instead of mapping them */
    const char *revision;    /* for hub names; NULL: "main" */
    size_t max_tokens;       /* tokens of one text, special ones included, instead of the folder's
                                limit; at most the position table's rows. 0: the folder's */
    cloze_progress progress; /* bytes of weights packed, after every matrix that is kept packed */
} cloze_model_options;

/*
 * Opens a folder in the Hugging Face or sentence-transformers layout, or a hub name ("ORG/NAME")
 * that is in the cache (see cloze/hub.h; no socket is opened here). Weights are mapped. A folder of a
 * LoRA adapter as peft saves it is opened with the model that it names (base_model_name_or_path, a folder
 * or in the cache), into whose weights it is merged in memory.
 */
CLOZE_API cloze_status cloze_model_open(cloze_model **out, const char *path,
                                        const cloze_model_options *options, cloze_error *error);
CLOZE_API void cloze_model_free(cloze_model *model);

typedef enum cloze_pooling {
    CLOZE_POOLING_MODEL = 0,      /* what the folder says; mean where it says nothing */
    CLOZE_POOLING_CLS = 1,
    CLOZE_POOLING_MAX = 2,
    CLOZE_POOLING_MEAN = 4,
    CLOZE_POOLING_MEAN_SQRT = 8,  /* sum / sqrt(length) */
    CLOZE_POOLING_WEIGHTED = 16,  /* mean weighted by 1, 2, 3, ... */
    CLOZE_POOLING_LAST = 32       /* several bits: concatenated in this order */
} cloze_pooling;

typedef struct cloze_model_info {
    const char *path;          /* folder that was opened */
    const char *family;        /* config.json's model_type, e.g. "bert" */
    const char *architecture;  /* config.json's first architecture, or "" */
    size_t layers, hidden, heads, intermediate, vocabulary;
    size_t max_tokens;         /* of one text, special tokens included */
    size_t parameters;
    size_t dimension;          /* of an embedding with default options */
    unsigned pooling;          /* cloze_pooling bits in use by default */
    bool normalizes;           /* embeddings have length 1 by default */
    const char *weights_type;  /* "F32", "F16", "BF16" as stored */
    size_t prompts;            /* named prompts */
} cloze_model_info;

/* Strings are borrowed from the model. */
CLOZE_API cloze_model_info cloze_model_describe(const cloze_model *model);
CLOZE_API const cloze_tokenizer *cloze_model_tokenizer(const cloze_model *model);

enum { CLOZE_DIGEST_SIZE = 65 };

/*
 * SHA-256, in hexadecimal digits, of what makes the model: every .json, .txt and .model file of its folder, and of
 * every weight the name, the shape and a sample of the bytes (4 KiB at its beginning and at every 256 KiB). For
 * records of which model said something; a weight that somebody changed in one place may pass unseen.
 */
CLOZE_API cloze_status cloze_model_digest(const cloze_model *model, char digest[CLOZE_DIGEST_SIZE],
                                          cloze_error *error);
/* Named prompts of the folder, number 0 .. info.prompts - 1. Borrowed. */
CLOZE_API const char *cloze_model_prompt_name(const cloze_model *model, size_t index);
CLOZE_API const char *cloze_model_prompt_text(const cloze_model *model, size_t index);

/* The arithmetic of token states for sequences of these lengths, whatever the way it is done: 2 flop
 * for each multiply-add of products and of attention on real tokens, nothing else. */
CLOZE_API double cloze_model_work(const cloze_model *model, const size_t *lengths, size_t count);

/* Peak memory in bytes of a session over this model, in parts. */
typedef struct cloze_memory {
    size_t mapped_weights;   /* file pages that stay resident: tables and what is not packed */
    size_t packed_weights;
    size_t tokenizer;
    size_t arena;            /* activations for the worst lengths that batch_tokens allows */
    size_t other;            /* tables, batch buffers, word cache, for texts up to max_tokens */
} cloze_memory;

CLOZE_API cloze_memory cloze_model_memory(const cloze_model *model, size_t batch_tokens);

typedef struct cloze_session_options {
    size_t batch_tokens;     /* tokens that are computed together; 0: 1024 */
    cloze_progress progress; /* items done of items given, after every batch */
} cloze_session_options;

CLOZE_API cloze_status cloze_session_new(cloze_session **out, const cloze_model *model,
                                         const cloze_session_options *options,
                                         cloze_error *error);
CLOZE_API void cloze_session_free(cloze_session *session);
/* Makes the call that is running, or the next, stop with CLOZE_ERROR_CANCELLED. Any thread. */
CLOZE_API void cloze_session_cancel(cloze_session *session);

typedef enum cloze_long_text {
    CLOZE_LONG_TRUNCATE = 0, /* cut at max_tokens and count it */
    CLOZE_LONG_ERROR,        /* CLOZE_ERROR_TEXT, naming the first such text */
    CLOZE_LONG_CHUNK         /* windows of max_tokens, pooled together by their lengths */
} cloze_long_text;

typedef enum cloze_choice { CLOZE_DEFAULT = 0, CLOZE_YES, CLOZE_NO } cloze_choice;

typedef struct cloze_embed_options {
    unsigned pooling;            /* cloze_pooling bits, 0: the model's */
    cloze_choice normalize;      /* default: the model's */
    const char *prompt_name;     /* a prompt of the folder; NULL: its default, if it has one */
    const char *prompt;          /* literal text put before every input; wins over the name */
    cloze_long_text long_text;
    size_t max_tokens;           /* lowers the model's limit; 0: the model's */
    size_t truncate_dimension;   /* keep the first so many components (Matryoshka); 0: all */
    size_t layer;                /* 1-based: pool this layer's output, not the last; 0: last */
} cloze_embed_options;

typedef struct cloze_embed_report {
    size_t texts, tokens;        /* tokens: with special ones, after truncation */
    size_t truncated_texts;      /* texts that lost something */
    size_t truncated_tokens;
} cloze_embed_report;

/* Columns of cloze_embed's result under these options. */
CLOZE_API size_t cloze_embed_dimension(const cloze_model *model,
                                       const cloze_embed_options *options);

/*
 * vectors [count, dimension] receives one row a text, in order. `truncated` [count] (or NULL)
 * receives the tokens lost from each text. `report` may be NULL. Here and in every task,
 * CLOZE_ERROR_FORMAT names a text of which the model computes numbers that are not finite.
 * Method: sentence-transformers' encode().
 */
CLOZE_API cloze_status cloze_embed(cloze_session *session, const cloze_text *texts, size_t count,
                                   const cloze_embed_options *options, float *vectors,
                                   size_t *truncated, cloze_embed_report *report,
                                   cloze_error *error);

/*
 * The tokens that cloze_embed computes for a text under these options: prompt, lower case, strip
 * and limit applied; offsets are into the text so prepared. `encoding` is the caller's. One call at
 * a time for a session.
 */
CLOZE_API cloze_status cloze_embed_tokenize(cloze_session *session, cloze_text text,
                                            const cloze_embed_options *options,
                                            cloze_encoding *encoding, cloze_error *error);

/* The same from ready-made ids: sequence i is ids[offsets[i] .. offsets[i + 1]). type_ids or
 * NULL. */
CLOZE_API cloze_status cloze_embed_ids(cloze_session *session, const uint32_t *ids,
                                       const uint32_t *type_ids, const size_t *offsets,
                                       size_t count, const cloze_embed_options *options,
                                       float *vectors, cloze_error *error);

/*
 * Hidden states of ready-made ids, every layer: states[layer] is [tokens, hidden], layer 0 the
 * embedding layer's output, layers + 1 in all; the last is what pooling and heads read, with the
 * norm that some families have after their layers. Pointers are the caller's, NULL where not wanted.
 */
CLOZE_API cloze_status cloze_hidden_states(cloze_session *session, const uint32_t *ids,
                                           const uint32_t *type_ids, const size_t *offsets,
                                           size_t count, float *const *states,
                                           cloze_error *error);

/* ---- vectors ---- */

typedef struct cloze_pair {
    size_t first, second;
    float score;
} cloze_pair;

/* Cosine of two vectors [dimension]; 0 if one of them is zero. */
CLOZE_API float cloze_cosine(const float *a, const float *b, size_t dimension);

/*
 * The `top` most similar pairs i < j of vectors [count, dimension], best first, ties by index.
 * `pairs` [top]; `*found` receives how many there are. Method: sentence-transformers'
 * util.paraphrase_mining, over all pairs.
 */
CLOZE_API cloze_status cloze_similar_pairs(cloze_session *session, const float *vectors,
                                           size_t count, size_t dimension, size_t top,
                                           cloze_pair *pairs, size_t *found, cloze_error *error);

/*
 * For each of queries [query_count, dimension] the n = min(top, corpus_count) most similar rows of
 * corpus, best first: pairs [query_count * n], those of query q from q * n on; first = query,
 * second = corpus row. `*found` receives query_count * n. Vectors must be finite. Method:
 * util.semantic_search.
 */
CLOZE_API cloze_status cloze_search(cloze_session *session, const float *queries,
                                    size_t query_count, const float *corpus, size_t corpus_count,
                                    size_t dimension, size_t top, cloze_pair *pairs,
                                    size_t *found, cloze_error *error);

/* Sign bits, eight a byte, first component highest: [count, (dimension + 7) / 8].
 * Method: sentence-transformers' quantize_embeddings(precision="ubinary"). */
CLOZE_API void cloze_quantize_binary(const float *vectors, size_t count, size_t dimension,
                                     uint8_t *out);
/* int8 by ranges [2, dimension] (minimum, maximum of each component), from the vectors themselves
 * when NULL. Method: quantize_embeddings(precision="int8"). */
CLOZE_API void cloze_quantize_int8(const float *vectors, size_t count, size_t dimension,
                                   const float *ranges, int8_t *out);

#ifdef __cplusplus
}
#endif
#endif
