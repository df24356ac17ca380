/* fuzz_synonyms.c - a file of synonyms, and behind a zero byte a text that is augmented with them; the
 * first byte is the seed. */
#include "../../cli/augment.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every other mask becomes what stood behind it. */
static bool say(void *context, cli_keep *keep, cloze_text masked, const cloze_text *words,
                size_t count, cli_chance *chance, cloze_text *out)
{
    (void)context, (void)keep, (void)masked, (void)chance;
    for (size_t i = 0; i < count; i++)
        out[i] = i % 2 ? (cloze_text){ NULL, 0 } : words[(i + 1) % count];
    return true;
}

static unsigned augment(const cli_synonyms *synonyms, cloze_text text, uint64_t seed)
{
    static const augment_filler filler = { { "[MASK]", 6 }, say, NULL };
    static const augment_rates rates[] = { { .drop = 0.5 },   { .swap = 0.5 },
                                           { .insert = 0.5 }, { .replace = 1 },
                                           { .fill = 0.7 },   { 0.1, 0.2, 0.3, 0.4, 0.5 } };
    cli_keep keep = { 0 };
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        const augment_source source = { i == 2 ? NULL : synonyms, i > 3 ? &filler : NULL };
        cloze_text made;
        if (!augment_text(&keep, text, &rates[i], &source, seed, i, &made))
            continue;
        for (size_t k = 0; k < made.size; k++)
            sum += (unsigned char)made.data[k];
    }
    keep_clear(&keep);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cli_synonyms synonyms = { 0 };
    const uint8_t *zero;
    size_t first;
    char *bytes;
    unsigned sum = 0;
    if (size < 2 || !(bytes = malloc(size)))
        return 0;
    memcpy(bytes, data + 1, size - 1);
    zero = memchr(data + 1, 0, size - 1);
    first = zero ? (size_t)(zero - data) - 1 : size - 1;
    if (!synonyms_read_bytes(&synonyms, "file", bytes, first)) {
        cloze_text text = zero ? (cloze_text){ bytes + first + 1, size - first - 2 }
                               : (cloze_text){ "The cat sat, on (a) mat.", 24 };
        sum = augment(&synonyms, text, data[0]);
        synonyms_clear(&synonyms);
    }
    free(bytes);
    return sum == 1 && size == 0;
}
