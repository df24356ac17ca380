/*
 * unigram.c - building the trie of a Unigram model, and cutting a word by Viterbi's method.
 *
 * The trie is laid out level by level, so that building is one walk over the sorted tokens, linear
 * in their bytes whatever a file holds. Scores are summed from the left in double, and a way
 * replaces another that ends at the same byte only if it is better: what the package does.
 */
#include "text/unigram.h"

#include "base/memory.h"
#include "text/unicode.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double unknown_penalty = 10.0;

typedef struct entry {
    const char *text;
    size_t size;
    uint32_t id;
} entry;

/* The tokens below one node: sorted[begin, end), which agree in the first `depth` bytes. */
typedef struct branch {
    uint32_t begin, end, depth;
} branch;

typedef struct builder {
    entry *sorted;
    size_t count;
    branch *branches; /* by node */
    size_t capacity;
} builder;

static int compare(const void *left, const void *right)
{
    const entry *a = left, *b = right;
    size_t shorter = a->size < b->size ? a->size : b->size;
    int order = shorter ? memcmp(a->text, b->text, shorter) : 0;
    if (order)
        return order;
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* Sorted tokens without the empty one; of equal ones the last. */
static bool sort(builder *work, const cloze_allocator *allocator, const cz_unigram_token *tokens,
                 size_t count)
{
    size_t kept = 0, used = 0;
    work->sorted = cz_allocate(allocator, count, sizeof *work->sorted);
    if (!work->sorted)
        return false;
    for (size_t i = 0; i < count; i++)
        if (tokens[i].text.size)
            work->sorted[used++] = (entry){ tokens[i].text.data, tokens[i].text.size, (uint32_t)i };
    if (used)
        qsort(work->sorted, used, sizeof *work->sorted, compare);
    for (size_t i = 0; i < used; i++) {
        const entry *next = i + 1 < used ? &work->sorted[i + 1] : NULL;
        if (!next || next->size != work->sorted[i].size ||
            memcmp(next->text, work->sorted[i].text, next->size))
            work->sorted[kept++] = work->sorted[i];
    }
    work->count = kept;
    return true;
}

static bool add_node(cz_unigram *model, builder *work, uint8_t label, branch below)
{
    if (model->count >= UINT32_MAX - 1 ||
        !cz_grow(model->allocator, (void **)&model->nodes, &model->capacity, model->count + 1,
                 sizeof *model->nodes) ||
        !cz_grow(model->allocator, (void **)&work->branches, &work->capacity, model->count + 1,
                 sizeof *work->branches))
        return false;
    work->branches[model->count] = below;
    model->nodes[model->count++] = (cz_unigram_node){ .id = UINT32_MAX, .label = label };
    return true;
}

/* The children of node `at`, behind all nodes that there are. */
static bool add_children(cz_unigram *model, builder *work, size_t at)
{
    branch all = work->branches[at];
    uint32_t begin = all.begin;
    size_t first = model->count;
    if (begin < all.end && work->sorted[begin].size == all.depth)
        model->nodes[at].id = work->sorted[begin++].id;
    while (begin < all.end) {
        uint8_t label = (uint8_t)work->sorted[begin].text[all.depth];
        uint32_t end = begin + 1;
        while (end < all.end && (uint8_t)work->sorted[end].text[all.depth] == label)
            end++;
        if (!add_node(model, work, label, (branch){ begin, end, all.depth + 1 }))
            return false;
        begin = end;
    }
    model->nodes[at].children = (uint32_t)first;
    model->nodes[at].count = (uint16_t)(model->count - first);
    return true;
}

static bool build(cz_unigram *model, builder *work)
{
    if (!add_node(model, work, 0, (branch){ 0, (uint32_t)work->count, 0 }))
        return false;
    for (size_t at = 0; at < model->count; at++)
        if (!add_children(model, work, at))
            return false;
    for (uint32_t i = 0; i < model->nodes[0].count; i++) {
        uint32_t child = model->nodes[0].children + i;
        model->first[model->nodes[child].label] = child;
    }
    return true;
}

static const cz_unigram_node *child_of(const cz_unigram *model, const cz_unigram_node *node,
                                       uint8_t label)
{
    enum { FEW = 8 };
    const cz_unigram_node *children = model->nodes + node->children;
    uint32_t low = 0, high = node->count;
    while (high - low > FEW) {
        uint32_t middle = low + (high - low) / 2;
        if (children[middle].label <= label)
            low = middle;
        else
            high = middle;
    }
    for (; low < high; low++)
        if (children[low].label == label)
            return &children[low];
    return NULL;
}

/* The id of a token, or UINT32_MAX. */
static uint32_t find(const cz_unigram *model, const char *text, size_t size)
{
    const cz_unigram_node *node = &model->nodes[0];
    for (size_t i = 0; i < size && node; i++)
        node = child_of(model, node, (uint8_t)text[i]);
    return node ? node->id : UINT32_MAX;
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
    builder work = { NULL, 0, NULL, 0 };
    cloze_status status;
    memset(model, 0, sizeof *model);
    model->allocator = allocator;
    model->unknown = unknown;
    model->byte_fallback = byte_fallback;
    if (unknown != CZ_UNIGRAM_NONE && (unknown < 0 || (uint64_t)unknown >= count))
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the unknown token has the id %lld, but the vocabulary has %zu tokens",
                       (long long)unknown, count);
    if (count >= UINT32_MAX)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "the vocabulary has %zu tokens", count);
    status = take_scores(model, tokens, count, error);
    if (!status && (!sort(&work, allocator, tokens, count) || !build(model, &work)))
        status = cz_fail(error, CLOZE_ERROR_MEMORY, "out of memory for a vocabulary");
    cz_release(allocator, work.sorted);
    cz_release(allocator, work.branches);
    for (unsigned i = 0; !status && i < 256; i++) {
        char name[8];
        uint32_t id;
        snprintf(name, sizeof name, "<0x%02X>", i & 0xFFu);
        id = find(model, name, 6);
        model->bytes[i] = id == UINT32_MAX ? -1 : (int64_t)id;
    }
    if (status)
        cz_unigram_clear(model);
    return status;
}

void cz_unigram_clear(cz_unigram *model)
{
    cz_release(model->allocator, model->nodes);
    cz_release(model->allocator, model->scores);
    memset(model, 0, sizeof *model);
}

size_t cz_unigram_bytes(const cz_unigram *model)
{
    return model->capacity * sizeof *model->nodes + model->count * sizeof *model->scores;
}

/* Lets the way that goes on from `begin` arrive at `end`, if it is better than what is there. */
static bool arrive(cz_unigram_arrival *end, double score, size_t begin, uint32_t id)
{
    if (end->begin != UINT32_MAX && !(score > end->score))
        return false;
    *end = (cz_unigram_arrival){ .score = score, .begin = (uint32_t)begin, .id = id };
    return true;
}

/* All tokens that begin at `at`; true if one of them is the single character of `length` bytes. */
static bool extend(const cz_unigram *model, cz_unigram_arrival *arrivals, const char *word,
                   size_t size, size_t at, size_t length)
{
    const uint8_t *bytes = (const uint8_t *)word;
    double sofar = arrivals[at].score;
    uint32_t first = model->first[bytes[at]];
    const cz_unigram_node *node = first ? &model->nodes[first] : NULL;
    bool single = false;
    for (size_t end = at + 1; node; end++) {
        if (node->id != UINT32_MAX) {
            arrive(&arrivals[end], model->scores[node->id] + sofar, at, node->id);
            single = single || end - at == length;
        }
        if (end == size)
            break;
        node = child_of(model, node, bytes[end]);
    }
    return single;
}

static cloze_status find_ways(const cz_unigram *model, cz_unigram_arrival *arrivals,
                              const char *word, size_t size, cloze_error *error)
{
    uint32_t unknown = model->unknown < 0 ? 0 : (uint32_t)model->unknown;
    for (size_t i = 0; i <= size; i++)
        arrivals[i] = (cz_unigram_arrival){ .begin = UINT32_MAX };
    for (size_t at = 0; at < size;) {
        size_t next = at;
        cz_utf8_read(word, &next);
        if (!extend(model, arrivals, word, size, at, next - at) &&
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
    status = find_ways(model, arrivals, word, size, error);
    if (status)
        return status;
    turn_round(model, arrivals, size);
    for (uint32_t at = 0; at < size; at = arrivals[at].begin) {
        uint32_t end = arrivals[at].begin, id = arrivals[at].id;
        if (id == model->unknown)
            id = find(model, word + at, end - at);
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
