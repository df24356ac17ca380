/*
 * unigram.c - a Unigram from words (Kudo 2018, "Subword Regularization"): of many pieces those go
 * without which the words are hardly less likely, until the wanted number is left.
 *
 * Steps, thresholds and shares are those of the package's trainer.
 */
#include "learn/unigram.h"

#include "base/memory.h"
#include "text/unicode.h"

#include <math.h>
#include <stdlib.h>

enum { ESTIMATES = 2, REPORT_EVERY = 4096 };
static const double share_left = 0.75;     /* of the pieces, by each pruning */
static const double missing_step = 0.0001; /* between the scores of characters that were dropped */

size_t cz_unigram_wanted(const cz_unigram_trainer *work)
{
    return work->settings->size * 11 / 10;
}

bool cz_unigram_build(cz_unigram_trainer *work)
{
    size_t kept = 0;
    for (size_t i = 0; i < work->sorted_count; i++)
        if (work->lattice.probabilities[work->sorted[i].id] > 0.0)
            work->sorted[kept++] = work->sorted[i];
    work->sorted_count = kept;
    cz_trie_clear(&work->lattice.trie);
    return cz_trie_build(&work->lattice.trie, work->settings->allocator, work->sorted, kept);
}

/* How many words will be gone through: each round drops a quarter of the pieces. */
static void plan(cz_unigram_trainer *work)
{
    double rounds =
        work->count > cz_unigram_wanted(work)
            ? ceil(log((double)cz_unigram_wanted(work) / (double)work->count) / log(share_left))
            : 0.0;
    work->total = (uint64_t)(rounds * (ESTIMATES + 1) + ESTIMATES) * work->words->count;
}

static bool start(cz_unigram_trainer *work)
{
    const cloze_allocator *allocator = work->settings->allocator;
    size_t count = work->seeds.count + 1;
    work->lattice.scores = cz_allocate(allocator, count, sizeof(double));
    work->lattice.probabilities = cz_allocate(allocator, count, sizeof(double));
    work->counts = cz_allocate(allocator, count, sizeof *work->counts);
    work->pieces = cz_allocate(allocator, count, sizeof *work->pieces);
    work->sorted = cz_allocate(allocator, count, sizeof *work->sorted);
    if (!work->lattice.scores || !work->lattice.probabilities || !work->counts || !work->pieces ||
        !work->sorted)
        return false;
    work->pieces[0] = 0;
    for (uint32_t i = 1; i < count; i++) {
        const cz_seed *seed = &work->seeds.items[i - 1];
        work->pieces[i] = i;
        cz_unigram_score(work, i, seed->score);
        work->sorted[i - 1] = (cz_trie_text){ work->seeds.bytes + seed->begin, seed->size, i };
    }
    work->count = count;
    work->sorted_count = count - 1;
    cz_unigram_score_unknown(work);
    cz_trie_sort(work->sorted, work->sorted_count);
    plan(work);
    return cz_unigram_build(work);
}

cloze_status cz_unigram_report(cz_unigram_trainer *work, size_t word, cloze_error *error)
{
    if (work->done < work->total)
        work->done++;
    if (word % REPORT_EVERY)
        return CLOZE_OK;
    return cz_learn_report(work->settings, work->done, work->total, error);
}

static cloze_status shrink(cz_unigram_trainer *work, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (;;) {
        size_t before;
        for (int i = 0; i < ESTIMATES && !status; i++)
            status = cz_unigram_estimate(work, error);
        before = work->count;
        if (status || before <= cz_unigram_wanted(work))
            return status;
        status = cz_unigram_prune(work, error);
        if (status || work->count == before)
            return status;
    }
}

/* A token of the end: a piece, or a character that is in any case. */
typedef struct chosen {
    double score;
    uint32_t order; /* so that equal scores stay in order */
    uint32_t piece; /* 0: the character */
    uint32_t code;
} chosen;

static int by_score(const void *left, const void *right)
{
    const chosen *a = left, *b = right;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static cloze_text text_of(const cz_unigram_trainer *work, const chosen *token, char *room)
{
    const cz_seed *seed;
    if (!token->piece)
        return (cloze_text){ room, cz_utf8_put(room, token->code) };
    seed = &work->seeds.items[token->piece - 1];
    return (cloze_text){ work->seeds.bytes + seed->begin, seed->size };
}

static bool is_special(const cz_unigram_trainer *work, const chosen *token)
{
    char room[4];
    cloze_text text = text_of(work, token, room);
    uint32_t number;
    return cz_texts_get(&work->learned->tokens, text.data, text.size, &number);
}

/* Every character, then pieces while there is room; those that were dropped are the least. */
static size_t choose(const cz_unigram_trainer *work, const uint64_t *kept, chosen *out)
{
    size_t room = work->settings->size - work->settings->special_count, count = 0;
    double missing = work->least;
    for (uint32_t c = 0; c < CZ_LEARN_CODES; c++) {
        chosen token = { .order = (uint32_t)count, .code = c };
        char text[4];
        uint32_t piece;
        if (!kept[c] || is_special(work, &token))
            continue;
        piece = cz_trie_find(&work->lattice.trie, text, cz_utf8_put(text, c));
        if (piece != CZ_TRIE_NONE && work->lattice.probabilities[piece] > 0.0) {
            token.score = work->lattice.scores[piece];
        } else {
            token.score = missing;
            missing += missing_step;
        }
        out[count++] = token;
    }
    for (size_t i = 1; i < work->count && count < room; i++) {
        uint32_t piece = work->pieces[i];
        chosen token = { work->lattice.scores[piece], (uint32_t)count, piece, 0 };
        if (piece > work->seeds.characters && !is_special(work, &token))
            out[count++] = token;
    }
    return count;
}

static bool put(cz_learned *learned, cloze_text text, double score)
{
    uint32_t number;
    if (!cz_texts_put(&learned->tokens, text.data, text.size, &number))
        return false;
    learned->scores[number] = score;
    return true;
}

static bool finish(cz_unigram_trainer *work, const uint64_t *kept)
{
    const cz_learn_settings *settings = work->settings;
    cz_learned *learned = work->learned;
    size_t most = work->count, count;
    chosen *tokens;
    bool good;
    for (uint32_t c = 0; c < CZ_LEARN_CODES; c++)
        most += kept[c] != 0;
    tokens = cz_allocate(settings->allocator, most, sizeof *tokens);
    learned->scores =
        cz_allocate(settings->allocator, most + settings->special_count, sizeof *learned->scores);
    good = tokens && learned->scores;
    for (size_t i = 0; good && i < settings->special_count; i++)
        good = put(learned, settings->special[i], 0.0);
    count = good ? choose(work, kept, tokens) : 0;
    if (count)
        qsort(tokens, count, sizeof *tokens, by_score);
    for (size_t i = 0; good && i < count; i++) {
        char room[4];
        good = put(learned, text_of(work, &tokens[i], room), tokens[i].score);
    }
    cz_release(settings->allocator, tokens);
    return good;
}

static cloze_status train(cz_unigram_trainer *work, const uint64_t *kept, cloze_error *error)
{
    cloze_status status = cz_seeds_find(&work->seeds, work->settings, work->words, kept, error);
    if (!status && !start(work))
        status = cz_learn_memory(error);
    if (!status)
        status = shrink(work, error);
    if (!status && !finish(work, kept))
        status = cz_learn_memory(error);
    if (!status)
        status = cz_learn_report(work->settings, work->total, work->total, error);
    return status;
}

cloze_status cz_learn_unigram(const cz_learn_settings *settings, const cz_texts *words,
                              cz_learned *learned, cloze_error *error)
{
    cz_unigram_trainer work = { .settings = settings, .words = words, .learned = learned };
    uint64_t *kept = cz_count_characters(settings, words);
    cloze_status status = CLOZE_ERROR_MEMORY;
    work.seeds.allocator = work.lattice.allocator = work.lattice.trie.allocator =
        settings->allocator;
    if (!kept || !cz_limit_alphabet(settings, kept))
        status = cz_learn_memory(error);
    else
        status = train(&work, kept, error);
    cz_seeds_clear(&work.seeds);
    cz_lattice_clear(&work.lattice);
    cz_release(settings->allocator, work.counts);
    cz_release(settings->allocator, work.pieces);
    cz_release(settings->allocator, work.sorted);
    cz_release(settings->allocator, kept);
    return status;
}
