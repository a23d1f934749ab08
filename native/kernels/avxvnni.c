#define NAME kernels_avxvnni
#define LABEL "AVX-VNNI"
#define TERMS 256
#define START(count, width)
#define DOT(r, w, u, s) sums[r][w] = _mm256_dpbusd_avx_epi32(sums[r][w], u, s)
#define FLUSH(count, width)

#include "ymm.inc"
