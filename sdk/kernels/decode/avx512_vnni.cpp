#include "decode/decode.h"
#include "decode/sse_means.h"

namespace ocellus {
namespace {

size_t find_f32(const float* values, size_t from, size_t to, float least) {
  const __m512 limit = _mm512_set1_ps(least);
  const auto passes = [&](size_t at) -> unsigned {
    return _mm512_cmp_ps_mask(_mm512_loadu_ps(values + at), limit, _CMP_GE_OQ);
  };
  // Most scores are far below: ask of 64 at once whether any passes.
  while (from + 64 <= to && (passes(from) | passes(from + 16) | passes(from + 32) | passes(from + 48)) == 0) from += 64;
  for (; from + 16 <= to; from += 16) {
    const unsigned which = passes(from);
    if (which != 0) return from + static_cast<size_t>(__builtin_ctz(which));
  }
  if (from >= to) return to;
  const auto rest = static_cast<__mmask16>((1u << (to - from)) - 1);
  const unsigned which =
      _mm512_mask_cmp_ps_mask(rest, _mm512_maskz_loadu_ps(rest, values + from), limit, _CMP_GE_OQ);
  return which != 0 ? from + static_cast<size_t>(__builtin_ctz(which)) : to;
}

size_t find_u8(const uint8_t* values, size_t from, size_t to, uint8_t least) {
  const __m512i limit = _mm512_set1_epi8(static_cast<char>(least));
  for (; from < to; from += 64) {
    const __mmask64 rest = to - from >= 64 ? ~0ull : (1ull << (to - from)) - 1;
    const __mmask64 which =
        _mm512_mask_cmpge_epu8_mask(rest, _mm512_maskz_loadu_epi8(rest, values + from), limit);
    if (which != 0) return from + static_cast<size_t>(__builtin_ctzll(which));
  }
  return to;
}

}  // namespace

extern const DecodeKernels decode_avx512_vnni;
const DecodeKernels decode_avx512_vnni = {find_f32, find_u8, means};

}  // namespace ocellus
