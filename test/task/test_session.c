/*
 * test_session.c - what a session promises beside its numbers: memory known in advance and never
 * exceeded, no allocation once warm, clear errors, cancelling, hidden states, long texts.
 */
#include "folder.h"

#include "base/file.h"
#include "base/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A counting allocator; fails at the call number `fail_at`, and at all later ones if `for_good`. */
typedef struct counter {
    size_t calls, live, bytes, peak, fail_at;
    bool for_good;
} counter;

typedef struct head {
    size_t size, padding;
} head;

static bool refuses(counter *c)
{
    c->calls++;
    return c->fail_at && (c->for_good ? c->calls >= c->fail_at : c->calls == c->fail_at);
}

static void account(counter *c, size_t size)
{
    c->bytes += size;
    if (c->bytes > c->peak)
        c->peak = c->bytes;
}

static void *take(void *context, size_t size)
{
    counter *c = context;
    head *h = refuses(c) ? NULL : malloc(sizeof *h + size);
    if (!h)
        return NULL;
    h->size = size;
    c->live++;
    account(c, size);
    return h + 1;
}

static void give(void *context, void *block)
{
    counter *c = context;
    head *h = (head *)block - 1;
    c->live--;
    c->bytes -= h->size;
    free(h);
}

static void *change(void *context, void *block, size_t size)
{
    counter *c = context;
    if (!block)
        return take(context, size);
    head *old = (head *)block - 1, *h = refuses(c) ? NULL : malloc(sizeof *h + size);
    if (!h)
        return NULL;
    memcpy(h + 1, block, old->size < size ? old->size : size);
    h->size = size;
    c->bytes -= old->size;
    account(c, size);
    free(old);
    return h + 1;
}

static cloze_hooks counting(counter *c)
{
    return (cloze_hooks){ .allocator = { take, change, give, c } };
}

static const char *folder(void)
{
    static char path[2048];
    return golden_path(path, sizeof path, "sentence/mean");
}

static void a_warm_session_allocates_nothing_over_100000_texts(void **state)
{
    counter c = { 0 };
    cloze_hooks hooks = counting(&c);
    size_t count, calls = 0;
    cloze_text *texts = golden_texts(&count);
    float vectors[32 * 24];
    opened o;
    (void)state;
    open_model(&o, folder(), &(open_options){ .threads = 2, .hooks = &hooks });
    for (size_t done = 0; done < 100000; done += count) {
        assert_int_equal(cloze_embed(o.session, texts, count, NULL, vectors, NULL, NULL, NULL), 0);
        if (!done)
            calls = c.calls;
    }
    assert_int_equal(c.calls, calls);
    close_model(&o);
    assert_int_equal(c.live, 0);
    free_texts(texts, count);
}

static void every_failing_allocation_is_an_error_and_leaks_nothing(void **state)
{
    size_t count, n;
    cloze_text *texts = golden_texts(&count);
    float vectors[32 * 24];
    bool done = false;
    (void)state;
    for (n = 1; !done; n++)
        for (int for_good = 0; for_good < 2; for_good++) {
            counter c = { .fail_at = n, .for_good = for_good };
            cloze_hooks hooks = counting(&c);
            cloze_error error = { 0 };
            opened o = { NULL, NULL, NULL };
            cloze_engine_options engine = { .threads = 2, .hooks = &hooks };
            cloze_status status = cloze_engine_new(&o.engine, &engine, &error);
            cloze_model_options model = { .engine = o.engine };
            if (!status)
                status = cloze_model_open(&o.model, folder(), &model, &error);
            if (!status)
                status = cloze_session_new(&o.session, o.model, NULL, &error);
            if (!status)
                status = cloze_embed(o.session, texts, count, NULL, vectors, NULL, NULL, &error);
            if (status && status != CLOZE_ERROR_MEMORY)
                fail_msg("allocation %zu failed as \"%s\"", n, error.message);
            if (status)
                assert_string_not_equal(error.message, "");
            done = !status && c.calls < n;
            close_model(&o);
            assert_int_equal(c.live, 0);
        }
    printf("%zu allocations failed, one by one and from then on\n", n - 2);
    free_texts(texts, count);
}

static void holds_its_memory(const char *path, bool labels)
{
    counter c = { 0 };
    cloze_hooks hooks = counting(&c);
    char text[8192] = "";
    cloze_text given[64];
    float vectors[64 * 24];
    opened o;
    for (size_t i = 0; i < 60; i++)
        strcat(text, "the cat ");
    for (size_t i = 0; i < 64; i++)
        given[i] = (cloze_text){ text, strlen(text) };
    open_model(&o, path, &(open_options){ .threads = 2, .batch_tokens = 512, .hooks = &hooks });
    assert_int_equal(
        labels ? cloze_classify(o.session, given, NULL, 64, NULL, vectors, NULL, NULL, NULL)
               : cloze_embed(o.session, given, 64, NULL, vectors, NULL, NULL, NULL),
        0);
    size_t peak = c.peak; /* telling takes memory for a moment, too */
    cloze_memory memory = cloze_model_memory(o.model, 512);
    size_t told = memory.packed_weights + memory.tokenizer + memory.arena + memory.other;
    if (peak > told)
        fail_msg("%zu bytes were allocated, %zu were told", peak, told);
    /* And not twice as much as there is: the bound means something. */
    assert_true(told < peak + peak / 4);
    close_model(&o);
}

static void the_memory_it_tells_is_not_exceeded(void **state)
{
    char path[2048];
    (void)state;
    holds_its_memory(folder(), false);
    golden_path(path, sizeof path, "classify/reviews"); /* with tokens that see everything */
    holds_its_memory(path, true);
}

static void a_text_that_is_too_long_is_cut_refused_or_pooled(void **state)
{
    char text[4096] = "";
    float whole[24], cut[24], pooled[24];
    size_t lost = 0;
    cloze_embed_report report;
    cloze_error error = { 0 };
    opened o;
    (void)state;
    for (size_t i = 0; i < 50; i++)
        strcat(text, "cat ");
    cloze_text long_text = { text, strlen(text) }, short_text = { text, 22 * 4 };
    open_model(&o, folder(), &(open_options){ .threads = 1 });
    cloze_embed_options how = { 0 };
    assert_int_equal(cloze_embed(o.session, &long_text, 1, &how, cut, &lost, &report, &error), 0);
    assert_int_equal(lost, 28);
    assert_int_equal(report.truncated_texts, 1);
    assert_int_equal(report.tokens, 24);
    assert_int_equal(cloze_embed(o.session, &short_text, 1, &how, whole, &lost, NULL, &error), 0);
    assert_memory_equal(cut, whole, sizeof cut);

    how.long_text = CLOZE_LONG_ERROR;
    assert_int_equal(cloze_embed(o.session, &long_text, 1, &how, cut, NULL, NULL, &error),
                     CLOZE_ERROR_TEXT);
    assert_non_null(strstr(error.message, "28"));

    how.long_text = CLOZE_LONG_CHUNK;
    assert_int_equal(cloze_embed(o.session, &long_text, 1, &how, pooled, &lost, &report, &error),
                     0);
    assert_int_equal(lost, 0);
    assert_int_equal(report.tokens, 50 + 3 * 2);
    assert_memory_not_equal(pooled, whole, sizeof pooled);
    close_model(&o);
}

/* The smallest limit is used up by [CLS] and [SEP]: windows can hold nothing. */
static void a_limit_without_room_for_text_is_refused(void **state)
{
    char words[24000] = "";
    float vector[24];
    cloze_error error = { 0 };
    opened o;
    (void)state;
    for (size_t i = 0; i + 5 < sizeof words; i += 4)
        memcpy(words + i, "cat ", 5);
    cloze_text text = { words, strlen(words) };
    open_model(&o, folder(), &(open_options){ .threads = 1, .batch_tokens = 64 });
    cloze_embed_options how = { .max_tokens = 2, .long_text = CLOZE_LONG_CHUNK };
    assert_int_equal(cloze_embed(o.session, &text, 1, &how, vector, NULL, NULL, &error),
                     CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "no room"));
    how.max_tokens = 3;
    assert_int_equal(cloze_embed(o.session, &text, 1, &how, vector, NULL, NULL, &error), 0);
    close_model(&o);
}

static void copy_file(const char *from, const char *to, const char *name)
{
    char path[1024];
    cz_mapping file;
    snprintf(path, sizeof path, "%s/%s", from, name);
    assert_int_equal(cz_file_open(&file, path, SIZE_MAX, true, NULL, NULL), CLOZE_OK);
    snprintf(path, sizeof path, "%s/%s", to, name);
    assert_int_equal(cz_file_write(path, file.data, file.size, NULL), CLOZE_OK);
    cz_file_close(&file);
}

/* A tokenizer without a template gives an empty text no tokens at all. */
static void texts_without_tokens_are_refused(void **state)
{
    enum { MANY = 300 };
    static const char *const names[] = { "config.json", "model.safetensors" };
    static cloze_text texts[MANY];
    static float vectors[MANY * 24];
    static size_t offsets[MANY + 1];
    char scratch[] = "/tmp/cloze-test-XXXXXX", path[1024];
    uint32_t id = 5;
    cloze_error error = { 0 };
    json_t *tokenizer;
    opened o;
    (void)state;
    assert_non_null(mkdtemp(scratch));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        copy_file(folder(), scratch, names[i]);
    snprintf(path, sizeof path, "%s/tokenizer.json", folder());
    assert_int_equal(cz_json_load(&tokenizer, path, 1 << 20, NULL, NULL), CLOZE_OK);
    json_object_set_new(tokenizer, "post_processor", json_null());
    snprintf(path, sizeof path, "%s/tokenizer.json", scratch);
    assert_int_equal(json_dump_file(tokenizer, path, 0), 0);
    json_decref(tokenizer);

    open_model(&o, scratch, &(open_options){ .threads = 1, .batch_tokens = 32 });
    for (size_t i = 0; i < MANY; i++)
        texts[i] = (cloze_text){ "", 0 };
    assert_int_equal(cloze_embed(o.session, texts, MANY, NULL, vectors, NULL, NULL, &error),
                     CLOZE_ERROR_TEXT);
    assert_non_null(strstr(error.message, "text 1 has no tokens"));
    assert_int_equal(cloze_embed_ids(o.session, &id, NULL, offsets, MANY, NULL, vectors, &error),
                     CLOZE_ERROR_TEXT);
    close_model(&o);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", scratch, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/tokenizer.json", scratch);
    unlink(path);
    rmdir(scratch);
}

enum { NARROW = 24, WIDE = 4096, LAST = 256 };

static void write_dense(const char *folder_of_model, const char *part, const float *weight,
                        size_t out, size_t in)
{
    char path[1024], settings[256];
    cz_tensor_to_store stored = { "linear.weight", CZ_F32, 2, { out, in }, weight };
    snprintf(path, sizeof path, "%s/%s", folder_of_model, part);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/%s/config.json", folder_of_model, part);
    snprintf(settings, sizeof settings,
             "{\"in_features\":%zu,\"out_features\":%zu,\"bias\":false,"
             "\"activation_function\":\"torch.nn.modules.linear.Identity\"}",
             in, out);
    assert_int_equal(cz_file_write(path, settings, strlen(settings), NULL), 0);
    snprintf(path, sizeof path, "%s/%s/model.safetensors", folder_of_model, part);
    assert_int_equal(cz_safetensors_write(path, &stored, 1, NULL), 0);
}

static void embed_one(const char *path, float *vector, const char *isa)
{
    cloze_text text = { "the cat", 7 };
    cloze_error error = { 0 };
    opened o;
    open_model(&o, path, &(open_options){ .threads = 1, .batch_tokens = 32, .isa = isa });
    if (cloze_embed(o.session, &text, 1, NULL, vector, NULL, NULL, &error))
        fail_msg("%s", error.message);
    close_model(&o);
}

/* The first repeats its input, the second takes the columns back from the last one down. */
static void a_module_wider_than_the_encoder_is_run(void **state)
{
    static const char *const files[] = { "config.json",   "model.safetensors",   "tokenizer.json",
                                         "modules.json",  "1/config.json",       "1",
                                         "2/config.json", "2/model.safetensors", "2",
                                         "3/config.json", "3/model.safetensors", "3" };
    static const char modules[] =
        "[{\"type\":\"m.Transformer\",\"path\":\"\"},{\"type\":\"m.Pooling\",\"path\":\"1\"},"
        "{\"type\":\"m.Dense\",\"path\":\"2\"},{\"type\":\"m.Dense\",\"path\":\"3\"}]";
    static float first[WIDE * NARROW], second[LAST * WIDE];
    static const char *const sets[] = { NULL, "scalar" };
    char scratch[] = "/tmp/cloze-test-XXXXXX", path[1024];
    float plain[NARROW], vector[LAST];
    (void)state;
    for (size_t i = 0; i < WIDE; i++)
        first[i * NARROW + i % NARROW] = 1;
    for (size_t i = 0; i < LAST; i++)
        second[i * WIDE + WIDE - 1 - i] = 1;
    assert_non_null(mkdtemp(scratch));
    for (size_t i = 0; i < 3; i++)
        copy_file(folder(), scratch, files[i]);
    embed_one(scratch, plain, NULL);
    snprintf(path, sizeof path, "%s/modules.json", scratch);
    assert_int_equal(cz_file_write(path, modules, strlen(modules), NULL), 0);
    snprintf(path, sizeof path, "%s/1", scratch);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/1/config.json", scratch);
    assert_int_equal(cz_file_write(path, "{}", 2, NULL), 0);
    write_dense(scratch, "2", first, WIDE, NARROW);
    write_dense(scratch, "3", second, LAST, WIDE);
    for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
        embed_one(scratch, vector, sets[s]);
        for (size_t i = 0; i < LAST; i++)
            assert_true(fabsf(vector[i] - plain[(WIDE - 1 - i) % NARROW]) <= 1e-5f);
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", scratch, files[i]);
        assert_int_equal(remove(path), 0);
    }
    rmdir(scratch);
}

static void a_broken_prompt_is_refused(void **state)
{
    static const char *const prompts[] = { "\xf0", "\x80\x80", "ok \xc3" };
    float vector[24];
    cloze_text text = { "", 0 };
    cloze_error error = { 0 };
    opened o;
    (void)state;
    open_model(&o, folder(), &(open_options){ .threads = 1 });
    for (size_t i = 0; i < sizeof prompts / sizeof *prompts; i++) {
        cloze_embed_options how = { .prompt = prompts[i] };
        assert_int_equal(cloze_embed(o.session, &text, 1, &how, vector, NULL, NULL, &error),
                         CLOZE_ERROR_ARGUMENT);
        assert_non_null(strstr(error.message, "the prompt is not UTF-8"));
    }
    close_model(&o);
}

static bool stop_at_once(void *context, uint64_t done, uint64_t total)
{
    (void)done, (void)total;
    ++*(int *)context;
    return false;
}

static void a_call_can_be_cancelled_and_the_next_one_works(void **state)
{
    size_t count;
    int reports = 0;
    cloze_text *texts = golden_texts(&count);
    float vectors[32 * 24];
    cloze_error error = { 0 };
    opened o;
    (void)state;
    open_model(&o, folder(), &(open_options){ .threads = 2 });
    cloze_session_cancel(o.session);
    assert_int_equal(cloze_embed(o.session, texts, count, NULL, vectors, NULL, NULL, &error),
                     CLOZE_ERROR_CANCELLED);
    assert_int_equal(cloze_embed(o.session, texts, count, NULL, vectors, NULL, NULL, &error), 0);
    close_model(&o);
    open_model(&o, folder(),
               &(open_options){ .threads = 2, .progress = { stop_at_once, &reports } });
    assert_int_equal(cloze_embed(o.session, texts, count, NULL, vectors, NULL, NULL, &error),
                     CLOZE_ERROR_CANCELLED);
    assert_int_equal(reports, 1);
    close_model(&o);
    free_texts(texts, count);
}

static bool stop_second(void *context, uint64_t done, uint64_t total)
{
    assert_true(done <= total);
    return ++*(int *)context < 2;
}

static void opening_can_be_cancelled_and_leaves_nothing(void **state)
{
    int reports = 0;
    counter count = { 0 };
    cloze_hooks hooks = counting(&count);
    cloze_engine_options engine_options = { .threads = 1, .hooks = &hooks };
    cloze_engine *engine;
    cloze_model *model = NULL;
    cloze_error error = { 0 };
    (void)state;
    assert_int_equal(cloze_engine_new(&engine, &engine_options, &error), 0);
    size_t live = count.live;
    cloze_model_options options = { .engine = engine, .progress = { stop_second, &reports } };
    assert_int_equal(cloze_model_open(&model, folder(), &options, &error), CLOZE_ERROR_CANCELLED);
    assert_int_equal(reports, 2);
    assert_null(model);
    assert_int_equal(count.live, live);
    cloze_engine_free(engine);
    assert_int_equal(count.live, 0);
}

static void a_limit_of_tokens_may_be_more_than_the_folder_says_up_to_the_positions(void **state)
{
    cloze_model *model;
    cloze_error error = { 0 };
    (void)state;
    cloze_model_options options = { .max_tokens = 64 };
    assert_int_equal(cloze_model_open(&model, folder(), NULL, &error), 0);
    assert_true(cloze_model_describe(model).max_tokens < 64);
    cloze_model_free(model);
    assert_int_equal(cloze_model_open(&model, folder(), &options, &error), 0);
    assert_int_equal(cloze_model_describe(model).max_tokens, 64);
    cloze_model_free(model);
    options.max_tokens = 65;
    assert_int_equal(cloze_model_open(&model, folder(), &options, &error), CLOZE_ERROR_ARGUMENT);
}

static void hidden_states_are_those_that_pooling_sees(void **state)
{
    static const uint32_t ids[] = { 2, 5, 6, 7, 3, 2, 9, 3 };
    static const size_t offsets[] = { 0, 5, 8 };
    float embeddings[8 * 24], first[8 * 24], last[8 * 24], pooled[2 * 24];
    float *states[3] = { embeddings, first, last };
    cloze_embed_options how = { .normalize = CLOZE_NO };
    cloze_error error = { 0 };
    opened o;
    (void)state;
    open_model(&o, folder(), &(open_options){ .threads = 2 });
    assert_int_equal(cloze_hidden_states(o.session, ids, NULL, offsets, 2, states, &error), 0);
    for (size_t layer = 1; layer <= 2; layer++) {
        how.layer = layer;
        assert_int_equal(cloze_embed_ids(o.session, ids, NULL, offsets, 2, &how, pooled, &error),
                         0);
        for (size_t s = 0; s < 2; s++)
            for (size_t c = 0; c < 24; c++) {
                double sum = 0;
                for (size_t i = offsets[s]; i < offsets[s + 1]; i++)
                    sum += (double)states[layer][i * 24 + c];
                sum /= (double)(offsets[s + 1] - offsets[s]);
                assert_true(fabs((double)pooled[s * 24 + c] - sum) <= 1e-5);
            }
    }
    close_model(&o);
}

static void ids_outside_the_tables_are_refused(void **state)
{
    static const uint32_t wrong_id[] = { 2, 100000, 3 }, right[] = { 2, 5, 3 },
                          types[] = { 0, 7, 0 };
    static const size_t offsets[] = { 0, 3 }, backwards[] = { 3, 0 };
    float vector[24];
    cloze_error error = { 0 };
    opened o;
    (void)state;
    open_model(&o, folder(), &(open_options){ .threads = 1 });
    assert_int_equal(cloze_embed_ids(o.session, wrong_id, NULL, offsets, 1, NULL, vector, &error),
                     CLOZE_ERROR_ARGUMENT);
    assert_int_equal(cloze_embed_ids(o.session, right, types, offsets, 1, NULL, vector, &error),
                     CLOZE_ERROR_ARGUMENT);
    assert_int_equal(cloze_embed_ids(o.session, right, NULL, backwards, 1, NULL, vector, &error),
                     CLOZE_ERROR_ARGUMENT);
    assert_int_equal(cloze_embed_ids(o.session, right, NULL, offsets, 1, NULL, vector, &error), 0);
    close_model(&o);
}

static void broken_utf8_names_its_byte(void **state)
{
    cloze_text text = { "good \xff bad", 10 };
    float vector[24];
    cloze_error error = { 0 };
    opened o;
    (void)state;
    open_model(&o, folder(), &(open_options){ .threads = 1 });
    assert_int_equal(cloze_embed(o.session, &text, 1, NULL, vector, NULL, NULL, &error),
                     CLOZE_ERROR_TEXT);
    assert_int_equal(error.position, 5);
    close_model(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_warm_session_allocates_nothing_over_100000_texts),
        cmocka_unit_test(every_failing_allocation_is_an_error_and_leaks_nothing),
        cmocka_unit_test(the_memory_it_tells_is_not_exceeded),
        cmocka_unit_test(a_text_that_is_too_long_is_cut_refused_or_pooled),
        cmocka_unit_test(a_limit_without_room_for_text_is_refused),
        cmocka_unit_test(texts_without_tokens_are_refused),
        cmocka_unit_test(a_module_wider_than_the_encoder_is_run),
        cmocka_unit_test(a_broken_prompt_is_refused),
        cmocka_unit_test(a_call_can_be_cancelled_and_the_next_one_works),
        cmocka_unit_test(opening_can_be_cancelled_and_leaves_nothing),
        cmocka_unit_test(a_limit_of_tokens_may_be_more_than_the_folder_says_up_to_the_positions),
        cmocka_unit_test(hidden_states_are_those_that_pooling_sees),
        cmocka_unit_test(ids_outside_the_tables_are_refused),
        cmocka_unit_test(broken_utf8_names_its_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
