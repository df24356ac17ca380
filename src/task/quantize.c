/* quantize.c - vectors in few bits, as sentence-transformers' quantize_embeddings makes them. */
#include <cloze/model.h>

#include <math.h>

void cloze_quantize_binary(const float *vectors, size_t count, size_t dimension, uint8_t *out)
{
    size_t bytes = (dimension + 7) / 8;
    for (size_t i = 0; i < count; i++)
        for (size_t b = 0; b < bytes; b++) {
            unsigned bits = 0;
            for (size_t k = 0; k < 8; k++) {
                size_t c = b * 8 + k;
                bits = bits << 1 | (c < dimension && vectors[i * dimension + c] > 0);
            }
            out[i * bytes + b] = (uint8_t)bits;
        }
}

/* starts + steps of each component: (x - minimum) / ((maximum - minimum) / 255) - 128, cut. */
void cloze_quantize_int8(const float *vectors, size_t count, size_t dimension, const float *ranges,
                         int8_t *out)
{
    for (size_t c = 0; c < dimension; c++) {
        float least = ranges ? ranges[c] : INFINITY;
        float most = ranges ? ranges[dimension + c] : -INFINITY;
        for (size_t i = 0; i < count && !ranges; i++) {
            least = fminf(least, vectors[i * dimension + c]);
            most = fmaxf(most, vectors[i * dimension + c]);
        }
        float step = (most - least) / 255;
        for (size_t i = 0; i < count; i++) {
            float value = step > 0 ? (vectors[i * dimension + c] - least) / step - 128 : -128;
            value = fminf(fmaxf(value, -128), 127);
            out[i * dimension + c] = (int8_t)value;
        }
    }
}
