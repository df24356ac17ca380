/* formats/safetensors_scan.h - the JSON of a safetensors header, piece by piece. */
#ifndef CZ_FORMATS_SAFETENSORS_SCAN_H
#define CZ_FORMATS_SAFETENSORS_SCAN_H

#include <cloze/status.h>

/* Bytes of the file before the JSON. */
enum { CZ_SCAN_BEFORE = 8 };

/* Where we are, and the block that decoded strings go to: never longer than the JSON itself. */
typedef struct cz_scanner {
    const char *text;
    size_t size, at;
    char *texts;
    size_t used;
    const char **keys; /* of __metadata__; of its values nothing is kept */
    size_t key_count, key_capacity;
    const cloze_allocator *allocator;
    cloze_error *error;
} cz_scanner;

/* What is wrong, and at which byte of the file. */
cloze_status cz_scan_complain(const cz_scanner *in, const char *what);
void cz_scan_space(cz_scanner *in);
/* Takes `c`, after space, if it is next. */
bool cz_scan_take(cz_scanner *in, char c);
cloze_status cz_scan_expect(cz_scanner *in, char c);
/* After a member: true to go on with the next one, false at the end; sets *status if neither. */
bool cz_scan_more(cz_scanner *in, char close, cloze_status *status);
/* The decoded string, zero-terminated, in `texts`; `used` may be set back to forget it. */
cloze_status cz_scan_string(cz_scanner *in, const char **out, size_t *length);
/* "[a, b, ...]" with at most `most` numbers. */
cloze_status cz_scan_numbers(cz_scanner *in, size_t *out, size_t most, size_t *count,
                             const char *too_many);

#endif
