/*
 * added.c - tokens that are found in the text before it is split into words: special tokens, and
 * what a user added. Two searches, leftmost and longest first: over the raw text, and over the
 * normalized text for tokens that are normalized themselves.
 */
#include "text/parts.h"

#include <stdlib.h>

const cz_added_token *cz_added_by_id(const cz_added *added, uint32_t id)
{
    size_t low = 0, high = added->count;
    while (added->by_id && low < high) {
        size_t middle = (low + high) / 2;
        const cz_added_token *token = &added->tokens[added->by_id[middle]];
        if (token->id == id)
            return token;
        if (token->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const cz_added_token *cz_added_by_text(const cz_added *added, cloze_text text)
{
    uint32_t index;
    if (!added->count || !cz_table_get(&added->by_text, text.data, text.size, &index))
        return NULL;
    return &added->tokens[index];
}

void cz_added_begin(cloze_tokenizer *tokenizer)
{
    const cz_vocabulary *vocabulary = &tokenizer->model.vocabulary;
    cz_added *added = &tokenizer->added;
    added->allowance = cz_allowance_at_first();
    /* A Unigram counts a piece as often as it stands there. */
    added->next_id = (uint32_t)(tokenizer->unigram ? vocabulary->scored : vocabulary->count);
    for (size_t i = 0; i < added->count; i++)
        if (added->tokens[i].id >= added->next_id)
            added->next_id = added->tokens[i].id + 1;
}

/* The text as the normalizer leaves it. */
static cloze_status normalize_pattern(cloze_tokenizer *tokenizer, cz_added_token *token,
                                      cloze_error *error)
{
    const cloze_allocator *allocator = &tokenizer->hooks.allocator;
    cz_characters characters = { NULL, 0, 0 };
    cz_normal_room room = { .allowance = &tokenizer->added.allowance };
    size_t size = 0, needed = 1;
    cloze_status status;
    cz_allowance_add(room.allowance, token->size);
    status = cz_normalize(&tokenizer->normalizer, allocator, token->text, 0, token->size,
                          &characters, &room, error);
    for (size_t i = 0; !status && i < characters.count; i++)
        needed += cz_utf8_size(characters.items[i].code);
    if (!status && !(token->pattern = cz_allocate(allocator, needed, 1)))
        status = cz_text_memory(error);
    for (size_t i = 0; !status && i < characters.count; i++)
        size += cz_utf8_put(token->pattern + size, characters.items[i].code);
    token->pattern_size = (uint32_t)size;
    cz_release(allocator, characters.items);
    cz_normal_room_clear(&room, allocator);
    if (status)
        return status;
    if (!size) {
        char shown[80];
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the added token \"%s\" is empty after normalization",
                       cz_printable(shown, sizeof shown, token->text, token->size));
    }
    return CLOZE_OK;
}

static cloze_status make_token(cloze_tokenizer *tokenizer, const cz_added_spec *spec,
                               cz_added_token *token, cloze_error *error)
{
    const cloze_allocator *allocator = &tokenizer->hooks.allocator;
    *token = (cz_added_token){ .size = (uint32_t)spec->text.size,
                               .single_word = spec->single_word,
                               .strip_left = spec->strip_left,
                               .strip_right = spec->strip_right,
                               .normalized = spec->normalized,
                               .special = spec->special };
    token->text = cz_copy_text(allocator, spec->text.data, spec->text.size);
    if (!token->text)
        return cz_text_memory(error);
    if (spec->normalized)
        return normalize_pattern(tokenizer, token, error);
    token->pattern = cz_copy_text(allocator, spec->text.data, spec->text.size);
    token->pattern_size = token->size;
    return token->pattern ? CLOZE_OK : cz_text_memory(error);
}

static void clear_token(cz_added_token *token, const cloze_allocator *allocator)
{
    cz_release(allocator, token->text);
    cz_release(allocator, token->pattern);
}

static cloze_status check_spec(const cloze_tokenizer *tokenizer, const cz_added_spec *spec,
                               cloze_error *error)
{
    if (spec->text.size > CZ_TOKEN_LIMIT)
        return cz_fail(error, CLOZE_ERROR_LIMIT,
                       "an added token has %zu bytes, at most %d are allowed", spec->text.size,
                       (int)CZ_TOKEN_LIMIT);
    if (tokenizer->added.count >= CZ_ADDED_LIMIT)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "more than %d added tokens", (int)CZ_ADDED_LIMIT);
    return CLOZE_OK;
}

/* Puts the finished token in its place; false when memory is out. */
static bool place_token(cloze_tokenizer *tokenizer, cz_added_token *token)
{
    const cloze_allocator *allocator = &tokenizer->hooks.allocator;
    cz_added *added = &tokenizer->added;
    bool existed;
    uint32_t old;
    if (!added->by_text.entries && !cz_table_init(&added->by_text, allocator, 16))
        return false;
    if (!cz_grow(allocator, (void **)&added->tokens, &added->capacity, added->count + 1,
                 sizeof *added->tokens) ||
        !cz_table_put(&added->by_text, allocator, token->text, token->size, (uint32_t)added->count,
                      &existed, &old))
        return false;
    if (!cz_vocabulary_get(&tokenizer->model.vocabulary, token->text, token->size, &token->id))
        token->id = added->next_id++;
    added->tokens[added->count++] = *token;
    return true;
}

cloze_status cz_added_put(cloze_tokenizer *tokenizer, const cz_added_spec *spec, cloze_error *error)
{
    const cloze_allocator *allocator = &tokenizer->hooks.allocator;
    const cz_added_token *known = cz_added_by_text(&tokenizer->added, spec->text);
    cz_added_token token;
    cz_added_spec own = *spec;
    cloze_status status = check_spec(tokenizer, spec, error);
    if (status || !spec->text.size)
        return status;
    /* The package goes on finding the first one, in the text as it is, by the new one's habits. */
    if (known && known->special && !known->normalized)
        own.normalized = false;
    status = make_token(tokenizer, &own, &token, error);
    if (!status && known) {
        cz_added_token *old = &tokenizer->added.tokens[known - tokenizer->added.tokens];
        char *unused = token.text;
        token.text = old->text; /* the table's key */
        token.id = old->id;
        token.special |= old->special;
        cz_release(allocator, old->pattern);
        cz_release(allocator, unused);
        *old = token;
        return CLOZE_OK;
    }
    if (!status && !place_token(tokenizer, &token))
        status = cz_text_memory(error);
    if (status)
        clear_token(&token, allocator);
    return status;
}

static int compare_patterns(const void *left, const void *right)
{
    const cz_pattern *a = left, *b = right;
    int order = memcmp(a->text, b->text, a->size < b->size ? a->size : b->size);
    if (order)
        return order;
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    if (a->special != b->special)
        return a->special ? -1 : 1;
    return a->token < b->token ? -1 : a->token > b->token;
}

static bool sort_patterns(cz_matcher *matcher, const cz_added *added, bool normalized,
                          const cloze_allocator *allocator)
{
    int different = 0;
    memset(matcher, 0, sizeof *matcher);
    matcher->only = -1;
    if (!added->count)
        return true;
    matcher->patterns = cz_allocate(allocator, added->count, sizeof *matcher->patterns);
    if (!matcher->patterns)
        return false;
    for (size_t i = 0; i < added->count; i++) {
        const cz_added_token *token = &added->tokens[i];
        unsigned char byte = (unsigned char)token->pattern[0];
        if (token->normalized != normalized)
            continue;
        matcher->patterns[matcher->count++] =
            (cz_pattern){ token->pattern, token->pattern_size, (uint32_t)i, token->special };
        different += !matcher->first[byte];
        matcher->first[byte] = true;
        matcher->only = different == 1 ? byte : -1;
    }
    if (matcher->count)
        qsort(matcher->patterns, matcher->count, sizeof *matcher->patterns, compare_patterns);
    return true;
}

typedef struct numbered {
    uint32_t id, index;
} numbered;

static int compare_numbers(const void *left, const void *right)
{
    const numbered *a = left, *b = right;
    return a->id < b->id ? -1 : a->id > b->id;
}

static bool sort_ids(cz_added *added, const cloze_allocator *allocator)
{
    numbered *sorted = cz_allocate(allocator, added->count, sizeof *sorted);
    uint32_t *by_id = cz_allocate(allocator, added->count, sizeof *by_id);
    bool made = sorted && by_id;
    if (made) {
        for (size_t i = 0; i < added->count; i++)
            sorted[i] = (numbered){ added->tokens[i].id, (uint32_t)i };
        if (added->count)
            qsort(sorted, added->count, sizeof *sorted, compare_numbers);
        for (size_t i = 0; i < added->count; i++)
            by_id[i] = sorted[i].index;
        added->by_id = by_id;
    } else {
        cz_release(allocator, by_id);
    }
    cz_release(allocator, sorted);
    return made;
}

cloze_status cz_added_finish(cloze_tokenizer *tokenizer, cloze_error *error)
{
    const cloze_allocator *allocator = &tokenizer->hooks.allocator;
    cz_added *added = &tokenizer->added;
    if (!sort_patterns(&added->raw, added, false, allocator) ||
        !sort_patterns(&added->normalized, added, true, allocator) || !sort_ids(added, allocator))
        return cz_text_memory(error);
    return CLOZE_OK;
}

void cz_added_clear(cz_added *added, const cloze_allocator *allocator)
{
    for (size_t i = 0; i < added->count; i++)
        clear_token(&added->tokens[i], allocator);
    cz_release(allocator, added->tokens);
    cz_release(allocator, added->by_id);
    cz_release(allocator, added->raw.patterns);
    cz_release(allocator, added->normalized.patterns);
    cz_table_clear(&added->by_text, allocator);
    memset(added, 0, sizeof *added);
}

/* The first of patterns[low, high), which agree in `depth` bytes, whose next byte is >= byte. */
static size_t lower_bound(const cz_matcher *matcher, size_t low, size_t high, size_t depth,
                          unsigned byte)
{
    while (low < high) {
        size_t middle = (low + high) / 2;
        const cz_pattern *pattern = &matcher->patterns[middle];
        if (pattern->size <= depth || (unsigned char)pattern->text[depth] < byte)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool goes_on(const cz_pattern *pattern, size_t depth, unsigned byte)
{
    return pattern->size > depth && (unsigned char)pattern->text[depth] == byte;
}

/* The longest pattern at `at`; NULL if none. Of equal patterns the first special token, or else the
 * one that was added first. */
static const cz_pattern *longest_at(const cz_matcher *matcher, cloze_text text, size_t at)
{
    const cz_pattern *best = NULL;
    size_t low = 0, high = matcher->count;
    for (size_t depth = 0; at + depth < text.size && low < high; depth++) {
        unsigned byte = (unsigned char)text.data[at + depth];
        if (!goes_on(&matcher->patterns[low], depth, byte) ||
            !goes_on(&matcher->patterns[high - 1], depth, byte)) {
            low = lower_bound(matcher, low, high, depth, byte);
            high = lower_bound(matcher, low, high, depth, byte + 1);
        }
        if (low < high && matcher->patterns[low].size == depth + 1)
            best = &matcher->patterns[low];
    }
    return best;
}

static const cz_pattern *find(const cz_matcher *matcher, cloze_text text, size_t *at)
{
    while (*at < text.size) {
        const cz_pattern *pattern;
        if (matcher->only >= 0) {
            const char *next = memchr(text.data + *at, matcher->only, text.size - *at);
            if (!next)
                return NULL;
            *at = (size_t)(next - text.data);
        } else if (!matcher->first[(unsigned char)text.data[*at]]) {
            ++*at;
            continue;
        }
        pattern = longest_at(matcher, text, *at);
        if (pattern)
            return pattern;
        ++*at;
    }
    return NULL;
}

static bool is_alone(cloze_text text, size_t begin, size_t end)
{
    size_t at = end;
    return (!begin || !(cz_unicode_flags_of(cz_utf8_before(text.data, begin)) & CZ_UNICODE_WORD)) &&
           (end == text.size ||
            !(cz_unicode_flags_of(cz_utf8_read(text.data, &at)) & CZ_UNICODE_WORD));
}

static size_t spaces_before(cloze_text text, size_t at, size_t least)
{
    while (at > least) {
        uint32_t c = cz_utf8_before(text.data, at);
        if (!(cz_unicode_flags_of(c) & CZ_UNICODE_SPACE))
            break;
        at -= cz_utf8_size(c);
    }
    return at;
}

static size_t spaces_behind(cloze_text text, size_t at)
{
    for (size_t next = at; at < text.size; at = next)
        if (!(cz_unicode_flags_of(cz_utf8_read(text.data, &next)) & CZ_UNICODE_SPACE))
            break;
    return at;
}

bool cz_added_next(const cz_added *added, const cz_matcher *matcher, cloze_text text,
                   cz_match_state *state, cz_match *match)
{
    const cz_pattern *pattern;
    while (matcher->count && (pattern = find(matcher, text, &state->at))) {
        const cz_added_token *token = &added->tokens[pattern->token];
        size_t begin = state->at, end = begin + pattern->size;
        state->at = end;
        if (token->single_word && !is_alone(text, begin, end))
            continue;
        if (token->strip_left) {
            begin = spaces_before(text, begin, state->done);
            begin = begin < state->done ? state->done : begin;
        }
        if (token->strip_right)
            end = state->spaces = end < state->spaces ? state->spaces : spaces_behind(text, end);
        *match = (cz_match){ .gap = state->done, .begin = begin, .end = end, .id = token->id };
        state->done = end;
        return true;
    }
    return false;
}
