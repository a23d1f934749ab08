#include <immintrin.h>

typedef __m512 lanes;

#define ATTEND attend_avx512
#define LOAD(from) _mm512_loadu_ps(from)
#define WIDEN(from) _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(from)))
#define STORE(to, value) _mm512_storeu_ps(to, value)
#define SPREAD(value) _mm512_set1_ps(value)
#define ADD(a, b) _mm512_add_ps(a, b)
#define SUB(a, b) _mm512_sub_ps(a, b)
#define MUL(a, b) _mm512_mul_ps(a, b)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define MAX(a, b) _mm512_max_ps(a, b)
#define ROUND(a) _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
#define POWER(y, n) \
    _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(y), _mm512_slli_epi32(_mm512_cvtps_epi32(n), 23)))

/* Of two registers each, halves are added; four of them are then one register with a quarter for each. */
#define HALVES(a, b) _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xEE))
#define QUARTERS(a, b) _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xDD))
#define PAIRS(a, b) _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b))

static inline __attribute__((always_inline)) lanes dots(const lanes *s) {
    lanes quarters[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        /* Key 4 j + i is in quarter j. */
        quarters[i] = QUARTERS(HALVES(s[i], s[4 + i]), HALVES(s[8 + i], s[12 + i]));
    }
    lanes even = PAIRS(quarters[0], quarters[2]), odd = PAIRS(quarters[1], quarters[3]);
    return PAIRS(even, odd);
}

#include "attention.inc"
