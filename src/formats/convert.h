/*
 * formats/convert.h - the weights of one folder written as one safetensors file: the half of
 * <cloze/convert.h> that knows tensors.
 */
#ifndef CZ_FORMATS_CONVERT_H
#define CZ_FORMATS_CONVERT_H

#include "formats/safetensors.h"

#include <cloze/convert.h>
#include <jansson.h>

/* The tensors of a file that go into the new one. */
typedef struct cz_sources {
    const cz_weights *weights;
    const cz_stored_tensor **items; /* [count] */
    size_t count;
    bool tied; /* transformers ties the output layers to the table of words */
} cz_sources;

/* convert_shared.c: drops the names whose numbers transformers finds under another one, and adds their
 * number to *dropped; the rest closes up, in another order. Refuses what would grow without measure. */
cloze_status cz_sources_drop_tied(cz_sources *from, const cloze_allocator *allocator,
                                  size_t *dropped, cloze_error *error);

/* Writes OUT/model.safetensors from the weights of `folder`, merged with an adapter's if it is not NULL.
 * Adds to `report`. */
cloze_status cz_convert_weights(const char *folder, const char *adapter, const char *out, bool tied,
                                const cloze_convert_options *options, cloze_convert_report *report,
                                cloze_error *error);

/* Removes what belongs to sentence embeddings alone, and would be taken for settings of another model. */
void cz_modules_drop(const char *folder);

/* config.json of the model that an adapter and the folder `base` make: the adapter's own if it has one,
 * else the base's with what the task changes. */
cloze_status cz_adapter_config(json_t **out, const char *adapter, const char *base,
                               const char *task, const cloze_allocator *allocator,
                               cloze_error *error);
/* "BertModel", "BertForMaskedLM" and ForTokenClassification: BertForTokenClassification. What is not
 * known stays as it is. False: no memory. */
bool cz_architecture_put(json_t *config, const char *ending);

/* Copies what is not weights from a folder below `root`, out of which no link may lead: settings,
 * tokenizer, with `card` README.md. What is there stays. Adds to *files. */
cloze_status cz_settings_copy(const char *root, const char *from, const char *to, bool card,
                              const cloze_allocator *allocator, size_t *files, cloze_error *error);

#endif
