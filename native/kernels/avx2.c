#define NAME kernels_avx2
#define LABEL "AVX2"
/* Eight products of two weights of at most 15 with values of at most 127 are what 16 bits hold. */
#define TERMS 32
#define START(count, width)                      \
    ints words[ROWS][WIDTH];                     \
    UNROLL for (int r = 0; r < count; r++) {     \
        UNROLL for (int w = 0; w < width; w++) { \
            words[r][w] = _mm256_setzero_si256(); \
        }                                        \
    }
#define DOT(r, w, u, s) words[r][w] = _mm256_add_epi16(words[r][w], _mm256_maddubs_epi16(u, s))
#define FLUSH(count, width)                                                                                        \
    UNROLL for (int r = 0; r < count; r++) {                                                                       \
        UNROLL for (int w = 0; w < width; w++) {                                                                   \
            sums[r][w] = _mm256_add_epi32(sums[r][w], _mm256_madd_epi16(words[r][w], _mm256_set1_epi16(1)));        \
        }                                                                                                          \
    }

#include "ymm.inc"
