/*
 * token_states.c - see token_states.h. Each text is tokenized and run on its own: what is printed
 * is a table for people who look at a model, not a stream to be fast.
 */
#include "token_states.h"

#include "open.h"
#include "say.h"

#include <stdlib.h>
#include <string.h>

struct token_states {
    const cloze_model *model;
    cloze_session *session;
    cloze_encoding *encoding;
    const cloze_embed_options *options;
    size_t limit, layer, layers, hidden;
    float *numbers;
    float **states; /* [layers + 1] */
};

int token_states_new(token_states **out, const cloze_model *model, cloze_session *session,
                     const cloze_embed_options *options)
{
    cloze_model_info info = cloze_model_describe(model);
    token_states *states = calloc(1, sizeof *states);
    cloze_error error;
    if (!states || !(states->states = calloc(info.layers + 1, sizeof *states->states))) {
        free(states);
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    }
    states->model = model;
    states->session = session;
    states->options = options;
    states->limit = options->max_tokens && options->max_tokens < info.max_tokens
                        ? options->max_tokens
                        : info.max_tokens;
    states->layers = info.layers;
    states->layer = options->layer ? options->layer : info.layers;
    states->hidden = info.hidden;
    if (cloze_encoding_new(&states->encoding, NULL, &error)) {
        token_states_free(states);
        return say_error(&error, NULL);
    }
    *out = states;
    return 0;
}

void token_states_free(token_states *states)
{
    if (!states)
        return;
    cloze_encoding_free(states->encoding);
    free(states->states);
    free(states->numbers);
    free(states);
}

static int tokenize(token_states *states, cloze_text text, const char *where)
{
    cloze_error error;
    if (cloze_embed_tokenize(states->session, text, states->options, states->encoding, &error))
        return say_error(&error, where);
    if (states->options->long_text == CLOZE_LONG_ERROR &&
        cloze_encoding_truncated(states->encoding))
        return say_failure(CLOZE_ERROR_TEXT,
                           "%s: the text has %zu tokens more than the limit of %zu", where,
                           cloze_encoding_truncated(states->encoding), states->limit);
    return 0;
}

static int compute(token_states *states, cloze_tokens tokens)
{
    size_t offsets[2] = { 0, tokens.length }, count;
    cloze_error error;
    if (__builtin_mul_overflow(tokens.length, states->hidden * sizeof(float), &count))
        return say_failure(CLOZE_ERROR_LIMIT, "the text is too long");
    free(states->numbers);
    if (!(states->numbers = malloc(count + 1)))
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory for %zu bytes", count);
    states->states[states->layer] = states->numbers;
    if (cloze_hidden_states(states->session, tokens.ids, tokens.type_ids, offsets, 1,
                            states->states, &error))
        return say_error(&error, NULL);
    return 0;
}

static void write_entry(const token_states *states, cloze_tokens tokens, const vector_line *line,
                        cli_vectors *vectors)
{
    const cloze_tokenizer *tokenizer = cloze_model_tokenizer(states->model);
    bool json = vectors->format == FORMAT_JSONL;
    vectors_open_line(vectors, line);
    if (json)
        output_text(vectors->output, ", \"tokens\": [");
    for (size_t i = 0; json && i < tokens.length; i++) {
        output_text(vectors->output, i ? ", " : "");
        output_json(vectors->output, cloze_tokenizer_token(tokenizer, tokens.ids[i]));
    }
    if (json)
        output_text(vectors->output, "], \"token_embeddings\": [");
    for (size_t i = 0; i < tokens.length; i++) {
        if (json)
            output_text(vectors->output, i ? ", " : "");
        vectors_row(vectors, states->numbers + i * states->hidden);
    }
    if (json)
        output_text(vectors->output, "]");
    vectors_close_line(vectors);
}

int token_states_write(token_states *states, const cli_input *input, cli_vectors *vectors,
                       cloze_embed_report *report, bool with_text)
{
    for (size_t i = 0; i < input_count(input); i++) {
        cloze_text text = input_texts(input)[i];
        char where[PATH_SIZE + 32];
        cloze_tokens tokens;
        int code = tokenize(states, text, input_where(input, i, where, sizeof where));
        if (code)
            return code;
        tokens = cloze_encoding_tokens(states->encoding, 0);
        if ((code = compute(states, tokens)))
            return code;
        vector_line line = { .text = with_text ? text : (cloze_text){ NULL, 0 },
                             .truncated = cloze_encoding_truncated(states->encoding) };
        write_entry(states, tokens, &line, vectors);
        report->texts++;
        report->tokens += tokens.length;
        report->truncated_texts += line.truncated != 0;
        report->truncated_tokens += line.truncated;
    }
    return 0;
}
