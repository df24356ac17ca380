/*
 * task/prepare.h - what happens to a text before the model sees it: a prompt before it, the
 * folder's lower-casing, stripping, and tokens up to the limit.
 */
#ifndef CZ_TASK_PREPARE_H
#define CZ_TASK_PREPARE_H

#include "task/engine.h"

/* The prompt of a call, well-formed, and how many rows of a sequence the pooling leaves out. */
typedef struct cz_chosen_prompt {
    cloze_text text;
    size_t rows;
} cz_chosen_prompt;

/* As Python's str.strip; the text is UTF-8. */
cloze_text cz_text_strip(cloze_text text);
cloze_status cz_choose_prompt(cloze_session *session, const cloze_embed_options *options,
                              cz_chosen_prompt *out, cloze_error *error);
/* Offsets of the encoding are into the prepared text. */
cloze_status cz_tokenize_prepared(cloze_session *session, const cz_chosen_prompt *prompt,
                                  cloze_text text, const cloze_tokenize_options *how,
                                  cloze_encoding *encoding, cloze_error *error);
/* Tokens of a sequence at most, with the special ones. */
size_t cz_token_limit(const cloze_session *session, const cloze_embed_options *options);

#endif
