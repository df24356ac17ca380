/*
 * replay.c - runs a fuzz target over the files of its corpus, without a fuzzer, in the ordinary
 * test run. Each input is also given cut at every 1/16 of its length and with single bytes turned
 * over, so that a small corpus reaches more of the error paths.
 *
 * usage: replay FOLDER...
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly `size` bytes, so that a sanitizer sees a read past the end. */
static void run_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_variants(uint8_t *data, size_t size)
{
    run_copy(data, size);
    for (size_t i = 1; i < 16; i++)
        run_copy(data, size * i / 16);
    size_t step = size / 64 + 1;
    for (size_t i = 0; i < size; i += step) {
        uint8_t kept = data[i];
        data[i] = (uint8_t)~kept;
        run_copy(data, size);
        data[i] = kept;
    }
}

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat state;
    if (!file || fstat(fileno(file), &state) || !S_ISREG(state.st_mode)) {
        if (file)
            fclose(file);
        return 0;
    }
    size_t size = (size_t)state.st_size;
    uint8_t *data = malloc(size + 1);
    int ran = data && fread(data, 1, size, file) == size;
    if (ran)
        run_variants(data, size);
    free(data);
    fclose(file);
    return ran;
}

int main(int count, char **arguments)
{
    int files = 0;
    for (int i = 1; i < count; i++) {
        DIR *folder = opendir(arguments[i]);
        struct dirent *entry;
        char path[4096];
        if (!folder) {
            fprintf(stderr, "cannot open %s\n", arguments[i]);
            return 1;
        }
        while ((entry = readdir(folder))) {
            snprintf(path, sizeof path, "%s/%s", arguments[i], entry->d_name);
            files += run_file(path);
        }
        closedir(folder);
    }
    printf("replayed %d files\n", files);
    return files ? 0 : 1;
}
