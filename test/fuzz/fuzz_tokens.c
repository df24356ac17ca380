/* fuzz_tokens.c - a file of tokens; as it is, and with its digest put right, so that what is behind the
 * digest is reached. */
#include "../temporary.h"

#include "train/tokens_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[TEMPORARY_SIZE];

static void remove_file(void)
{
    unlink(path);
}

static unsigned open_it(const uint8_t *data, size_t size)
{
    cz_tokens_file tokens;
    unsigned sum = 0;
    FILE *file = fopen(path, "wb");
    if (!file || (size && fwrite(data, 1, size, file) != size) || fclose(file))
        abort();
    if (cz_tokens_open(&tokens, path, 1000, NULL, NULL))
        return 0;
    for (size_t i = 0; i < tokens.facts.tokens; i++) {
        if ((tokens.token[i] & CZ_TOKEN_ID) >= tokens.facts.ids || tokens.facts.ids > 1000)
            abort();
        sum += tokens.token[i];
    }
    cz_tokens_close(&tokens);
    return sum;
}

static void put_digest(uint8_t *data, size_t size)
{
    char hex[CZ_DIGEST_HEX];
    cz_tokens_facts facts;
    cz_digest digest;
    size_t end = size - sizeof facts;
    memcpy(data, cz_tokens_name, CZ_TOKENS_NAME);
    memcpy(&facts, data + end, sizeof facts);
    cz_digest_begin(&digest, CZ_SHA256);
    cz_digest_add(&digest, data, end);
    cz_digest_end(&digest, hex);
    memcpy(facts.contents, hex, sizeof facts.contents);
    facts.tokens = (end - CZ_TOKENS_NAME) / sizeof(uint32_t);
    memcpy(data + end, &facts, sizeof facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned sum;
    uint8_t *copy;
    if (!*path) {
        int file;
        temporary_name(path);
        if ((file = mkstemp(path)) < 0 || close(file) || atexit(remove_file))
            abort();
    }
    sum = open_it(data, size);
    if (size < CZ_TOKENS_NAME + sizeof(cz_tokens_facts) || !(copy = malloc(size)))
        return 0;
    memcpy(copy, data, size);
    put_digest(copy, size);
    sum += open_it(copy, size);
    free(copy);
    return sum == 1 && size == 0;
}
