/*
 * cloze/convert.h - a model's folder written anew, with all of its weights in one safetensors file.
 *
 * What comes out is a folder that transformers and sentence-transformers load too, with the same
 * numbers. Nothing of a torch checkpoint is ever run (see the manual, "convert").
 */
#ifndef CLOZE_CONVERT_H
#define CLOZE_CONVERT_H

#include <cloze/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cloze_number_type {
    CLOZE_NUMBERS_AS_STORED = 0,
    CLOZE_NUMBERS_F32,
    CLOZE_NUMBERS_F16,
    CLOZE_NUMBERS_BF16
} cloze_number_type;

typedef struct cloze_convert_options {
    cloze_number_type numbers; /* of tensors of floating point; integers stay what they are */
    bool no_mmap;              /* read the weights instead of mapping them */
    cloze_progress progress;   /* bytes written of those of the weights of one file */
    const cloze_hooks *hooks;
} cloze_convert_options;

typedef struct cloze_convert_report {
    size_t tensors, bytes; /* written, of all weight files */
    size_t renamed;        /* LayerNorm.gamma and .beta, now .weight and .bias */
    size_t shared;         /* names of a tensor that another name holds already: left out */
    size_t files;          /* copied: settings and tokenizer */
} cloze_convert_report;

/*
 * Reads `folder` (model.safetensors or pytorch_model.bin, single or in shards; config.json must be
 * beside them) and makes `out`, which must be absent or an empty folder:
 * model.safetensors, and copies of the settings and of the tokenizer's files (*.json, *.txt,
 * *.model, README.md); of a sentence-transformers folder every module that modules.json names, in
 * the same way. `out` appears whole or not at all.
 *
 * A folder of a LoRA adapter as peft saves it becomes the model that it and its base make together, with
 * the base's tokenizer where it has none.
 *
 * Tensors keep their names, but for LayerNorm's old ones, which transformers renames on loading
 * too. A storage that has several names is written once if transformers ties those names on
 * loading (an output layer with the table of words, unless tie_word_embeddings is false; a
 * decoder's bias with the head's), else once for each name. With `numbers` config.json's torch_dtype
 * (or dtype) says so. `options` and `report` may be NULL. Thread-safe.
 *
 * Errors: CLOZE_ERROR_ARGUMENT (`out` is there), CLOZE_ERROR_NOT_FOUND (no weights, no
 * config.json), CLOZE_ERROR_FORMAT (a damaged or hostile file), CLOZE_ERROR_UNSUPPORTED (a tensor
 * that cannot be written as it is), CLOZE_ERROR_LIMIT (a number is larger than F16 can hold),
 * CLOZE_ERROR_IO, CLOZE_ERROR_CANCELLED.
 */
CLOZE_API cloze_status cloze_convert(const char *folder, const char *out,
                                     const cloze_convert_options *options,
                                     cloze_convert_report *report, cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
