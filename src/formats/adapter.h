/*
 * formats/adapter.h - adapters as peft saves them: adapter_config.json and adapter_model.safetensors
 * (or .bin) of the type LORA. Merged, weight + scale * (B A), they are weights like any other.
 */
#ifndef CZ_FORMATS_ADAPTER_H
#define CZ_FORMATS_ADAPTER_H

#include "formats/safetensors.h"

#include <cloze/status.h>

/* Does the folder hold an adapter instead of weights? */
bool cz_adapter_is_in(const char *folder);
/* The folder of the model that it learned beside, which is a folder or in the hub's cache;
 * out [CZ_PATH_SIZE]. *task is its "task_type", out [CZ_ADAPTER_TASK], "" if it tells none; may be NULL. */
enum { CZ_ADAPTER_TASK = 64 };
cloze_status cz_adapter_base(char *out, char *task, const char *folder, const cloze_hooks *hooks,
                             cloze_error *error);
/* Puts merged matrices, and the whole ones that learned with them, into the place of the model's. */
cloze_status cz_adapter_merge(cz_weights *weights, const char *folder,
                              const cz_weights_options *options, cloze_error *error);

/* out [columns of `value`] = row of value + scale * up down: [rows, rank] [rank, columns]. Summed in
 * double, rounded once. */
void cz_adapter_row(float *out, const cz_tensor *value, size_t row, const cz_tensor *up,
                    const cz_tensor *down, double scale);

#endif
