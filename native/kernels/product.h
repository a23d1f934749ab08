/*
 * The product of rows of floats with a matrix of 4-bit weights that have one scale a block, as `MatMulNBits` defines it
 * with accuracy level 4: rows are rounded to 8 bits, with one scale for each block of theirs.
 *
 * A row's result does not depend on what other rows are there, or on which of the instruction sets computes it: sums
 * within a block are exact integers, and blocks are added in their order.
 */
#ifndef EDGEWAY_PRODUCT_H
#define EDGEWAY_PRODUCT_H

#include <stddef.h>
#include <stdint.h>

/* Columns that lie side by side: as many 32-bit sums as the widest register holds. */
#define PANEL 16

/* Weights in the order in which they are read. `depth` is K, rounded up to whole blocks. */
typedef struct {
    size_t columns, panels, depth, block, blocks;
    /* Of each panel, of each 8 steps of K, of each column 4 bytes: weights j and 4 + j share byte j, each plus 8. */
    uint8_t *values;
    /* Of each panel, of each block, of each column; in 16 bits (IEEE 754 binary16) where these hold all of them. */
    float *scales;
    uint16_t *halves;
    /* Of each column, or null. */
    const float *bias;
} matrix;

/* Rounded rows. */
typedef struct {
    size_t depth, blocks;
    int8_t *values;
    float *scales;
    /* -8 times the sum of a block's values: what the weights' 8 has added. */
    int32_t *offsets;
} rounded;

/* What an instruction set does. */
typedef struct {
    const char *name;
    /* Rounds rows [from, to) of K features. */
    void (*round)(const float *rows, size_t features, size_t from, size_t to, size_t block, rounded *into);
    /* All rows times the panels [from, to). */
    void (*multiply)(const matrix *weights, const rounded *rows, size_t count, size_t from, size_t to, float *out);
    /* Panels that are computed together. */
    size_t width;
} kernels;

extern const kernels kernels_avx512vnni, kernels_avxvnni, kernels_avx2;

/* Whether this processor has the instructions. */
int kernels_run(const kernels *those);

/* The fastest for this processor, or null where it has none of them. */
const kernels *kernels_here(void);

/* With `halves`, scales are kept in 16 bits. */
size_t matrix_bytes(size_t columns, size_t features, size_t block, int halves);

/* Lays weights out in `memory`, of `matrix_bytes` and 64-byte aligned. `values` is [columns][blocks][block / 2]. */
void matrix_pack(matrix *into, void *memory, const uint8_t *values, const float *scales, size_t columns, size_t features,
                 size_t block, int halves);

#endif
