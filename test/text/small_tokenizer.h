/* small_tokenizer.h - a vocabulary of our own for tests that need no data, and a shorter call. */
#ifndef TEST_SMALL_TOKENIZER_H
#define TEST_SMALL_TOKENIZER_H

#include "text/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALL_VOCABULARY                                                                           \
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nworld\nun\n##aff\n##able\n,\n!\ncaf\n##e\ne\n"     \
    "\xE4\xB8\x80\nHello\n##s\n##\xC3\xA9\n"
/* ids: hello 5, world 6, un 7, ##aff 8, ##able 9, "," 10, "!" 11, caf 12, ##e 13, e 14, U+4E00 15,
 * Hello 16, ##s 17, ##e with accent 18 */

static inline cloze_text as_text(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static inline cloze_status open_small(cloze_tokenizer **out, const char *config,
                                      const cloze_hooks *hooks, cloze_error *error)
{
    return cz_tokenizer_from_vocabulary(out, SMALL_VOCABULARY, strlen(SMALL_VOCABULARY), config,
                                        config ? strlen(config) : 0, hooks, error);
}

/* A document of a BPE with the letters of all bytes and these merges; to be freed. */
static inline char *byte_level_document(const char *merges)
{
    size_t room = 1 << 14, used;
    char *json = malloc(room);
    if (!json)
        return NULL;
    used =
        (size_t)snprintf(json, room,
                         "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false},"
                         "\"model\":{\"type\":\"BPE\",\"vocab\":{\"ab\":256");
    for (unsigned byte = 0, next = 256; byte < 256; byte++) {
        bool shown = (byte > 32 && byte < 127) || (byte > 160 && byte != 173);
        used += (size_t)snprintf(json + used, room - used, ",\"\\u%04x\":%u", shown ? byte : next++,
                                 byte);
    }
    snprintf(json + used, room - used, "},\"merges\":%s}}", merges);
    return json;
}

#endif
