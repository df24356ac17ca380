/*
 * bpe.c - one word to pieces by byte-pair encoding: of all neighbours that the list of merges joins,
 * those that it names first are joined first, the leftmost of equals, until none is left (Sennrich
 * et al. 2016; the package's Word::merge_all). With dropout a candidate is passed over now and then,
 * and comes back after the next join (Provilkov et al. 2020).
 *
 * A short word is scanned again after each join; a long one keeps its candidates in a heap, so that
 * no word costs more than n log n. Candidates that are passed over cost steps of the text's allowance.
 */
#include "text/parts.h"

#include "base/random.h"

enum {
    SCANNED_MOST = 24, /* letters of a word that is scanned */
    PASSED_STEPS = 16  /* that passing over a candidate costs */
};

/* The letters of bytes that are printable stand for themselves, the others follow 255. */
static bool is_printable(unsigned byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xFF && byte != 0xAD);
}

uint32_t cz_byte_letter(unsigned char byte)
{
    if (is_printable(byte))
        return byte;
    return byte <= ' ' ? 256u + byte : byte < 0xA1 ? 289u + byte - 127u : 323u;
}

int cz_letter_byte(uint32_t letter)
{
    if (letter < 256)
        return is_printable(letter) ? (int)letter : -1;
    if (letter < 289)
        return (int)letter - 256;
    return letter < 323 ? (int)letter - 289 + 127 : letter == 323 ? 0xAD : -1;
}

static size_t slot_of(const cz_bpe *bpe, uint64_t pair)
{
    uint64_t hash = pair * bpe->factor;
    return (size_t)(hash ^ hash >> 29) & (bpe->capacity - 1);
}

static const cz_merge *find(const cz_bpe *bpe, uint32_t left, uint32_t right)
{
    uint64_t pair = (uint64_t)left << 32 | right;
    for (size_t i = slot_of(bpe, pair);; i = (i + 1) & (bpe->capacity - 1)) {
        const cz_merge *merge = &bpe->merges[i];
        if (merge->pair == pair)
            return merge;
        if (merge->pair == CZ_NO_PAIR)
            return NULL;
    }
}

bool cz_bpe_init(cz_bpe *bpe, const cloze_allocator *allocator, size_t merges)
{
    bpe->capacity = 64;
    while (bpe->capacity / 2 < merges)
        bpe->capacity *= 2;
    bpe->factor = cz_system_seed() | 1;
    bpe->merges = cz_allocate(allocator, bpe->capacity, sizeof *bpe->merges);
    for (size_t i = 0; bpe->merges && i < bpe->capacity; i++)
        bpe->merges[i].pair = CZ_NO_PAIR;
    return bpe->merges != NULL;
}

void cz_bpe_put(cz_bpe *bpe, uint32_t left, uint32_t right, cz_merge_place place)
{
    uint64_t pair = (uint64_t)left << 32 | right;
    size_t i = slot_of(bpe, pair);
    while (bpe->merges[i].pair != CZ_NO_PAIR && bpe->merges[i].pair != pair)
        i = (i + 1) & (bpe->capacity - 1);
    if (bpe->merges[i].pair == CZ_NO_PAIR || !place.first_counts)
        bpe->merges[i] = (cz_merge){ pair, place.rank, place.id };
}

void cz_bpe_clear(cz_bpe *bpe, const cloze_allocator *allocator)
{
    cz_release(allocator, bpe->merges);
    cz_release(allocator, bpe->suffix);
    bpe->merges = NULL;
    bpe->suffix = NULL;
}

/* ---- a short word ---- */

static size_t scan(const cz_bpe *bpe, uint32_t *ids, uint32_t *ends, size_t count)
{
    uint32_t rank[SCANNED_MOST], joined[SCANNED_MOST];
    for (size_t i = 0; i + 1 < count; i++) {
        const cz_merge *merge = find(bpe, ids[i], ids[i + 1]);
        rank[i] = merge ? merge->rank : UINT32_MAX;
        joined[i] = merge ? merge->id : 0;
    }
    while (count > 1) {
        size_t best = 0;
        for (size_t i = 1; i + 1 < count; i++)
            if (rank[i] < rank[best])
                best = i;
        if (rank[best] == UINT32_MAX)
            break;
        ids[best] = joined[best];
        count--;
        for (size_t i = best; i < count; i++) {
            ends[i] = ends[i + 1];
            if (i > best)
                ids[i] = ids[i + 1];
            if (i > best && i < count)
                rank[i] = rank[i + 1], joined[i] = joined[i + 1];
        }
        for (size_t i = best ? best - 1 : 0; i <= best && i + 1 < count; i++) {
            const cz_merge *merge = find(bpe, ids[i], ids[i + 1]);
            rank[i] = merge ? merge->rank : UINT32_MAX;
            joined[i] = merge ? merge->id : 0;
        }
    }
    return count;
}

/* ---- a long word ---- */

static bool before(const cz_candidate *a, const cz_candidate *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

static void push(cz_candidate *heap, size_t *count, cz_candidate candidate)
{
    size_t i = (*count)++;
    for (; i && before(&candidate, &heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = candidate;
}

static cz_candidate pop(cz_candidate *heap, size_t *count)
{
    cz_candidate top = heap[0], last = heap[--*count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= *count)
            break;
        if (child + 1 < *count && before(&heap[child + 1], &heap[child]))
            child++;
        if (!before(&heap[child], &last))
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = last;
    return top;
}

static void propose(const cz_bpe *bpe, cloze_encoding *encoding, uint32_t left, size_t *count)
{
    uint32_t right = encoding->symbols[left].next;
    const cz_merge *merge;
    if (right == UINT32_MAX)
        return;
    merge = find(bpe, encoding->symbols[left].id, encoding->symbols[right].id);
    if (merge)
        push(encoding->candidates, count,
             (cz_candidate){ merge->rank, left, encoding->symbols[left].id,
                             encoding->symbols[right].id, merge->id });
}

/* Joins what a candidate speaks of, if both are still as they were. */
static bool join(cz_symbol *symbols, const cz_candidate *chosen)
{
    cz_symbol *left = &symbols[chosen->at], *right;
    if (left->id != chosen->left || left->next == UINT32_MAX)
        return false;
    right = &symbols[left->next];
    if (right->id != chosen->right)
        return false;
    left->id = chosen->id;
    left->end = right->end;
    left->next = right->next;
    right->id = UINT32_MAX;
    if (left->next != UINT32_MAX)
        symbols[left->next].previous = chosen->at;
    return true;
}

/* Whether a candidate is passed over: a function of the seed and of how many were drawn. */
static bool drops(float dropout, cloze_encoding *encoding)
{
    const uint32_t counter[4] = { encoding->draws++, 0, 0, 0x6265 };
    const uint32_t key[2] = { (uint32_t)encoding->seed, (uint32_t)(encoding->seed >> 32) };
    return (float)(cz_philox_at(counter, key).word[0] >> 8) * 0x1p-24f < dropout;
}

/* The next candidate in *chosen; those that are passed over wait at the end of the room, behind
 * candidates[room]. False: none is left, all were passed over, or, then *candidates is not 0, steps
 * are used up. */
static bool choose(const cz_bpe *bpe, cloze_encoding *encoding, size_t *candidates, size_t room,
                   cz_candidate *chosen)
{
    cz_candidate *waiting = encoding->candidates + room;
    size_t passed = 0;
    while (*candidates) {
        *chosen = pop(encoding->candidates, candidates);
        if (bpe->dropout > 0 && drops(bpe->dropout, encoding)) {
            waiting[passed++] = *chosen;
            if (!cz_allowance_pay(&encoding->allowance.steps, PASSED_STEPS))
                return (*candidates)++, false;
            continue;
        }
        while (passed)
            push(encoding->candidates, candidates, waiting[--passed]);
        return true;
    }
    return false;
}

static bool queue(const cz_bpe *bpe, cloze_encoding *encoding, size_t *length)
{
    cz_symbol *symbols = encoding->symbols;
    cz_candidate chosen;
    size_t count = *length, candidates = 0, left = 0, room = 3 * count;
    for (uint32_t i = 0; i < count; i++)
        symbols[i] = (cz_symbol){ encoding->word_ids[i], encoding->word_ends[i], i - 1,
                                  i + 1 < count ? i + 1 : UINT32_MAX };
    for (uint32_t i = 0; i + 1 < count; i++)
        propose(bpe, encoding, i, &candidates);
    while (choose(bpe, encoding, &candidates, room, &chosen)) {
        if (!join(symbols, &chosen))
            continue;
        propose(bpe, encoding, chosen.at, &candidates);
        if (symbols[chosen.at].previous != UINT32_MAX)
            propose(bpe, encoding, symbols[chosen.at].previous, &candidates);
    }
    if (candidates)
        return false;
    for (uint32_t i = 0; i != UINT32_MAX; i = symbols[i].next, left++) {
        encoding->word_ids[left] = symbols[i].id;
        encoding->word_ends[left] = symbols[i].end;
    }
    *length = left;
    return true;
}

/* The whole word when the vocabulary has it. */
static bool find_whole(const cloze_tokenizer *tokenizer, const char *word, size_t size,
                       uint32_t *id)
{
    size_t used = 0;
    if (!size || size > CZ_TOKEN_LIMIT)
        return false;
    if (!tokenizer->bpe.by_bytes)
        return cz_vocabulary_get(&tokenizer->model.vocabulary, word, size, id);
    char letters[2 * CZ_TOKEN_LIMIT];
    for (size_t i = 0; i < size; i++)
        used += cz_utf8_put(letters + used, tokenizer->bpe.letter[(unsigned char)word[i]]);
    return cz_vocabulary_get(&tokenizer->model.vocabulary, letters, used, id);
}

/* Whether a word of so many letters is scanned; else it is queued. */
static bool is_scanned(const cz_bpe *bpe, size_t count)
{
    return count <= SCANNED_MOST && bpe->dropout == 0;
}

static bool reserve(const cz_bpe *bpe, cloze_encoding *encoding, size_t count)
{
    const cloze_allocator *allocator = &encoding->hooks.allocator;
    size_t candidates;
    if (!cz_grow(allocator, (void **)&encoding->word_ids, &encoding->word_ids_capacity, count + 1,
                 sizeof *encoding->word_ids) ||
        !cz_grow(allocator, (void **)&encoding->word_ends, &encoding->word_ends_capacity, count + 1,
                 sizeof *encoding->word_ends))
        return false;
    if (is_scanned(bpe, count))
        return true;
    /* One candidate for each pair at first, and at most two for each join; as many that wait. */
    return cz_multiply(count, bpe->dropout > 0 ? 6 : 3, &candidates) &&
           cz_grow(allocator, (void **)&encoding->symbols, &encoding->symbols_capacity, count,
                   sizeof *encoding->symbols) &&
           cz_grow(allocator, (void **)&encoding->candidates, &encoding->candidates_capacity,
                   candidates, sizeof *encoding->candidates);
}

cloze_status cz_bpe_split(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                          const char *word, size_t size, cz_word_pieces *out, cloze_error *error)
{
    const cz_bpe *bpe = &tokenizer->bpe;
    size_t count = size;
    cloze_status status = CLOZE_OK;
    if (!reserve(bpe, encoding, size))
        return cz_text_memory(error);
    if (bpe->whole && bpe->dropout == 0 && find_whole(tokenizer, word, size, encoding->word_ids)) {
        encoding->word_ends[0] = (uint32_t)size;
        *out = (cz_word_pieces){ encoding->word_ids, encoding->word_ends, 1 };
        return CLOZE_OK;
    }
    for (size_t i = 0; i < size && bpe->by_bytes; i++) {
        encoding->word_ids[i] = bpe->byte_id[(unsigned char)word[i]];
        encoding->word_ends[i] = (uint32_t)i + 1;
    }
    if (!bpe->by_bytes)
        status = cz_bpe_letters(tokenizer, encoding, word, size, &count, error);
    if (status)
        return status;
    if (count > 1 && is_scanned(bpe, size))
        count = scan(bpe, encoding->word_ids, encoding->word_ends, count);
    else if (count > 1 && !queue(bpe, encoding, &count))
        return cz_fail(error, CLOZE_ERROR_LIMIT,
                       "the dropout of the BPE, %g, takes too many steps on this text",
                       (double)bpe->dropout);
    *out = (cz_word_pieces){ encoding->word_ids, encoding->word_ends, count };
    return CLOZE_OK;
}
