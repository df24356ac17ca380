/*
 * passage.c - a sequence as the model sees it: special tokens around its text; of two texts the second
 * follows the first, or not. Random choices are functions of the occasion.
 */
#include "train/passages.h"

#include "base/draw.h"

enum { TRIES = 64 };

/* What is drawn of a sequence, in order. */
enum { DRAW_APART, DRAW_CUT, DRAW_BEGIN, DRAW_OTHER };

typedef struct piece {
    size_t begin, length;
} piece;

bool cz_passage_init(cz_passage *passage, size_t most, const cloze_allocator *allocator)
{
    *passage = (cz_passage){ .ids = cz_allocate(allocator, most, sizeof *passage->ids),
                             .types = cz_allocate(allocator, most, sizeof *passage->types),
                             .words = cz_allocate(allocator, most, sizeof *passage->words) };
    return passage->ids && passage->types && passage->words;
}

void cz_passage_clear(cz_passage *passage, const cloze_allocator *allocator)
{
    cz_release(allocator, passage->ids);
    cz_release(allocator, passage->types);
    cz_release(allocator, passage->words);
    *passage = (cz_passage){ 0 };
}

/* ---- laying ---- */

static void put(cz_passage *to, uint32_t id, uint32_t type, int32_t word)
{
    to->ids[to->length] = id;
    to->types[to->length] = type;
    to->words[to->length++] = word;
}

static void put_gap(cz_passage *to, const cz_text_frame *frame, size_t gap)
{
    for (size_t i = 0; i < frame->gap[gap].count; i++)
        put(to, frame->gap[gap].ids[i], frame->gap[gap].types[i], -1);
}

/* `word`: the number of the next one. */
static void put_text(cz_passage *to, const cz_passages *passages, piece text, uint32_t type,
                     int32_t *word)
{
    for (size_t i = 0; i < text.length; i++) {
        uint32_t token = passages->file.token[text.begin + i];
        if (passages->rule.crosses && i && (token & CZ_BEGINS_DOCUMENT))
            put(to, passages->rule.separator, type, -1);
        *word += !i || (token & CZ_BEGINS_WORD);
        put(to, token & CZ_TOKEN_ID, type, *word - 1);
    }
}

/* ---- two texts ---- */

static size_t count_borders(const cz_passages *passages, piece text, uint32_t what)
{
    size_t count = 0;
    for (size_t i = 1; i < text.length; i++)
        count += (passages->file.token[text.begin + i] & what) != 0;
    return count;
}

/* Where border number `nth` from 0 on lies in the text. */
static size_t border(const cz_passages *passages, piece text, uint32_t what, size_t nth)
{
    for (size_t i = 1; i < text.length; i++)
        if ((passages->file.token[text.begin + i] & what) && !nth--)
            return i;
    return text.length;
}

/* Between two sentences; in a single one between two words. */
static size_t draw_cut(const cz_passages *passages, piece text, const cz_draw *draw, uint64_t thing)
{
    uint32_t what = CZ_BEGINS_SENTENCE;
    size_t count = count_borders(passages, text, what);
    if (!count)
        count = count_borders(passages, text, what = CZ_BEGINS_WORD);
    return border(passages, text, what, cz_draw_below(draw, thing, DRAW_CUT, count));
}

/* A sequence of another document; there are two or more. */
static size_t draw_other(const cz_passages *passages, uint32_t document, const cz_draw *draw,
                         uint64_t thing)
{
    size_t other = 0;
    for (uint32_t i = 0; i < TRIES; i++) {
        other = cz_draw_below(draw, thing, DRAW_OTHER + i, passages->count);
        if (passages->place[other].document != document)
            return other;
    }
    while (passages->place[other].document == document)
        other = (other + 1) % passages->count;
    return other;
}

/* From a sentence on, as long as there is room. */
static piece draw_text(const cz_passages *passages, const cz_passage_place *place, size_t room,
                       const cz_draw *draw, uint64_t thing)
{
    piece all = { place->begin, place->length };
    size_t count = count_borders(passages, all, CZ_BEGINS_SENTENCE);
    size_t nth = cz_draw_below(draw, thing, DRAW_BEGIN, count + 1);
    size_t skip = nth ? border(passages, all, CZ_BEGINS_SENTENCE, nth - 1) : 0;
    size_t left = all.length - skip;
    return (piece){ all.begin + skip, left < room ? left : room };
}

static void lay_two(cz_passage *to, const cz_passages *passages, size_t item,
                    cloze_following following, const cz_occasion *occasion)
{
    const cz_draw draw = { occasion->seed, CZ_DRAW_NEXT, occasion->epoch };
    const cz_passage_place *place = &passages->place[item];
    const cz_text_frame *frame = &passages->frame;
    uint64_t thing = occasion->thing;
    piece all = { place->begin, place->length };
    size_t cut = draw_cut(passages, all, &draw, thing);
    piece first = { all.begin, cut }, second = { all.begin + cut, all.length - cut };
    int32_t word = 0;
    to->apart = cz_draw_unit(&draw, thing, DRAW_APART) < 0.5;
    if (to->apart && following == CLOZE_FOLLOWING_ORDER) {
        piece kept = first;
        first = second;
        second = kept;
    } else if (to->apart) {
        size_t other = draw_other(passages, place->document, &draw, thing);
        second = draw_text(passages, &passages->place[other],
                           passages->rule.most - frame->size - first.length, &draw, thing);
    }
    put_gap(to, frame, 0);
    put_text(to, passages, first, frame->type[0], &word);
    put_gap(to, frame, 1);
    put_text(to, passages, second, frame->type[1], &word);
    put_gap(to, frame, 2);
}

void cz_passage_lay(cz_passage *passage, const cz_passages *passages, size_t item,
                    cloze_following following, const cz_occasion *occasion)
{
    const cz_passage_place *place = &passages->place[item];
    int32_t word = 0;
    passage->length = 0;
    passage->apart = 0;
    if (following) {
        lay_two(passage, passages, item, following, occasion);
        return;
    }
    put_gap(passage, &passages->frame, 0);
    put_text(passage, passages, (piece){ place->begin, place->length }, passages->frame.type[0],
             &word);
    put_gap(passage, &passages->frame, 1);
}
