/*
 * decode_steps.c - what each decoder makes of the strings: one pass, from one list to another. The
 * package stops its program in some of them where a string is too short; here it becomes empty.
 */
#include "text/decode.h"

#include "text/parts.h"

/* One pass: strings are read from `from` and written behind those of `to`. */
typedef struct pass {
    const cz_decode_step *step;
    const cloze_allocator *allocator;
    const cz_strings *from;
    cz_strings to;
    cz_matching matching;
    cz_allowance *allowance;
} pass;

static cloze_text string_at(const pass *p, size_t i)
{
    size_t begin = i ? p->from->ends[i - 1] : 0;
    return (cloze_text){ p->from->data + begin, p->from->ends[i] - begin };
}

static bool append(pass *p, const char *text, size_t size)
{
    return cz_strings_append(&p->to, p->allocator, text, size);
}

size_t cz_replace_text(char *data, size_t begin, size_t size, const char *from, const char *to)
{
    size_t from_size = strlen(from), to_size = strlen(to), out = begin;
    for (size_t i = begin; i < size;) {
        if (size - i >= from_size && !memcmp(data + i, from, from_size)) {
            memcpy(data + out, to, to_size);
            out += to_size;
            i += from_size;
        } else {
            data[out++] = data[i++];
        }
    }
    return out;
}

/* The package's list, in its order, in what was appended from `begin` on. */
static void clean_up(pass *p, size_t begin)
{
    static const char *const pairs[][2] = {
        { " .", "." },   { " ?", "?" },     { " !", "!" },     { " ,", "," },
        { " ' ", "'" },  { " n't", "n't" }, { " 'm", "'m" },   { " do not", " don't" },
        { " 's", "'s" }, { " 've", "'ve" }, { " 're", "'re" },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        p->to.size = cz_replace_text(p->to.data, begin, p->to.size, pairs[i][0], pairs[i][1]);
}

/* Appends `string` with `with` in the place of every `what`. */
static bool append_replaced(pass *p, cloze_text string, cloze_text what, cloze_text with)
{
    size_t at = 0;
    while (at < string.size) {
        bool found = what.size && string.size - at >= what.size &&
                     !memcmp(string.data + at, what.data, what.size);
        if (!append(p, found ? with.data : string.data + at, found ? with.size : 1))
            return false;
        at += found ? what.size : 1;
    }
    return true;
}

static bool join_wordpiece(pass *p, cloze_text string, bool first)
{
    const cz_decode_step *step = p->step;
    size_t begin = p->to.size, prefix = step->text[0].size;
    bool continues = string.size >= prefix && !memcmp(string.data, step->text[0].data, prefix);
    size_t skipped = !first && continues ? prefix : 0;
    if ((!first && !continues && !append(p, " ", 1)) ||
        !append(p, string.data + skipped, string.size - skipped))
        return false;
    if (step->cleanup && p->to.size > begin)
        clean_up(p, begin);
    return true;
}

/* The bytes that the letters of a token stand for; the token itself if a character is no letter. */
static bool append_bytes(pass *p, cloze_text string)
{
    size_t begin = p->to.size;
    for (size_t at = 0; at < string.size;) {
        int byte = cz_letter_byte(cz_utf8_read(string.data, &at));
        char c = (char)byte;
        if (byte < 0) {
            p->to.size = begin;
            return append(p, string.data, string.size);
        }
        if (!append(p, &c, 1))
            return false;
    }
    return true;
}

/* What is not UTF-8 becomes U+FFFD, one for each longest beginning of a character. */
static bool mend(pass *p)
{
    cz_strings broken = p->to;
    bool made = true;
    if (cz_utf8_check(broken.data, broken.size) == broken.size)
        return true;
    p->to = (cz_strings){ 0 };
    for (size_t at = 0; made && at < broken.size;) {
        size_t good = cz_utf8_check(broken.data + at, broken.size - at);
        made = append(p, broken.data + at, good);
        at += good;
        if (!made || at == broken.size)
            break;
        at += cz_utf8_broken(broken.data + at, broken.size - at);
        made = append(p, "\xEF\xBF\xBD", 3);
    }
    cz_strings_clear(&broken, p->allocator);
    return made;
}

/* A string whose marks are spaces; the first one's go, unless none was put before a text. */
static bool append_marked(pass *p, cloze_text string, bool first)
{
    bool drops = first && p->step->prepend != CZ_PREPEND_NEVER;
    for (size_t at = 0; at < string.size;) {
        size_t begin = at;
        bool mark = cz_utf8_read(string.data, &at) == p->step->code;
        if (mark && drops)
            continue;
        if (!append(p, mark ? " " : string.data + begin, mark ? 1 : at - begin))
            return false;
    }
    return true;
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The byte of "<0x41>", or -1. The package reads a sign, too. */
static int fallback_byte(cloze_text string)
{
    int high, low;
    if (string.size != 6 || memcmp(string.data, "<0x", 3) || string.data[5] != '>')
        return -1;
    high = string.data[3] == '+' ? 0 : digit_of(string.data[3]);
    low = digit_of(string.data[4]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Bytes from the string `first` to `last` are one string if they are UTF-8, or else each is
 * U+FFFD. */
static bool put_bytes(pass *p, size_t first, size_t last)
{
    size_t begin = p->to.size;
    for (size_t i = first; i < last; i++) {
        char byte = (char)fallback_byte(string_at(p, i));
        if (!append(p, &byte, 1))
            return false;
    }
    if (cz_utf8_check(p->to.data + begin, last - first) == last - first)
        return cz_strings_end(&p->to, p->allocator);
    p->to.size = begin;
    for (size_t i = first; i < last; i++)
        if (!cz_strings_put(&p->to, p->allocator, "\xEF\xBF\xBD", 3))
            return false;
    return true;
}

static bool fall_back(pass *p)
{
    for (size_t i = 0, first; i < p->from->count;) {
        cloze_text string = string_at(p, i);
        first = i;
        while (i < p->from->count && fallback_byte(string_at(p, i)) >= 0)
            i++;
        if (i > first ? !put_bytes(p, first, i)
                      : !cz_strings_put(&p->to, p->allocator, string.data, string.size))
            return false;
        i += i == first;
    }
    return true;
}

static bool append_stripped(pass *p, cloze_text string)
{
    const cz_decode_step *step = p->step;
    size_t begin = 0, end = string.size, next;
    for (size_t i = 0; i < step->start && begin < end; i++) {
        next = begin;
        if (cz_utf8_read(string.data, &next) != step->code)
            break;
        begin = next;
    }
    for (size_t i = 0; i < step->stop && end > begin; i++) {
        if (cz_utf8_before(string.data, end) != step->code)
            break;
        end -= cz_utf8_size(step->code);
    }
    return append(p, string.data + begin, end - begin);
}

static cloze_status append_edited(pass *p, cloze_text string, cloze_error *error)
{
    const cz_edit *edit = &p->step->edit;
    cz_search search = cz_search_of(string, &p->matching, p->allocator, &p->allowance->steps);
    size_t begin = 0, end = 0, done = 0;
    bool found = string.size > 0, made = true;
    while (made && found) {
        cloze_status status = cz_find_next(&edit->finder, &search, &begin, &end, &found, error);
        if (status)
            return status;
        if (!found)
            break;
        status = cz_allowance_grow(p->allowance, end - begin, edit->to_size, error);
        if (status)
            return status;
        made = append(p, string.data + done, begin - done) && append(p, edit->to, edit->to_size);
        done = end;
    }
    return made && append(p, string.data + done, string.size - done) ? CLOZE_OK
                                                                     : cz_text_memory(error);
}

/* The same string again is dropped, and an empty one. */
static bool collapse(pass *p)
{
    const cz_decode_step *step = p->step;
    cloze_text pad = { step->text[0].data, step->text[0].size };
    cloze_text word = { step->text[1].data, step->text[1].size };
    for (size_t i = 0; i < p->from->count; i++) {
        cloze_text string = string_at(p, i), last = i ? string_at(p, i - 1) : string;
        size_t begin = p->to.size;
        if (i && last.size == string.size && !memcmp(last.data, string.data, string.size))
            continue;
        if (!append_replaced(p, string, pad, (cloze_text){ "", 0 }))
            return false;
        if (step->cleanup && p->to.size > begin) {
            cz_strings cleaned = { 0 };
            bool made;
            clean_up(p, begin);
            made =
                cz_strings_append(&cleaned, p->allocator, p->to.data + begin, p->to.size - begin);
            p->to.size = begin;
            made = made && append_replaced(p, (cloze_text){ cleaned.data, cleaned.size }, word,
                                           (cloze_text){ " ", 1 });
            cz_strings_clear(&cleaned, p->allocator);
            if (!made)
                return false;
        }
        if (p->to.size > begin && !cz_strings_end(&p->to, p->allocator))
            return false;
    }
    return true;
}

/* A step that makes one string of each. */
static cloze_status apply_to(pass *p, size_t i, cloze_error *error)
{
    cloze_text string = string_at(p, i);
    cloze_text suffix = { p->step->text[0].data, p->step->text[0].size };
    bool made = true;
    switch (p->step->kind) {
    case CZ_DECODE_WORDPIECE:
        made = join_wordpiece(p, string, i == 0);
        break;
    case CZ_DECODE_MARKS:
        made = append_marked(p, string, i == 0);
        break;
    case CZ_DECODE_SUFFIX:
        made =
            append_replaced(p, string, suffix, (cloze_text){ " ", i + 1 < p->from->count ? 1 : 0 });
        break;
    case CZ_DECODE_STRIP:
        made = append_stripped(p, string);
        break;
    case CZ_DECODE_REPLACE:
        return append_edited(p, string, error);
    case CZ_DECODE_BYTES:
        made = append_bytes(p, string);
        break;
    default:
        made = append(p, string.data, string.size);
        break;
    }
    return made ? CLOZE_OK : cz_text_memory(error);
}

cloze_status cz_decode_step_apply(const cz_decode_step *step, cz_strings *strings,
                                  const cloze_allocator *allocator, cz_allowance *allowance,
                                  cloze_error *error)
{
    pass p = { .step = step, .allocator = allocator, .from = strings, .allowance = allowance };
    bool fuses = step->kind == CZ_DECODE_FUSE || step->kind == CZ_DECODE_BYTES;
    bool lists = step->kind == CZ_DECODE_FALLBACK || step->kind == CZ_DECODE_CTC;
    cloze_status status = CLOZE_OK;
    bool made = true;
    if (lists)
        made = step->kind == CZ_DECODE_CTC ? collapse(&p) : fall_back(&p);
    for (size_t i = 0; !lists && i < strings->count && !status && made; i++) {
        status = apply_to(&p, i, error);
        if (!status && !fuses)
            made = cz_strings_end(&p.to, allocator);
    }
    if (!status && made && fuses)
        made = (step->kind == CZ_DECODE_FUSE || mend(&p)) && cz_strings_end(&p.to, allocator);
    if (!status && !made)
        status = cz_text_memory(error);
    cz_matching_clear(&p.matching);
    cz_strings_clear(strings, allocator);
    *strings = p.to;
    return status;
}

size_t cz_decoder_bytes(const cz_decoder *decoder)
{
    size_t bytes = 0;
    for (size_t i = 0; i < decoder->count; i++) {
        const cz_decode_step *step = &decoder->steps[i];
        for (size_t k = 0; k < 2; k++)
            bytes += step->text[k].data ? step->text[k].size + 1 : 0;
        bytes += step->edit.to ? step->edit.to_size + 1 : 0;
        bytes += cz_finder_bytes(&step->edit.finder);
    }
    return bytes;
}

void cz_decoder_clear(cz_decoder *decoder, const cloze_allocator *allocator)
{
    for (size_t i = 0; i < decoder->count; i++) {
        cz_release(allocator, decoder->steps[i].text[0].data);
        cz_release(allocator, decoder->steps[i].text[1].data);
        cz_edit_clear(&decoder->steps[i].edit, allocator);
    }
    decoder->count = 0;
}
