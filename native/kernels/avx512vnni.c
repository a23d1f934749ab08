#include "product.h"

#include <immintrin.h>

typedef __m512i ints;
typedef __m512 floats;

#define NAME kernels_avx512vnni
#define LABEL "AVX-512 VNNI"
#define ROWS 6
#define LANES 16
#define WIDTH 2

#define LOAD(from) _mm512_loadu_si512(from)
#define LOW(packed) _mm512_and_si512(packed, _mm512_set1_epi8(15))
#define HIGH(packed) _mm512_and_si512(_mm512_srli_epi16(packed, 4), _mm512_set1_epi8(15))
#define SPREAD(value) _mm512_set1_epi32(value)
#define FLOATS(value) _mm512_cvtepi32_ps(value)
#define SPREAD_FLOAT(value) _mm512_set1_ps(value)
#define LOAD_FLOATS(from) _mm512_loadu_ps(from)
#define WIDEN(from) _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(from)))
#define MUL(a, b) _mm512_mul_ps(a, b)
#define ADD(a, b) _mm512_add_ps(a, b)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define ZERO() _mm512_setzero_ps()
#define STORE(to, value) _mm512_storeu_ps(to, value)

#define TERMS 256
#define START(count, width)
#define DOT(r, w, u, s) sums[r][w] = _mm512_dpbusd_epi32(sums[r][w], u, s)
#define FLUSH(count, width)

/* As integers, what is not a number is larger than all others. */
static float largest(const float *from, size_t count) {
    __m512i most = _mm512_setzero_si512(), mask = _mm512_set1_epi32(0x7FFFFFFF);
    for (size_t i = 0; i < count; i += 16) {
        most = _mm512_max_epi32(most, _mm512_and_si512(mask, _mm512_loadu_si512(from + i)));
    }
    return _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(_mm512_reduce_max_epi32(most))));
}

static int32_t round_block(const float *from, size_t count, float factor, int8_t *to) {
    __m512i sum = _mm512_setzero_si512();
    for (size_t i = 0; i < count; i += 16) {
        __m512i value = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(from + i), _mm512_set1_ps(factor)));
        sum = _mm512_add_epi32(sum, value);
        _mm_storeu_si128((__m128i *)(to + i), _mm512_cvtsepi32_epi8(value));
    }
    return _mm512_reduce_add_epi32(sum);
}

#include "tile.inc"
