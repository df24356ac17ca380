/*
 * cloze/compare.h - a model's hidden states against a reference file, layer by layer; and the
 * machine's peak, against which speed is measured.
 *
 * A reference file is a safetensors file with input_ids and offsets (and, if wanted,
 * token_type_ids), all I64, and hidden.0 .. hidden.L [tokens, hidden] in F64, F32, F16 or BF16:
 * sequence i is input_ids[offsets[i] .. offsets[i + 1]). doc/manual.md shows how to make one with
 * Hugging Face transformers.
 */
#ifndef CLOZE_COMPARE_H
#define CLOZE_COMPARE_H

#include <cloze/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cloze_layer_difference {
    bool present;         /* the file has this layer */
    double largest;       /* largest absolute difference; infinite where ours is not finite */
    double scale;         /* largest absolute value of the reference */
    size_t token, column; /* where the largest difference is */
} cloze_layer_difference;

typedef struct cloze_comparison {
    size_t sequences, tokens, layers; /* layers that were compared */
    double largest;                   /* largest / scale over the layers */
} cloze_comparison;

/*
 * `layers` [info.layers + 1] receives one entry a layer, the first for the embedding layer's
 * output. Fails if the file has no hidden state at all. `summary` may be NULL.
 */
CLOZE_API cloze_status cloze_compare(cloze_session *session, const char *path,
                                     cloze_layer_difference *layers, cloze_comparison *summary,
                                     cloze_error *error);

/*
 * GFLOP/s of fused multiply-adds in registers on all of the engine's threads, measured for about so
 * many seconds: the most that its instruction set can do just now. 0 for an engine that computes in
 * double with plain loops.
 */
CLOZE_API double cloze_engine_peak(const cloze_engine *engine, double seconds);

#ifdef __cplusplus
}
#endif
#endif
