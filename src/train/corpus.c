/*
 * corpus.c - lines become a file of tokens. What they are made of goes into a digest, by which a run
 * that is resumed knows the file again without tokenizing anything.
 */
#include "train/sentences.h"
#include "train/tokens_file.h"

#include "base/error.h"
#include "base/memory.h"

#include <cloze/corpus.h>

#include <string.h>

enum { TOKENS_AT_ONCE = 1 << 14 };

struct cloze_corpus {
    cloze_hooks hooks;
    const cloze_tokenizer *tokenizer;
    cloze_encoding *encoding;
    cloze_sentences sentences;
    bool check, writing, finished;
    bool document_begins; /* with the next token */
    char path[CZ_PATH_SIZE];
    cz_output output;
    cz_digest inputs, contents;
    cz_tokens_facts facts;
    uint32_t tokens[TOKENS_AT_ONCE];
    size_t waiting;
};

/* ---- what it is made of ---- */

static void add_sized(cz_digest *digest, const void *data, size_t size)
{
    uint64_t number = size;
    cz_digest_add(digest, &number, sizeof number);
    if (size)
        cz_digest_add(digest, data, size);
}

static void add_tokenizer(cloze_corpus *corpus)
{
    size_t count = cloze_tokenizer_size(corpus->tokenizer);
    uint64_t rule = corpus->sentences;
    cz_digest_add(&corpus->inputs, &rule, sizeof rule);
    for (size_t id = 0; id < count; id++) {
        cloze_text token = cloze_tokenizer_token(corpus->tokenizer, (uint32_t)id);
        add_sized(&corpus->inputs, token.data, token.size);
    }
}

/* ---- opening ---- */

static cloze_status begin(cloze_corpus *corpus, const char *path, cloze_error *error)
{
    if (strlen(path) >= sizeof corpus->path)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "the path %.200s... is too long", path);
    memcpy(corpus->path, path, strlen(path) + 1);
    cz_digest_begin(&corpus->inputs, CZ_SHA256);
    add_tokenizer(corpus);
    if (corpus->check)
        return CLOZE_OK;
    cz_digest_begin(&corpus->contents, CZ_SHA256);
    cz_digest_add(&corpus->contents, cz_tokens_name, CZ_TOKENS_NAME);
    cloze_status status = cloze_encoding_new(&corpus->encoding, &corpus->hooks, error);
    if (!status)
        status = cz_output_begin(&corpus->output, path, error);
    corpus->writing = !status;
    return status ? status : cz_output_put(&corpus->output, cz_tokens_name, CZ_TOKENS_NAME, error);
}

cloze_status cloze_corpus_new(cloze_corpus **out, const char *path,
                              const cloze_tokenizer *tokenizer, const cloze_corpus_options *options,
                              cloze_error *error)
{
    static const cloze_corpus_options usual;
    options = options ? options : &usual;
    const cloze_hooks *hooks = options->hooks;
    if (!path || !tokenizer)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "a corpus needs a path and a tokenizer");
    cloze_corpus *corpus = cz_allocate_zero(hooks ? &hooks->allocator : NULL, 1, sizeof *corpus);
    if (!corpus)
        return cz_fail_memory(error, "a corpus", sizeof *corpus);
    if (hooks)
        corpus->hooks = *hooks;
    corpus->tokenizer = tokenizer;
    corpus->sentences = options->sentences;
    corpus->check = options->check;
    corpus->document_begins = true;
    cloze_status status = begin(corpus, path, error);
    if (status)
        cloze_corpus_free(corpus);
    else
        *out = corpus;
    return status;
}

void cloze_corpus_free(cloze_corpus *corpus)
{
    if (!corpus)
        return;
    cloze_allocator allocator = corpus->hooks.allocator;
    if (corpus->writing)
        cz_output_finish(&corpus->output, CLOZE_ERROR_CANCELLED, NULL);
    cloze_encoding_free(corpus->encoding);
    cz_release(&allocator, corpus);
}

/* ---- adding ---- */

static cloze_status flush(cloze_corpus *corpus, cloze_error *error)
{
    size_t size = corpus->waiting * sizeof *corpus->tokens;
    corpus->waiting = 0;
    cz_digest_add(&corpus->contents, corpus->tokens, size);
    return cz_output_put(&corpus->output, corpus->tokens, size, error);
}

static cloze_status put(cloze_corpus *corpus, uint32_t id, uint32_t begins, cloze_error *error)
{
    cz_tokens_facts *facts = &corpus->facts;
    if (id > CZ_TOKEN_ID)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "its id %u is too large", id);
    if (corpus->document_begins)
        begins |= CZ_BEGINS_DOCUMENT | CZ_BEGINS_SENTENCE;
    if (begins & CZ_BEGINS_SENTENCE)
        begins |= CZ_BEGINS_WORD;
    corpus->document_begins = false;
    facts->tokens++;
    facts->sentences += (begins & CZ_BEGINS_SENTENCE) != 0;
    facts->documents += (begins & CZ_BEGINS_DOCUMENT) != 0;
    facts->ids = id + (uint64_t)1 > facts->ids ? id + (uint64_t)1 : facts->ids;
    corpus->tokens[corpus->waiting++] = id | begins;
    return corpus->waiting == TOKENS_AT_ONCE ? flush(corpus, error) : CLOZE_OK;
}

static size_t next_sentence(const cloze_corpus *corpus, cloze_text line, size_t from)
{
    return corpus->sentences == CLOZE_SENTENCES_BY_MARKS ? cz_next_sentence(line, from) : line.size;
}

/* A sentence begins with the token that has its first byte. */
static cloze_status put_line(cloze_corpus *corpus, cloze_text line, cloze_error *error)
{
    cloze_tokens tokens = cloze_encoding_tokens(corpus->encoding, 0);
    size_t next = next_sentence(corpus, line, 0);
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < tokens.length && !status; i++) {
        bool word = !i || tokens.words[i] < 0 || tokens.words[i] != tokens.words[i - 1];
        bool sentence = !i;
        for (; next < line.size && next < tokens.offsets[i].end; sentence = true)
            next = next_sentence(corpus, line, next);
        status = put(corpus, tokens.ids[i],
                     (word ? CZ_BEGINS_WORD : 0) | (sentence ? CZ_BEGINS_SENTENCE : 0), error);
    }
    return status;
}

cloze_status cloze_corpus_add(cloze_corpus *corpus, const cloze_text *lines, size_t count,
                              cloze_error *error)
{
    const cloze_tokenize_options how = { .no_special_tokens = true };
    const cloze_text none = { NULL, 0 };
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < count && !status; i++) {
        if (!lines[i].size)
            continue;
        add_sized(&corpus->inputs, lines[i].data, lines[i].size);
        if (corpus->check)
            continue;
        status = cloze_tokenize(corpus->tokenizer, lines[i], none, &how, corpus->encoding, error);
        if (!status)
            status = put_line(corpus, lines[i], error);
        if (status)
            cz_error_prefix(error, "line %zu", i + 1);
    }
    return status;
}

cloze_status cloze_corpus_end_document(cloze_corpus *corpus, cloze_error *error)
{
    (void)error;
    add_sized(&corpus->inputs, NULL, 0);
    corpus->document_begins = true;
    return CLOZE_OK;
}

cloze_corpus_counts cloze_corpus_counted(const cloze_corpus *corpus)
{
    return (cloze_corpus_counts){ corpus->facts.tokens, corpus->facts.sentences,
                                  corpus->facts.documents };
}

/* ---- finishing ---- */

static cloze_status compare(cloze_corpus *corpus, const char *inputs, cloze_error *error)
{
    cz_tokens_file file;
    cloze_status status =
        cz_tokens_open(&file, corpus->path, SIZE_MAX, &corpus->hooks.allocator, error);
    if (status)
        return status;
    if (memcmp(inputs, file.facts.inputs, sizeof file.facts.inputs) != 0)
        status = cz_fail(error, CLOZE_ERROR_ARGUMENT,
                         "%.300s was made of other texts, or in another way", corpus->path);
    corpus->facts = file.facts;
    cz_tokens_close(&file);
    return status;
}

static cloze_status write_facts(cloze_corpus *corpus, const char *inputs, cloze_error *error)
{
    char contents[CZ_DIGEST_HEX];
    cz_tokens_facts *facts = &corpus->facts;
    cloze_status status = flush(corpus, error);
    if (!status && !facts->tokens)
        status = cz_fail(error, CLOZE_ERROR_TEXT, "there is no text to learn from");
    cz_digest_end(&corpus->contents, contents);
    memcpy(facts->inputs, inputs, sizeof facts->inputs);
    memcpy(facts->contents, contents, sizeof facts->contents);
    if (!status)
        status = cz_output_put(&corpus->output, facts, sizeof *facts, error);
    corpus->writing = false;
    return cz_output_finish(&corpus->output, status, error);
}

cloze_status cloze_corpus_finish(cloze_corpus *corpus, cloze_error *error)
{
    char inputs[CZ_DIGEST_HEX];
    if (corpus->finished)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "the corpus was finished before");
    corpus->finished = true;
    cz_digest_end(&corpus->inputs, inputs);
    return corpus->check ? compare(corpus, inputs, error) : write_facts(corpus, inputs, error);
}
