/* token_states.h - embed --tokens: the hidden state of every token, text by text. */
#ifndef CLI_TOKEN_STATES_H
#define CLI_TOKEN_STATES_H

#include "input.h"
#include "vectors.h"

#include <cloze/model.h>

typedef struct token_states token_states;

/* Returns an exit code. */
int token_states_new(token_states **out, const cloze_model *model, cloze_session *session,
                     const cloze_embed_options *options);
void token_states_free(token_states *states);
/* Writes the entries of the input's chunk and adds to the report. */
int token_states_write(token_states *states, const cli_input *input, cli_vectors *vectors,
                       cloze_embed_report *report, bool with_text);

#endif
