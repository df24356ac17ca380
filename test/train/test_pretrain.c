/*
 * test_pretrain.c - learning from a corpus follows PyTorch step by step; a model that is made from
 * nothing begins as transformers begins; files of tokens are checked before they are believed, and
 * nothing of them is kept in memory; runs go on to the same bits.
 */
#include "tiny.h"

#include "train/sentences.h"
#include "train/tokens_file.h"

#include <cloze/corpus.h>

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PATH = 700, STEPS_MOST = 64, LINES_MOST = 400 };

/* ---- a corpus ---- */

static char *read_all(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*size + 1);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    bytes[*size] = '\0';
    fclose(file);
    return bytes;
}

static void write_all(const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static cloze_tokenizer *tokenizer_of(const char *folder)
{
    cloze_tokenizer *tokenizer = NULL;
    cloze_error error;
    if (cloze_tokenizer_open(&tokenizer, folder, NULL, &error))
        fail_msg("%s", error.message);
    return tokenizer;
}

/* The golden corpus, in which an empty line ends a document, `times` times. */
static void add_corpus(cloze_corpus *corpus, size_t times)
{
    size_t size;
    cloze_error error;
    char *text = read_all(tiny_model("../pretrain/corpus.txt"), &size);
    for (size_t i = 0; i < times; i++) {
        for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
            const cloze_text given = { line, (size_t)(end - line) };
            if (given.size ? cloze_corpus_add(corpus, &given, 1, &error)
                           : cloze_corpus_end_document(corpus, &error))
                fail_msg("%s", error.message);
        }
        assert_int_equal(cloze_corpus_end_document(corpus, &error), CLOZE_OK);
    }
    free(text);
}

static void make_tokens(const char *path, const char *model, size_t times)
{
    cloze_tokenizer *tokenizer = tokenizer_of(model);
    cloze_corpus *corpus = NULL;
    cloze_error error;
    assert_int_equal(cloze_corpus_new(&corpus, path, tokenizer, NULL, &error), CLOZE_OK);
    add_corpus(corpus, times);
    if (cloze_corpus_finish(corpus, &error))
        fail_msg("%s", error.message);
    assert_int_equal(cloze_corpus_counted(corpus).documents, 14 * times);
    cloze_corpus_free(corpus);
    cloze_tokenizer_free(tokenizer);
}

/* ---- beside PyTorch ---- */

typedef struct seen_steps {
    double loss[STEPS_MOST];
    size_t count, stop;
} seen_steps;

static bool see(void *context, const cloze_train_event *event)
{
    seen_steps *seen = context;
    if (event->moment == CLOZE_TRAIN_STEP && seen->count < STEPS_MOST)
        seen->loss[seen->count++] = event->loss;
    return !seen->stop || event->moment != CLOZE_TRAIN_STEP || event->step != seen->stop;
}

static double real_in(const json_t *golden, const char *key)
{
    return json_number_value(json_object_get(golden, key));
}

static size_t count_in(const json_t *golden, const char *key)
{
    return (size_t)json_integer_value(json_object_get(golden, key));
}

static cloze_train_options options_of(const json_t *golden)
{
    const char *following = json_string_value(json_object_get(golden, "following"));
    bool replaced = json_is_true(json_object_get(golden, "replaced"));
    return (cloze_train_options){
        .learning = replaced ? CLOZE_LEARN_REPLACED : CLOZE_LEARN_WORDS,
        .epochs = 100,
        .steps = count_in(golden, "steps"),
        .batch = count_in(golden, "batch"),
        .max_tokens = count_in(golden, "length"),
        .rate = real_in(golden, "rate"),
        .warmup = count_in(golden, "warmup"),
        .seed = count_in(golden, "seed"),
        .masked = real_in(golden, "masked"),
        .shorter = real_in(golden, "shorter"),
        .whole_words = json_is_true(json_object_get(golden, "whole_words")),
        .static_masks = json_is_true(json_object_get(golden, "static_masks")),
        .crossing = json_is_true(json_object_get(golden, "crossing")),
        .following = !following                   ? CLOZE_FOLLOWING_NONE
                     : !strcmp(following, "next") ? CLOZE_FOLLOWING_NEXT
                                                  : CLOZE_FOLLOWING_ORDER,
        .keep_last = true,
        .no_dropout = true,
    };
}

static void add_parts(cloze_trainer *trainer, const char *path, const json_t *golden)
{
    double dev = real_in(golden, "dev");
    const json_t *sequences = json_object_get(golden, "sequences");
    cloze_intake train = { 0 }, held_out = { 0 };
    cloze_error error;
    if (cloze_trainer_add_corpus(trainer, CLOZE_SPLIT_TRAIN, path, dev, 1, &train, &error) ||
        cloze_trainer_add_corpus(trainer, CLOZE_SPLIT_DEV, path, 0, dev, &held_out, &error))
        fail_msg("%s", error.message);
    assert_int_equal(train.items, json_integer_value(json_array_get(sequences, 0)));
    assert_int_equal(held_out.items, json_integer_value(json_array_get(sequences, 1)));
    assert_int_equal(train.examples + held_out.examples, 14);
}

static void compare_measures(cloze_trainer *trainer, const json_t *golden, const char *name,
                             double bound)
{
    cloze_measures measures;
    cloze_error error;
    const json_t *expected = json_object_get(golden, "measures");
    if (cloze_trainer_measure(trainer, CLOZE_SPLIT_DEV, &measures, &error))
        fail_msg("%s", error.message);
    assert_int_equal(measures.count, json_object_size(expected));
    for (size_t i = 0; i < measures.count; i++) {
        double wanted = real_in(expected, measures.name[i]);
        if (!(fabs(measures.value[i] - wanted) <= 10 * bound * fmax(wanted, 0.01)))
            fail_msg("%s: %s %.15g instead of %.15g", name, measures.name[i], measures.value[i],
                     wanted);
    }
}

static void follow(const char *name, cloze_precision precision, double bound)
{
    const cloze_engine_options how = { .threads = 2, .precision = precision };
    char path[PATH], inside[64];
    size_t size;
    snprintf(inside, sizeof inside, "../pretrain/%s/golden.json", name);
    char *text = read_all(tiny_model(inside), &size);
    json_t *golden = json_loads(text, 0, NULL);
    const json_t *losses = json_object_get(golden, "losses");
    seen_steps seen = { .count = 0 };
    cloze_train_options options = options_of(golden);
    cloze_trainer *trainer = NULL;
    cloze_error error;
    assert_int_equal(cloze_engine_new(&options.engine, &how, &error), CLOZE_OK);
    options.watch = (cloze_train_watch){ see, &seen };
    snprintf(inside, sizeof inside, "../pretrain/%s", name);
    snprintf(path, sizeof path, "%s/tokens", tiny_folder());
    make_tokens(path, tiny_model(inside), 1);
    if (cloze_trainer_new(&trainer, tiny_model(inside), &options, &error))
        fail_msg("%s", error.message);
    add_parts(trainer, path, golden);
    if (cloze_trainer_run(trainer, &error))
        fail_msg("%s", error.message);
    assert_int_equal(seen.count, json_array_size(losses));
    for (size_t i = 0; i < seen.count; i++) {
        double wanted = json_number_value(json_array_get(losses, i));
        if (!(fabs(seen.loss[i] - wanted) <= bound * fmax(wanted, 0.01)))
            fail_msg("%s, step %zu: %.15g instead of %.15g", name, i, seen.loss[i], wanted);
    }
    compare_measures(trainer, golden, name, bound);
    cloze_trainer_free(trainer);
    cloze_engine_free(options.engine);
    json_decref(golden);
    free(text);
}

static void every_objective_learns_as_in_pytorch(void **state)
{
    static const char *const names[] = { "masked", "next", "order", "crossing", "replaced" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        follow(names[i], CLOZE_PRECISION_F64, 1e-11);
        follow(names[i], CLOZE_PRECISION_F32, 2e-5);
    }
}

/* ---- from nothing ---- */

static const char tiny_config[] =
    "{\"model_type\": \"bert\", \"architectures\": [\"BertModel\"], \"vocab_size\": 71, "
    "\"hidden_size\": 16, \"num_hidden_layers\": 2, \"num_attention_heads\": 2, "
    "\"intermediate_size\": 24, \"max_position_embeddings\": 40, \"initializer_range\": 0.05}";

static cloze_train_options scratch(const char *folder)
{
    return (cloze_train_options){ .learning = CLOZE_LEARN_WORDS,
                                  .config = tiny_config,
                                  .following = CLOZE_FOLLOWING_NEXT,
                                  .steps = 9,
                                  .batch = 6,
                                  .epochs = 100,
                                  .max_tokens = 32,
                                  .rate = 2e-3,
                                  .seed = 3,
                                  .measure_every = 4,
                                  .folder = folder };
}

static cloze_status go(const cloze_train_options *options, const char *tokens, unsigned threads,
                       size_t stop, cloze_error *error)
{
    const cloze_engine_options how = { .threads = threads };
    seen_steps seen = { .stop = stop };
    cloze_train_options own = *options;
    cloze_trainer *trainer = NULL;
    own.watch = (cloze_train_watch){ see, &seen };
    assert_int_equal(cloze_engine_new(&own.engine, &how, error), CLOZE_OK);
    cloze_status status = cloze_trainer_new(&trainer, tiny_model("../pretrain/next"), &own, error);
    if (!status)
        status = cloze_trainer_add_corpus(trainer, CLOZE_SPLIT_TRAIN, tokens, 0.3, 1, NULL, error);
    if (!status)
        status = cloze_trainer_add_corpus(trainer, CLOZE_SPLIT_DEV, tokens, 0, 0.3, NULL, error);
    if (!status)
        status = cloze_trainer_run(trainer, error);
    if (!status && own.folder)
        status = cloze_trainer_save(trainer, NULL, error);
    cloze_trainer_free(trainer);
    cloze_engine_free(own.engine);
    return status;
}

static void a_stopped_run_goes_on_to_the_same_bits(void **state)
{
    char tokens[PATH], folder[PATH], whole[80];
    cloze_error error;
    (void)state;
    snprintf(tokens, sizeof tokens, "%s/tokens", tiny_folder());
    make_tokens(tokens, tiny_model("../pretrain/next"), 1);
    for (size_t stop = 0; stop < 9; stop++) {
        snprintf(folder, sizeof folder, "%.*s/run-%zu", (int)(strlen(tokens) - 7), tokens, stop);
        cloze_train_options options = scratch(folder);
        if (stop)
            assert_int_equal(go(&options, tokens, 2, stop, &error), CLOZE_ERROR_CANCELLED);
        options.resume = stop;
        if (go(&options, tokens, 1 + stop % 2, 0, &error))
            fail_msg("%s", error.message);
        if (stop)
            assert_string_equal(tiny_hash(folder, "model.safetensors"), whole);
        else
            snprintf(whole, sizeof whole, "%s", tiny_hash(folder, "model.safetensors"));
    }
}

static void other_texts_do_not_resume(void **state)
{
    char tokens[PATH], other[PATH + 8], folder[PATH + 8];
    cloze_error error;
    (void)state;
    snprintf(tokens, sizeof tokens, "%s/tokens", tiny_folder());
    snprintf(other, sizeof other, "%s-twice", tokens);
    snprintf(folder, sizeof folder, "%s-run", tokens);
    make_tokens(tokens, tiny_model("../pretrain/next"), 1);
    make_tokens(other, tiny_model("../pretrain/next"), 2);
    cloze_train_options options = scratch(folder);
    assert_int_equal(go(&options, tokens, 1, 4, &error), CLOZE_ERROR_CANCELLED);
    options.resume = true;
    assert_int_equal(go(&options, other, 1, 0, &error), CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "other settings or examples"));
}

static void compare_deviation(const float *values, size_t count, double wanted)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)values[i];
    for (size_t i = 0; i < count; i++)
        squares += pow((double)values[i] - sum / (double)count, 2);
    assert_true(fabs(sqrt(squares / (double)count) / wanted - 1) < 0.2);
}

/* Places of a sinusoidal table and the deviation of others, seen through hidden states. */
static void what_is_made_begins_as_in_transformers(void **state)
{
    static const char config[] =
        "{\"model_type\": \"distilbert\", \"architectures\": [\"DistilBertModel\"], "
        "\"vocab_size\": 71, \"dim\": 8, \"n_layers\": 1, \"n_heads\": 2, \"hidden_dim\": 12, "
        "\"max_position_embeddings\": 40, \"sinusoidal_pos_embds\": true, "
        "\"initializer_range\": 0.3}";
    const char *folder = tiny_folder();
    const cloze_train_options options = { .learning = CLOZE_LEARN_WORDS,
                                          .config = config,
                                          .folder = folder };
    char path[PATH];
    size_t size;
    cloze_trainer *trainer = NULL;
    cloze_error error;
    (void)state;
    if (cloze_trainer_new(&trainer, tiny_model("../pretrain/next"), &options, &error) ||
        cloze_trainer_save(trainer, NULL, &error))
        fail_msg("%s", error.message);
    cloze_trainer_free(trainer);
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    char *bytes = read_all(path, &size);
    uint64_t header;
    memcpy(&header, bytes, sizeof header);
    json_t *list = json_loadb(bytes + 8, (size_t)header, 0, NULL);
    const char *name;
    json_t *entry;
    size_t seen = 0;
    json_object_foreach(list, name, entry)
    {
        const json_t *places = json_object_get(entry, "data_offsets");
        size_t begin = (size_t)json_integer_value(json_array_get(places, 0));
        size_t count = ((size_t)json_integer_value(json_array_get(places, 1)) - begin) / 4;
        float *values = malloc(count * sizeof *values);
        memcpy(values, bytes + 8 + header + begin, count * sizeof *values);
        if (strstr(name, "position_embeddings")) {
            for (size_t i = 0; i < count; i++) {
                double angle = (double)(i / 8) / pow(10000, (double)(i % 8 / 2 * 2) / 8);
                assert_true(fabs((double)values[i] - (i % 2 ? cos(angle) : sin(angle))) < 1e-6);
            }
            seen++;
        } else if (strstr(name, "word_embeddings")) {
            for (size_t i = 0; i < 8; i++) /* of the padding */
                assert_true(values[i] >= 0 && values[i] <= 0);
            compare_deviation(values + 8, count - 8, 0.3);
            seen++;
        } else if (strstr(name, "lin1.weight")) {
            compare_deviation(values, count, 0.3);
            seen++;
        }
        free(values);
    }
    assert_int_equal(seen, 3);
    json_decref(list);
    free(bytes);
}

/* ---- files ---- */

static void damaged_files_are_refused(void **state)
{
    char path[PATH];
    size_t size;
    cz_tokens_file file;
    cloze_error error;
    (void)state;
    snprintf(path, sizeof path, "%s/tokens", tiny_folder());
    make_tokens(path, tiny_model("../pretrain/next"), 1);
    assert_int_equal(cz_tokens_open(&file, path, 71, NULL, &error), CLOZE_OK);
    cz_tokens_close(&file);
    assert_int_equal(cz_tokens_open(&file, path, 30, NULL, &error), CLOZE_ERROR_ARGUMENT);
    char *bytes = read_all(path, &size);
    size_t inputs = size - 2 * (CZ_DIGEST_HEX - 1), ends = size - (CZ_DIGEST_HEX - 1);
    for (size_t at = 0; at < size; at += at < 64 || at + 200 > size ? 1 : 37) {
        if (at >= inputs && at < ends)
            continue; /* of what it was made: a check tells */
        bytes[at] ^= 4;
        write_all(path, bytes, size);
        assert_int_equal(cz_tokens_open(&file, path, 71, NULL, &error), CLOZE_ERROR_FORMAT);
        bytes[at] ^= 4;
    }
    for (size_t cut = 0; cut < size; cut += 97) {
        write_all(path, bytes, cut);
        assert_int_equal(cz_tokens_open(&file, path, 71, NULL, &error), CLOZE_ERROR_FORMAT);
    }
    free(bytes);
}

static cloze_status check_again(const char *path, const char *model, cloze_sentences sentences,
                                size_t times, cloze_error *error)
{
    const cloze_corpus_options options = { .sentences = sentences, .check = true };
    cloze_tokenizer *tokenizer = tokenizer_of(model);
    cloze_corpus *corpus = NULL;
    assert_int_equal(cloze_corpus_new(&corpus, path, tokenizer, &options, error), CLOZE_OK);
    add_corpus(corpus, times);
    cloze_status status = cloze_corpus_finish(corpus, error);
    cloze_corpus_free(corpus);
    cloze_tokenizer_free(tokenizer);
    return status;
}

static void a_file_knows_what_it_was_made_of(void **state)
{
    const cloze_sentences marks = CLOZE_SENTENCES_BY_MARKS, lines = CLOZE_SENTENCES_BY_LINES;
    char path[PATH], model[PATH];
    cloze_error error;
    (void)state;
    snprintf(path, sizeof path, "%s/tokens", tiny_folder());
    snprintf(model, sizeof model, "%s", tiny_model("../pretrain/next"));
    make_tokens(path, model, 1);
    assert_int_equal(check_again(path, model, marks, 1, &error), CLOZE_OK);
    assert_int_equal(check_again(path, model, marks, 2, &error), CLOZE_ERROR_ARGUMENT);
    assert_int_equal(check_again(path, model, lines, 1, &error), CLOZE_ERROR_ARGUMENT);
    assert_int_equal(check_again(path, tiny_model("../pretrain/crossing"), marks, 1, &error),
                     CLOZE_ERROR_ARGUMENT);
}

static void nothing_comes_of_no_text(void **state)
{
    char path[PATH];
    cloze_tokenizer *tokenizer = tokenizer_of(tiny_model("../pretrain/next"));
    cloze_corpus *corpus = NULL;
    cloze_error error;
    const cloze_text blank = { "  ", 2 };
    (void)state;
    snprintf(path, sizeof path, "%s/tokens", tiny_folder());
    assert_int_equal(cloze_corpus_new(&corpus, path, tokenizer, NULL, &error), CLOZE_OK);
    assert_int_equal(cloze_corpus_add(corpus, &blank, 1, &error), CLOZE_OK);
    assert_int_equal(cloze_corpus_finish(corpus, &error), CLOZE_ERROR_TEXT);
    assert_int_equal(cloze_corpus_finish(corpus, &error), CLOZE_ERROR_ARGUMENT);
    cloze_corpus_free(corpus);
    cloze_tokenizer_free(tokenizer);
    assert_null(fopen(path, "rb"));
}

/* ---- memory ---- */

static size_t held; /* by one thread */

static void *take(void *context, size_t size)
{
    size_t *block = malloc(size + 2 * sizeof *block);
    (void)context;
    if (!block)
        return NULL;
    *block = size;
    held += size;
    return block + 2;
}

static void give(void *context, void *block)
{
    (void)context;
    if (block) {
        held -= ((size_t *)block)[-2];
        free((size_t *)block - 2);
    }
}

static void *resize(void *context, void *block, size_t size)
{
    void *grown = take(context, size);
    size_t had = block ? ((size_t *)block)[-2] : 0;
    if (grown && block)
        memcpy(grown, block, had < size ? had : size);
    if (grown)
        give(context, block);
    return grown;
}

/* Of a sequence only its place is kept, however long its text is. */
static void a_corpus_is_not_kept_in_memory(void **state)
{
    const cloze_hooks hooks = { .allocator = { take, resize, give, NULL } };
    const cloze_engine_options how = { .threads = 1, .hooks = &hooks };
    cloze_train_options options = scratch(NULL);
    options.steps = 1;
    cloze_trainer *trainer = NULL;
    cloze_intake intake = { 0 };
    cloze_error error;
    char tokens[PATH];
    (void)state;
    snprintf(tokens, sizeof tokens, "%s/tokens", tiny_folder());
    make_tokens(tokens, tiny_model("../pretrain/next"), 300);
    assert_int_equal(cloze_engine_new(&options.engine, &how, &error), CLOZE_OK);
    if (cloze_trainer_new(&trainer, tiny_model("../pretrain/next"), &options, &error))
        fail_msg("%s", error.message);
    assert_int_equal(
        cloze_trainer_add_corpus(trainer, CLOZE_SPLIT_DEV, tokens, 0, 0.01, NULL, &error),
        CLOZE_OK); /* the tokenizer's room is taken now */
    size_t before = held;
    if (cloze_trainer_add_corpus(trainer, CLOZE_SPLIT_TRAIN, tokens, 0, 1, &intake, &error))
        fail_msg("%s", error.message);
    assert_true(intake.tokens > 200000 && intake.items > 10000);
    if (held - before >= 64 * intake.items)
        fail_msg("%zu bytes for %zu sequences of %zu tokens", held - before, intake.items,
                 intake.tokens);
    if (cloze_trainer_run(trainer, &error))
        fail_msg("%s", error.message);
    cloze_trainer_free(trainer);
    cloze_engine_free(options.engine);
    assert_int_equal(held, 0);
}

/* ---- what cannot be ---- */

static void impossible_settings_are_refused(void **state)
{
    char tokens[PATH];
    cloze_error error;
    const char *folder = tiny_folder();
    (void)state;
    snprintf(tokens, sizeof tokens, "%s/tokens", folder);
    make_tokens(tokens, tiny_model("../pretrain/next"), 1);
    cloze_train_options options = scratch(NULL);
    options.crossing = true;
    assert_int_equal(go(&options, tokens, 1, 0, &error), CLOZE_ERROR_ARGUMENT);
    options = scratch(NULL);
    options.learning = CLOZE_LEARN_RANKING;
    assert_int_equal(go(&options, tokens, 1, 0, &error), CLOZE_ERROR_ARGUMENT);
    options = scratch(NULL);
    options.max_tokens = 5;
    assert_int_equal(go(&options, tokens, 1, 0, &error), CLOZE_ERROR_ARGUMENT);
    options = scratch(NULL);
    options.config = "{\"model_type\": \"bert\", \"hidden_size\": 7}";
    assert_int_equal(go(&options, tokens, 1, 0, &error), CLOZE_ERROR_FORMAT);
    options.config = "not json";
    assert_int_equal(go(&options, tokens, 1, 0, &error), CLOZE_ERROR_FORMAT);
    assert_int_equal(go(&options, folder, 1, 0, &error), CLOZE_ERROR_FORMAT);
}

static void sentences_end_at_marks(void **state)
{
    static const struct {
        const char *line;
        size_t begins[6];
    } cases[] = {
        { "One. Two! three? (Four.) Five", { 5, 17, 25, 29 } },
        { "e.g. this is one. And another", { 18, 29 } },
        { "He said \"no.\" She left.  ", { 14, 25 } },
        { "3.5 is a number.", { 16 } },
        { "\u4e00\u3002\u4e8c\uff01", { 6, 12 } },
        { "no mark", { 7 } },
        { "...", { 3 } },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const cloze_text line = { cases[i].line, strlen(cases[i].line) };
        size_t at = 0;
        for (size_t k = 0; at < line.size; k++) {
            at = cz_next_sentence(line, at);
            assert_int_equal(at, cases[i].begins[k]);
        }
    }
}

static int clean(void **state)
{
    (void)state;
    tiny_forget();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_objective_learns_as_in_pytorch, clean),
        cmocka_unit_test_teardown(a_stopped_run_goes_on_to_the_same_bits, clean),
        cmocka_unit_test_teardown(other_texts_do_not_resume, clean),
        cmocka_unit_test_teardown(what_is_made_begins_as_in_transformers, clean),
        cmocka_unit_test_teardown(damaged_files_are_refused, clean),
        cmocka_unit_test_teardown(a_file_knows_what_it_was_made_of, clean),
        cmocka_unit_test_teardown(nothing_comes_of_no_text, clean),
        cmocka_unit_test_teardown(a_corpus_is_not_kept_in_memory, clean),
        cmocka_unit_test_teardown(impossible_settings_are_refused, clean),
        cmocka_unit_test(sentences_end_at_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
