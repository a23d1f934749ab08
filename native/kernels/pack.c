#include "half.h"
#include "product.h"

#include <string.h>

static size_t round_up(size_t value, size_t to) {
    return (value + to - 1) / to * to;
}

size_t matrix_bytes(size_t columns, size_t features, size_t block, int halves) {
    size_t wide = round_up(columns, PANEL), depth = round_up(features, block);
    return wide * depth / 2 + wide * (depth / block) * (halves ? sizeof(uint16_t) : sizeof(float));
}

/* Eight weights in their order to 0 4 1 5 2 6 3 7. */
static uint32_t interleave(uint32_t weights) {
    uint32_t low = weights & 0xFFFF, high = weights >> 16;
    low = (low | low << 8) & 0x00FF00FF;
    high = (high | high << 8) & 0x00FF00FF;
    low = (low | low << 4) & 0x0F0F0F0F;
    high = (high | high << 4) & 0x0F0F0F0F;
    return low | high << 4;
}

static void put_scale(matrix *into, size_t at, float scale) {
    if (into->halves) {
        into->halves[at] = halved(scale);
    } else {
        into->scales[at] = scale;
    }
}

void matrix_pack(matrix *into, void *memory, const uint8_t *values, const float *scales, size_t columns, size_t features,
                 size_t block, int halves) {
    size_t panels = round_up(columns, PANEL) / PANEL, depth = round_up(features, block), blocks = depth / block;
    into->columns = columns;
    into->panels = panels;
    into->depth = depth;
    into->block = block;
    into->blocks = blocks;
    into->values = memory;
    void *behind = into->values + panels * PANEL * depth / 2;
    into->scales = halves ? NULL : behind;
    into->halves = halves ? behind : NULL;
    for (size_t panel = 0; panel < panels; panel++) {
        uint32_t *words = (uint32_t *)(into->values + panel * PANEL * depth / 2);
        for (size_t lane = 0; lane < PANEL; lane++) {
            size_t column = panel * PANEL + lane;
            if (column >= columns) {
                for (size_t k = 0; k < depth / 8; k++) {
                    words[k * PANEL + lane] = 0;
                }
                for (size_t b = 0; b < blocks; b++) {
                    put_scale(into, (panel * blocks + b) * PANEL + lane, 0);
                }
                continue;
            }
            const uint8_t *source = values + column * depth / 2;
            for (size_t k = 0; k < depth / 8; k++) {
                uint32_t eight;
                memcpy(&eight, source + k * 4, sizeof eight);
                words[k * PANEL + lane] = interleave(eight);
            }
            for (size_t b = 0; b < blocks; b++) {
                put_scale(into, (panel * blocks + b) * PANEL + lane, scales[column * blocks + b]);
            }
        }
    }
}

int kernels_run(const kernels *those) {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("f16c")) {
        return 0;
    }
    if (those == &kernels_avx512vnni) {
        return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    }
    return those == &kernels_avx2 || __builtin_cpu_supports("avxvnni");
}

const kernels *kernels_here(void) {
    const kernels *fastest_first[] = {&kernels_avx512vnni, &kernels_avxvnni, &kernels_avx2};
    for (size_t i = 0; i < sizeof fastest_first / sizeof *fastest_first; i++) {
        if (kernels_run(fastest_first[i])) {
            return fastest_first[i];
        }
    }
    return NULL;
}
