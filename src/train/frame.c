/* frame.c - see frame.h. */
#include "train/frame.h"

#include "base/error.h"

static bool put(cz_text_frame *frame, size_t gap, const cloze_tokens *tokens, size_t i)
{
    size_t at = frame->gap[gap].count;
    if (at == CZ_FRAME_MOST)
        return false;
    frame->gap[gap].ids[at] = tokens->ids[i];
    frame->gap[gap].types[at] = tokens->type_ids[i];
    frame->gap[gap].count++;
    frame->size++;
    return true;
}

/* Special tokens, and the texts in their order, each of one piece. */
static bool read_frame(cz_text_frame *frame, const cloze_tokens *tokens, int texts)
{
    int seen = -1;
    for (size_t i = 0; i < tokens->length; i++) {
        int32_t text = tokens->sequences[i];
        if (tokens->special && tokens->special[i]) {
            if (!put(frame, (size_t)(seen + 1), tokens, i))
                return false;
            continue;
        }
        if (text != seen && text != seen + 1)
            return false;
        seen = text;
        frame->type[seen] = tokens->type_ids[i];
    }
    return seen + 1 == texts;
}

cloze_status cz_frame_find(cz_text_frame *out, const cloze_tokenizer *tokenizer, bool pair,
                           cloze_encoding *encoding, cloze_error *error)
{
    const cloze_text text = { "a", 1 }, none = { NULL, 0 };
    cloze_status status =
        cloze_tokenize(tokenizer, text, pair ? text : none, NULL, encoding, error);
    if (status)
        return status;
    cloze_tokens tokens = cloze_encoding_tokens(encoding, 0);
    *out = (cz_text_frame){ 0 };
    return read_frame(out, &tokens, pair ? 2 : 1)
               ? CLOZE_OK
               : cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                         "the tokenizer frames texts in a way that no corpus can be put into");
}
