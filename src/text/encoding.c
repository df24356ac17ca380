/*
 * encoding.c - one thread's buffer: text to pieces (segments between added tokens, each by the
 * short or the long way), and the results. After some texts nothing is allocated any more.
 */
#include "text/parts.h"

cloze_status cz_text_memory(cloze_error *error)
{
    return cz_fail(error, CLOZE_ERROR_MEMORY, "out of memory while tokenizing");
}

cloze_status cloze_encoding_new(cloze_encoding **out, const cloze_hooks *hooks, cloze_error *error)
{
    const cloze_allocator *allocator = hooks ? &hooks->allocator : NULL;
    cloze_encoding *encoding = cz_allocate_zero(allocator, 1, sizeof *encoding);
    if (!encoding)
        return cz_fail_memory(error, "an encoding", sizeof *encoding);
    if (hooks)
        encoding->hooks = *hooks;
    *out = encoding;
    return CLOZE_OK;
}

void cloze_encoding_free(cloze_encoding *encoding)
{
    cloze_allocator allocator;
    void *blocks[19];
    if (!encoding)
        return;
    allocator = encoding->hooks.allocator;
    memcpy(blocks,
           (void *[]){ encoding->cache, encoding->parts[0].items, encoding->parts[1].items,
                       encoding->spans[0].items, encoding->spans[1].items,
                       encoding->characters.items, encoding->bytes, encoding->line,
                       encoding->word_ids, encoding->word_ends, encoding->hashes,
                       encoding->window_ends, encoding->ids, encoding->type_ids, encoding->special,
                       encoding->offsets, encoding->word_numbers, encoding->symbols,
                       encoding->candidates },
           sizeof blocks);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        cz_release(&allocator, blocks[i]);
    cz_cutting_clear(&encoding->cutting, &allocator);
    cz_normal_room_clear(&encoding->room, &allocator);
    cz_unigram_scratch_clear(&encoding->unigram, &allocator);
    cz_release(&allocator, encoding->sequences);
    cz_release(&allocator, encoding);
}

bool cz_pieces_reserve(const cloze_encoding *encoding, cz_pieces *pieces, size_t more)
{
    return cz_grow(&encoding->hooks.allocator, (void **)&pieces->items, &pieces->capacity,
                   pieces->count + more, sizeof *pieces->items);
}

/* As in the package the spaces that an added token took along count as its own: `matched` has
 * them. */
static cloze_status append_added(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                                 cloze_text text, cloze_text matched, const cz_match *match,
                                 cz_pieces *pieces, cloze_error *error)
{
    cz_piece piece = { .id = match->id,
                       .begin = (uint32_t)match->begin,
                       .end = (uint32_t)match->end,
                       .word = encoding->words };
    if (!cz_pieces_reserve(encoding, pieces, 1))
        return cz_text_memory(error);
    if (tokenizer->bytes.trims && !cz_allowance_pay(&encoding->allowance.steps, matched.size))
        return cz_fail_at(
            error, CLOZE_ERROR_LIMIT, piece.begin,
            "too many added tokens take the same spaces along near byte %zu of a text",
            (size_t)piece.begin);
    if (tokenizer->bytes.trims)
        cz_trim_piece(tokenizer, text, matched, !pieces->count, &piece);
    pieces->items[pieces->count++] = piece;
    encoding->words++;
    return CLOZE_OK;
}

static cloze_text slice(cloze_text text, const cz_match *match)
{
    return (cloze_text){ text.data + match->begin, match->end - match->begin };
}

static cloze_status split_characters(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                                     cloze_text text, const cz_character *characters, size_t count,
                                     cz_pieces *pieces, cloze_error *error)
{
    if (tokenizer->splitter.cuts)
        return cz_split_by_cuts(tokenizer, encoding, text, characters, count, pieces, error);
    if (tokenizer->bytes.used)
        return cz_split_bytes(tokenizer, encoding, text, characters, count, pieces, error);
    return cz_split_words(tokenizer, encoding, characters, count, pieces, error);
}

/* A segment whose normalized form is searched for added tokens, or that only normalizes whole. */
static cloze_status tokenize_whole(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                                   cloze_text text, size_t begin, size_t end, cz_pieces *pieces,
                                   cloze_error *error)
{
    cz_characters *characters = &encoding->characters;
    const cz_added *added = &tokenizer->added;
    cz_match_state state = { 0, 0, 0 };
    cz_place from = { 0, 0 }, to = { 0, 0 };
    cz_match match;
    cloze_text line, matched;
    cloze_status status = cz_normalize(&tokenizer->normalizer, &encoding->hooks.allocator,
                                       text.data, begin, end, characters, &encoding->room, error);
    if (status)
        return status;
    if (!cz_characters_write(&encoding->hooks.allocator, characters->items, characters->count,
                             &encoding->line, &encoding->line_capacity, &line))
        return cz_text_memory(error);
    while (!status && cz_added_next(added, &added->normalized, line, &state, &match)) {
        if (match.gap < match.begin) {
            cz_place_move(&from, characters->items, match.gap);
            cz_place_move(&to, characters->items, match.begin);
            status = split_characters(tokenizer, encoding, text, characters->items + from.character,
                                      to.character - from.character, pieces, error);
        }
        if (status || match.begin >= match.end)
            continue;
        matched = (cloze_text){ line.data + match.begin, match.end - match.begin };
        cz_place_move(&from, characters->items, match.begin);
        cz_place_move(&to, characters->items, match.end);
        match.begin = characters->items[from.character].begin;
        match.end = characters->items[to.character - 1].end;
        status = append_added(tokenizer, encoding, text, matched, &match, pieces, error);
    }
    if (status || state.done >= line.size)
        return status;
    cz_place_move(&from, characters->items, state.done);
    return split_characters(tokenizer, encoding, text, characters->items + from.character,
                            characters->count - from.character, pieces, error);
}

/* The same where nothing is normalized: bytes of the text stand for themselves. */
static cloze_status scan_bytes(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                               cloze_text text, size_t begin, size_t end, cz_pieces *pieces,
                               cloze_error *error)
{
    const cz_added *added = &tokenizer->added;
    cloze_text segment = { text.data + begin, end - begin };
    cz_match_state state = { 0, 0, 0 };
    cz_match match;
    cloze_status status = CLOZE_OK;
    while (!status && cz_added_next(added, &added->normalized, segment, &state, &match)) {
        status = cz_scan_bytes(tokenizer, encoding, text, begin + match.gap, begin + match.begin,
                               pieces, error);
        match.begin += begin;
        match.end += begin;
        if (!status && match.begin < match.end)
            status =
                append_added(tokenizer, encoding, text, slice(text, &match), &match, pieces, error);
    }
    return status
               ? status
               : cz_scan_bytes(tokenizer, encoding, text, begin + state.done, end, pieces, error);
}

static cloze_status tokenize_segment(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                                     cloze_text text, size_t begin, size_t end, cz_pieces *pieces,
                                     cloze_error *error)
{
    if (begin >= end)
        return CLOZE_OK;
    if (tokenizer->bytes.used && cz_normalizer_rests(&tokenizer->normalizer, text.data, begin, end))
        return scan_bytes(tokenizer, encoding, text, begin, end, pieces, error);
    if (tokenizer->normalizer.whole || tokenizer->splitter.cuts || tokenizer->bytes.used ||
        tokenizer->unigram || tokenizer->bpe.used || tokenizer->added.normalized.count)
        return tokenize_whole(tokenizer, encoding, text, begin, end, pieces, error);
    return cz_scan(tokenizer, encoding, text, begin, end, pieces, error);
}

static cloze_status check_text(cloze_text text, cloze_error *error)
{
    size_t good;
    if (!text.data && text.size)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "a text of %zu bytes has no data", text.size);
    if (text.size > CZ_TEXT_LIMIT)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "a text has %zu bytes, at most %d are allowed",
                       text.size, (int)CZ_TEXT_LIMIT);
    good = cz_utf8_check(text.data, text.size);
    if (good < text.size)
        return cz_fail_at(error, CLOZE_ERROR_TEXT, good,
                          "the text is not UTF-8 at byte %zu (0x%02X)", good,
                          (unsigned)(unsigned char)text.data[good]);
    return CLOZE_OK;
}

cloze_status cz_tokenize_text(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                              cloze_text text, cz_pieces *pieces, cloze_error *error)
{
    const cz_added *added = &tokenizer->added;
    cz_match_state state = { 0, 0, 0 };
    cz_match match;
    cloze_status status = check_text(text, error);
    if (!status)
        cz_allowance_add(&encoding->allowance, text.size);
    encoding->room.allowance = encoding->cutting.allowance = &encoding->allowance;
    while (!status && cz_added_next(added, &added->raw, text, &state, &match)) {
        status = tokenize_segment(tokenizer, encoding, text, match.gap, match.begin, pieces, error);
        if (!status && match.begin < match.end)
            status =
                append_added(tokenizer, encoding, text, slice(text, &match), &match, pieces, error);
    }
    return status
               ? status
               : tokenize_segment(tokenizer, encoding, text, state.done, text.size, pieces, error);
}

static cloze_status prepare(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                            cloze_error *error)
{
    size_t size = CZ_CACHE_SIZE * sizeof *encoding->cache;
    encoding->windows = 0;
    encoding->parts[0].count = encoding->parts[1].count = 0;
    encoding->words = encoding->draws = 0;
    encoding->allowance = cz_allowance_at_first();
    if (!encoding->cache) {
        encoding->cache =
            cz_allocate_zero(&encoding->hooks.allocator, CZ_CACHE_SIZE, sizeof *encoding->cache);
        if (!encoding->cache)
            return cz_fail_memory(error, "the cache of an encoding", size);
    } else if (encoding->identity != tokenizer->identity) {
        memset(encoding->cache, 0, size);
    }
    encoding->identity = tokenizer->identity;
    return CLOZE_OK;
}

static cloze_status finish(const cloze_tokenizer *tokenizer, const cloze_tokenize_options *options,
                           bool has_pair, cloze_encoding *encoding, cloze_error *error)
{
    cloze_status status = cz_truncate(tokenizer, options, has_pair, encoding, error);
    if (!status)
        status = cz_assemble(tokenizer, options, has_pair, encoding, error);
    encoding->source[0] = encoding->source[1] = NULL;
    return status;
}

static const cloze_tokenize_options default_options;

static void remember(cloze_encoding *encoding, const cloze_text *first, const cloze_text *second,
                     bool split)
{
    encoding->source[0] = first;
    encoding->source[1] = second;
    encoding->split = split;
}

cloze_status cloze_tokenize(const cloze_tokenizer *tokenizer, cloze_text text, cloze_text pair,
                            const cloze_tokenize_options *options, cloze_encoding *encoding,
                            cloze_error *error)
{
    cloze_status status = prepare(tokenizer, encoding, error);
    remember(encoding, &text, &pair, false);
    encoding->seed = options ? options->seed : 0;
    if (!status)
        status = cz_tokenize_text(tokenizer, encoding, text, &encoding->parts[0], error);
    if (!status && pair.data) {
        encoding->words = 0;
        status = cz_tokenize_text(tokenizer, encoding, pair, &encoding->parts[1], error);
        if (status)
            cz_error_prefix(error, "second text");
    }
    if (status)
        return status;
    return finish(tokenizer, options ? options : &default_options, pair.data != NULL, encoding,
                  error);
}

static cloze_status tokenize_list(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                                  const cloze_text *words, size_t count, cz_pieces *pieces,
                                  cloze_error *error)
{
    if (count > UINT32_MAX)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "%zu words are too many", count);
    for (size_t i = 0; i < count; i++) {
        size_t first = pieces->count;
        cloze_status status = cz_tokenize_text(tokenizer, encoding, words[i], pieces, error);
        if (status)
            return cz_error_prefix(error, "word %zu", i), status;
        for (size_t k = first; k < pieces->count; k++)
            pieces->items[k].word = (uint32_t)i;
    }
    return CLOZE_OK;
}

cloze_status cloze_tokenize_words(const cloze_tokenizer *tokenizer, const cloze_text *words,
                                  size_t count, const cloze_text *pair_words, size_t pair_count,
                                  const cloze_tokenize_options *options, cloze_encoding *encoding,
                                  cloze_error *error)
{
    cloze_status status = prepare(tokenizer, encoding, error);
    remember(encoding, words, pair_words, true);
    encoding->seed = options ? options->seed : 0;
    if (!status)
        status = tokenize_list(tokenizer, encoding, words, count, &encoding->parts[0], error);
    if (!status && pair_words) {
        status =
            tokenize_list(tokenizer, encoding, pair_words, pair_count, &encoding->parts[1], error);
        if (status)
            cz_error_prefix(error, "second text");
    }
    if (status)
        return status;
    return finish(tokenizer, options ? options : &default_options, pair_words != NULL, encoding,
                  error);
}

size_t cloze_encoding_windows(const cloze_encoding *encoding)
{
    return encoding->windows;
}

size_t cloze_encoding_truncated(const cloze_encoding *encoding)
{
    return encoding->windows ? encoding->truncated : 0;
}

cloze_tokens cloze_encoding_tokens(const cloze_encoding *encoding, size_t window)
{
    cloze_tokens tokens = { 0 };
    size_t begin;
    if (window >= encoding->windows)
        return tokens;
    begin = window ? encoding->window_ends[window - 1] : 0;
    tokens.length = encoding->window_ends[window] - begin;
    if (!encoding->ids)
        return tokens;
    tokens.ids = encoding->ids + begin;
    tokens.type_ids = encoding->type_ids + begin;
    if (encoding->ids_only)
        return tokens;
    tokens.special = encoding->special + begin;
    tokens.offsets = encoding->offsets + begin;
    tokens.words = encoding->word_numbers + begin;
    tokens.sequences = encoding->sequences + begin;
    return tokens;
}

/* Code points of text[begin, end). */
static size_t count_code_points(cloze_text text, size_t begin, size_t end)
{
    size_t count = 0;
    for (size_t i = begin; i < end; i++)
        count += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return count;
}

void cloze_offsets_to_code_points(cloze_text text, cloze_token_offset *offsets, size_t count)
{
    size_t byte = 0, point = 0;
    for (size_t i = 0; i < count; i++) {
        size_t begin = offsets[i].begin < text.size ? offsets[i].begin : text.size;
        size_t end = offsets[i].end < text.size ? offsets[i].end : text.size;
        if (!end) { /* a special token */
            offsets[i] = (cloze_token_offset){ 0, 0 };
            continue;
        }
        if (begin < byte)
            byte = point = 0;
        point += count_code_points(text, byte, begin);
        byte = begin;
        offsets[i].begin = point;
        offsets[i].end = point + (end > begin ? count_code_points(text, begin, end) : 0);
    }
}
