/* Pulling from a server that behaves as the hub does: the cache, the token, cancelling, sharing. */
#include "formats/hub_http.h"
#include "hub_case.h"

#include <sys/wait.h>

static const cz_patience once = { 1, 1, 1000 };

static void a_pull_lays_the_cache_out_as_python_does(void **state)
{
    char etag[65], expected[100];
    cz_mapping file;
    (void)state;
    assert_false(is_found());
    assert_int_equal(pull(NULL), CLOZE_OK);
    check_model();
    fake_hub_etag(&files[4], etag);
    snprintf(expected, sizeof expected, "../../blobs/%s", etag);
    check_link("model.safetensors", expected);
    fake_hub_etag(&files[3], etag);
    snprintf(expected, sizeof expected, "../../../blobs/%s", etag);
    check_link("1_Pooling/config.json", expected);
    assert_int_equal(cz_file_open(&file, in_cache("refs/main"), 100, true, NULL, NULL), CLOZE_OK);
    assert_int_equal(file.size, 40);
    assert_memory_equal(file.data, fake_hub_commit(hub), 40);
    cz_file_close(&file);
    assert_true(is_found());
}

static void what_cloze_cannot_use_is_not_fetched(void **state)
{
    (void)state;
    assert_int_equal(pull(NULL), CLOZE_OK);
    assert_int_equal(files_in(in_cache("blobs")), WANTED);
    assert_int_equal(fake_hub_count(hub, "onnx"), 0);
    assert_int_equal(fake_hub_count(hub, ".bin"), 0);
    assert_int_equal(fake_hub_count(hub, "README"), 0);
    assert_int_equal(fake_hub_count(hub, "fp16"), 0);
    assert_int_equal(fake_hub_count(hub, "gitattributes"), 0);
}

static void a_second_pull_asks_for_the_listing_alone(void **state)
{
    (void)state;
    assert_int_equal(pull(NULL), CLOZE_OK);
    fake_hub_forget(hub);
    assert_int_equal(pull(NULL), CLOZE_OK);
    assert_int_equal(fake_hub_count(hub, ""), 1);
}

static void a_new_commit_gets_its_snapshot_and_shares_the_blobs(void **state)
{
    (void)state;
    assert_int_equal(pull(NULL), CLOZE_OK);
    fake_hub_set_commit(hub, "1111111111111111111111111111111111111111");
    fake_hub_forget(hub);
    assert_int_equal(pull(NULL), CLOZE_OK);
    assert_int_equal(fake_hub_count(hub, "store: "), 0);
    assert_int_equal(files_in(in_cache("snapshots")), 2);
    assert_int_equal(files_in(in_cache("blobs")), WANTED);
    check_model();
    assert_true(is_found());
}

static void the_token_goes_to_the_hub_and_to_nobody_else(void **state)
{
    cloze_hub_options options = { .token = "hf_secret" };
    (void)state;
    fake_hub_faults(hub)->token = "hf_secret";
    assert_int_equal(pull_with(&quick, &options, NULL), CLOZE_OK);
    check_model();
    assert_true(fake_hub_count(hub, "hub: ") > WANTED);
    assert_int_equal(fake_hub_count(hub, "hub: "),
                     fake_hub_count(hub, "Authorization: Bearer hf_secret"));
    assert_int_equal(fake_hub_count(hub, "store: "), 1);
    for (size_t i = 0; i < 2; i++)
        assert_true(fake_hub_count(hub, i ? "hf_secret" : "Bearer") ==
                    fake_hub_count(hub, "hub: "));
}

static void the_token_is_found_in_the_environment_and_in_its_file(void **state)
{
    (void)state;
    fake_hub_faults(hub)->token = "hf_from_file";
    assert_int_equal(cz_file_write(inside("token"), "hf_from_file\n", 13, NULL), CLOZE_OK);
    assert_int_equal(pull(NULL), CLOZE_OK);
    fake_hub_faults(hub)->token = "hf_from_variable";
    assert_int_equal(pull(NULL), CLOZE_ERROR_ACCESS);
    setenv("HF_TOKEN", " hf_from_variable ", 1);
    assert_int_equal(pull(NULL), CLOZE_OK);
    setenv("HF_TOKEN", "hf\r\nX-Evil: 1", 1);
    assert_int_equal(pull(NULL), CLOZE_ERROR_ARGUMENT);
    unlink(inside("token"));
}

/* "localhost" is another host than "127.0.0.1", even if the same server answers. */
static void the_token_stays_behind_when_a_redirect_leaves_the_host(void **state)
{
    cloze_hub_options options = { .token = "hf_secret" };
    char place[100];
    (void)state;
    snprintf(place, sizeof place, "http://localhost:%d/again", fake_hub_port(hub));
    fake_hub_faults(hub)->redirect = place;
    assert_int_not_equal(pull_with(&once, &options, NULL), CLOZE_OK);
    assert_int_equal(fake_hub_count(hub, "/api/models"), 1);
    assert_true(fake_hub_count(hub, "/again") >= 1);
    assert_int_equal(fake_hub_count(hub, "hf_secret"), 1);
}

static void plain_http_is_refused_unless_the_endpoint_names_it(void **state)
{
    cz_http_options options = { .endpoint = "https://127.0.0.1:1" };
    cz_http *http = NULL;
    cz_http_answer answer;
    cloze_error error;
    (void)state;
    assert_int_equal(cz_http_new(&http, &options, NULL), CLOZE_OK);
    assert_int_equal(cz_http_get(http, fake_hub_url(hub), "x", NULL, &answer, &error),
                     CLOZE_ERROR_NETWORK);
    assert_non_null(strstr(error.message, "https"));
    cz_http_free(http);
    assert_int_equal(fake_hub_count(hub, ""), 0);
    options.endpoint = "ftp://example.org";
    assert_int_equal(cz_http_new(&http, &options, NULL), CLOZE_ERROR_ARGUMENT);
    options.endpoint = "example.org";
    assert_int_equal(cz_http_new(&http, &options, NULL), CLOZE_ERROR_ARGUMENT);
}

static void offline_means_no_socket(void **state)
{
    cloze_error error;
    (void)state;
    setenv("HF_HUB_OFFLINE", "1", 1);
    assert_int_equal(pull(&error), CLOZE_ERROR_OFFLINE);
    assert_non_null(strstr(error.message, "HF_HUB_OFFLINE"));
    assert_int_equal(fake_hub_count(hub, ""), 0);
    setenv("HF_HUB_OFFLINE", "0", 1);
    assert_int_equal(pull(NULL), CLOZE_OK);
    fake_hub_forget(hub);
    setenv("HF_HUB_OFFLINE", "true", 1);
    assert_int_equal(pull(NULL), CLOZE_OK);
    assert_int_equal(fake_hub_count(hub, ""), 0);
}

static void names_and_revisions_are_checked(void **state)
{
    static const char *const bad[] = { "",       "/",        "o/",   "/n",    "o/n/x",
                                       "../n",   "o/..",     "o n",  "o/n@",  "o/n@../x",
                                       "o/n@/x", "o/n@x//y", "-o/n", "o/n.",  "a--b/c",
                                       "o\n/n",  "@main",    "./x",  "/tmp/x" };
    char path[4096], long_name[200];
    (void)state;
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(cloze_hub_pull(bad[i], NULL, path, sizeof path, NULL),
                         CLOZE_ERROR_ARGUMENT);
        assert_int_equal(cloze_hub_find(bad[i], NULL, path, sizeof path, NULL),
                         CLOZE_ERROR_ARGUMENT);
    }
    assert_int_equal(cloze_hub_find(long_name, NULL, path, sizeof path, NULL),
                     CLOZE_ERROR_ARGUMENT);
    assert_int_equal(cloze_hub_find("bert-base-uncased", NULL, path, sizeof path, NULL),
                     CLOZE_ERROR_NOT_FOUND);
    assert_int_equal(fake_hub_count(hub, ""), 0);
}

static void a_commit_is_found_by_its_name(void **state)
{
    char path[4096], name[64];
    cloze_error error;
    (void)state;
    assert_int_equal(pull(NULL), CLOZE_OK);
    snprintf(name, sizeof name, "o/n@%s", fake_hub_commit(hub));
    assert_int_equal(cloze_hub_find(name, NULL, path, sizeof path, NULL), CLOZE_OK);
    assert_int_equal(cloze_hub_find("o/n@v2", NULL, path, sizeof path, &error),
                     CLOZE_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "cloze pull o/n@v2"));
    assert_int_equal(cloze_hub_find("o/n", NULL, path, 10, NULL), CLOZE_ERROR_LIMIT);
}

typedef struct reports {
    size_t count, stop_at;
    uint64_t most;
    size_t files;
} reports;

static bool report(void *context, const cloze_pull_progress *progress)
{
    reports *mine = context;
    if (progress->done > mine->most)
        mine->most = progress->done;
    mine->files = progress->files;
    assert_true(progress->file_number >= 1 && progress->file_number <= progress->files);
    assert_true(!progress->total || progress->done <= progress->total);
    return !mine->stop_at || ++mine->count < mine->stop_at;
}

static void progress_is_reported(void **state)
{
    reports mine = { 0, 0, 0, 0 };
    cloze_hub_options options = { .report = report, .context = &mine };
    (void)state;
    assert_int_equal(pull_with(&quick, &options, NULL), CLOZE_OK);
    assert_int_equal(mine.most, LARGE);
    assert_int_equal(mine.files, WANTED);
}

static void a_callback_cancels_at_any_moment_and_nothing_is_damaged(void **state)
{
    size_t stop_at = 1;
    cloze_status status = CLOZE_ERROR_CANCELLED;
    (void)state;
    for (; status && stop_at < 1000; stop_at++) {
        reports mine = { 0, stop_at, 0, 0 };
        cloze_hub_options options = { .report = report, .context = &mine };
        status = pull_with(&quick, &options, NULL);
        assert_true(status == CLOZE_OK || status == CLOZE_ERROR_CANCELLED);
        assert_true(status == CLOZE_OK || !is_found());
    }
    assert_int_equal(status, CLOZE_OK);
    assert_true(stop_at > WANTED);
    check_model();
}

static void waiting_for_a_busy_hub_can_be_cancelled(void **state)
{
    cz_patience patient = { 4, 60000, 60000 };
    reports mine = { 0, 10, 0, 0 };
    cloze_hub_options options = { .report = report, .context = &mine };
    (void)state;
    fake_hub_faults(hub)->code = 503;
    fake_hub_faults(hub)->code_times = -1;
    assert_int_equal(pull_with(&patient, &options, NULL), CLOZE_ERROR_CANCELLED);
    assert_int_equal(fake_hub_count(hub, ""), 1);
}

/* As another user, who may read and not write, since root may always write. */
static void a_read_only_cache_works_when_all_is_there(void **state)
{
    int result = 0;
    char command[300];
    (void)state;
    assert_int_equal(pull(NULL), CLOZE_OK);
    snprintf(command, sizeof command, "chmod 755 '%s' && chmod -R a+rX,a-w '%s'", scratch_folder,
             cache);
    assert_int_equal(system(command), 0);
    pid_t child = fork();
    if (!child) {
        if (!geteuid() && (setgid(65534) || setuid(65534)))
            _exit(100);
        if (!access(cache, W_OK))
            _exit(101);
        _exit((int)pull(NULL));
    }
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), 0);
    snprintf(command, sizeof command, "chmod -R u+w '%s'", cache);
    assert_int_equal(system(command), 0);
}

static void two_processes_download_a_file_once(void **state)
{
    int result = 0;
    (void)state;
    fake_hub_faults(hub)->delay_ms = 200;
    pid_t children[2];
    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        if (!children[i])
            _exit((int)pull(NULL));
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(waitpid(children[i], &result, 0), children[i]);
        assert_true(WIFEXITED(result));
        assert_int_equal(WEXITSTATUS(result), 0);
    }
    check_model();
    assert_int_equal(fake_hub_count(hub, "store: "), 1);
}

static void a_cache_that_cannot_be_written_is_named(void **state)
{
    cloze_hub_options options = { .cache = "/dev/null/cache" };
    cloze_error error;
    (void)state;
    assert_int_equal(pull_with(&quick, &options, &error), CLOZE_ERROR_IO);
    assert_non_null(strstr(error.message, "/dev/null"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pull_lays_the_cache_out_as_python_does),
        TEST(what_cloze_cannot_use_is_not_fetched),
        TEST(a_second_pull_asks_for_the_listing_alone),
        TEST(a_new_commit_gets_its_snapshot_and_shares_the_blobs),
        TEST(the_token_goes_to_the_hub_and_to_nobody_else),
        TEST(the_token_is_found_in_the_environment_and_in_its_file),
        TEST(the_token_stays_behind_when_a_redirect_leaves_the_host),
        TEST(plain_http_is_refused_unless_the_endpoint_names_it),
        TEST(offline_means_no_socket),
        TEST(names_and_revisions_are_checked),
        TEST(a_commit_is_found_by_its_name),
        TEST(progress_is_reported),
        TEST(a_callback_cancels_at_any_moment_and_nothing_is_damaged),
        TEST(waiting_for_a_busy_hub_can_be_cancelled),
        TEST(a_read_only_cache_works_when_all_is_there),
        TEST(two_processes_download_a_file_once),
        TEST(a_cache_that_cannot_be_written_is_named),
    };
    return cmocka_run_group_tests(tests, begin_all, remove_scratch);
}
