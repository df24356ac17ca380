/*
 * tag.c - texts to entities, step by step as transformers' TokenClassificationPipeline goes:
 * tokens, then words by the strategy, then runs of the same entity.
 */
#include "task/entities.h"
#include "task/windows.h"

#include "base/error.h"

#include <string.h>

/* A token or a word on its way; a word's text is in `own` when it had to be made. */
typedef struct piece {
    size_t begin, end, token;
    cloze_text word;
    char *own;
    const char *label;
    double score;
    const float *scores; /* [labels] of a token */
    bool continues;      /* the word before it */
} piece;

typedef struct tagging {
    cz_windows windows;
    const cloze_model *model;
    const cloze_text *texts;
    cloze_tag_options options;
    cloze_entities *entities;
    size_t limit, labels;
    uint32_t unknown;  /* UINT32_MAX: none */
    bool marks;        /* tokens tell by themselves whether they continue a word */
    float *row;        /* [labels] */
    float *scores;     /* [tokens of a window, labels] */
    piece *pieces;     /* [tokens of a window] */
    cloze_text *words; /* the same, for joining */
    size_t scores_capacity, pieces_capacity, words_capacity;
} tagging;

static cloze_status no_memory(cloze_error *error)
{
    return cz_fail(error, CLOZE_ERROR_MEMORY, "out of memory: the entities of a text");
}

static size_t code_points(cloze_text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

/* Where tokens carry no mark, a word begins after a space, or with one. */
static bool follows_space(cloze_text text, size_t begin)
{
    return !begin || text.data[begin - 1] == ' ' || (begin < text.size && text.data[begin] == ' ');
}

static size_t best_of(const float *scores, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (scores[i] > scores[best])
            best = i;
    return best;
}

static void set_label(const tagging *t, piece *to, const float *scores)
{
    size_t best = best_of(scores, t->labels);
    to->label = t->model->tags.names[best];
    to->score = (double)scores[best];
}

/* Tokens of the text itself; their count. */
static size_t gather_tokens(tagging *t, const cz_window *window)
{
    cloze_text text = t->texts[window->owner];
    size_t count = 0;
    for (size_t i = 0; i < window->length; i++) {
        if (window->sequences[i] < 0)
            continue;
        piece *made = &t->pieces[count];
        cloze_token_offset at = window->offsets[i];
        cloze_text shown = { text.data + at.begin, at.end - at.begin };
        float *scores = t->scores + count++ * t->labels;
        memcpy(scores, window->logits + i * t->labels, t->labels * sizeof *scores);
        cz_softmax(scores, t->labels);
        *made = (piece){ .begin = at.begin, .end = at.end, .token = i, .scores = scores };
        made->word = cloze_tokenizer_token(t->model->tokenizer, window->ids[i]);
        made->continues = t->marks ? code_points(made->word) != code_points(shown)
                                   : !follows_space(text, at.begin);
        if (window->ids[i] == t->unknown) {
            made->word = shown;
            made->continues = false;
        }
        set_label(t, made, scores);
    }
    return count;
}

/* ---- words ---- */

static cloze_status join(tagging *t, const piece *pieces, size_t count, char **out, size_t *size,
                         cloze_error *error)
{
    for (size_t i = 0; i < count; i++)
        t->words[i] = pieces[i].word;
    return cz_tokenizer_join(t->model->tokenizer, t->words, count, out, size, error);
}

static const float *scores_of_word(tagging *t, const piece *tokens, size_t count)
{
    size_t best = 0;
    if (t->options.strategy == CLOZE_TAG_FIRST)
        return tokens[0].scores;
    if (t->options.strategy == CLOZE_TAG_MAX) {
        for (size_t i = 1; i < count; i++)
            if (tokens[i].score > tokens[best].score)
                best = i;
        return tokens[best].scores;
    }
    for (size_t k = 0; k < t->labels; k++) {
        double sum = 0;
        for (size_t i = 0; i < count; i++)
            sum += (double)tokens[i].scores[k];
        t->row[k] = (float)(sum / (double)count);
    }
    return t->row;
}

static cloze_status make_word(tagging *t, const piece *tokens, size_t count, piece *out,
                              cloze_error *error)
{
    piece word = { .begin = tokens[0].begin, .end = tokens[count - 1].end };
    cloze_status status = join(t, tokens, count, &word.own, &word.word.size, error);
    if (status)
        return status;
    word.word.data = word.own;
    set_label(t, &word, scores_of_word(t, tokens, count));
    *out = word;
    return CLOZE_OK;
}

/* Tokens to words in their place; *count becomes that of the words made, whatever comes back. */
static cloze_status make_words(tagging *t, size_t *count, cloze_error *error)
{
    size_t made = 0, tokens = *count, next;
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < tokens && !status; i = next) {
        for (next = i + 1; next < tokens && t->pieces[next].continues;)
            next++;
        status = make_word(t, &t->pieces[i], next - i, &t->pieces[made], error);
        made += !status;
    }
    *count = made;
    return status;
}

/* ---- runs ---- */

static const char *tag_of(const char *label, bool *begins)
{
    bool marked = (label[0] == 'B' || label[0] == 'I') && label[1] == '-';
    *begins = marked && label[0] == 'B';
    return marked ? label + 2 : label;
}

static bool is_ignored(const tagging *t, const char *label)
{
    if (!t->options.ignored)
        return !strcmp(label, "O");
    for (size_t i = 0; i < t->options.ignored_count; i++)
        if (!strcmp(label, t->options.ignored[i]))
            return true;
    return false;
}

static bool add_entity(tagging *t, cloze_text text, cz_entity entity, cloze_text word)
{
    entity.points =
        code_points((cloze_text){ text.data + entity.begin, entity.end - entity.begin });
    return cz_entities_add(t->entities, entity, word);
}

static cloze_status add_run(tagging *t, cloze_text text, const piece *pieces, size_t count,
                            cloze_error *error)
{
    const char *dash = strchr(pieces[0].label, '-');
    cz_entity entity = { .label = dash ? dash + 1 : pieces[0].label,
                         .begin = pieces[0].begin,
                         .end = pieces[count - 1].end };
    cloze_text word = { NULL, 0 };
    char *own = NULL;
    if (is_ignored(t, entity.label))
        return CLOZE_OK;
    for (size_t i = 0; i < count; i++)
        entity.score += pieces[i].score;
    entity.score /= (double)count;
    cloze_status status = join(t, pieces, count, &own, &word.size, error);
    if (status)
        return status;
    word.data = own;
    bool added = add_entity(t, text, entity, word);
    cloze_tokenizer_release_text(t->model->tokenizer, own);
    return added ? CLOZE_OK : no_memory(error);
}

static cloze_status add_runs(tagging *t, cloze_text text, size_t count, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (size_t i = 0, next; i < count && !status; i = next) {
        bool begins;
        const char *tag = tag_of(t->pieces[i].label, &begins);
        for (next = i + 1; next < count; next++)
            if (strcmp(tag_of(t->pieces[next].label, &begins), tag) || begins)
                break;
        status = add_run(t, text, &t->pieces[i], next - i, error);
    }
    return status;
}

static cloze_status add_tokens(tagging *t, cloze_text text, size_t count, cloze_error *error)
{
    for (size_t i = 0; i < count; i++) {
        const piece *token = &t->pieces[i];
        cz_entity entity = { .label = token->label,
                             .score = token->score,
                             .begin = token->begin,
                             .end = token->end,
                             .token = token->token };
        if (!is_ignored(t, token->label) && !add_entity(t, text, entity, token->word))
            return no_memory(error);
    }
    return CLOZE_OK;
}

/* ---- windows ---- */

static bool make_room(tagging *t, size_t length)
{
    const cloze_allocator *allocator = &t->model->hooks.allocator;
    size_t scores;
    return cz_multiply(length, t->labels, &scores) &&
           cz_grow(allocator, (void **)&t->scores, &t->scores_capacity, scores,
                   sizeof *t->scores) &&
           cz_grow(allocator, (void **)&t->pieces, &t->pieces_capacity, length,
                   sizeof *t->pieces) &&
           cz_grow(allocator, (void **)&t->words, &t->words_capacity, length, sizeof *t->words);
}

static cloze_status finish_window(void *context, const cz_window *window, cloze_error *error)
{
    tagging *t = context;
    cloze_text text = t->texts[window->owner];
    cloze_status status;
    if (!make_room(t, window->length))
        return no_memory(error);
    size_t count = gather_tokens(t, window);
    if (t->options.strategy == CLOZE_TAG_NONE) {
        status = add_tokens(t, text, count, error);
    } else if (t->options.strategy == CLOZE_TAG_SIMPLE) {
        status = add_runs(t, text, count, error);
    } else {
        status = make_words(t, &count, error);
        if (!status)
            status = add_runs(t, text, count, error);
        for (size_t i = 0; i < count; i++)
            cloze_tokenizer_release_text(t->model->tokenizer, t->pieces[i].own);
    }
    if (!status && window->last && !cz_entities_end_text(t->entities, !window->alone))
        status = no_memory(error);
    return status;
}

/* Where nothing but special tokens has room, the tokenizer puts the whole text into a second window. */
static bool fits(const tagging *t, const cloze_encoding *encoding)
{
    for (size_t i = 0; i < cloze_encoding_windows(encoding); i++)
        if (cloze_encoding_tokens(encoding, i).length > t->limit)
            return false;
    return true;
}

static cloze_status add_text(tagging *t, size_t number, size_t *truncated, cloze_error *error)
{
    cloze_session *session = t->windows.session;
    cloze_tokenize_options how = { .max_length = t->limit,
                                   .overflow = t->options.long_text == CLOZE_LONG_CHUNK,
                                   .stride = t->options.long_text == CLOZE_LONG_CHUNK
                                                 ? t->options.stride
                                                 : 0 };
    cloze_status status = cloze_tokenize(t->model->tokenizer, t->texts[number],
                                         (cloze_text){ NULL, 0 }, &how, session->encoding, error);
    if (status) {
        cz_error_prefix(error, "text %zu", number + 1);
        return status;
    }
    size_t lost = cloze_encoding_truncated(session->encoding);
    if (!fits(t, session->encoding))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "a limit of %zu tokens leaves no room for text beside the special ones",
                       t->limit);
    if (lost && t->options.long_text == CLOZE_LONG_ERROR)
        return cz_fail(error, CLOZE_ERROR_TEXT,
                       "text %zu has %zu tokens more than the limit of %zu", number + 1, lost,
                       t->limit);
    if (truncated)
        truncated[number] = lost;
    return cz_windows_add(&t->windows, number, error);
}

static cloze_status begin(tagging *t, size_t count, const cloze_tag_options *options,
                          cloze_error *error)
{
    size_t limit = t->model->max_tokens;
    t->labels = t->model->tags.count;
    if (options)
        t->options = *options;
    t->limit =
        t->options.max_tokens && t->options.max_tokens < limit ? t->options.max_tokens : limit;
    if (!t->options.stride)
        t->options.stride = t->limit / 4;
    if (!t->labels)
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                       "%.200s has no token classification head: it was not fine-tuned to label "
                       "tokens",
                       t->model->path);
    cloze_status status = cz_labels_check(&t->model->tags, t->model, error);
    if (status)
        return status;
    if (t->options.strategy > CLOZE_TAG_MAX)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no strategy %d",
                       (int)t->options.strategy);
    if (!cloze_tokenizer_role(t->model->tokenizer, CLOZE_TOKEN_UNKNOWN, &t->unknown))
        t->unknown = UINT32_MAX;
    t->marks = cz_tokenizer_marks_words(t->model->tokenizer);
    t->row = cz_allocate(&t->model->hooks.allocator, t->labels, sizeof *t->row);
    if (!t->row)
        return no_memory(error);
    cz_entities_clear(t->entities);
    t->windows.head = CZ_HEAD_TAGS;
    t->windows.total = count;
    t->windows.done = finish_window;
    t->windows.context = t;
    return cz_windows_begin(&t->windows, error);
}

cloze_status cloze_tag(cloze_session *session, const cloze_text *texts, size_t count,
                       const cloze_tag_options *options, cloze_entities *entities,
                       size_t *truncated, cloze_embed_report *report, cloze_error *error)
{
    const cloze_allocator *allocator = &session->hooks.allocator;
    tagging t = { .windows = { .session = session },
                  .model = session->model,
                  .texts = texts,
                  .entities = entities };
    cloze_status status = begin(&t, count, options, error);
    for (size_t i = 0; i < count && !status; i++)
        status = add_text(&t, i, truncated, error);
    if (!status)
        status = cz_windows_flush(&t.windows, error);
    cz_windows_clear(&t.windows);
    cz_release(allocator, t.row);
    cz_release(allocator, t.scores);
    cz_release(allocator, t.pieces);
    cz_release(allocator, t.words);
    if (status)
        cz_entities_clear(entities);
    else if (report)
        *report = t.windows.report;
    return status;
}

size_t cloze_model_tags(const cloze_model *model)
{
    return model->tags.count;
}

const char *cloze_model_tag(const cloze_model *model, size_t index)
{
    return index < model->tags.count ? model->tags.names[index] : NULL;
}
