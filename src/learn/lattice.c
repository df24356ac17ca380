/*
 * lattice.c - see lattice.h: the forward-backward sums of a Unigram over the places between
 * characters, and Viterbi's method.
 *
 * Ways are summed as probabilities. So that those of long words do not vanish, places count in
 * units that follow the likeliest of those that were reached.
 */
#include "learn/lattice.h"

#include "base/memory.h"
#include "text/unicode.h"

#include <math.h>

enum { UNIT = 256 };
static const double smallest = 0x1p-256, unit = 0x1p256;

void cz_lattice_clear(cz_lattice *lattice)
{
    cz_trie_clear(&lattice->trie);
    cz_release(lattice->allocator, lattice->scores);
    cz_release(lattice->allocator, lattice->probabilities);
    cz_release(lattice->allocator, lattice->places);
    cz_release(lattice->allocator, lattice->path);
    *lattice = (cz_lattice){ .allocator = lattice->allocator };
}

static bool prepare(cz_lattice *lattice, size_t size)
{
    if (size >= UINT32_MAX || !cz_grow(lattice->allocator, (void **)&lattice->places,
                                       &lattice->capacity, size + 1, sizeof *lattice->places))
        return false;
    for (size_t i = 0; i <= size; i++)
        lattice->places[i] = (cz_lattice_place){ .begin = UINT32_MAX };
    return true;
}

/* The pieces that begin at `at`, a place before a character; the shortest first. */
static size_t edges_of(const cz_lattice *lattice, cloze_text word, size_t at, cz_lattice_edge *out)
{
    const uint8_t *bytes = (const uint8_t *)word.data;
    const cz_trie_node *node = cz_trie_first(&lattice->trie, bytes[at]);
    size_t count = 0, next = at;
    cz_utf8_read(word.data, &next);
    for (size_t end = at + 1; node; end++) {
        if (node->id != CZ_TRIE_NONE && lattice->probabilities[node->id] > 0.0)
            out[count++] = (cz_lattice_edge){ (uint32_t)end, node->id };
        if (end == word.size)
            break;
        node = cz_trie_next(&lattice->trie, node, bytes[end]);
    }
    if (count && out[0].end == next)
        return count;
    for (size_t i = count; i; i--)
        out[i] = out[i - 1];
    out[0] = (cz_lattice_edge){ (uint32_t)next, 0 };
    return count + 1;
}

/* True where `at` begins a character. */
static bool is_place(cloze_text word, size_t at)
{
    return ((unsigned char)word.data[at] & 0xC0) != 0x80;
}

/* Takes a larger unit once all places from `at` to `last`, which are reached, are small. */
static uint32_t change_unit(cz_lattice_place *places, size_t at, size_t last, uint32_t current)
{
    double largest = 0.0;
    for (size_t i = at; i <= last; i++)
        largest = places[i].forward > largest ? places[i].forward : largest;
    if (largest >= smallest)
        return current;
    for (size_t i = at; i <= last; i++)
        places[i].forward *= unit;
    return current + 1;
}

static void go_forward(cz_lattice *lattice, cloze_text word)
{
    cz_lattice_place *places = lattice->places;
    cz_lattice_edge edges[CZ_LATTICE_EDGES];
    uint32_t current = 0;
    size_t last = 0;
    places[0].forward = 1.0;
    for (size_t at = 0; at < word.size; at++) {
        if (!is_place(word, at))
            continue;
        if (places[at].forward < smallest)
            current = change_unit(places, at, last, current);
        places[at].unit = current;
        size_t count = edges_of(lattice, word, at, edges);
        for (size_t i = 0; i < count; i++)
            places[edges[i].end].forward +=
                places[at].forward * lattice->probabilities[edges[i].piece];
        if (edges[count - 1].end > last)
            last = edges[count - 1].end;
    }
    places[word.size].unit = current;
}

bool cz_lattice_expect(cz_lattice *lattice, cloze_text word, double times, double *expected)
{
    cz_lattice_edge edges[CZ_LATTICE_EDGES];
    if (!prepare(lattice, word.size))
        return false;
    go_forward(lattice, word);
    cz_lattice_place *places = lattice->places;
    places[word.size].share = times / places[word.size].forward;
    for (size_t at = word.size; at--;) {
        if (!is_place(word, at))
            continue;
        double through = 0.0;
        size_t count = edges_of(lattice, word, at, edges);
        for (size_t i = 0; i < count; i++) {
            const cz_lattice_place *end = &places[edges[i].end];
            double way = places[at].forward * lattice->probabilities[edges[i].piece];
            if (end->unit != places[at].unit)
                way = ldexp(way, (int)(end->unit - places[at].unit) * UNIT);
            way *= end->share;
            expected[edges[i].piece] += way;
            through += way;
        }
        places[at].share = places[at].forward > 0.0 ? through / places[at].forward : 0.0;
    }
    return true;
}

static bool go_back(cz_lattice *lattice, cloze_text word)
{
    const cz_lattice_place *places = lattice->places;
    lattice->path_count = 0;
    if (places[word.size].begin == UINT32_MAX)
        return true;
    for (size_t at = word.size; at; at = places[at].begin) {
        if (!cz_grow(lattice->allocator, (void **)&lattice->path, &lattice->path_capacity,
                     lattice->path_count + 1, sizeof *lattice->path))
            return false;
        lattice->path[lattice->path_count++] = places[at].piece;
    }
    return true;
}

bool cz_lattice_best(cz_lattice *lattice, cloze_text word, bool whole)
{
    cz_lattice_edge edges[CZ_LATTICE_EDGES];
    if (!prepare(lattice, word.size))
        return false;
    cz_lattice_place *places = lattice->places;
    for (size_t at = 0; at < word.size; at++) {
        if (!is_place(word, at))
            continue;
        size_t count = edges_of(lattice, word, at, edges);
        for (size_t i = 0; i < count; i++) {
            cz_lattice_place *end = &places[edges[i].end];
            double score = places[at].best + lattice->scores[edges[i].piece];
            if ((end->begin != UINT32_MAX && !(score > end->best)) ||
                (!whole && !at && edges[i].end == word.size))
                continue;
            end->best = score;
            end->begin = (uint32_t)at;
            end->piece = edges[i].piece;
        }
    }
    return go_back(lattice, word);
}
