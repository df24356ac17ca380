/* Pulling from a hub that is busy, broken, or lies, over connections that are cut. */
#include "hub_case.h"

static const cz_patience once = { 1, 1, 1000 };

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
    faults->header_lines = 1000;
    assert_int_equal(pull(&error), CLOZE_ERROR_NETWORK);
    assert_non_null(strstr(error.message, "bytes of headers"));
    faults->header_lines = 0;
    fake_hub_set_commit(hub, "../../../../evil");
    assert_int_equal(pull(&error), CLOZE_ERROR_NETWORK);
    assert_int_equal(files_in(in_cache("snapshots")), 0);
    assert_false(is_found());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(redirects_elsewhere_than_https_are_refused),
        TEST(redirects_in_a_circle_end),
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
        TEST(a_hub_that_lies_is_refused),
    };
    return cmocka_run_group_tests(tests, begin_all, remove_scratch);
}
