/* test_sharing.c - one tokenizer used by four threads at once gives what one thread gets. */
#include "encoding_hash.h"
#include "small_tokenizer.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { THREADS = 4, ROUNDS = 300, TEXTS = 64 };

typedef struct worker {
    const cloze_tokenizer *tokenizer;
    encoding_hash hash;
    bool failed;
} worker;

/* Text number `index`: words in an order that the number decides. */
static size_t make_text(uint64_t index, char out[512])
{
    static const char *const words[] = { "hello",        "World",        "unaffable",
                                         "CAF\xC3\x89",  "caf\xC3\xA9s", ",",
                                         "\xE4\xB8\x80", "[MASK]",       "unknown" };
    size_t size = 0;
    for (uint64_t i = 0; i < 20; i++)
        size += (size_t)snprintf(out + size, 512 - size, "%s ",
                                 words[splitmix(index * 64 + i) % (sizeof words / sizeof *words)]);
    return size;
}

static void *work(void *context)
{
    worker *self = context;
    cloze_encoding *encoding = NULL;
    cloze_text none = { NULL, 0 };
    self->failed = cloze_encoding_new(&encoding, NULL, NULL) != CLOZE_OK;
    for (uint64_t i = 0; i < (uint64_t)ROUNDS * TEXTS && !self->failed; i++) {
        char data[512];
        cloze_text text = { data, make_text(i % TEXTS, data) };
        self->failed =
            cloze_tokenize(self->tokenizer, text, none, NULL, encoding, NULL) != CLOZE_OK;
        if (!self->failed)
            hash_encoding(&self->hash, encoding, text);
    }
    cloze_encoding_free(encoding);
    return NULL;
}

static void four_threads_share_a_tokenizer(void **state)
{
    cloze_tokenizer *tokenizer = NULL;
    worker alone, workers[THREADS];
    pthread_t threads[THREADS];
    (void)state;
    assert_int_equal(open_small(&tokenizer, NULL, NULL, NULL), CLOZE_OK);
    alone = (worker){ .tokenizer = tokenizer };
    work(&alone);
    assert_false(alone.failed);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (worker){ .tokenizer = tokenizer };
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_false(workers[i].failed);
        assert_true(workers[i].hash.sum == alone.hash.sum);
        assert_true(workers[i].hash.count == alone.hash.count);
    }
    cloze_tokenizer_free(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_threads_share_a_tokenizer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
