// For processors without the dot-product extension (Cortex-A53, A72).
#include "program/neon_conv.h"
#include "program/neon_depthwise.h"
#include "program/neon_simple.h"

namespace ocellus {
namespace {

// clang-format off
// Of the tile below: the sums of pixel j are v(16 + 4j) to v(19 + 4j), its sixteen inputs v(j). Four of them, each pair four
// times, come to v4 and v5 in turns: v14 says which. v6 to v9 are weights of four inputs and sixteen outputs, v15 is 128.
//
// Each vector of sums needs three instructions, and each of them waits for the one before: 4 to 6 cycles on a processor that
// executes in order. So a step has one instruction of three vectors: the first of its own, the second of the one two steps
// ago, the third of the one four steps ago.
#define PICK(to, from) "tbl v" #to ".16b, {v" #from ".16b}, v14.16b\n"
#define SIGNED(x) "eor v" #x ".16b, v" #x ".16b, v15.16b\n"
#define SUM(sums, t) "sadalp v" #sums ".4s, v" #t ".8h\n"
#define FIRST(t, w, x) "smull v" #t ".8h, v" #w ".8b, v" #x ".8b\n"
#define SECOND(t, w, x) "smlal2 v" #t ".8h, v" #w ".16b, v" #x ".16b\n"
// Offsets rather than pointers that move with each load: those take a second unit, and an order in which results are written.
#define WEIGHTS(w, at) "ldr q" #w ", [%[w], #" at "]\n"
#define INPUTS(j, at) "ldr q" #j ", [%[q" #j "], #" #at "]\n"
#define NEXT_FOUR(at) "ldr q14, [%[pick], #" #at "]\n"
#define NOTHING ""
// Four inputs of each pixel: sixteen steps. The weights lie `at` bytes on. `next` is where the next group's four lie among the sixteen. Where the pixel's
// sixteen are used for the last time, `load` fetches the next ones, which `sign` makes signed.
#define GROUP(at, next, load0, load1, load2, load3, sign0, sign1, sign2, sign3)         \
  SUM(28, 10) SECOND(12, 8, 5) WEIGHTS(8, #at " + 32") FIRST(10, 6, 4)                  \
  SUM(29, 11) SECOND(13, 9, 5) WEIGHTS(9, #at " + 48") FIRST(11, 7, 4) PICK(5, 1) load1 \
  SUM(30, 12) SECOND(10, 6, 4) FIRST(12, 8, 4)                                          \
  SUM(31, 13) SECOND(11, 7, 4) FIRST(13, 9, 4)                                          \
  SUM(16, 10) SECOND(12, 8, 4) FIRST(10, 6, 5)                                          \
  SUM(17, 11) SECOND(13, 9, 4) FIRST(11, 7, 5) PICK(4, 2) load2                         \
  SUM(18, 12) SECOND(10, 6, 5) FIRST(12, 8, 5) sign0                                    \
  SUM(19, 13) SECOND(11, 7, 5) FIRST(13, 9, 5) sign1                                    \
  SUM(20, 10) SECOND(12, 8, 5) FIRST(10, 6, 4)                                          \
  SUM(21, 11) SECOND(13, 9, 5) FIRST(11, 7, 4) PICK(5, 3) NEXT_FOUR(next) load3         \
  SUM(22, 12) SECOND(10, 6, 4) FIRST(12, 8, 4) sign2                                    \
  SUM(23, 13) SECOND(11, 7, 4) FIRST(13, 9, 4)                                          \
  SUM(24, 10) SECOND(12, 8, 4) FIRST(10, 6, 5)                                          \
  SUM(25, 11) SECOND(13, 9, 4) FIRST(11, 7, 5) PICK(4, 0) load0                         \
  SUM(26, 12) SECOND(10, 6, 5) WEIGHTS(6, #at " + 64") FIRST(12, 8, 5)                  \
  SUM(27, 13) SECOND(11, 7, 5) WEIGHTS(7, #at " + 80") FIRST(13, 9, 5) sign3
#define PLAIN_GROUP(at, next) GROUP(at, next, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)
// The third of four picks the last four of pixel 0.
#define THIRD_GROUP GROUP(128, 48, INPUTS(0, 16), NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)
#define LAST_GROUP GROUP(192, 0, NOTHING, INPUTS(1, 16), INPUTS(2, 16), INPUTS(3, 16), SIGNED(0), SIGNED(1), SIGNED(2), SIGNED(3))
// What the last four steps began.
#define FINISH                                                                                    \
  SUM(28, 10) SECOND(12, 8, 5) SUM(29, 11) SECOND(13, 9, 5) SUM(30, 12) SUM(31, 13)
#define BIAS(a, b, c, d)                                                        \
  "ldr q" #a ", [%[bias]]\n ldr q" #b ", [%[bias], #16]\n"                      \
  "ldr q" #c ", [%[bias], #32]\n ldr q" #d ", [%[bias], #48]\n"
#define STORE(a, b, c, d, at)                                                   \
  "stp q" #a ", q" #b ", [%[acc], #" #at "]\n stp q" #c ", q" #d ", [%[acc], #" #at " + 32]\n"
// clang-format on

/// Two products of each lane fit 16 bits (2 * 128 * 127); their pairs are added to 32.
struct Pairs {
  static constexpr int32_t pixels = 4;
  static constexpr bool prefers_small = false;

  /// In each vector of four outputs: inputs 0 and 1 of all, then 2 and 3.
  static size_t place(int32_t output, int32_t input) {
    return static_cast<size_t>(output / 4 * 16 + input / 2 * 8 + output % 4 * 2 + input % 2);
  }

  /// In assembly, since it needs all 32 registers, in the order in which a Cortex-A53 loses no cycle.
  static void tile(const uint8_t* const* in, const Stretches& stretches, const uint8_t* weights, const int32_t* bias, int32_t* acc) {
    // Pairs of the four groups of sixteen inputs.
    alignas(16) static const uint8_t pick[64] = {
        0, 1, 0, 1, 0, 1, 0, 1, 2,  3,  2,  3,  2,  3,  2,  3,  4,  5,  4,  5,  4,  5,  4,  5,  6,  7,  6,  7,  6,  7,  6,  7,
        8, 9, 8, 9, 8, 9, 8, 9, 10, 11, 10, 11, 10, 11, 10, 11, 12, 13, 12, 13, 12, 13, 12, 13, 14, 15, 14, 15, 14, 15, 14, 15};
    const uint8_t *q0, *q1, *q2, *q3;
    const int64_t* offset = stretches.offsets;
    int64_t count = stretches.count;
    int64_t loads, at;
    asm volatile(
        // clang-format off
        BIAS(16, 17, 18, 19) BIAS(20, 21, 22, 23) BIAS(24, 25, 26, 27) BIAS(28, 29, 30, 31)
        // Nothing has begun: the first steps add zeros.
        "movi v5.16b, #0\n movi v10.16b, #0\n movi v11.16b, #0\n movi v12.16b, #0\n movi v13.16b, #0\n"
        "movi v15.16b, #128\n"
        WEIGHTS(6, "0") WEIGHTS(7, "16")
        "ldr q8, [%[w]]\n ldr q9, [%[w]]\n"
        "1:\n"
        "ldr %[at], [%[offset]], #8\n"
        "add %[q0], %[p0], %[at]\n" INPUTS(0, 0)
        "add %[q1], %[p1], %[at]\n" INPUTS(1, 0)
        "add %[q2], %[p2], %[at]\n" INPUTS(2, 0)
        "add %[q3], %[p3], %[at]\n" INPUTS(3, 0)
        NEXT_FOUR(0)
        "mov %[loads], %[all_loads]\n"
        SIGNED(0) SIGNED(1) SIGNED(2) SIGNED(3) PICK(4, 0)
        "cbz %[loads], 3f\n"
        "2:\n"
        PLAIN_GROUP(0, 16) PLAIN_GROUP(64, 32) THIRD_GROUP LAST_GROUP
        "add %[w], %[w], #256\n"
        "add %[q0], %[q0], #16\n add %[q1], %[q1], #16\n add %[q2], %[q2], #16\n add %[q3], %[q3], #16\n"
        "subs %[loads], %[loads], #1\n"
        "b.ne 2b\n"
        "3:\n"
        "cbz %[groups], 4f\n"
        PLAIN_GROUP(0, 16)
        "cmp %[groups], #2\n"
        "b.lt 4f\n"
        PLAIN_GROUP(64, 32)
        "b.eq 4f\n"
        PLAIN_GROUP(128, 48)
        "4:\n"
        "add %[w], %[w], %[groups], lsl #6\n"
        "subs %[count], %[count], #1\n"
        "b.ne 1b\n"
        FINISH
        STORE(16, 17, 18, 19, 0) STORE(20, 21, 22, 23, 64) STORE(24, 25, 26, 27, 128) STORE(28, 29, 30, 31, 192)
        // clang-format on
        : [q0] "=&r"(q0), [q1] "=&r"(q1), [q2] "=&r"(q2), [q3] "=&r"(q3), [loads] "=&r"(loads), [at] "=&r"(at), [w] "+r"(weights),
          [offset] "+r"(offset), [count] "+r"(count)
        : [p0] "r"(in[0]), [p1] "r"(in[1]), [p2] "r"(in[2]), [p3] "r"(in[3]), [bias] "r"(bias), [acc] "r"(acc), [pick] "r"(pick),
          [all_loads] "r"(stretches.loads), [groups] "r"(stretches.groups)
        : "memory", "cc", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17",
          "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
  }

  static void one(const uint8_t* in, const Stretches& stretches, const uint8_t* weights, const int32_t* bias, int32_t* acc) {
    int32x4_t sums[4] = {vld1q_s32(bias), vld1q_s32(bias + 4), vld1q_s32(bias + 8), vld1q_s32(bias + 12)};
    const auto* w = reinterpret_cast<const int8_t*>(weights);
    const int64_t groups = stretches.loads * groups_a_load + stretches.groups;
    for (int64_t s = 0; s < stretches.count; s++) {
      const uint8_t* at = in + stretches.offsets[s];
      for (int64_t g = 0; g < groups; g++, at += group_inputs, w += group_bytes) {
        uint32_t four;
        std::memcpy(&four, at, sizeof four);
        four ^= 0x80808080u;
        const int8x8_t first = vreinterpret_s8_u16(vdup_n_u16(static_cast<uint16_t>(four)));
        const int8x8_t second = vreinterpret_s8_u16(vdup_n_u16(static_cast<uint16_t>(four >> 16)));
        for (int j = 0; j < 4; j++) {
          const int8x16_t both = vld1q_s8(w + 16 * j);
          sums[j] = vpadalq_s16(sums[j], vmlal_s8(vmull_s8(vget_low_s8(both), first), vget_high_s8(both), second));
        }
      }
    }
    for (int j = 0; j < 4; j++) vst1q_s32(acc + 4 * j, sums[j]);
  }
};

}  // namespace

extern const ProgramKernels program_neon;
const ProgramKernels program_neon = neon_kernels<Pairs>();

}  // namespace ocellus
