#include <immintrin.h>
#include <stdint.h>

typedef struct {
    __m256 low, high;
} lanes;

#define DEFINE_BOTH(f)                                                                      \
    static inline __attribute__((always_inline)) lanes both_##f(lanes a, lanes b) {         \
        return (lanes){_mm256_##f##_ps(a.low, b.low), _mm256_##f##_ps(a.high, b.high)};     \
    }
DEFINE_BOTH(add)
DEFINE_BOTH(sub)
DEFINE_BOTH(mul)
DEFINE_BOTH(max)

#define ATTEND attend_avx2
#define SPREAD(value) spread(value)
#define LOAD(from) load(from)
#define WIDEN(from) widen(from)
#define STORE(to, value) store(to, value)
#define ADD(a, b) both_add(a, b)
#define SUB(a, b) both_sub(a, b)
#define MUL(a, b) both_mul(a, b)
#define MAX(a, b) both_max(a, b)
#define FMA(a, b, c) fma16(a, b, c)
#define ROUND(a) nearest(a)
#define POWER(y, n) power(y, n)

#define INLINE_LANES static inline __attribute__((always_inline))

INLINE_LANES lanes spread(float value) {
    return (lanes){_mm256_set1_ps(value), _mm256_set1_ps(value)};
}

INLINE_LANES lanes load(const float *from) {
    return (lanes){_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)};
}

INLINE_LANES __m256 widen8(const uint16_t *from) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)from));
}

INLINE_LANES lanes widen(const uint16_t *from) {
    return (lanes){widen8(from), widen8(from + 8)};
}

INLINE_LANES void store(float *to, lanes value) {
    _mm256_storeu_ps(to, value.low);
    _mm256_storeu_ps(to + 8, value.high);
}

INLINE_LANES lanes fma16(lanes a, lanes b, lanes c) {
    return (lanes){_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}

INLINE_LANES __m256 nearest8(__m256 value) {
    return _mm256_round_ps(value, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

INLINE_LANES lanes nearest(lanes value) {
    return (lanes){nearest8(value.low), nearest8(value.high)};
}

INLINE_LANES __m256 power8(__m256 y, __m256 n) {
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(y), _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23)));
}

INLINE_LANES lanes power(lanes y, lanes n) {
    return (lanes){power8(y.low, n.low), power8(y.high, n.high)};
}

/* The order of additions is that of the wider registers. */
INLINE_LANES __m256 halves(lanes a, lanes b) {
    __m256 x = _mm256_add_ps(a.low, a.high), y = _mm256_add_ps(b.low, b.high);
    return _mm256_add_ps(_mm256_permute2f128_ps(x, y, 0x20), _mm256_permute2f128_ps(x, y, 0x31));
}

INLINE_LANES __m256 pairs(__m256 a, __m256 b) {
    return _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
}

INLINE_LANES __m256 dots8(const lanes *s) {
    __m256 quarters[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        quarters[i] = halves(s[i], s[4 + i]);
    }
    return pairs(pairs(quarters[0], quarters[2]), pairs(quarters[1], quarters[3]));
}

INLINE_LANES lanes dots(const lanes *s) {
    return (lanes){dots8(s), dots8(s + 8)};
}

#include "attention.inc"
