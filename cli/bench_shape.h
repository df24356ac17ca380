/* bench_shape.h - a model of a known shape with random weights, in a temporary folder. */
#ifndef CLI_BENCH_SHAPE_H
#define CLI_BENCH_SHAPE_H

#include <stddef.h>

/* Choices of --shape, in order. */
#define SHAPE_CHOICES "minilm|bert-base|tiny|longformer-base"

/* Makes the folder and puts its path into `path`. Returns an exit code. */
int shape_make(int shape, char *path, size_t size);
void shape_remove(const char *path);

#endif
