/* What a pull owes the program around it: its allocator, its threads, and no secret told. */
#include "hub_case.h"

#include <pthread.h>
#include <stdint.h>

static const cz_patience once = { 1, 1, 1000 };

/* ---- memory ---- */

typedef struct counted {
    size_t calls, fail_at, live;
} counted;

static void *counted_allocate(void *context, size_t size)
{
    counted *memory = context;
    if (++memory->calls == memory->fail_at)
        return NULL;
    memory->live++;
    return malloc(size);
}

static void *counted_resize(void *context, void *block, size_t size)
{
    counted *memory = context;
    if (++memory->calls == memory->fail_at)
        return NULL;
    memory->live += !block;
    return realloc(block, size);
}

static void counted_release(void *context, void *block)
{
    ((counted *)context)->live -= block != NULL;
    free(block);
}

static void each_allocation_comes_from_the_host_and_may_fail(void **state)
{
    cloze_status status = CLOZE_ERROR_MEMORY;
    size_t fail_at = 1;
    (void)state;
    assert_int_equal(cz_file_write(inside("token"), "hf_x\n", 5, NULL), CLOZE_OK);
    for (; status && fail_at < 200; fail_at++) {
        counted memory = { 0, fail_at, 0 };
        cloze_hooks hooks = { .allocator = { counted_allocate, counted_resize, counted_release,
                                             &memory } };
        cloze_hub_options options = { .hooks = &hooks };
        status = pull_with(&once, &options, NULL);
        assert_true(status == CLOZE_OK || status == CLOZE_ERROR_MEMORY);
        assert_int_equal(memory.live, 0);
        assert_true(status == CLOZE_OK || memory.calls >= fail_at);
    }
    assert_int_equal(status, CLOZE_OK);
    /* The download, its connection, the token, the listing, eleven names, modules.json. */
    assert_true(fail_at > 15);
    check_model();
    unlink(inside("token"));
}

/* ---- secrets ---- */

static void remember(void *context, cloze_log_level level, const char *message)
{
    char *log = context;
    (void)level;
    strncat(log, message, 4000 - strlen(log));
}

static void expect_no_secret(const char *endpoint, cloze_status expected, const char *word)
{
    char log[4096] = "";
    cloze_hooks hooks = { .log = { remember, log } };
    cloze_hub_options options = { .endpoint = endpoint, .hooks = &hooks };
    cloze_error error;
    assert_int_equal(pull_with(&quick, &options, &error), expected);
    assert_null(strstr(error.message, "s3cret"));
    assert_null(strstr(log, "s3cret"));
    if (!strstr(error.message, word))
        print_error("%s\n", error.message);
    assert_non_null(strstr(error.message, word));
}

static void a_password_in_the_endpoint_is_in_no_message(void **state)
{
    char endpoint[100];
    (void)state;
    expect_no_secret("http://user:s3cret@127.0.0.1:1", CLOZE_ERROR_NETWORK, "127.0.0.1:1 cannot");
    expect_no_secret("ftp://user:s3cret@example.org", CLOZE_ERROR_ARGUMENT, "https://");
    expect_no_secret("http://user:s3cret@:x/", CLOZE_ERROR_ARGUMENT, "not a URL");
    snprintf(endpoint, sizeof endpoint, "http://user:s3cret@127.0.0.1:%d", fake_hub_port(hub));
    fake_hub_faults(hub)->redirect = "ftp://user:s3cret@example.org/x?signature=s3cret";
    expect_no_secret(endpoint, CLOZE_ERROR_NETWORK, "ftp://example.org");
    fake_hub_faults(hub)->redirect = NULL;
    fake_hub_faults(hub)->code = 503;
    fake_hub_faults(hub)->code_times = -1;
    expect_no_secret(endpoint, CLOZE_ERROR_NETWORK, "503");
}

/* ---- threads ---- */

static void *pull_in_thread(void *context)
{
    char path[4096];
    *(cloze_status *)context = cz_hub_pull_patiently("o/n", NULL, &quick, path, sizeof path, NULL);
    return NULL;
}

static void threads_may_pull_the_same_model_at_once(void **state)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    cloze_status results[THREADS];
    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, pull_in_thread, &results[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(results[i], CLOZE_OK);
    assert_int_equal(fake_hub_count(hub, "store: "), 1);
    check_model();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_allocation_comes_from_the_host_and_may_fail),
        TEST(a_password_in_the_endpoint_is_in_no_message),
        TEST(threads_may_pull_the_same_model_at_once),
    };
    return cmocka_run_group_tests(tests, begin_all, remove_scratch);
}
