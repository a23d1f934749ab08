/*
 * Holds the kernels against the definition, bit by bit, for random shapes and rows: check [SHAPES [SEED]]
 * Buffers are as large as what is in them, for an address sanitizer to see what is touched beyond.
 */
#include "attention.h"
#include "half.h"
#include "product.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

static uint32_t next(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state >> 32;
}

static size_t between(size_t least, size_t most) {
    return least + next() % (most - least + 1);
}

static float value(void) {
    return ((int32_t)next() / 2147483648.0f) * (next() % 50 == 0 ? 40 : 1);
}

/* Of 16 bits (binary16), by its definition. */
static float widened(uint16_t bits) {
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    float size = exponent ? ldexpf(1024 + fraction, exponent - 25) : ldexpf(fraction, -24);
    return bits & 0x8000 ? -size : size;
}

static void *exactly(size_t bytes) {
    void *memory;
    if (posix_memalign(&memory, 64, bytes)) {
        abort();
    }
    return memory;
}

static void fail(const char *what, const kernels *by, size_t rows, size_t columns, size_t features, size_t block) {
    fprintf(stderr, "%s: %s, %zu rows, %zu columns, %zu features, blocks of %zu\n", by->name, what, rows, columns, features, block);
    exit(1);
}

static void check(const kernels *by) {
    size_t block = (size_t)16 << next() % 5, features = between(1, 700), columns = between(1, 90), rows = between(1, 20);
    size_t blocks = (features + block - 1) / block, depth = blocks * block;
    uint8_t *values = exactly(columns * depth / 2);
    float *scales = exactly(columns * blocks * sizeof(float)), *bias = next() % 2 ? exactly(columns * sizeof(float)) : NULL;
    float *in = exactly(rows * features * sizeof(float)), *out = exactly(rows * columns * sizeof(float));
    for (size_t i = 0; i < columns * depth / 2; i++) {
        values[i] = next();
    }
    for (size_t i = 0; i < columns * blocks; i++) {
        scales[i] = value();
    }
    if (next() % 2) {
        for (size_t i = 0; i < columns * blocks; i++) {
            scales[i] = widened(halved(ldexpf(scales[i], -(int)between(0, 16))));
        }
        if (!hold_all(scales, columns * blocks)) {
            fail("scales of 16 bits are not seen to be", by, rows, columns, features, block);
        }
    }
    for (size_t i = 0; bias && i < columns; i++) {
        bias[i] = value();
    }
    for (size_t i = 0; i < rows * features; i++) {
        in[i] = next() % 200 < features / 100 ? 0 : value();
    }
    size_t odd = next() % (4 * rows);
    if (odd < rows) {
        in[odd * features + next() % features] = next() % 2 ? NAN : INFINITY;
    }

    matrix weights;
    int halves = hold_all(scales, columns * blocks);
    void *memory = exactly(matrix_bytes(columns, features, block, halves));
    matrix_pack(&weights, memory, values, scales, columns, features, block, halves);
    weights.bias = bias;
    rounded made = {.depth = depth, .blocks = blocks};
    made.values = exactly(rows * depth);
    made.scales = exactly(rows * blocks * sizeof(float));
    made.offsets = exactly(rows * blocks * sizeof(int32_t));
    size_t half = rows / 2;
    by->round(in, features, 0, half, block, &made);
    by->round(in, features, half, rows, block, &made);
    size_t panel = between(0, weights.panels);
    by->multiply(&weights, &made, rows, 0, panel, out);
    by->multiply(&weights, &made, rows, panel, weights.panels, out);

    for (size_t row = 0; row < rows; row++) {
        for (size_t column = 0; column < columns; column++) {
            float total = 0;
            for (size_t b = 0; b < blocks; b++) {
                float most = 0;
                for (size_t k = b * block; k < (b + 1) * block && k < features; k++) {
                    float size = fabsf(in[row * features + k]);
                    most = size > most || isnan(size) ? size : most;
                    if (isnan(most)) {
                        break;
                    }
                }
                float scale = most * (1.0f / 127), factor = 127 / most;
                int32_t sum = 0;
                for (size_t k = b * block; k < (b + 1) * block && k < features && isfinite(most) && most > 0; k++) {
                    uint8_t pair = values[column * depth / 2 + k / 2];
                    sum += ((k % 2 ? pair >> 4 : pair & 15) - 8) * (int32_t)nearbyintf(in[row * features + k] * factor);
                }
                total = fmaf((float)sum, scale * scales[column * blocks + b], total);
                if (!isfinite(most)) {
                    total = NAN;
                }
            }
            float expected = bias ? total + bias[column] : total, actual = out[row * columns + column];
            if (isnan(expected) ? !isnan(actual) : memcmp(&expected, &actual, sizeof expected) != 0 && expected != actual) {
                fail("another result", by, rows, columns, features, block);
            }
        }
    }
    void *all[] = {values, scales, bias, in, out, memory, made.values, made.scales, made.offsets};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        free(all[i]);
    }
}

/* No value of 16 bits is nearer. */
static void check_narrow(void) {
    float from[16];
    uint16_t to[16];
    for (size_t i = 0; i < 16; i++) {
        from[i] = ldexpf(value(), (int)between(0, 45) - 28);
    }
    narrow(from, to, 16);
    for (size_t i = 0; i < 16; i++) {
        float held = fmaxf(-65504, fminf(65504, from[i])), error = fabsf(widened(to[i]) - held);
        uint16_t away = to[i] & 0x7FFF ? to[i] - 1 : to[i] + 1;
        if (!(error <= fabsf(widened(away) - held)) ||
            ((to[i] & 0x7FFF) < 0x7BFF && !(error <= fabsf(widened(to[i] + 1) - held)))) {
            fprintf(stderr, "narrow: %g became %g\n", from[i], widened(to[i]));
            exit(1);
        }
    }
    from[3] = NAN;
    narrow(from, to, 16);
    if ((to[3] & 0x7C00) != 0x7C00 || (to[3] & 0x3FF) == 0) {
        fputs("narrow: NaN became a number\n", stderr);
        exit(1);
    }
}

/* Both instruction sets give the same bits, and what doubles give but for rounding. */
static void check_attention(int wide, int half) {
    size_t features = (size_t)16 * between(1, 6), group = between(1, 7), seen = between(1, 70), count = between(1, 20);
    size_t all = seen + count - 1, step = group * features, stride = (seen + count) / 16 * 16 + 16;
    float *keys = exactly(all * features * sizeof(float)), *values = exactly(all * features * sizeof(float));
    float *queries = exactly(count * step * sizeof(float)), *room = exactly(count * group * stride * sizeof(float));
    float *out = exactly(count * step * sizeof(float)), *other = exactly(count * step * sizeof(float));
    for (size_t i = 0; i < all * features; i++) {
        keys[i] = value();
        values[i] = value();
    }
    uint16_t *short_keys = exactly(all * features * 2), *short_values = exactly(all * features * 2);
    if (half) {
        narrow(keys, short_keys, all * features);
        narrow(values, short_values, all * features);
        for (size_t i = 0; i < all * features; i++) {
            keys[i] = widened(short_keys[i]);
            values[i] = widened(short_values[i]);
        }
    }
    for (size_t i = 0; i < count * step; i++) {
        queries[i] = value();
    }
    attention of = {group, features, 1 / sqrtf(features), half ? (void *)short_keys : keys, half ? (void *)short_values : values,
                    half, queries, step, out, step, count, seen};
    attend_avx2(&of, room);
    if (wide) {
        of.out = other;
        attend_avx512(&of, room);
        if (memcmp(out, other, count * step * sizeof(float)) != 0) {
            fputs("attention: AVX-512 has another result than AVX2\n", stderr);
            exit(1);
        }
    }
    /* The last query alone, as in a later pass. */
    attention last = of;
    last.queries += (count - 1) * step;
    last.out = other;
    last.count = 1;
    last.seen = all;
    attend_avx2(&last, room);
    if (memcmp(out + (count - 1) * step, other, step * sizeof(float)) != 0) {
        fputs("attention: a query alone has another result\n", stderr);
        exit(1);
    }
    for (size_t q = 0; q < count; q++) {
        for (size_t head = 0; head < group; head++) {
            const float *query = queries + q * step + head * features;
            double scores[100], most = -INFINITY, sum = 0;
            for (size_t k = 0; k < seen + q; k++) {
                scores[k] = 0;
                for (size_t f = 0; f < features; f++) {
                    scores[k] += (double)query[f] * keys[k * features + f] * of.scale;
                }
                most = fmax(most, scores[k]);
            }
            for (size_t k = 0; k < seen + q; k++) {
                sum += scores[k] = exp(scores[k] - most);
            }
            for (size_t f = 0; f < features; f++) {
                double expected = 0;
                for (size_t k = 0; k < seen + q; k++) {
                    expected += scores[k] / sum * values[k * features + f];
                }
                double actual = out[q * step + head * features + f];
                if (!(fabs(actual - expected) < 1e-3 + 1e-4 * fabs(expected))) {
                    fprintf(stderr, "attention: %g instead of %g\n", actual, expected);
                    exit(1);
                }
            }
        }
    }
    void *buffers[] = {keys, values, short_keys, short_values, queries, room, out, other};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) {
        free(buffers[i]);
    }
}

int main(int count, char **arguments) {
    int shapes = count > 1 ? atoi(arguments[1]) : 300;
    uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 10) : 1;
    const kernels *widest = kernels_here(), *all[] = {&kernels_avx2, &kernels_avxvnni, &kernels_avx512vnni};
    if (!widest) {
        puts("no kernels for this processor");
        return 0;
    }
    for (size_t i = 0; i < 3; i++) {
        if (!kernels_run(all[i])) {
            printf("%s: not on this processor\n", all[i]->name);
            continue;
        }
        /* The same shapes for each. */
        state = seed * 0x9E3779B97F4A7C15u | 1;
        for (int shape = 0; shape < shapes; shape++) {
            check(all[i]);
        }
        printf("%s: %d shapes\n", all[i]->name, shapes);
    }
    int wide = kernels_run(&kernels_avx512vnni);
    for (int shape = 0; shape < shapes; shape++) {
        check_attention(wide, 0);
        check_attention(wide, 1);
        check_narrow();
    }
    printf("attention: %d shapes, keys of 32 and of 16 bits\n", shapes);
    return 0;
}
