/* passages.c - see passages.h. Sentences are taken one after the other, as many as have room. */
#include "train/passages.h"

#include "base/error.h"
#include "base/draw.h"

#include <string.h>

typedef struct packer {
    cz_passages *passages;
    size_t most, aim;      /* tokens of text that a sequence may have; that this one shall have */
    cz_passage_place open; /* length 0: nothing */
    bool failed;
} packer;

/* ---- a sequence ends ---- */

static uint32_t token_at(const packer *p, size_t i)
{
    return p->passages->file.token[i];
}

/* BERT's short sequences: so that a model meets all lengths. */
static size_t draw_aim(const packer *p)
{
    const cz_packing_rule *rule = &p->passages->rule;
    const cz_draw draw = { rule->seed, CZ_DRAW_LENGTH, 0 };
    size_t number = p->passages->count;
    if (!(rule->shorter > 0) || cz_draw_unit(&draw, number, 0) >= rule->shorter)
        return p->most;
    return 2 + cz_draw_below(&draw, number, 1, p->most - 1);
}

/* Two texts need a border between words. */
static bool is_of_use(const packer *p)
{
    for (size_t i = 1; i < p->open.length; i++)
        if (token_at(p, p->open.begin + i) & CZ_BEGINS_WORD)
            return true;
    return !p->passages->rule.paired;
}

static void close_sequence(packer *p)
{
    cz_passages *passages = p->passages;
    cz_passage_place *open = &p->open;
    if (!open->length)
        return;
    if (!is_of_use(p)) {
        passages->lost += open->length;
    } else if (!cz_grow(passages->allocator, (void **)&passages->place, &passages->room,
                        passages->count + 1, sizeof *passages->place)) {
        p->failed = true;
    } else {
        open->laid += (uint32_t)passages->frame.size;
        passages->tokens += open->laid;
        passages->place[passages->count++] = *open;
    }
    *open = (cz_passage_place){ 0 };
    p->aim = draw_aim(p);
}

/* ---- what comes into it ---- */

static void append(packer *p, size_t begin, size_t length, uint32_t document, bool separated)
{
    if (!p->open.length)
        p->open = (cz_passage_place){ .begin = begin, .document = document };
    p->open.length += (uint32_t)length;
    p->open.laid += (uint32_t)length + separated;
}

/* The most tokens up to `most` behind which a word begins; `most` where none does. */
static size_t cut_between_words(const packer *p, size_t begin, size_t most)
{
    for (size_t length = most; length; length--)
        if (token_at(p, begin + length) & CZ_BEGINS_WORD)
            return length;
    return most;
}

/* `crossing`: it is the first of a document that is joined to the one before. */
static void take_sentence(packer *p, size_t begin, size_t end, uint32_t document, bool crossing)
{
    bool separated = crossing && p->open.length;
    if (p->open.length && p->open.laid + separated + (end - begin) > p->aim) {
        close_sequence(p);
        separated = false;
    }
    while (end - begin > p->most) {
        size_t length = cut_between_words(p, begin, p->most);
        append(p, begin, length, document, separated);
        close_sequence(p);
        begin += length;
        separated = false;
    }
    append(p, begin, end - begin, document, separated);
}

static bool is_chosen(const cz_packing_rule *rule, uint64_t document)
{
    const cz_draw draw = { rule->seed, CZ_DRAW_PART, 0 };
    double place = rule->begin > 0 || rule->end < 1 ? cz_draw_unit(&draw, document, 0) : 0;
    return place >= rule->begin && place < rule->end;
}

static size_t end_of(const cz_tokens_file *file, size_t from, uint32_t what)
{
    size_t at = from + 1;
    while (at < file->facts.tokens && !(file->token[at] & what))
        at++;
    return at;
}

static void take_document(packer *p, size_t begin, size_t end, uint32_t document)
{
    bool first = true;
    p->passages->documents++;
    if (!p->passages->rule.crosses)
        close_sequence(p);
    while (begin < end) {
        size_t next = end_of(&p->passages->file, begin, CZ_BEGINS_SENTENCE);
        take_sentence(p, begin, next, document, first);
        first = false;
        begin = next;
    }
}

static void pack(packer *p)
{
    const cz_tokens_file *file = &p->passages->file;
    uint32_t document = 0;
    for (size_t at = 0; at < file->facts.tokens && !p->failed; document++) {
        size_t end = end_of(file, at, CZ_BEGINS_DOCUMENT);
        if (is_chosen(&p->passages->rule, document))
            take_document(p, at, end, document);
        else
            close_sequence(p); /* what is not neighbours is not joined */
        at = end;
    }
    close_sequence(p);
}

cloze_status cz_passages_open(cz_passages *passages, const char *path, size_t ids,
                              cloze_error *error)
{
    const cz_packing_rule *rule = &passages->rule;
    packer p = { .passages = passages };
    if (rule->most < passages->frame.size + 4 || rule->most > UINT32_MAX / 2)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "sequences of %zu tokens cannot be learned",
                       rule->most);
    cloze_status status = cz_tokens_open(&passages->file, path, ids, passages->allocator, error);
    if (status)
        return status;
    p.most = rule->most - passages->frame.size;
    p.aim = draw_aim(&p);
    pack(&p);
    return p.failed ? cz_fail_memory(error, "places of sequences",
                                     passages->count * sizeof *passages->place)
                    : CLOZE_OK;
}

void cz_passages_clear(cz_passages *passages)
{
    cz_tokens_close(&passages->file);
    cz_release(passages->allocator, passages->place);
    *passages = (cz_passages){ .allocator = passages->allocator };
}
