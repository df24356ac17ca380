/*
 * task/fingerprint.h - a digest of everything that a text's vector depends on.
 */
#ifndef CZ_TASK_FINGERPRINT_H
#define CZ_TASK_FINGERPRINT_H

#include "task/engine.h"

enum { CZ_FINGERPRINT = 32 };

/*
 * SHA-256 of cloze's version, the device's type, the options, the pipeline's settings, all .json,
 * .txt and .model files beside the weights, and of every weight its name, shape and a sample of its
 * bytes: a block at its beginning and at every 256 KiB. Fails when a file cannot be read.
 */
cloze_status cz_fingerprint(const cloze_model *model, const cloze_embed_options *options,
                            unsigned char out[CZ_FINGERPRINT], cloze_error *error);

#endif
