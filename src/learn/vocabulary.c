/*
 * vocabulary.c - the public handle: counts the words of texts, trains once, saves.
 *
 * Words are those that a tokenizer of this kind gives to its model, so the counter is such a
 * tokenizer with nothing learned.
 */
#include <cloze/vocabulary.h>

#include "base/file.h"
#include "base/memory.h"
#include "learn/writing.h"
#include "text/tokenizer.h"
#include "text/unicode.h"

#include <string.h>

enum {
    SPECIAL_LIMIT = 1 << 16,
    SPECIAL_SIZE = 512, /* bytes */
    USUAL_SIZE = 30000,
    USUAL_FREQUENCY = 2,
    USUAL_ALPHABET = 1000,
    USUAL_PIECE = 17, /* a Unigram's have 16 characters at most */
    CHARACTERS_LIMIT = 1 << 22
};

struct cloze_vocabulary {
    cloze_hooks hooks;
    cloze_vocabulary_kind kind;
    bool lower, trained;
    cz_learn_settings settings;
    cz_texts special; /* those of the kind, then the caller's */
    cloze_text *special_list;
    char *characters;
    cloze_tokenizer *counter;
    cloze_encoding *encoding;
    cz_texts words;
    cloze_vocabulary_counts counts;
    cz_learned learned;
};

static cloze_status check_numbers(const cloze_vocabulary_options *options, cloze_error *error)
{
    size_t most = CZ_LEARN_LONGEST;
    if ((unsigned)options->kind > CLOZE_VOCABULARY_UNIGRAM)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no kind %d of vocabulary",
                       (int)options->kind);
    if (options->size > CZ_LEARN_SIZE)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "a vocabulary has at most %d tokens, not %zu",
                       (int)CZ_LEARN_SIZE, options->size);
    if (options->longest > most)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "the limit of a token's length is at most %zu, not %zu", most,
                       options->longest);
    if (options->special_count > SPECIAL_LIMIT || (options->special_count && !options->special))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "at most %d special tokens may be given",
                       (int)SPECIAL_LIMIT);
    if (options->characters.size > CHARACTERS_LIMIT ||
        cz_utf8_check(options->characters.data, options->characters.size) <
            options->characters.size)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "the characters of the alphabet are not UTF-8, or too many");
    return CLOZE_OK;
}

static cloze_status check_special(cloze_text text, cloze_error *error)
{
    char shown[80];
    bool good =
        text.size && text.size <= SPECIAL_SIZE && cz_utf8_check(text.data, text.size) == text.size;
    for (size_t i = 0; good && i < text.size; i++)
        good = (unsigned char)text.data[i] >= 0x20 && text.data[i] != 0x7F;
    if (good)
        return CLOZE_OK;
    return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                   "\"%s\" cannot be a special token: it needs 1 to %d bytes of UTF-8 without "
                   "control characters",
                   cz_printable(shown, sizeof shown, text.data, text.size), (int)SPECIAL_SIZE);
}

/* Those of the kind, then the caller's; one that is named twice counts once. */
static cloze_status take_special(cloze_vocabulary *out, const cloze_vocabulary_options *options,
                                 cloze_error *error)
{
    const cz_recipe *recipe = cz_recipe_of(out->kind);
    uint32_t id;
    if (!cz_texts_init(&out->special, &out->hooks.allocator))
        return cz_learn_memory(error);
    for (size_t i = 0; i < CZ_RECIPE_SPECIALS; i++)
        if (!cz_texts_put(&out->special, recipe->special[i], strlen(recipe->special[i]), &id))
            return cz_learn_memory(error);
    for (size_t i = 0; i < options->special_count; i++) {
        cloze_status status = check_special(options->special[i], error);
        if (status)
            return status;
        if (!cz_texts_put(&out->special, options->special[i].data, options->special[i].size, &id))
            return cz_learn_memory(error);
    }
    out->special_list =
        cz_allocate(&out->hooks.allocator, out->special.count, sizeof *out->special_list);
    if (!out->special_list)
        return cz_learn_memory(error);
    for (size_t i = 0; i < out->special.count; i++)
        out->special_list[i] = cz_texts_at(&out->special, i);
    return CLOZE_OK;
}

static cloze_status take_options(cloze_vocabulary *out, const cloze_vocabulary_options *options,
                                 cloze_error *error)
{
    const cz_recipe *recipe = cz_recipe_of(out->kind);
    bool unigram = out->kind == CLOZE_VOCABULARY_UNIGRAM;
    size_t longest = unigram ? USUAL_PIECE : CZ_LEARN_LONGEST;
    cz_learn_settings *settings = &out->settings;
    cloze_status status = take_special(out, options, error);
    if (status)
        return status;
    out->characters =
        cz_copy_text(&out->hooks.allocator, options->characters.data, options->characters.size);
    if (!out->characters)
        return cz_learn_memory(error);
    *settings = (cz_learn_settings){
        .allocator = &out->hooks.allocator,
        .special = out->special_list,
        .special_count = out->special.count,
        .size = options->size ? options->size : USUAL_SIZE,
        .min_frequency = options->min_frequency ? options->min_frequency : USUAL_FREQUENCY,
        .alphabet = recipe->bytes       ? SIZE_MAX
                    : options->alphabet ? options->alphabet
                    : unigram           ? SIZE_MAX
                                        : USUAL_ALPHABET,
        .longest = options->longest ? options->longest : longest,
        .characters = { out->characters, options->characters.size },
        .bytes = recipe->bytes,
        .unknown = recipe->unknown,
        .progress = options->progress,
    };
    if (recipe->prefix)
        settings->prefix = (cloze_text){ recipe->prefix, strlen(recipe->prefix) };
    if (settings->size <= settings->special_count)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "a vocabulary of %zu tokens has no room beside %zu special ones",
                       settings->size, settings->special_count);
    return CLOZE_OK;
}

static cloze_status make_counter(cloze_vocabulary *out, cloze_error *error)
{
    cz_buffer json = { .allocator = &out->hooks.allocator };
    cloze_status status;
    cz_write_counter(&json, out->kind, out->lower);
    if (json.failed)
        status = cz_learn_memory(error);
    else
        status = cz_tokenizer_from_json(&out->counter, json.data, json.size, &out->hooks, error);
    cz_buffer_clear(&json);
    if (!status)
        status = cloze_encoding_new(&out->encoding, &out->hooks, error);
    if (!status && !cz_texts_init(&out->words, &out->hooks.allocator))
        status = cz_learn_memory(error);
    return status;
}

cloze_status cloze_vocabulary_new(cloze_vocabulary **out, const cloze_vocabulary_options *options,
                                  cloze_error *error)
{
    static const cloze_vocabulary_options usual;
    cloze_vocabulary *made;
    cloze_status status;
    options = options ? options : &usual;
    status = check_numbers(options, error);
    if (status)
        return status;
    made = cz_allocate_zero(options->hooks ? &options->hooks->allocator : NULL, 1, sizeof *made);
    if (!made)
        return cz_fail_memory(error, "a vocabulary", sizeof *made);
    if (options->hooks)
        made->hooks = *options->hooks;
    made->kind = options->kind;
    made->lower = options->lower;
    made->special.allocator = made->words.allocator = &made->hooks.allocator;
    made->learned.tokens.allocator = &made->hooks.allocator;
    status = take_options(made, options, error);
    if (!status)
        status = make_counter(made, error);
    if (status)
        cloze_vocabulary_free(made);
    else
        *out = made;
    return status;
}

void cloze_vocabulary_free(cloze_vocabulary *vocabulary)
{
    cloze_allocator allocator;
    if (!vocabulary)
        return;
    allocator = vocabulary->hooks.allocator;
    cz_learned_clear(&vocabulary->learned);
    cz_texts_clear(&vocabulary->words);
    cz_texts_clear(&vocabulary->special);
    cloze_encoding_free(vocabulary->encoding);
    cloze_tokenizer_free(vocabulary->counter);
    cz_release(&allocator, vocabulary->special_list);
    cz_release(&allocator, vocabulary->characters);
    cz_release(&allocator, vocabulary);
}

static bool count_word(void *context, const char *word, size_t size)
{
    cloze_vocabulary *vocabulary = context;
    uint32_t number;
    if (!cz_texts_put(&vocabulary->words, word, size, &number))
        return false;
    vocabulary->words.items[number].count++;
    vocabulary->counts.words++;
    return true;
}

/* Tokens of characters would hold a zero byte of a text, and no JSON that we read may. */
static cloze_status check_text(const cloze_vocabulary *vocabulary, cloze_text text,
                               cloze_error *error)
{
    bool characters =
        vocabulary->kind == CLOZE_VOCABULARY_BPE || vocabulary->kind == CLOZE_VOCABULARY_UNIGRAM;
    const char *zero =
        characters && text.data && text.size ? memchr(text.data, 0, text.size) : NULL;
    if (!zero)
        return CLOZE_OK;
    return cz_fail_at(error, CLOZE_ERROR_TEXT, (size_t)(zero - text.data),
                      "byte %zu is zero, which no token of characters can hold: take it out",
                      (size_t)(zero - text.data));
}

cloze_status cloze_vocabulary_add(cloze_vocabulary *vocabulary, const cloze_text *texts,
                                  size_t count, cloze_error *error)
{
    if (vocabulary->trained)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "a vocabulary that was trained takes no more texts; make a new one");
    for (size_t i = 0; i < count; i++) {
        cloze_status status = check_text(vocabulary, texts[i], error);
        if (!status)
            status = cz_tokenizer_words(vocabulary->counter, vocabulary->encoding, texts[i],
                                        count_word, vocabulary, error);
        if (status)
            return cz_error_prefix(error, "text %zu", i + 1), status;
        vocabulary->counts.texts++;
    }
    vocabulary->counts.different = vocabulary->words.count;
    return CLOZE_OK;
}

cloze_status cloze_vocabulary_train(cloze_vocabulary *vocabulary, cloze_error *error)
{
    const cz_learn_settings *settings = &vocabulary->settings;
    cz_learned *learned = &vocabulary->learned;
    cloze_status status;
    if (vocabulary->trained)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "a vocabulary is trained once");
    if (!vocabulary->words.count)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no word to train a vocabulary on");
    cz_texts_sort(&vocabulary->words);
    vocabulary->trained = true;
    if (!cz_texts_init(&learned->tokens, settings->allocator))
        return cz_learn_memory(error);
    if (vocabulary->kind == CLOZE_VOCABULARY_UNIGRAM)
        status = cz_learn_unigram(settings, &vocabulary->words, learned, error);
    else
        status = cz_learn_merges(settings, &vocabulary->words, learned, error);
    if (status)
        cz_learned_clear(learned);
    else if (learned->tokens.count > settings->size)
        cz_log(&vocabulary->hooks, CLOZE_LOG_WARNING,
               "the characters alone make %zu tokens, more than the %zu that were wanted",
               learned->tokens.count, settings->size);
    return status;
}

cloze_vocabulary_counts cloze_vocabulary_counted(const cloze_vocabulary *vocabulary)
{
    return vocabulary->counts;
}

size_t cloze_vocabulary_size(const cloze_vocabulary *vocabulary)
{
    return vocabulary->learned.tokens.count;
}

cloze_text cloze_vocabulary_token(const cloze_vocabulary *vocabulary, size_t id)
{
    if (id >= vocabulary->learned.tokens.count)
        return (cloze_text){ NULL, 0 };
    return cz_texts_at(&vocabulary->learned.tokens, id);
}

double cloze_vocabulary_score(const cloze_vocabulary *vocabulary, size_t id)
{
    const cz_learned *learned = &vocabulary->learned;
    return learned->scores && id < learned->tokens.count ? learned->scores[id] : 0.0;
}

size_t cloze_vocabulary_merges(const cloze_vocabulary *vocabulary)
{
    return vocabulary->learned.merge_count;
}

bool cloze_vocabulary_merge(const cloze_vocabulary *vocabulary, size_t rank, uint32_t *left,
                            uint32_t *right)
{
    if (rank >= vocabulary->learned.merge_count)
        return false;
    *left = vocabulary->learned.merges[rank].left;
    *right = vocabulary->learned.merges[rank].right;
    return true;
}

void cz_vocabulary_json(const cloze_vocabulary *vocabulary, cz_buffer *out)
{
    cz_write_tokenizer(out, vocabulary->kind, vocabulary->lower, vocabulary->settings.special,
                       vocabulary->settings.special_count, &vocabulary->learned);
}

static cloze_status write_file(cz_buffer *content, const char *folder, const char *name,
                               cloze_status so_far, cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    if (!so_far && content->failed)
        so_far = cz_learn_memory(error);
    if (!so_far)
        so_far = cz_path_join(path, sizeof path, folder, name, error);
    if (!so_far)
        so_far = cz_file_write(path, content->data, content->size, error);
    content->size = 0;
    content->failed = false;
    return so_far;
}

cloze_status cloze_vocabulary_save(const cloze_vocabulary *vocabulary, const char *folder,
                                   cloze_error *error)
{
    const cz_learn_settings *settings = &vocabulary->settings;
    const cz_learned *learned = &vocabulary->learned;
    cloze_vocabulary_kind kind = vocabulary->kind;
    cz_buffer out = { .allocator = &vocabulary->hooks.allocator };
    cloze_status status;
    if (!learned->tokens.count)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "a vocabulary is trained before it is saved");
    status = cz_folder_make(folder, error);
    if (!status) {
        cz_write_config(&out, kind, vocabulary->lower, settings->special, settings->special_count);
        status = write_file(&out, folder, "tokenizer_config.json", status, error);
    }
    if (!status && kind == CLOZE_VOCABULARY_WORDPIECE) {
        cz_write_lines(&out, learned);
        status = write_file(&out, folder, "vocab.txt", status, error);
    }
    if (!status && kind == CLOZE_VOCABULARY_BYTE_LEVEL) {
        cz_write_vocabulary(&out, learned);
        cz_buffer_say(&out, "\n");
        status = write_file(&out, folder, "vocab.json", status, error);
        cz_write_merges(&out, learned);
        status = write_file(&out, folder, "merges.txt", status, error);
    }
    if (!status) {
        cz_vocabulary_json(vocabulary, &out);
        status = write_file(&out, folder, "tokenizer.json", status, error);
    }
    cz_buffer_clear(&out);
    return status;
}
