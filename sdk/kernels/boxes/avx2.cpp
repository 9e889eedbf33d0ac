#include "boxes/boxes.h"
#include "boxes/sse_means.h"

namespace ocellus {
namespace {

size_t find_f32(const float* values, size_t from, size_t to, float least) {
  const __m256 limit = _mm256_set1_ps(least);
  const auto passes = [&](size_t at) { return _mm256_cmp_ps(_mm256_loadu_ps(values + at), limit, _CMP_GE_OQ); };
  // Most scores are far below: ask of 64 at once whether any passes.
  while (from + 64 <= to) {
    const __m256 any0 = _mm256_or_ps(_mm256_or_ps(passes(from), passes(from + 8)),
                                     _mm256_or_ps(passes(from + 16), passes(from + 24)));
    const __m256 any1 = _mm256_or_ps(_mm256_or_ps(passes(from + 32), passes(from + 40)),
                                     _mm256_or_ps(passes(from + 48), passes(from + 56)));
    if (_mm256_movemask_ps(_mm256_or_ps(any0, any1)) != 0) break;
    from += 64;
  }
  for (; from + 8 <= to; from += 8) {
    const int which = _mm256_movemask_ps(passes(from));
    if (which != 0) return from + static_cast<size_t>(__builtin_ctz(static_cast<unsigned>(which)));
  }
  while (from < to && !(values[from] >= least)) from++;
  return from;
}

size_t find_u8(const uint8_t* values, size_t from, size_t to, uint8_t least) {
  const __m256i limit = _mm256_set1_epi8(static_cast<char>(least));
  for (; from + 32 <= to; from += 32) {
    const __m256i value = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values + from));
    const auto which =
        static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(value, limit), value)));
    if (which != 0) return from + static_cast<size_t>(__builtin_ctz(which));
  }
  while (from < to && values[from] < least) from++;
  return from;
}

}  // namespace

extern const BoxesKernels boxes_avx2;
const BoxesKernels boxes_avx2 = {find_f32, find_u8, means};

}  // namespace ocellus
