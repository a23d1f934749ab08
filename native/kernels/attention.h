/*
 * Causal attention of queries to the keys and values that their row holds, as `GroupQueryAttention` defines it.
 *
 * A query's result depends on its row's keys and values up to its own position alone, not on what else is in the pass or
 * how a prompt was cut into passes, and is the same on each instruction set.
 */
#ifndef EDGEWAY_ATTENTION_H
#define EDGEWAY_ATTENTION_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    /* Query heads that share a head of keys and values, and features of each: those that `attend_knows`. */
    size_t group, features;
    float scale;
    /* Of one head, [positions][features], in floats of 32 bits or of 16 (IEEE 754 binary16). */
    const void *keys, *values;
    int half;
    /* The first query's, with its heads one after the other; rotated. From one query to the next, in floats. */
    const float *queries;
    size_t query_step;
    float *out;
    size_t out_step;
    /* Queries, and keys that the first of them sees; each sees one more than that before it. */
    size_t count, seen;
} attention;

/* Floats of a head's weights in the room that a call needs, which is for all heads of all queries, 64-byte aligned. */
static inline size_t attend_stride(const attention *of) {
    return (of->seen + of->count) / 16 * 16 + 16;
}

enum { MOST_FEATURES = 128 };

typedef void (*attend)(const attention *of, float *room);

/* Whether heads of so many features can be computed. */
static inline int attend_knows(size_t features) {
    return features % 16 == 0 && ((features >= 16 && features <= 96) || features == MOST_FEATURES);
}

void attend_avx512(const attention *of, float *room);
void attend_avx2(const attention *of, float *room);

#endif
