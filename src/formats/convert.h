/*
 * formats/convert.h - the weights of one folder written as one safetensors file: the half of
 * <cloze/convert.h> that knows tensors.
 */
#ifndef CZ_FORMATS_CONVERT_H
#define CZ_FORMATS_CONVERT_H

#include <cloze/convert.h>

/* Writes OUT/model.safetensors from the weights of `folder`. Adds to `report`. */
cloze_status cz_convert_weights(const char *folder, const char *out, bool tied,
                                const cloze_convert_options *options, cloze_convert_report *report,
                                cloze_error *error);

/* Copies what is not weights from a folder below `root`, out of which no link may lead: settings,
 * tokenizer, with `card` README.md. What is there stays. Adds to *files. */
cloze_status cz_settings_copy(const char *root, const char *from, const char *to, bool card,
                              const cloze_allocator *allocator, size_t *files, cloze_error *error);

#endif
