/*
 * cloze/tag.h - labels of tokens, words and runs of words: named entities, parts of speech.
 *
 * The model needs a token classification head. Method and results: transformers'
 * TokenClassificationPipeline, with its aggregation strategies.
 */
#ifndef CLOZE_TAG_H
#define CLOZE_TAG_H

#include <cloze/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Labels of the model's token classification head; 0: it has none. */
CLOZE_API size_t cloze_model_tags(const cloze_model *model);
/* The name of label number `index`, as config.json's id2label has it. Borrowed from the model; NULL
 * if there is no such label. */
CLOZE_API const char *cloze_model_tag(const cloze_model *model, size_t index);

typedef enum cloze_tag_strategy {
    CLOZE_TAG_NONE = 0, /* every token by itself */
    CLOZE_TAG_SIMPLE,   /* neighbours with the same entity together; a word may be torn */
    CLOZE_TAG_FIRST,    /* a word has the label of its first token; then as simple */
    CLOZE_TAG_AVERAGE,  /* of the mean of its tokens' scores */
    CLOZE_TAG_MAX       /* of the token with the highest score */
} cloze_tag_strategy;

typedef struct cloze_tag_options {
    cloze_tag_strategy strategy;
    cloze_long_text long_text;  /* CLOZE_LONG_CHUNK: windows that overlap; of entities that do, the
                                   longest stays, of equals the one with the highest score */
    size_t max_tokens;          /* of a text, or of a window; 0: the model's limit */
    size_t stride;              /* tokens that windows share; 0: a quarter of max_tokens */
    const char *const *ignored; /* [ignored_count] labels to leave out; NULL: "O" alone */
    size_t ignored_count;
} cloze_tag_options;

typedef struct cloze_entity {
    const char *label;    /* borrowed from the model; with a strategy without "B-" and "I-" */
    float score;          /* probability; the mean over what was put together */
    size_t begin, end;    /* bytes of the text, half open */
    cloze_text word;      /* as the pipeline writes it; borrowed from the result */
    size_t token;         /* CLOZE_TAG_NONE: the token's number in its window, else 0 */
} cloze_entity;

/* The entities of many texts: made once, filled by every call anew. `hooks` may be NULL. */
typedef struct cloze_entities cloze_entities;
CLOZE_API cloze_status cloze_entities_new(cloze_entities **out, const cloze_hooks *hooks,
                                          cloze_error *error);
CLOZE_API void cloze_entities_free(cloze_entities *entities);
/* Entities of a text of the last call, in the order of the text; 0 if there is no such text. */
CLOZE_API size_t cloze_entities_count(const cloze_entities *entities, size_t text);
/* Entity number `index` of a text; what it borrows holds until `entities` is filled again. A zeroed
 * one if there is none. */
CLOZE_API cloze_entity cloze_entities_get(const cloze_entities *entities, size_t text,
                                          size_t index);

/*
 * Finds the entities of `count` texts. `options` and `report` may be NULL; `truncated` [count] (or
 * NULL) receives the tokens that each text lost. A text's entities have the same bits whatever else
 * is in the call. One call at a time for a session. Errors: CLOZE_ERROR_NOT_FOUND (no token
 * classification head), CLOZE_ERROR_FORMAT (config.json names another number of labels than the head
 * has), CLOZE_ERROR_TEXT (not UTF-8, or too long under CLOZE_LONG_ERROR; the message
 * names the text, counted from 1), CLOZE_ERROR_ARGUMENT, CLOZE_ERROR_CANCELLED.
 */
CLOZE_API cloze_status cloze_tag(cloze_session *session, const cloze_text *texts, size_t count,
                                 const cloze_tag_options *options, cloze_entities *entities,
                                 size_t *truncated, cloze_embed_report *report, cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
