/*
 * What the tests of the hub share: a fake hub with one model, and a cache for each test.
 */
#ifndef CZ_TEST_FORMATS_HUB_CASE_H
#define CZ_TEST_FORMATS_HUB_CASE_H

#include "fake_hub.h"
#include "formats/hub.h"
#include "scratch.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

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
/* Waits as short as a test wants them. */
static const cz_patience quick = { 4, 1, 1000 };

/* Each test begins with a good hub and an empty cache. */
static inline int begin_test(void **state)
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

static inline int end_test(void **state)
{
    (void)state;
    fake_hub_stop(hub);
    return 0;
}

static inline int begin_all(void **state)
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

static inline const char *in_cache(const char *name)
{
    static char path[4][600];
    static unsigned turn;
    char *out = path[turn++ % 4];
    snprintf(out, 600, "%s/models--o--n/%s", cache, name);
    return out;
}

static inline cloze_status pull_with(const cz_patience *patience, const cloze_hub_options *options,
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

static inline cloze_status pull(cloze_error *error)
{
    return pull_with(&quick, NULL, error);
}

static inline void check_file(const char *name, const char *data, size_t size)
{
    char path[400];
    cz_mapping file;
    snprintf(path, sizeof path, "snapshots/%s/%s", fake_hub_commit(hub), name);
    assert_int_equal(cz_file_open(&file, in_cache(path), SIZE_MAX, true, NULL, NULL), CLOZE_OK);
    assert_int_equal(file.size, size);
    assert_memory_equal(file.data, data, size);
    cz_file_close(&file);
}

static inline void check_model(void)
{
    for (size_t i = 0; i < 5; i++)
        check_file(files[i].name, files[i].data, files[i].size);
    check_file("vocab.txt", "", 0);
}

static inline void check_link(const char *name, const char *expected)
{
    char path[400], target[400] = "";
    snprintf(path, sizeof path, "snapshots/%s/%s", fake_hub_commit(hub), name);
    assert_true(readlink(in_cache(path), target, sizeof target - 1) > 0);
    assert_string_equal(target, expected);
}

static inline size_t files_in(const char *path)
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

static inline bool is_found(void)
{
    char path[4096];
    return cloze_hub_find("o/n", NULL, path, sizeof path, NULL) == CLOZE_OK;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)

#endif
