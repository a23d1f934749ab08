#include "half.h"

#include <immintrin.h>

void narrow(const float *from, uint16_t *to, size_t count) {
    const __m256 most = _mm256_set1_ps(65504), least = _mm256_set1_ps(-65504);
    for (size_t i = 0; i < count; i += 8) {
        /* In this order, what is not a number stays so. */
        __m256 held = _mm256_max_ps(least, _mm256_min_ps(most, _mm256_loadu_ps(from + i)));
        _mm_storeu_si128((__m128i *)(to + i), _mm256_cvtps_ph(held, _MM_FROUND_TO_NEAREST_INT));
    }
}

uint16_t halved(float value) {
    return _cvtss_sh(value, _MM_FROUND_TO_NEAREST_INT);
}

int hold_all(const float *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (_cvtsh_ss(halved(values[i])) != values[i]) {
            return 0;
        }
    }
    return 1;
}
