/* Pulling from a server that behaves as the hub does, and from one that does not. */
#include "fake_hub.h"
#include "formats/hub.h"
#include "formats/hub_http.h"
#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

enum { LARGE = 300000 };

static char large[LARGE];
#define TEXT(name, text)                                                                           \
    {                                                                                              \
        name, text, sizeof(text) - 1, false                                                        \
    }
static const fake_file files[] = {
    TEXT("config.json", "{\"model_type\":\"bert\"}"),
    TEXT("tokenizer.json", "{\"version\":\"1.0\"}"),
    TEXT("modules.json", "[{\"path\":\"\"},{\"path\":\"1_Pooling\"}]"),
    TEXT("1_Pooling/config.json", "{\"pooling\":1}"),
    { "model.safetensors", large, LARGE, true },
    { "pytorch_model.bin", large, LARGE, true },
    { "model.fp16.safetensors", large, LARGE, true },
    { "onnx/model.onnx", large, LARGE, true },
    TEXT("onnx/config.json", "{}"),
    TEXT("README.md", "hello"),
    TEXT("vocab.txt", ""),
};
#undef TEXT
enum { FILES = sizeof files / sizeof *files, WANTED = 6 };

static fake_hub *hub;
static char cache[64];
static const cz_patience quick = { 4, 1, 1000 }, once = { 1, 1, 1000 };

/* Each test begins with a good hub and an empty cache. */
static int begin_test(void **state)
{
    static int number;
    (void)state;
    hub = fake_hub_start(files, FILES);
    snprintf(cache, sizeof cache, "%.40s/cache%d", scratch_folder, number++);
    setenv("HF_ENDPOINT", fake_hub_url(hub), 1);
    setenv("HF_HUB_CACHE", cache, 1);
    unsetenv("HF_HUB_OFFLINE");
    unsetenv("HF_TOKEN");
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    fake_hub_stop(hub);
    return 0;
}

static int begin_all(void **state)
{
    static const char *const proxies[] = { "http_proxy",
                                           "https_proxy",
                                           "all_proxy",
                                           "HTTP_PROXY",
                                           "HTTPS_PROXY",
                                           "ALL_PROXY",
                                           "HUGGING_FACE_HUB_TOKEN",
                                           "HF_TOKEN_PATH" };
    for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++)
        unsetenv(proxies[i]);
    for (size_t i = 0; i < LARGE; i++)
        large[i] = (char)(i * 2654435761u >> 13);
    if (make_scratch(state))
        return -1;
    setenv("HF_HOME", scratch_folder, 1);
    return 0;
}

static const char *in_cache(const char *name)
{
    static char path[4][600];
    static unsigned turn;
    char *out = path[turn++ % 4];
    snprintf(out, 600, "%s/models--o--n/%s", cache, name);
    return out;
}

static cloze_status pull_with(const cz_patience *patience, const cloze_hub_options *options,
                              cloze_error *error)
{
    char path[4096] = "";
    cloze_status status = cz_hub_pull_patiently("o/n", options, patience, path, sizeof path, error);
    if (!status) {
        assert_true(strstr(path, fake_hub_commit(hub)) != NULL);
        assert_true(cz_path_is_folder(path));
    }
    return status;
}

static cloze_status pull(cloze_error *error)
{
    return pull_with(&quick, NULL, error);
}

static void check_file(const char *name, const char *data, size_t size)
{
    char path[400];
    cz_mapping file;
    snprintf(path, sizeof path, "snapshots/%s/%s", fake_hub_commit(hub), name);
    assert_int_equal(cz_file_open(&file, in_cache(path), SIZE_MAX, true, NULL, NULL), CLOZE_OK);
    assert_int_equal(file.size, size);
    assert_memory_equal(file.data, data, size);
    cz_file_close(&file);
}

static void check_model(void)
{
    for (size_t i = 0; i < 5; i++)
        check_file(files[i].name, files[i].data, files[i].size);
    check_file("vocab.txt", "", 0);
}

static void check_link(const char *name, const char *expected)
{
    char path[400], target[400] = "";
    snprintf(path, sizeof path, "snapshots/%s/%s", fake_hub_commit(hub), name);
    assert_true(readlink(in_cache(path), target, sizeof target - 1) > 0);
    assert_string_equal(target, expected);
}

static size_t files_in(const char *path)
{
    DIR *stream = opendir(path);
    size_t count = 0;
    if (!stream)
        return 0;
    while (readdir(stream))
        count++;
    closedir(stream);
    return count - 2;
}

static bool is_found(void)
{
    char path[4096];
    return cloze_hub_find("o/n", NULL, path, sizeof path, NULL) == CLOZE_OK;
}

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

static void redirects_elsewhere_than_https_are_refused(void **state)
{
    static const char *const places[] = { "file:///etc/passwd", "ftp://127.0.0.1/x",
                                          "gopher://127.0.0.1/", "" };
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        fake_hub_faults(hub)->redirect = places[i];
        assert_int_equal(pull(NULL), CLOZE_ERROR_NETWORK);
    }
}

static void redirects_in_a_circle_end(void **state)
{
    cloze_error error;
    (void)state;
    fake_hub_faults(hub)->redirect = "/again";
    assert_int_equal(pull(&error), CLOZE_ERROR_NETWORK);
    assert_non_null(strstr(error.message, "redirects"));
    assert_in_range(fake_hub_count(hub, ""), 5, 20);
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

static void a_connection_cut_in_the_middle_is_taken_up_by_range(void **state)
{
    (void)state;
    fake_hub_faults(hub)->cut_after = 100000;
    fake_hub_faults(hub)->cut_times = 2;
    assert_int_equal(pull(NULL), CLOZE_OK);
    check_model();
    assert_int_equal(fake_hub_count(hub, "store: "), 3);
    /* Once at the hub, which redirects, and once at the store. */
    assert_int_equal(fake_hub_count(hub, "Range: bytes=100000-"), 2);
    assert_int_equal(fake_hub_count(hub, "Range: bytes=200000-"), 2);
}

static void the_next_pull_takes_up_what_the_last_one_left(void **state)
{
    cloze_error error;
    (void)state;
    fake_hub_faults(hub)->cut_after = 100000;
    fake_hub_faults(hub)->cut_times = 1;
    assert_int_equal(pull_with(&once, NULL, &error), CLOZE_ERROR_NETWORK);
    assert_non_null(strstr(error.message, "model.safetensors"));
    assert_false(is_found());
    fake_hub_forget(hub);
    assert_int_equal(pull(NULL), CLOZE_OK);
    check_model();
    assert_int_equal(fake_hub_count(hub, "Range: bytes=100000-"), 2);
    assert_int_equal(files_in(in_cache("blobs")), WANTED);
}

static void a_server_that_ignores_ranges_sends_all_again(void **state)
{
    (void)state;
    fake_hub_faults(hub)->cut_after = 100000;
    fake_hub_faults(hub)->cut_times = 1;
    fake_hub_faults(hub)->ignore_range = true;
    assert_int_equal(pull(NULL), CLOZE_OK);
    check_model();
}

static const char *incomplete(void)
{
    char etag[65], name[100];
    fake_hub_etag(&files[4], etag);
    snprintf(name, sizeof name, "blobs/%s.incomplete", etag);
    return in_cache(name);
}

static void a_damaged_rest_of_a_download_is_fetched_anew(void **state)
{
    static const size_t sizes[] = { 1, 5000, LARGE - 1, LARGE, LARGE + 1 };
    char *wrong = calloc(LARGE + 1, 1);
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char command[200];
        snprintf(command, sizeof command, "rm -rf '%s'", cache);
        assert_int_equal(system(command), 0);
        assert_int_equal(cz_folder_make(in_cache("blobs"), NULL), CLOZE_OK);
        assert_int_equal(cz_file_write(incomplete(), wrong, sizes[i], NULL), CLOZE_OK);
        assert_int_equal(pull(NULL), CLOZE_OK);
        check_model();
        assert_false(cz_path_is_file(incomplete()));
    }
    free(wrong);
}

static void a_whole_rest_of_a_download_needs_no_request(void **state)
{
    (void)state;
    assert_int_equal(cz_folder_make(in_cache("blobs"), NULL), CLOZE_OK);
    assert_int_equal(cz_file_write(incomplete(), large, LARGE, NULL), CLOZE_OK);
    assert_int_equal(pull(NULL), CLOZE_OK);
    check_model();
    assert_int_equal(fake_hub_count(hub, "store: "), 0);
}

static void a_wrong_checksum_is_refused_and_nothing_stays(void **state)
{
    cloze_error error;
    (void)state;
    fake_hub_faults(hub)->wrong_bytes = true;
    assert_int_equal(pull(&error), CLOZE_ERROR_NETWORK);
    assert_non_null(strstr(error.message, "checksum"));
    assert_int_equal(files_in(in_cache("blobs")), 0);
    assert_false(is_found());
    fake_hub_faults(hub)->wrong_bytes = false;
    assert_int_equal(pull(NULL), CLOZE_OK);
    fake_hub_faults(hub)->wrong_bytes = true;
    check_model();
}

static void wrong_weights_are_refused_too(void **state)
{
    char etag[65];
    cloze_error error;
    (void)state;
    assert_int_equal(pull(NULL), CLOZE_OK);
    fake_hub_etag(&files[4], etag);
    char name[100];
    snprintf(name, sizeof name, "blobs/%s", etag);
    unlink(in_cache(name));
    fake_hub_faults(hub)->wrong_bytes = true;
    assert_int_equal(pull(&error), CLOZE_ERROR_NETWORK);
    assert_non_null(strstr(error.message, "model.safetensors"));
    assert_false(cz_path_is_file(in_cache(name)));
    assert_false(cz_path_is_file(incomplete()));
}

static void more_bytes_than_stated_are_refused(void **state)
{
    cloze_error error;
    (void)state;
    fake_hub_faults(hub)->more_bytes = 1000;
    assert_int_equal(pull(&error), CLOZE_ERROR_NETWORK);
    assert_non_null(strstr(error.message, "longer"));
    assert_false(is_found());
}

static void refused_access_says_what_to_do(void **state)
{
    cloze_error error;
    (void)state;
    fake_hub_faults(hub)->token = "right";
    assert_int_equal(pull(&error), CLOZE_ERROR_ACCESS);
    assert_non_null(strstr(error.message, "HF_TOKEN"));
    assert_int_equal(pull_with(&quick, &(cloze_hub_options){ .token = "wrong" }, &error),
                     CLOZE_ERROR_ACCESS);
    assert_non_null(strstr(error.message, "token"));
    fake_hub_faults(hub)->token = NULL;
    fake_hub_faults(hub)->code = 403;
    fake_hub_faults(hub)->code_times = -1;
    fake_hub_faults(hub)->code_headers = "X-Error-Code: GatedRepo\r\n";
    assert_int_equal(pull(&error), CLOZE_ERROR_ACCESS);
    assert_non_null(strstr(error.message, "gated"));
}

static void what_is_not_there_is_not_found(void **state)
{
    char path[4096];
    cloze_error error;
    (void)state;
    assert_int_equal(cloze_hub_pull("o/other", NULL, path, sizeof path, &error),
                     CLOZE_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "o/other@main"));
    assert_int_equal(cloze_hub_pull("o/n@v2/x", NULL, path, sizeof path, &error),
                     CLOZE_ERROR_NOT_FOUND);
    assert_int_equal(fake_hub_count(hub, "/revision/v2%2Fx "), 1);
    assert_int_equal(fake_hub_count(hub, ""), 2);
}

static void a_busy_hub_is_asked_again(void **state)
{
    (void)state;
    fake_hub_faults(hub)->code = 429;
    fake_hub_faults(hub)->code_times = 2;
    fake_hub_faults(hub)->code_headers = "Retry-After: 0\r\n";
    assert_int_equal(pull(NULL), CLOZE_OK);
    check_model();
    fake_hub_faults(hub)->code = 503;
    fake_hub_faults(hub)->code_times = 3;
    assert_int_equal(pull(NULL), CLOZE_OK);
}

static void a_hub_that_stays_busy_is_left_alone(void **state)
{
    cloze_error error;
    (void)state;
    fake_hub_faults(hub)->code = 429;
    fake_hub_faults(hub)->code_times = -1;
    assert_int_equal(pull(&error), CLOZE_ERROR_NETWORK);
    assert_non_null(strstr(error.message, "too often"));
    assert_int_equal(fake_hub_count(hub, ""), quick.attempts);
    fake_hub_forget(hub);
    fake_hub_faults(hub)->code_headers = "Retry-After: 3600\r\n";
    assert_int_equal(pull(&error), CLOZE_ERROR_NETWORK);
    assert_int_equal(fake_hub_count(hub, ""), 1);
}

static void a_hub_that_cannot_be_reached_is_named(void **state)
{
    cloze_hub_options options = { .endpoint = "http://127.0.0.1:1" };
    cloze_error error;
    (void)state;
    assert_int_equal(pull_with(&quick, &options, &error), CLOZE_ERROR_NETWORK);
    assert_non_null(strstr(error.message, "127.0.0.1"));
    assert_non_null(strstr(error.message, "HF_ENDPOINT"));
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

static void a_hub_that_lies_is_refused(void **state)
{
    fake_faults *faults = fake_hub_faults(hub);
    cloze_error error;
    (void)state;
    faults->extra_file = "../../evil.json";
    assert_int_equal(pull(&error), CLOZE_ERROR_FORMAT);
    faults->extra_file = "/etc/evil.json";
    assert_int_equal(pull(&error), CLOZE_ERROR_FORMAT);
    faults->extra_file = NULL;
    faults->etag = "../../evil";
    assert_int_equal(pull(&error), CLOZE_ERROR_NETWORK);
    faults->etag = NULL;
    faults->no_etag = true;
    assert_int_equal(pull(&error), CLOZE_ERROR_NETWORK);
    faults->no_etag = false;
    faults->other_commit = true;
    assert_int_equal(pull(&error), CLOZE_ERROR_NETWORK);
    assert_non_null(strstr(error.message, "another commit"));
    faults->other_commit = false;
    fake_hub_set_commit(hub, "../../../../evil");
    assert_int_equal(pull(&error), CLOZE_ERROR_NETWORK);
    assert_int_equal(files_in(in_cache("snapshots")), 0);
    assert_false(is_found());
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
        _exit(pull(NULL));
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
            _exit(pull(NULL));
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)

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
        TEST(redirects_elsewhere_than_https_are_refused),
        TEST(redirects_in_a_circle_end),
        TEST(plain_http_is_refused_unless_the_endpoint_names_it),
        TEST(a_connection_cut_in_the_middle_is_taken_up_by_range),
        TEST(the_next_pull_takes_up_what_the_last_one_left),
        TEST(a_server_that_ignores_ranges_sends_all_again),
        TEST(a_damaged_rest_of_a_download_is_fetched_anew),
        TEST(a_whole_rest_of_a_download_needs_no_request),
        TEST(a_wrong_checksum_is_refused_and_nothing_stays),
        TEST(wrong_weights_are_refused_too),
        TEST(more_bytes_than_stated_are_refused),
        TEST(refused_access_says_what_to_do),
        TEST(what_is_not_there_is_not_found),
        TEST(a_busy_hub_is_asked_again),
        TEST(a_hub_that_stays_busy_is_left_alone),
        TEST(a_hub_that_cannot_be_reached_is_named),
        TEST(offline_means_no_socket),
        TEST(a_hub_that_lies_is_refused),
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
