/* expression.c - see expression.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "text/expression.h"

#include "base/memory.h"
#include "text/allowance.h"
#include "text/translate.h"

#include <string.h>

enum {
    WINDOW = 256,             /* bytes that a match gets at first */
    STEPS = 64,               /* of one place in a text, at first */
    STEPS_MOST = STEPS << 16, /* and at most */
    DEPTH_LIMIT = 1 << 18,    /* of going back */
    HEAP_LIMIT = 128 << 10,   /* KiB */
    GROUPS_LIMIT = 64         /* in one another */
};

struct cz_expression {
    const cloze_allocator *allocator;
    pcre2_code *code;
};

static void *allocate(size_t size, void *allocator)
{
    return cz_allocate(allocator, size, 1);
}

static void release(void *block, void *allocator)
{
    if (block)
        cz_release(allocator, block);
}

/* PCRE2 hands the data back as it got it; nothing writes through it. */
static pcre2_general_context *general_of(const cloze_allocator *allocator)
{
    return pcre2_general_context_create(allocate, release, (void *)(uintptr_t)allocator);
}

static cloze_status compile(cz_expression *expression, cloze_text pattern, cloze_text spelled,
                            cloze_error *error)
{
    pcre2_general_context *general = general_of(expression->allocator);
    pcre2_compile_context *context = general ? pcre2_compile_context_create(general) : NULL;
    cloze_status status = CLOZE_OK;
    if (context) {
        PCRE2_SIZE place;
        int code;
        pcre2_set_newline(context, PCRE2_NEWLINE_LF);
        pcre2_set_parens_nest_limit(context, GROUPS_LIMIT + CZ_TRANSLATE_DEPTH);
        expression->code =
            pcre2_compile((PCRE2_SPTR)spelled.data, spelled.size,
                          PCRE2_UTF | PCRE2_UCP | PCRE2_USE_OFFSET_LIMIT | PCRE2_NEVER_BACKSLASH_C,
                          &code, &place, context);
        if (!expression->code && code != PCRE2_ERROR_NOMEMORY && code != 121) {
            char says[120], shown[100];
            pcre2_get_error_message(code, (PCRE2_UCHAR *)says, sizeof says);
            status =
                cz_fail(error, CLOZE_ERROR_UNSUPPORTED, "the expression \"%s\" cannot be used: %s",
                        cz_printable(shown, sizeof shown, pattern.data, pattern.size), says);
        }
    }
    pcre2_compile_context_free(context);
    pcre2_general_context_free(general);
    return status || expression->code ? status
                                      : cz_fail_memory(error, "an expression", spelled.size);
}

cloze_status cz_expression_new(cz_expression **out, const cloze_allocator *allocator,
                               cloze_text pattern, cloze_error *error)
{
    cloze_text spelled;
    cz_expression *expression;
    cloze_status status = cz_translate(pattern, allocator, &spelled, error);
    if (status)
        return status;
    expression = cz_allocate_zero(allocator, 1, sizeof *expression);
    if (!expression) {
        status = cz_fail_memory(error, "an expression", sizeof *expression);
    } else {
        expression->allocator = allocator;
        status = compile(expression, pattern, spelled, error);
    }
    cz_release(allocator, (void *)(uintptr_t)spelled.data);
    if (status)
        cz_expression_free(expression);
    else
        *out = expression;
    return status;
}

void cz_expression_free(cz_expression *expression)
{
    if (!expression)
        return;
    pcre2_code_free(expression->code);
    cz_release(expression->allocator, expression);
}

size_t cz_expression_bytes(const cz_expression *expression)
{
    size_t size = 0;
    pcre2_pattern_info(expression->code, PCRE2_INFO_SIZE, &size);
    return sizeof *expression + size;
}

static bool prepare(cz_matching *matching, const cloze_allocator *allocator)
{
    pcre2_general_context *general;
    if (matching->data)
        return true;
    general = general_of(allocator);
    if (!general)
        return false;
    matching->data = pcre2_match_data_create(1, general);
    matching->context = pcre2_match_context_create(general);
    pcre2_general_context_free(general);
    if (!matching->data || !matching->context) {
        cz_matching_clear(matching);
        return false;
    }
    pcre2_set_depth_limit(matching->context, DEPTH_LIMIT);
    pcre2_set_heap_limit(matching->context, HEAP_LIMIT);
    return true;
}

void cz_matching_clear(cz_matching *matching)
{
    pcre2_match_data_free(matching->data);
    pcre2_match_context_free(matching->context);
    *matching = (cz_matching){ NULL, NULL };
}

/* The end of a window, which cuts no character. */
static size_t window_end(cloze_text line, size_t from, size_t reach)
{
    size_t end = line.size - from < reach ? line.size : from + reach;
    while (end < line.size && ((unsigned char)line.data[end] & 0xC0) == 0x80)
        end++;
    return end;
}

static size_t behind(cloze_text line, size_t at)
{
    at++;
    while (at < line.size && ((unsigned char)line.data[at] & 0xC0) == 0x80)
        at++;
    return at;
}

/* Where a walk is: the first place that may begin a match, what is seen from there, and what one
 * place may cost. Places before `singly` are looked at one by one. */
typedef struct walk {
    size_t from, reach, singly;
    uint32_t steps;
} walk;

static bool is_single(const walk *at)
{
    return at->from < at->singly || at->reach > WINDOW || at->steps > STEPS;
}

/* One call of PCRE2. Places behind `from` are tried, too, unless it is looked at singly. */
static int try(const cz_expression *expression, const cz_matching *matching, cloze_text line,
               const walk *at, size_t seen)
{
    uint32_t options = PCRE2_NO_UTF_CHECK;
    if (seen < line.size)
        options |= PCRE2_PARTIAL_HARD;
    if (is_single(at))
        options |= PCRE2_ANCHORED;
    pcre2_set_match_limit(matching->context, at->steps);
    pcre2_set_offset_limit(matching->context, seen < line.size ? seen - 1 : PCRE2_UNSET);
    return pcre2_match(expression->code, (PCRE2_SPTR)line.data, seen, at->from, options,
                       matching->data, matching->context);
}

static cloze_status refuse(const walk *at, int code, cloze_error *error)
{
    if (code == PCRE2_ERROR_NOMEMORY)
        return cz_fail(error, CLOZE_ERROR_MEMORY, "out of memory in an expression");
    return cz_fail_at(error, CLOZE_ERROR_LIMIT, at->from,
                      "an expression of the tokenizer takes too many steps on this text near byte "
                      "%zu of a part of it",
                      at->from);
}

/* Where to look on after a look up to `seen` that gave no match; false: what that costs cannot be
 * paid, or PCRE2 failed. A larger window counts four times, since it is gone through again with
 * each larger number of steps. */
static bool move(walk *at, int code, cloze_text line, size_t seen, size_t partial, uint64_t *steps)
{
    switch (code) {
    case PCRE2_ERROR_PARTIAL:
        at->from = partial;
        at->reach *= 2;
        return cz_allowance_pay(steps, 4 * (uint64_t)at->reach);
    case PCRE2_ERROR_MATCHLIMIT: /* of a place that PCRE2 does not tell */
        if (!is_single(at)) {
            at->singly = seen < line.size ? seen : line.size + 1;
            return true;
        }
        at->steps *= 4;
        return at->steps <= STEPS_MOST && cz_allowance_pay(steps, at->steps + (seen - at->from));
    case PCRE2_ERROR_NOMATCH:
        at->from = is_single(at) ? behind(line, at->from) : seen < line.size ? seen : line.size + 1;
        at->reach = WINDOW;
        at->steps = STEPS;
        return true;
    default:
        return false;
    }
}

cloze_status cz_expression_find(const cz_expression *expression, cz_matching *matching,
                                const cloze_allocator *allocator, cloze_text line, size_t from,
                                uint64_t *steps, size_t *begin, size_t *end, bool *found,
                                cloze_error *error)
{
    walk at = { from, WINDOW, 0, STEPS };
    if (!prepare(matching, allocator))
        return refuse(&at, PCRE2_ERROR_NOMEMORY, error);
    *found = false;
    while (at.from <= line.size) {
        size_t seen = window_end(line, at.from, at.reach);
        int code = try(expression, matching, line, &at, seen);
        const PCRE2_SIZE *places = pcre2_get_ovector_pointer(matching->data);
        if (code > 0) {
            *found = true;
            *begin = places[0];
            *end = places[1];
            return CLOZE_OK;
        }
        if (!move(&at, code, line, seen, places[0], steps))
            return refuse(&at, code, error);
    }
    return CLOZE_OK;
}
