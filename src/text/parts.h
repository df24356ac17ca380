/*
 * text/parts.h - the parts of a tokenizer, shared by the files of this room.
 *
 * A text goes through: added tokens that match the raw text, normalizer, added tokens that match
 * the normalized text, pre-tokenizer, model; then truncation and template. For WordPiece a word made
 * of plain ASCII takes a short way (scan.c) with the same result as the long one (normalize.c,
 * pretokenize.c), which keeps for every normalized character the bytes that it came from.
 */
#ifndef CZ_TEXT_PARTS_H
#define CZ_TEXT_PARTS_H

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/table.h"
#include "text/decode.h"
#include "text/normalize.h"
#include "text/split.h"
#include "text/tokenizer.h"
#include "text/unicode.h"
#include "text/unigram.h"

#include <string.h>

enum {
    CZ_TOKEN_LIMIT = 1024,         /* bytes of one vocabulary entry */
    CZ_VOCABULARY_LIMIT = 1 << 24, /* ids */
    CZ_ADDED_LIMIT = 1 << 18,      /* added tokens */
    CZ_TEMPLATE_LIMIT = 64,        /* pieces of a template */
    CZ_PROCESSORS_LIMIT = 16,
    CZ_CACHE_WORD = 24,            /* bytes of a word in the cache */
    CZ_CACHE_PIECES = 7,
    CZ_CACHE_SIZE = 8192 /* entries of 64 bytes in each encoding */
};

/* ---- vocabulary.c: token text <-> id, and the lookup of all prefixes of a word ---- */

typedef struct cz_vocabulary_slot {
    uint32_t tag; /* upper bits of the hash */
    uint32_t id;  /* id + 1; 0: free */
} cz_vocabulary_slot;

typedef struct cz_vocabulary_token {
    uint32_t begin, size; /* in `text`; size UINT32_MAX: no such id */
} cz_vocabulary_token;

typedef struct cz_vocabulary {
    const cloze_allocator *allocator;
    char *text;
    size_t text_size, text_capacity;
    cz_vocabulary_token *tokens; /* by id */
    size_t limit, tokens_capacity;
    cz_vocabulary_slot *slots;
    size_t slots_capacity;  /* a power of two */
    size_t count;           /* different token texts */
    size_t longest;         /* bytes of the longest */
    uint64_t start, factor; /* secrets of the hash */
    double *scores;         /* by id, of a Unigram's tokens */
    size_t scored, scores_capacity;
} cz_vocabulary;

static inline uint64_t cz_vocabulary_step(uint64_t factor, uint64_t hash, char byte)
{
    hash = (hash ^ (unsigned char)byte) * factor;
    return hash ^ hash >> 32;
}

bool cz_vocabulary_init(cz_vocabulary *vocabulary, const cloze_allocator *allocator,
                        size_t expected, size_t text_size);
void cz_vocabulary_clear(cz_vocabulary *vocabulary);
/* Adds a token, or gives the one of that text another id. False: memory is out. */
bool cz_vocabulary_put(cz_vocabulary *vocabulary, const char *token, size_t size, uint32_t id,
                       bool *existed);
bool cz_vocabulary_get(const cz_vocabulary *vocabulary, const char *token, size_t size,
                       uint32_t *id);
/* The same for the token prefix + piece, whose hash is known. */
bool cz_vocabulary_find(const cz_vocabulary *vocabulary, uint64_t hash, cloze_text prefix,
                        const char *piece, size_t size, uint32_t *id);
cloze_text cz_vocabulary_token_of(const cz_vocabulary *vocabulary, uint32_t id);

/* ---- wordpiece.c ---- */

typedef struct cz_wordpiece {
    cz_vocabulary vocabulary;
    char *prefix; /* of pieces that continue a word */
    size_t prefix_size;
    char *unknown;
    size_t unknown_size;
    size_t word_limit; /* characters; a longer word is unknown */
    bool whole;        /* WordLevel: a word is one token or unknown */
} cz_wordpiece;

/* ---- bpe.c, bpe_letters.c: its tokens are in the vocabulary above ---- */

#define CZ_NO_PAIR UINT64_MAX

typedef struct cz_merge {
    uint64_t pair; /* left id << 32 | right id; CZ_NO_PAIR: free */
    uint32_t rank, id;
} cz_merge;

typedef struct cz_bpe {
    bool used;     /* instead of WordPiece */
    bool whole;    /* a word that is a token is not taken apart ("ignore_merges") */
    bool by_bytes; /* words are given as bytes, each of which stands for a letter */
    bool fuses;    /* unknown letters that follow each other are one */
    bool fallback; /* unknown letters become the tokens of their bytes, if all are there */
    float dropout; /* how often a merge is passed over */
    char *suffix;  /* of the last letter of a word; the prefix of others is the model's */
    size_t suffix_size;
    cz_merge *merges;
    size_t capacity;       /* a power of two */
    uint64_t factor;       /* secret of the hash */
    uint32_t byte_id[256]; /* ids of the letters; UINT32_MAX: there is none */
    uint32_t letter[256];
    uint32_t byte_token[256]; /* ids of "<0x00>" and so on, where letters fall back */
} cz_bpe;

/* The letters of a word that are in the vocabulary, and what takes the place of others: their ids
 * and ends into the encoding's word_ids and word_ends, which have room for `size`. As in the package
 * an end is the sum of what has been put, so that a letter that is left out moves all that follow. */
cloze_status cz_bpe_letters(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                            const char *word, size_t size, size_t *count, cloze_error *error);

/* The byte that a letter stands for; -1 for what is no letter. */
int cz_letter_byte(uint32_t letter);
bool cz_bpe_init(cz_bpe *bpe, const cloze_allocator *allocator, size_t merges);
/* What a merge gives, and when; first_counts: one of the same pair that is there stays. */
typedef struct cz_merge_place {
    uint32_t rank, id;
    bool first_counts;
} cz_merge_place;

void cz_bpe_put(cz_bpe *bpe, uint32_t left, uint32_t right, cz_merge_place place);
void cz_bpe_clear(cz_bpe *bpe, const cloze_allocator *allocator);

/* ---- byte_level.c ---- */

typedef struct cz_byte_level {
    bool used;         /* instead of the splitter */
    bool prefix_space; /* before a text that does not begin with one */
    bool pattern;      /* by the rules; else the whole text is one word */
    cz_word_rules rules;
    bool trims, trims_prefix; /* offsets leave spaces out; but for the space put before */
} cz_byte_level;

typedef struct cz_token_spaces {
    size_t leading, trailing;
    bool all; /* it has nothing else */
} cz_token_spaces;

cz_token_spaces cz_token_spaces_of(cloze_text token);

/* ---- pretokenize.c ---- */

typedef struct cz_splitter {
    bool spaces;      /* split at white space and drop it */
    bool punctuation; /* each punctuation character is a word */
    bool groups;      /* split where \w begins or ends */
    bool cuts;        /* none of these: the tokenizer's cuts */
} cz_splitter;

/* ---- metaspace.c: words that begin with the mark of a space, for a Unigram or a BPE ---- */

typedef struct cz_metaspace {
    bool used;     /* behind the splitter's rules */
    bool whole;    /* words are not split at marks */
    uint32_t mark; /* takes the place of a space */
    cz_prepend prepend;
} cz_metaspace;

/* ---- scan.c: the short way ---- */

typedef enum cz_byte_class {
    CZ_BYTE_WORD,  /* goes into the word */
    CZ_BYTE_GROUP, /* goes into a word of its kind (\w against the rest) */
    CZ_BYTE_SPACE,
    CZ_BYTE_ALONE, /* a word of its own */
    CZ_BYTE_SLOW   /* needs the long way */
} cz_byte_class;

/* ---- added.c ---- */

typedef struct cz_added_token {
    char *text, *pattern; /* pattern: the text, or its normalized form */
    uint32_t size, pattern_size, id;
    bool single_word, strip_left, strip_right, normalized, special;
} cz_added_token;

typedef struct cz_pattern {
    const char *text;
    uint32_t size, token; /* token: its index */
    bool special;
} cz_pattern;

/* The patterns of one kind, sorted by bytes. */
typedef struct cz_matcher {
    cz_pattern *patterns;
    size_t count;
    bool first[256]; /* bytes that a pattern begins with */
    int only;        /* the byte when there is just one, or -1 */
} cz_matcher;

typedef struct cz_added {
    cz_added_token *tokens;
    size_t count, capacity;
    uint32_t next_id;
    cz_allowance allowance; /* of all that are normalized */
    cz_table by_text;       /* text -> index */
    uint32_t *by_id;  /* indices, sorted by id */
    cz_matcher raw, normalized;
} cz_added;

typedef struct cz_added_spec {
    cloze_text text;
    bool single_word, strip_left, strip_right, normalized, special;
} cz_added_spec;

typedef struct cz_match {
    size_t gap;        /* where the text before the match begins */
    size_t begin, end; /* bytes, spaces taken along included */
    uint32_t id;
} cz_match;

typedef struct cz_match_state {
    size_t at;     /* where the search goes on */
    size_t done;   /* end of what was given out */
    size_t spaces; /* end of the last spaces behind a match */
} cz_match_state;

/* Before the first put: new tokens get ids behind those that are there. */
void cz_added_begin(cloze_tokenizer *tokenizer);
/* Adds a token under the id that the vocabulary has for it, or a new one. */
cloze_status cz_added_put(cloze_tokenizer *tokenizer, const cz_added_spec *spec,
                          cloze_error *error);
/* Sorts the patterns; after the last put. */
cloze_status cz_added_finish(cloze_tokenizer *tokenizer, cloze_error *error);
void cz_added_clear(cz_added *added, const cloze_allocator *allocator);
/* The next match of `matcher` in text; false when there is none. */
bool cz_added_next(const cz_added *added, const cz_matcher *matcher, cloze_text text,
                   cz_match_state *state, cz_match *match);
const cz_added_token *cz_added_by_id(const cz_added *added, uint32_t id);
const cz_added_token *cz_added_by_text(const cz_added *added, cloze_text text);

/* ---- template.c ---- */

typedef enum cz_slot_kind { CZ_SLOT_TOKEN, CZ_SLOT_FIRST, CZ_SLOT_SECOND } cz_slot_kind;

typedef struct cz_slot {
    cz_slot_kind kind;
    uint32_t id, type_id;
} cz_slot;

typedef struct cz_template {
    cz_slot slots[CZ_TEMPLATE_LIMIT];
    size_t count, added; /* added: CZ_SLOT_TOKEN slots */
} cz_template;

/* ---- tokenizer.c ---- */

/* What a tokenizer_config.json beside a tokenizer.json says of the BertNormalizer: it wins, as it
 * does in transformers. */
typedef struct cz_stated {
    bool has_lower, lower;
    bool has_chinese, chinese;
    bool has_strip, strip, strip_as_lower;
    bool has_prefix_space, prefix_space; /* of ByteLevel and what goes with it */
    bool has_trim, trim;
} cz_stated;

/* ---- roles.c ---- */

enum { CZ_ROLES = CLOZE_TOKEN_MASK + 1 };

struct cloze_tokenizer {
    cloze_hooks hooks;
    uint64_t identity; /* random: an encoding's cache knows by it whose words it holds */
    cz_stated stated;
    cz_normalizer normalizer;
    cz_splitter splitter;
    cz_cuts cuts; /* where the splitter says so */
    cz_metaspace metaspace;
    cz_unigram *unigram; /* instead of WordPiece, or NULL */
    cz_wordpiece model;
    cz_bpe bpe;
    cz_byte_level bytes;
    cz_added added;
    bool has_template;
    bool one_type; /* with special tokens the template's type ids hold for further windows, too */
    cz_template single, pair;
    cz_decoder decoder;
    size_t max_length;
    uint32_t role[CZ_ROLES]; /* ids by cloze_token_role; UINT32_MAX: none */
    bool cleans;             /* transformers takes spaces out of decoded text */
    uint8_t byte_class[256]; /* cz_byte_class */
    uint64_t lower_mask;     /* 0x20 in each byte where upper case ASCII becomes lower, else 0 */
};

/* What a loader fills before the parts are checked and finished. */
cloze_status cz_tokenizer_new(cloze_tokenizer **out, const cloze_hooks *hooks, cloze_error *error);
cloze_status cz_tokenizer_finish(cloze_tokenizer *tokenizer, cloze_error *error);
void cz_scan_prepare(cloze_tokenizer *tokenizer);

/* Roles by what the files of a folder say (NULL: there is no such file), then by usual names. */
cloze_status cz_roles_read(cloze_tokenizer *tokenizer, const json_t *config, const json_t *special,
                           cloze_error *error);

/* Replaces *out by a copy of text. */
cloze_status cz_set_text(const cloze_tokenizer *tokenizer, char **out, size_t *out_size,
                         cloze_text text, cloze_error *error);
void cz_template_bert(cloze_tokenizer *tokenizer, uint32_t cls, uint32_t sep);
/* <s> A </s>, <s> A </s> </s> B </s>; all type ids are 0. */
void cz_template_roberta(cloze_tokenizer *tokenizer, uint32_t cls, uint32_t sep);
/* ---- encoding.c ---- */

typedef struct cz_piece {
    uint32_t id;
    uint32_t begin, end; /* bytes of the text */
    uint32_t word;
} cz_piece;

typedef struct cz_pieces {
    cz_piece *items;
    size_t count, capacity;
} cz_pieces;

typedef struct cz_cache_entry {
    uint64_t key[3]; /* the word's bytes, zeros behind */
    uint32_t ids[CZ_CACHE_PIECES];
    uint8_t ends[CZ_CACHE_PIECES]; /* in bytes of the word */
    uint8_t size;                  /* of the word; 0: empty entry */
    uint8_t count;
    uint8_t unused[3];
} cz_cache_entry;

/* Pieces of one word. */
typedef struct cz_word_pieces {
    const uint32_t *ids;
    const uint32_t *ends;
    size_t count;
} cz_word_pieces;

/* Parts of a long word in a BPE: a list, and pairs that may be joined. */
typedef struct cz_symbol {
    uint32_t id, end, previous, next; /* id UINT32_MAX: joined to the one before */
} cz_symbol;

typedef struct cz_candidate {
    uint32_t rank, at, left, right, id;
} cz_candidate;

/* A run of pieces: window `index` of a sequence. */
typedef struct cz_span {
    size_t begin, end;
} cz_span;

typedef struct cz_spans {
    cz_span *items;
    size_t count, capacity;
} cz_spans;

struct cloze_encoding {
    cloze_hooks hooks;
    /* the words that were seen last, by hash; of the tokenizer `identity` */
    cz_cache_entry *cache;
    uint64_t identity;
    /* scratch */
    cz_pieces parts[2];
    cz_spans spans[2];
    cz_characters characters;
    cz_normal_room room;
    cz_cutting cutting;
    char *bytes, *line; /* a normalized word, a normalized segment */
    size_t bytes_capacity, line_capacity;
    uint32_t *word_ids, *word_ends;
    size_t word_ids_capacity, word_ends_capacity;
    uint64_t *hashes;
    size_t hashes_capacity;
    cz_unigram_scratch unigram;
    cz_take_word *take; /* gets the words instead of the model, or NULL */
    void *take_context;
    cz_symbol *symbols;
    cz_candidate *candidates;
    size_t symbols_capacity, candidates_capacity;
    uint32_t words; /* words so far in this sequence */
    uint64_t seed;  /* of dropout */
    uint32_t draws; /* so far in this call */
    cz_allowance allowance;
    const cloze_text *source[2]; /* during a call: the texts, or the words of each */
    bool split;                  /* they are words */
    /* results */
    bool ids_only;
    size_t truncated, windows, total;
    size_t *window_ends;
    size_t window_ends_capacity;
    uint32_t *ids, *type_ids;
    size_t ids_capacity, type_ids_capacity;
    uint8_t *special;
    size_t special_capacity;
    cloze_token_offset *offsets;
    size_t offsets_capacity;
    int64_t *word_numbers;
    size_t word_numbers_capacity;
    int32_t *sequences;
    size_t sequences_capacity;
};

cloze_status cz_text_memory(cloze_error *error);

/* Room for `more` pieces behind those there. */
bool cz_pieces_reserve(const cloze_encoding *encoding, cz_pieces *pieces, size_t more);

/* wordpiece.c: the pieces of a word of `characters` characters, by way of the cache. */
cloze_status cz_word_split(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                                const char *word, size_t size, size_t characters,
                                cz_word_pieces *out, cloze_error *error);
/* words.c: instead of the two above and below, while words are given out. */
cloze_status cz_give_word(cloze_encoding *encoding, const char *word, size_t size,
                          cz_word_pieces *out, cloze_error *error);
cloze_status cz_give_ascii(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                           cloze_text text, size_t begin, size_t end, cloze_error *error);
/* wordpiece.c: appends the pieces of an ASCII word, text[begin, end). */
cloze_status cz_wordpiece_ascii(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                                cloze_text text, size_t begin, size_t end, cz_pieces *pieces,
                                cloze_error *error);
/* bpe.c: the pieces of a word. */
cloze_status cz_bpe_split(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                          const char *word, size_t size, cz_word_pieces *out, cloze_error *error);
/* byte_level.c: words and their pieces of text[begin, end), or of normalized characters of it. */
cloze_status cz_scan_bytes(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                           cloze_text text, size_t begin, size_t end, cz_pieces *pieces,
                           cloze_error *error);
cloze_status cz_split_bytes(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                            cloze_text text, const cz_character *characters, size_t count,
                            cz_pieces *pieces, cloze_error *error);
/* byte_level.c: takes the spaces of `token` out of a piece's offsets; `first`: of the text. */
void cz_trim_piece(const cloze_tokenizer *tokenizer, cloze_text text, cloze_text token, bool first,
                   cz_piece *piece);
/* score.c: a JSON number at *at, which moves behind it; false if it is none or not finite. */
bool cz_read_score(const char *text, size_t size, size_t *at, double *out);
/* metaspace.c: the pieces of a word in a Unigram; an empty one has the place of that before it. */
cloze_status cz_unigram_word(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                             const char *word, size_t size, cz_word_pieces *out,
                             cloze_error *error);
/* metaspace.c: the words of a span without gaps, and their pieces, which may be parts of letters. */
cloze_status cz_split_marked(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                             cloze_text text, const cz_character *characters, size_t count,
                             cz_pieces *pieces, cloze_error *error);
/* pretokenize.c: words and their pieces of normalized characters. */
cloze_status cz_split_words(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                            const cz_character *characters, size_t count, cz_pieces *pieces,
                            cloze_error *error);
/* pretokenize.c: the same by the tokenizer's cuts. */
cloze_status cz_split_by_cuts(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                              cloze_text text, const cz_character *characters, size_t count,
                              cz_pieces *pieces, cloze_error *error);
/* pretokenize.c: the long way for text[begin, end). */
cloze_status cz_tokenize_slowly(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                                cloze_text text, size_t begin, size_t end, cz_pieces *pieces,
                                cloze_error *error);
/* scan.c: text[begin, end), which holds no added token of the raw kind. */
cloze_status cz_scan(const cloze_tokenizer *tokenizer, cloze_encoding *encoding, cloze_text text,
                     size_t begin, size_t end, cz_pieces *pieces, cloze_error *error);
/* encoding.c: appends the pieces of a whole text; words are numbered from encoding->words. */
cloze_status cz_tokenize_text(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                              cloze_text text, cz_pieces *pieces, cloze_error *error);
/* truncate.c: which pieces are kept, as windows in encoding->spans. */
cloze_status cz_truncate(const cloze_tokenizer *tokenizer, const cloze_tokenize_options *options,
                         bool has_pair, cloze_encoding *encoding, cloze_error *error);
/* template.c: spans and template to the results of `encoding`. */
cloze_status cz_assemble(const cloze_tokenizer *tokenizer, const cloze_tokenize_options *options,
                         bool has_pair, cloze_encoding *encoding, cloze_error *error);

#endif
