// One name for an instruction at each width. Every file that takes this in has its own copy, compiled for its own instruction
// set.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ocellus {
namespace {

#define OCELLUS_VECTOR(Name, Integers, Floats, prefix, whole)                                                          \
  struct Name {                                                                                                        \
    using I = Integers;                                                                                                \
    using F = Floats;                                                                                                  \
    static constexpr size_t bytes = sizeof(I);                                                                         \
    static constexpr size_t lanes = sizeof(I) / 4;                                                                     \
    static I load(const void* from) { return prefix##_loadu_##whole(static_cast<const I*>(from)); }                    \
    static void store(void* to, I v) { prefix##_storeu_##whole(static_cast<I*>(to), v); }                              \
    static F load_floats(const float* from) { return prefix##_loadu_ps(from); }                                        \
    static void store_floats(float* to, F v) { prefix##_storeu_ps(to, v); }                                            \
    static I zero() { return prefix##_setzero_##whole(); }                                                             \
    static I set8(int8_t v) { return prefix##_set1_epi8(v); }                                                          \
    static I set16(int v) { return prefix##_set1_epi16(static_cast<int16_t>(v)); }                                     \
    static I set32(int v) { return prefix##_set1_epi32(v); }                                                           \
    static F setf(float v) { return prefix##_set1_ps(v); }                                                             \
    static F to_floats(I v) { return prefix##_cvtepi32_ps(v); }                                                        \
    static I nearest(F v) { return prefix##_cvtps_epi32(v); }                                                          \
    static F mul(F a, F b) { return prefix##_mul_ps(a, b); }                                                           \
    static F add(F a, F b) { return prefix##_add_ps(a, b); }                                                           \
    static F sub(F a, F b) { return prefix##_sub_ps(a, b); }                                                           \
    static F div(F a, F b) { return prefix##_div_ps(a, b); }                                                           \
    static F min(F a, F b) { return prefix##_min_ps(a, b); }                                                           \
    static F max(F a, F b) { return prefix##_max_ps(a, b); }                                                           \
    static F as_floats(I v) { return prefix##_cast##whole##_ps(v); }                                                   \
    static I as_integers(F v) { return prefix##_castps_##whole(v); }                                                   \
    static I add32(I a, I b) { return prefix##_add_epi32(a, b); }                                                      \
    static I sub32(I a, I b) { return prefix##_sub_epi32(a, b); }                                                      \
    template <int bits>                                                                                                \
    static I sll32(I v) { return prefix##_slli_epi32(v, bits); }                                                       \
    template <int bits>                                                                                                \
    static I sra32(I v) { return prefix##_srai_epi32(v, bits); }                                                       \
    static I mul32(I a, I b) { return prefix##_mullo_epi32(a, b); }                                                    \
    static I packs32(I a, I b) { return prefix##_packs_epi32(a, b); }                                                  \
    static I packus16(I a, I b) { return prefix##_packus_epi16(a, b); }                                                \
    static I mulhrs(I a, I b) { return prefix##_mulhrs_epi16(a, b); }                                                  \
    static I mul16(I a, I b) { return prefix##_mullo_epi16(a, b); }                                                    \
    static I mulhi16(I a, I b) { return prefix##_mulhi_epi16(a, b); }                                                  \
    static I madd16(I a, I b) { return prefix##_madd_epi16(a, b); }                                                    \
    static I maddubs(I a, I b) { return prefix##_maddubs_epi16(a, b); }                                                \
    static I adds16(I a, I b) { return prefix##_adds_epi16(a, b); }                                                    \
    static I add16(I a, I b) { return prefix##_add_epi16(a, b); }                                                      \
    static I sub16(I a, I b) { return prefix##_sub_epi16(a, b); }                                                      \
    static I max16(I a, I b) { return prefix##_max_epi16(a, b); }                                                      \
    static I min16(I a, I b) { return prefix##_min_epi16(a, b); }                                                      \
    static I minu16(I a, I b) { return prefix##_min_epu16(a, b); }                                                     \
    static I max8(I a, I b) { return prefix##_max_epu8(a, b); }                                                        \
    static I abs16(I v) { return prefix##_abs_epi16(v); }                                                              \
    static I sll16(I v, __m128i by) { return prefix##_sll_epi16(v, by); }                                              \
    static I srl16(I v, __m128i by) { return prefix##_srl_epi16(v, by); }                                              \
    static I sra16(I v, __m128i by) { return prefix##_sra_epi16(v, by); }                                              \
    static I signs16(I v) { return prefix##_srai_epi16(v, 15); }                                                       \
    static I low8(I a, I b) { return prefix##_unpacklo_epi8(a, b); }                                                   \
    static I high8(I a, I b) { return prefix##_unpackhi_epi8(a, b); }                                                  \
    static I low16(I a, I b) { return prefix##_unpacklo_epi16(a, b); }                                                 \
    static I high16(I a, I b) { return prefix##_unpackhi_epi16(a, b); }                                                \
  };

OCELLUS_VECTOR(Vector128, __m128i, __m128, _mm, si128)
OCELLUS_VECTOR(Vector256, __m256i, __m256, _mm256, si256)
#if defined(__AVX512F__)
OCELLUS_VECTOR(Vector512, __m512i, __m512, _mm512, si512)
#endif

#undef OCELLUS_VECTOR

// What is not the same at all widths, or needs more than AVX2 where there is more:
// - `Bytes`, `bytes_of`, `Weight`, `put_weights` and `dot_from`: the sum of four products in each lane.
// - stores of the first `count` values, and of the two or four pixels that one pack has (at most `pixels` of them); residuals.
#if defined(__AVX512F__)

/// Not the intrinsic: from that GCC makes copies of the sums and keeps them in memory, which costs more than the products.
template <class I>
I dot_in_place(I sum, I bytes, I weights) {
  __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(bytes), "vm"(weights));
  return sum;
}

/// What all vectors that have the dot product of bytes do alike.
template <class Vector>
struct WithDot : Vector {
  using I = typename Vector::I;
  using Bytes = I;
  using Weight = int8_t;
  static Bytes bytes_of(I bytes) { return bytes; }
  static void put_weights(Weight* vector, size_t lane, const int8_t (&four)[4]) { std::memcpy(vector + 4 * lane, four, 4); }
  static I dot(I sum, Bytes bytes, I weights) { return dot_in_place(sum, bytes, weights); }
  static I dot_from(I sum, Bytes bytes, const Weight* weights) { return dot_in_place(sum, bytes, Vector::load(weights)); }
  /// Of two words each.
  static I add_products(I sum, I words, I weights) {
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(words), "v"(weights));
    return sum;
  }
};

struct V128 : WithDot<Vector128> {
  static F where_negative(I sign, F yes, F no) { return _mm_mask_blend_ps(_mm_movepi32_mask(sign), no, yes); }
  static void store_first(void* to, I v, size_t count) {
    if (count == 16) return store(to, v);
    _mm_mask_storeu_epi8(to, static_cast<__mmask16>((1u << count) - 1), v);
  }
  static void store_first_floats(float* to, F v, size_t count) { _mm_mask_storeu_ps(to, static_cast<__mmask8>((1u << count) - 1), v); }
};

struct V256 : WithDot<Vector256> {
  static F where_negative(I sign, F yes, F no) { return _mm256_mask_blend_ps(_mm256_movepi32_mask(sign), no, yes); }
  static void store_first(void* to, I v, size_t count) {
    if (count == 32) return store(to, v);
    _mm256_mask_storeu_epi8(to, static_cast<__mmask32>((1ull << count) - 1), v);
  }
  static void store_first_floats(float* to, F v, size_t count) { _mm256_mask_storeu_ps(to, static_cast<__mmask8>((1u << count) - 1), v); }
};

struct V512 : WithDot<Vector512> {
  static F where_negative(I sign, F yes, F no) { return _mm512_mask_blend_ps(_mm512_movepi32_mask(sign), no, yes); }
  static void store_first(void* to, I v, size_t count) {
    if (count == 64) return store(to, v);
    _mm512_mask_storeu_epi8(to, (1ull << count) - 1, v);
  }
  static void store_first_floats(float* to, F v, size_t count) { _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << count) - 1), v); }
  static I integers_of_bytes(const uint8_t* from) { return _mm512_cvtepu8_epi32(V128::load(from)); }
  static I words_of_half(const uint8_t* from) { return _mm512_cvtepu8_epi16(V256::load(from)); }
  static I words_of_two(const uint8_t* first, const uint8_t* second) {
    const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(V128::load(first)), V128::load(second), 1);
    return _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7), _mm512_cvtepu8_epi16(both));
  }
  static I load_two(const uint8_t* a, const uint8_t* b) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(V256::load(a)), V256::load(b), 1);
  }
  static I load_four(const uint8_t* a, const uint8_t* b, const uint8_t* c, const uint8_t* d) {
    const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(V128::load(a)), V128::load(b), 1);
    const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(V128::load(c)), V128::load(d), 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  }
  template <size_t pieces>
  static void store_pieces(uint8_t* out, ptrdiff_t pitch, I v, size_t pixels, size_t count) {
    if constexpr (pieces == 2) {
      V256::store_first(out, _mm512_castsi512_si256(v), count);
      if (pixels > 1) V256::store_first(out + pitch, _mm512_extracti64x4_epi64(v, 1), count);
    } else {
      V128::store_first(out, _mm512_castsi512_si128(v), count);
      if (pixels > 1) V128::store_first(out + pitch, _mm512_extracti32x4_epi32(v, 1), count);
      if (pixels > 2) V128::store_first(out + 2 * pitch, _mm512_extracti32x4_epi32(v, 2), count);
      if (pixels > 3) V128::store_first(out + 3 * pitch, _mm512_extracti32x4_epi32(v, 3), count);
    }
  }
  static void store_two(uint8_t* out, ptrdiff_t pitch, I bytes, size_t pixels, size_t count) {
    store_pieces<2>(out, pitch, _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), bytes), pixels, count);
  }
  static void store_four(uint8_t* out, ptrdiff_t pitch, I bytes, size_t pixels, size_t count) {
    const I order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    store_pieces<4>(out, pitch, _mm512_permutexvar_epi32(order, bytes), pixels, count);
  }
};

#else

struct V128 : Vector128 {
  static F where_negative(I sign, F yes, F no) { return _mm_blendv_ps(no, yes, as_floats(sign)); }
  static void store_first(void* to, I v, size_t count) {
    if (count == 16) return store(to, v);
    uint8_t bytes[16];
    store(bytes, v);
    std::memcpy(to, bytes, count);
  }
  static void store_first_floats(float* to, F v, size_t count) {
    float values[4];
    store_floats(values, v);
    std::memcpy(to, values, 4 * count);
  }
};

/// What vectors of 256 bits do alike with the dot product of bytes and without.
struct Whole256 : Vector256 {
  static F where_negative(I sign, F yes, F no) { return _mm256_blendv_ps(no, yes, as_floats(sign)); }
  static void store_first(void* to, I v, size_t count) {
    if (count == 32) return store(to, v);
    uint8_t bytes[32];
    store(bytes, v);
    std::memcpy(to, bytes, count);
  }
  static void store_first_floats(float* to, F v, size_t count) {
    if (count == 8) return store_floats(to, v);
    float values[8];
    store_floats(values, v);
    std::memcpy(to, values, 4 * count);
  }
  static I integers_of_bytes(const uint8_t* from) { return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))); }
  static I words_of_half(const uint8_t* from) { return _mm256_cvtepu8_epi16(V128::load(from)); }
  static I words_of_two(const uint8_t* first, const uint8_t* second) {
    // Eight bytes of each: words of four channels of the first, four of the second, in each lane.
    const __m128i both = _mm_unpacklo_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(first)),
                                            _mm_loadl_epi64(reinterpret_cast<const __m128i*>(second)));
    return _mm256_cvtepu8_epi16(both);
  }
  static I load_two(const uint8_t* a, const uint8_t* b) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(V128::load(a)), V128::load(b), 1);
  }
  template <size_t pieces>
  static void store_pieces(uint8_t* out, ptrdiff_t pitch, I v, size_t pixels, size_t count) {
    V128::store_first(out, _mm256_castsi256_si128(v), count);
    if (pixels > 1) V128::store_first(out + pitch, _mm256_extracti128_si256(v, 1), count);
  }
  static void store_two(uint8_t* out, ptrdiff_t pitch, I bytes, size_t pixels, size_t count) {
    store_pieces<2>(out, pitch, _mm256_permute4x64_epi64(bytes, 0xd8), pixels, count);
  }
  static void store_four(uint8_t* out, ptrdiff_t pitch, I bytes, size_t pixels, size_t count) {
    const I v = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    uint8_t all[32];
    store(all, v);
    for (size_t p = 0; p < pixels && p < 4; p++) std::memcpy(out + static_cast<ptrdiff_t>(p) * pitch, all + 8 * p, count);
  }
};

#if defined(__AVXVNNI__)

struct V256 : Whole256 {
  using Bytes = I;
  using Weight = int8_t;
  static Bytes bytes_of(I bytes) { return bytes; }
  static void put_weights(Weight* vector, size_t lane, const int8_t (&four)[4]) { std::memcpy(vector + 4 * lane, four, 4); }
  /// Not the intrinsic, for the reason above.
  static I dot(I sum, Bytes bytes, I weights) {
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(bytes), "x"(weights));
    return sum;
  }
  static I dot_from(I sum, Bytes bytes, const Weight* weights) {
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(bytes), "m"(*reinterpret_cast<const I*>(weights)));
    return sum;
  }
  /// Of two words each.
  static I add_products(I sum, I words, I weights) {
    __asm__("%{vex%} vpdpwssd %2, %1, %0" : "+x"(sum) : "x"(words), "x"(weights));
    return sum;
  }
};

#else

/// Four neighbouring bytes as two times two words. The multiply of bytes would saturate (255 * 127 * 2 does not fit 16 bits), and
/// to mend that costs more than words do.
template <class Vector>
struct Words {
  typename Vector::I even, odd;
};

struct V256 : Whole256 {
  using Bytes = Words<Vector256>;
  using Weight = int16_t;
  static Bytes bytes_of(I bytes) { return {_mm256_and_si256(bytes, set16(255)), _mm256_srli_epi16(bytes, 8)}; }
  static void put_weights(Weight* vectors, size_t lane, const int8_t (&four)[4]) {
    for (size_t i = 0; i < 4; i++) vectors[i % 2 * 16 + 2 * lane + i / 2] = four[i];
  }
  /// Not intrinsics: from those GCC keeps several products at once, for which there are no registers.
  static I dot_from(I sum, Bytes bytes, const Weight* weights) {
    I products;
    __asm__("vpmaddwd %[first], %[even], %[products]\n\t"
            "vpaddd %[products], %[sum], %[sum]\n\t"
            "vpmaddwd %[second], %[odd], %[products]\n\t"
            "vpaddd %[products], %[sum], %[sum]"
            : [sum] "+x"(sum), [products] "=&x"(products)
            : [first] "m"(*reinterpret_cast<const I*>(weights)), [second] "m"(*reinterpret_cast<const I*>(weights + 16)),
              [even] "x"(bytes.even), [odd] "x"(bytes.odd));
    return sum;
  }
  /// Of the four bytes at each address, added in 16 bits to `centre`.
  static I add_pairs(I sum, const uint8_t* first, const uint8_t* second, I w0, I w1, I centre, I ones) {
    I products, more;
    __asm__("vpbroadcastd %[first], %[products]\n\t"
            "vpbroadcastd %[second], %[more]\n\t"
            "vpmaddubsw %[w0], %[products], %[products]\n\t"
            "vpmaddubsw %[w1], %[more], %[more]\n\t"
            "vpaddw %[centre], %[products], %[products]\n\t"
            "vpaddw %[more], %[products], %[products]\n\t"
            "vpmaddwd %[ones], %[products], %[products]\n\t"
            "vpaddd %[products], %[sum], %[sum]"
            : [sum] "+x"(sum), [products] "=&x"(products), [more] "=&x"(more)
            : [first] "m"(four_at(first)), [second] "m"(four_at(second)), [w0] "x"(w0), [w1] "x"(w1), [centre] "x"(centre), [ones] "x"(ones));
    return sum;
  }
  static I add_pairs(I sum, const uint8_t* first, const uint8_t* second, const uint8_t* third, I w0, I w1, I w2, I centre, I ones) {
    I products, more;
    __asm__("vpbroadcastd %[first], %[products]\n\t"
            "vpbroadcastd %[second], %[more]\n\t"
            "vpmaddubsw %[w0], %[products], %[products]\n\t"
            "vpmaddubsw %[w1], %[more], %[more]\n\t"
            "vpaddw %[centre], %[products], %[products]\n\t"
            "vpaddw %[more], %[products], %[products]\n\t"
            "vpbroadcastd %[third], %[more]\n\t"
            "vpmaddubsw %[w2], %[more], %[more]\n\t"
            "vpaddw %[more], %[products], %[products]\n\t"
            "vpmaddwd %[ones], %[products], %[products]\n\t"
            "vpaddd %[products], %[sum], %[sum]"
            : [sum] "+x"(sum), [products] "=&x"(products), [more] "=&x"(more)
            : [first] "m"(four_at(first)), [second] "m"(four_at(second)), [third] "m"(four_at(third)), [w0] "x"(w0), [w1] "x"(w1),
              [w2] "x"(w2), [centre] "x"(centre), [ones] "x"(ones));
    return sum;
  }
  static const int32_t& four_at(const uint8_t* bytes) { return *reinterpret_cast<const int32_t*>(bytes); }
  /// Of two words each.
  static I add_products(I sum, I words, I weights) {
    I products;
    __asm__("vpmaddwd %[weights], %[words], %[products]\n\t"
            "vpaddd %[products], %[sum], %[sum]"
            : [sum] "+x"(sum), [products] "=&x"(products)
            : [weights] "x"(weights), [words] "x"(words));
    return sum;
  }
};

#endif

#endif

}  // namespace
}  // namespace ocellus
