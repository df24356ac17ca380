/* decoder_json.c - what a tokenizer.json says of turning tokens into text. */
#include "text/loaders.h"

cloze_status cz_load_decoder(cloze_tokenizer *tokenizer, const json_t *object, cloze_error *error)
{
    cz_decoder *decoder = &tokenizer->decoder;
    const char *type;
    cloze_status status;
    if (!object || json_is_null(object))
        return CLOZE_OK;
    status = cz_part_type(object, "decoder", NULL, &type, error);
    if (status)
        return status;
    if (!strcmp(type, "ByteLevel")) {
        tokenizer->bytes.decodes = true;
        return CLOZE_OK;
    }
    if (!strcmp(type, "Metaspace"))
        return cz_load_metaspace_decoder(tokenizer, object, error);
    if (strcmp(type, "WordPiece"))
        return cz_part_unsupported(error, "decoder", type, "WordPiece, ByteLevel, Metaspace");
    decoder->wordpiece = true;
    decoder->cleanup = true;
    status = cz_json_flag(object, "cleanup", &decoder->cleanup, error);
    if (status)
        return status;
    return cz_part_text(tokenizer, object, "prefix", &decoder->prefix, &decoder->prefix_size,
                        error);
}
