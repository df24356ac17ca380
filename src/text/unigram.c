/*
 * unigram.c - a Unigram model, and cutting a word by Viterbi's method.
 *
 * Scores are summed from the left in double, and a way replaces another that ends at the same byte
 * only if it is better: what the package does.
 */
#include "text/unigram.h"

#include "base/memory.h"
#include "text/allowance.h"
#include "text/unicode.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double unknown_penalty = 10.0;

/* Sorted tokens without the empty one; of equal ones the last. NULL: no memory. */
static cz_trie_text *sort(const cloze_allocator *allocator, const cz_unigram_token *tokens,
                          size_t count, size_t *kept)
{
    cz_trie_text *sorted = cz_allocate(allocator, count, sizeof *sorted);
    size_t used = 0;
    *kept = 0;
    if (!sorted)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (tokens[i].text.size)
            sorted[used++] =
                (cz_trie_text){ tokens[i].text.data, tokens[i].text.size, (uint32_t)i };
    cz_trie_sort(sorted, used);
    for (size_t i = 0; i < used; i++) {
        const cz_trie_text *next = i + 1 < used ? &sorted[i + 1] : NULL;
        if (!next || next->size != sorted[i].size || memcmp(next->text, sorted[i].text, next->size))
            sorted[(*kept)++] = sorted[i];
    }
    return sorted;
}

static cloze_status take_scores(cz_unigram *model, const cz_unigram_token *tokens, size_t count,
                                cloze_error *error)
{
    double least = INFINITY;
    model->scores = cz_allocate(model->allocator, count, sizeof *model->scores);
    if (!model->scores)
        return cz_fail_memory(error, "the scores of a vocabulary", count * sizeof *model->scores);
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(tokens[i].score))
            return cz_fail(error, CLOZE_ERROR_FORMAT, "the score of token %zu is not finite", i);
        model->scores[i] = tokens[i].score;
        if (tokens[i].score < least)
            least = tokens[i].score;
    }
    model->unknown_score = least - unknown_penalty;
    return CLOZE_OK;
}

cloze_status cz_unigram_init(cz_unigram *model, const cloze_allocator *allocator,
                             const cz_unigram_token *tokens, size_t count, int64_t unknown,
                             bool byte_fallback, cloze_error *error)
{
    cz_trie_text *sorted = NULL;
    size_t kept = 0;
    cloze_status status;
    memset(model, 0, sizeof *model);
    model->allocator = model->trie.allocator = allocator;
    model->count = count;
    model->unknown = unknown;
    model->byte_fallback = byte_fallback;
    if (unknown != CZ_UNIGRAM_NONE && (unknown < 0 || (uint64_t)unknown >= count))
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the unknown token has the id %lld, but the vocabulary has %zu tokens",
                       (long long)unknown, count);
    if (count >= UINT32_MAX)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "the vocabulary has %zu tokens", count);
    status = take_scores(model, tokens, count, error);
    if (!status && (!(sorted = sort(allocator, tokens, count, &kept)) ||
                    !cz_trie_build(&model->trie, allocator, sorted, kept)))
        status = cz_fail(error, CLOZE_ERROR_MEMORY, "out of memory for a vocabulary");
    cz_release(allocator, sorted);
    for (unsigned i = 0; !status && i < 256; i++) {
        char name[8];
        uint32_t id;
        snprintf(name, sizeof name, "<0x%02X>", i & 0xFFu);
        id = cz_trie_find(&model->trie, name, 6);
        model->bytes[i] = id == UINT32_MAX ? -1 : (int64_t)id;
    }
    if (status)
        cz_unigram_clear(model);
    return status;
}

void cz_unigram_clear(cz_unigram *model)
{
    cz_trie_clear(&model->trie);
    cz_release(model->allocator, model->scores);
    memset(model, 0, sizeof *model);
}

size_t cz_unigram_bytes(const cz_unigram *model)
{
    return model->trie.capacity * sizeof *model->trie.nodes + model->count * sizeof *model->scores;
}

/* Lets the way that goes on from `begin` arrive at `end`, if it is better than what is there. */
static bool arrive(cz_unigram_arrival *end, double score, size_t begin, uint32_t id)
{
    if (end->begin != UINT32_MAX && !(score > end->score))
        return false;
    *end = (cz_unigram_arrival){ .score = score, .begin = (uint32_t)begin, .id = id };
    return true;
}

/* All tokens that begin at `at`; true if one of them is the single character of `length` bytes.
 * *steps: how many bytes were looked at. */
static bool extend(const cz_unigram *model, cz_unigram_arrival *arrivals, const char *word,
                   size_t size, size_t at, size_t length, size_t *steps)
{
    const uint8_t *bytes = (const uint8_t *)word;
    double sofar = arrivals[at].score;
    const cz_trie_node *node = cz_trie_first(&model->trie, bytes[at]);
    bool single = false;
    size_t end = at + 1;
    for (; node; end++) {
        if (node->id != UINT32_MAX) {
            arrive(&arrivals[end], model->scores[node->id] + sofar, at, node->id);
            single = single || end - at == length;
        }
        if (end == size)
            break;
        node = cz_trie_next(&model->trie, node, bytes[end]);
    }
    *steps = end - at;
    return single;
}

static cloze_status find_ways(const cz_unigram *model, const cz_unigram_scratch *scratch,
                              const char *word, size_t size, cloze_error *error)
{
    cz_unigram_arrival *arrivals = scratch->arrivals;
    uint32_t unknown = model->unknown < 0 ? 0 : (uint32_t)model->unknown;
    for (size_t i = 0; i <= size; i++)
        arrivals[i] = (cz_unigram_arrival){ .begin = UINT32_MAX };
    for (size_t at = 0; at < size;) {
        size_t next = at, steps;
        bool single;
        cz_utf8_read(word, &next);
        single = extend(model, arrivals, word, size, at, next - at, &steps);
        if (scratch->steps && !cz_allowance_pay(scratch->steps, steps))
            return cz_fail_at(error, CLOZE_ERROR_LIMIT, at,
                              "the long tokens of the vocabulary take too many steps on this text");
        if (!single &&
            arrive(&arrivals[next], model->unknown_score + arrivals[at].score, at, unknown) &&
            model->unknown == CZ_UNIGRAM_NONE) {
            char shown[16];
            return cz_fail_at(error, CLOZE_ERROR_TEXT, at,
                              "the vocabulary has neither \"%s\" nor an unknown token",
                              cz_printable(shown, sizeof shown, word + at, next - at));
        }
        at = next;
    }
    return CLOZE_OK;
}

/* The piece of word[begin, end), which is not in the vocabulary: bytes, or the unknown token. */
static size_t put_unknown(const cz_unigram *model, cz_unigram_piece *pieces, const char *word,
                          uint32_t begin, uint32_t end)
{
    bool bytes = model->byte_fallback;
    for (uint32_t i = begin; i < end && bytes; i++)
        bytes = model->bytes[(uint8_t)word[i]] >= 0;
    if (!bytes) {
        pieces[0] = (cz_unigram_piece){ (uint32_t)model->unknown, begin, end };
        return 1;
    }
    for (uint32_t i = begin; i < end; i++)
        pieces[i - begin] =
            (cz_unigram_piece){ (uint32_t)model->bytes[(uint8_t)word[i]], begin, end };
    return end - begin;
}

/* Turns the arrivals on the best way round: arrivals[begin].id becomes that of the step from
 * there, and arrivals[begin].begin its end; unknown neighbours become one step. */
static void turn_round(const cz_unigram *model, cz_unigram_arrival *arrivals, size_t size)
{
    uint32_t end = (uint32_t)size, joined = end, begin = arrivals[size].begin;
    uint32_t id = arrivals[size].id;
    bool known_before = true;
    while (end) {
        bool unknown = model->unknown != CZ_UNIGRAM_NONE && id == model->unknown;
        uint32_t next_begin = begin ? arrivals[begin].begin : 0, next_id = arrivals[begin].id;
        if (!unknown || known_before)
            joined = end;
        arrivals[begin].begin = joined;
        arrivals[begin].id = id;
        known_before = !unknown;
        end = begin;
        begin = next_begin;
        id = next_id;
    }
}

cloze_status cz_unigram_split(const cz_unigram *model, const cloze_allocator *allocator,
                              cz_unigram_scratch *scratch, const char *word, size_t size,
                              size_t *count, cloze_error *error)
{
    cz_unigram_arrival *arrivals;
    cloze_status status;
    size_t made = 0;
    *count = 0;
    if (!size)
        return CLOZE_OK;
    if (size >= UINT32_MAX)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "a word of %zu bytes is too long", size);
    if (!cz_grow(allocator, (void **)&scratch->arrivals, &scratch->arrivals_capacity, size + 1,
                 sizeof *scratch->arrivals) ||
        !cz_grow(allocator, (void **)&scratch->pieces, &scratch->pieces_capacity, size,
                 sizeof *scratch->pieces))
        return cz_fail(error, CLOZE_ERROR_MEMORY, "out of memory while tokenizing");
    arrivals = scratch->arrivals;
    status = find_ways(model, scratch, word, size, error);
    if (status)
        return status;
    turn_round(model, arrivals, size);
    for (uint32_t at = 0; at < size; at = arrivals[at].begin) {
        uint32_t end = arrivals[at].begin, id = arrivals[at].id;
        if (id == model->unknown)
            id = cz_trie_find(&model->trie, word + at, end - at);
        if (id == UINT32_MAX)
            made += put_unknown(model, scratch->pieces + made, word, at, end);
        else
            scratch->pieces[made++] = (cz_unigram_piece){ id, at, end };
    }
    *count = made;
    return CLOZE_OK;
}

void cz_unigram_scratch_clear(cz_unigram_scratch *scratch, const cloze_allocator *allocator)
{
    cz_release(allocator, scratch->arrivals);
    cz_release(allocator, scratch->pieces);
    memset(scratch, 0, sizeof *scratch);
}
