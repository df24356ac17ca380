/*
 * make.c - weights that no file has, with the numbers that training begins with. Each is a function of
 * the seed, the tensor's name and the element alone.
 */
#include "model/bind.h"

#include "base/random.h"

#include <math.h>
#include <string.h>

enum { FNV_PRIME_BITS = 40 };

struct cz_made_tensor {
    cz_stored_tensor stored;
    cz_made_tensor *before;
    float *values;
    char name[CZ_NAME_SIZE];
};

const cz_stored_tensor *cz_made_find(const cz_network *network, const char *name)
{
    for (const cz_made_tensor *made = network->made; made; made = made->before)
        if (!strcmp(made->name, name))
            return &made->stored;
    return NULL;
}

/* FNV-1a, 64 bits. */
static uint64_t hash_of(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++) {
        hash ^= (unsigned char)*name;
        hash *= ((uint64_t)1 << FNV_PRIME_BITS) + 0x1b3;
    }
    return hash;
}

static double uniform_of(uint32_t high, uint32_t low)
{
    uint64_t bits = ((uint64_t)high << 32 | low) >> 11;
    return ((double)bits + 0.5) * 0x1p-53; /* never 0 or 1 */
}

static cz_philox block_of(uint64_t seed, uint64_t name, uint64_t block)
{
    const uint32_t key[2] = { (uint32_t)seed, (uint32_t)(seed >> 32) };
    const uint32_t counter[4] = { (uint32_t)block, (uint32_t)(block >> 32), (uint32_t)name,
                                  (uint32_t)(name >> 32) };
    return cz_philox_at(counter, key);
}

/* Box and Muller 1958: two numbers of every Philox block. */
static void draw_normal(float *to, size_t count, uint64_t seed, uint64_t name, double deviation)
{
    for (size_t i = 0; i < count; i += 2) {
        cz_philox random = block_of(seed, name, i / 2);
        double radius = sqrt(-2 * log(uniform_of(random.word[0], random.word[1])));
        double angle = 2 * 3.14159265358979323846 * uniform_of(random.word[2], random.word[3]);
        to[i] = (float)(deviation * radius * cos(angle));
        if (i + 1 < count)
            to[i + 1] = (float)(deviation * radius * sin(angle));
    }
}

/* From -bound to bound, likewise. */
static void draw_even(float *to, size_t count, uint64_t seed, uint64_t name, double bound)
{
    for (size_t i = 0; i < count; i++) {
        cz_philox random = block_of(seed, name, i / 2);
        const uint32_t *word = random.word + i % 2 * 2;
        to[i] = (float)(bound * (2 * uniform_of(word[0], word[1]) - 1));
    }
}

static bool ends_with(const char *name, const char *tail)
{
    size_t length = strlen(name), size = strlen(tail);
    return length >= size && !strcmp(name + length - size, tail);
}

/* A matrix of zeros, or a vector of one row. */
static cz_made_tensor *make_zeros(const cz_binder *b, const char *name, size_t rows, size_t columns,
                                  bool is_matrix)
{
    cz_network *network = b->network;
    const cloze_allocator *allocator = &network->hooks.allocator;
    size_t count;
    cz_made_tensor *made = cz_allocate_zero(allocator, 1, sizeof *made);
    if (!made || strlen(name) >= sizeof made->name || !cz_multiply(rows, columns, &count) ||
        !(made->values = cz_allocate_zero(allocator, count, sizeof *made->values))) {
        cz_release(allocator, made);
        return NULL;
    }
    memcpy(made->name, name, strlen(name) + 1);
    made->stored = (cz_stored_tensor){ .name = made->name,
                                       .type = CZ_F32,
                                       .type_name = cz_type_name(CZ_F32),
                                       .rank = is_matrix ? 2 : 1,
                                       .shape = { is_matrix ? rows : columns, columns },
                                       .data = made->values,
                                       .size = count * sizeof *made->values };
    made->before = network->made;
    network->made = made;
    return made;
}

const cz_stored_tensor *cz_make(const cz_binder *b, const char *name, size_t rows, size_t columns)
{
    bool is_gain = b->vector && ends_with(name, ".weight");
    bool is_matrix = !b->vector && ends_with(name, ".weight");
    cz_made_tensor *made = make_zeros(b, name, rows, columns, is_matrix);
    if (!made)
        return NULL;
    if (is_matrix && b->kernel) {
        made->stored.rank = 3;
        made->stored.shape[1] = columns / b->kernel;
        made->stored.shape[2] = b->kernel;
    }
    if (is_matrix)
        draw_normal(made->values, rows * columns, b->anew->seed, hash_of(name),
                    b->network->config.deviation);
    for (size_t i = 0; is_gain && i < rows * columns; i++)
        made->values[i] = 1;
    return &made->stored;
}

const cz_stored_tensor *cz_make_even(const cz_binder *b, const char *name, size_t rows,
                                     size_t columns, double bound)
{
    cz_made_tensor *made = make_zeros(b, name, rows, columns, true);
    if (!made)
        return NULL;
    draw_even(made->values, rows * columns, b->anew->seed, hash_of(name), bound);
    return &made->stored;
}

void cz_make_fixed(const cz_network *network, const cz_parameter *table, uint32_t row)
{
    const cz_stored_tensor *made = cz_made_find(network, table->name);
    if (made && row < table->value.rows)
        memset((char *)table->value.data + row * table->value.columns * sizeof(float), 0,
               table->value.columns * sizeof(float));
}

void cz_make_waves(const cz_network *network, const cz_parameter *table)
{
    const cz_stored_tensor *made = cz_made_find(network, table->name);
    size_t columns = table->value.columns;
    for (size_t row = 0; made && row < table->value.rows; row++)
        for (size_t c = 0; c < columns; c++) {
            double power = (double)(2 * (c / 2)) / (double)columns;
            double angle = (double)row / pow(10000, power);
            ((float *)table->value.data)[row * columns + c] =
                (float)(c % 2 ? cos(angle) : sin(angle));
        }
}

void cz_made_free(cz_network *network)
{
    const cloze_allocator *allocator = &network->hooks.allocator;
    while (network->made) {
        cz_made_tensor *made = network->made;
        network->made = made->before;
        cz_release(allocator, made->values);
        cz_release(allocator, made);
    }
}
