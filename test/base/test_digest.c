/* SHA-1 and SHA-256 against the examples of FIPS 180 and what sha256sum says; the checksum by what it
 * must tell. */
#include "base/checksum.h"
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check(cz_digest_kind kind, const char *text, size_t size, const char *expected)
{
    for (size_t step = 1; step <= 200; step += 33) {
        cz_digest digest;
        char hex[CZ_DIGEST_HEX];
        cz_digest_begin(&digest, kind);
        for (size_t i = 0; i < size; i += step)
            cz_digest_add(&digest, text + i, size - i < step ? size - i : step);
        cz_digest_end(&digest, hex);
        assert_string_equal(hex, expected);
    }
}

static void the_examples_of_the_standard_hold(void **state)
{
    static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    (void)state;
    check(CZ_SHA1, "", 0, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    check(CZ_SHA1, "abc", 3, "a9993e364706816aba3e25717850c26c9cd0d89d");
    check(CZ_SHA1, two, 56, "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    check(CZ_SHA256, "", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check(CZ_SHA256, "abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check(CZ_SHA256, two, 56, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void a_million_letters_hold(void **state)
{
    char *text = malloc(1000000);
    cz_digest digest;
    char hex[CZ_DIGEST_HEX];
    (void)state;
    memset(text, 'a', 1000000);
    cz_digest_begin(&digest, CZ_SHA256);
    cz_digest_add(&digest, text, 1000000);
    cz_digest_end(&digest, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    cz_digest_begin(&digest, CZ_SHA1);
    cz_digest_add(&digest, text, 1000000);
    cz_digest_end(&digest, hex);
    assert_string_equal(hex, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    free(text);
}

/* Where the padding needs another block, and where it just fits. */
static void lengths_around_a_block_hold(void **state)
{
    static const struct {
        size_t size;
        const char *sha256;
    } cases[] = {
        { 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318" },
        { 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a" },
        { 63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34" },
        { 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb" },
        { 65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0" },
    };
    char text[65];
    (void)state;
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(CZ_SHA256, text, cases[i].size, cases[i].sha256);
}

static void a_checksum_tells_every_bit_and_the_length(void **state)
{
    unsigned char bytes[100] = { 0 };
    cz_checksum first = cz_checksum_begin();
    (void)state;
    cz_checksum_add(&first, bytes, sizeof bytes);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        cz_checksum other = cz_checksum_begin();
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        cz_checksum_add(&other, bytes, sizeof bytes);
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_memory_not_equal(&other, &first, sizeof first);
    }
    for (size_t size = 0; size < sizeof bytes; size++) {
        cz_checksum other = cz_checksum_begin();
        cz_checksum_add(&other, bytes, size);
        assert_memory_not_equal(&other, &first, sizeof first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_standard_hold),
        cmocka_unit_test(a_million_letters_hold),
        cmocka_unit_test(lengths_around_a_block_hold),
        cmocka_unit_test(a_checksum_tells_every_bit_and_the_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
