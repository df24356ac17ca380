/*
 * train/frame.h - the special tokens that a tokenizer puts around one text and around two, found by
 * asking it.
 */
#ifndef CZ_TRAIN_FRAME_H
#define CZ_TRAIN_FRAME_H

#include <cloze/tokenizer.h>

enum { CZ_FRAME_GAPS = 3, CZ_FRAME_MOST = 4 };

typedef struct cz_text_frame {
    /* Before the first text, behind it (between both), behind the second. */
    struct {
        uint32_t ids[CZ_FRAME_MOST], types[CZ_FRAME_MOST];
        size_t count;
    } gap[CZ_FRAME_GAPS];
    uint32_t type[2]; /* of the tokens of the texts */
    size_t size;      /* special tokens in all */
} cz_text_frame;

/* CLOZE_ERROR_UNSUPPORTED: texts are framed in a way that no model is trained with. */
cloze_status cz_frame_find(cz_text_frame *out, const cloze_tokenizer *tokenizer, bool pair,
                           cloze_encoding *encoding, cloze_error *error);

#endif
