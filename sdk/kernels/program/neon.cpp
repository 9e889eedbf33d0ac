// For processors without the dot-product extension (Cortex-A53, A72).
#include "program/neon_conv.h"
#include "program/neon_depthwise.h"
#include "program/neon_simple.h"

namespace ocellus {
namespace {

// clang-format off
// Of the tile below: the sums of pixel j are v(16 + 4j) to v(19 + 4j), its sixteen inputs v(j). Four of them, each pair four
// times, come to v4 and v5 in turns: v14 says which. v6 to v9 are weights of four inputs and sixteen outputs.
#define PICK(to, from) "tbl " to ".16b, {" from ".16b}, v14.16b\n"
#define FIRST(x)                              \
  "smull v10.8h, v6.8b, " x ".8b\n"           \
  "smull v11.8h, v7.8b, " x ".8b\n"           \
  "smull v12.8h, v8.8b, " x ".8b\n"           \
  "smull v13.8h, v9.8b, " x ".8b\n"
#define SECOND(x)                             \
  "smlal2 v10.8h, v6.16b, " x ".16b\n"        \
  "smlal2 v11.8h, v7.16b, " x ".16b\n"        \
  "smlal2 v12.8h, v8.16b, " x ".16b\n"        \
  "smlal2 v13.8h, v9.16b, " x ".16b\n"
// The same while the weights of the next group are loaded.
#define SECOND_AND_LOAD(x)                                              \
  "smlal2 v10.8h, v6.16b, " x ".16b\n ldr q6, [%[w]], #16\n"            \
  "smlal2 v11.8h, v7.16b, " x ".16b\n ldr q7, [%[w]], #16\n"            \
  "smlal2 v12.8h, v8.16b, " x ".16b\n ldr q8, [%[w]], #16\n"            \
  "smlal2 v13.8h, v9.16b, " x ".16b\n ldr q9, [%[w]], #16\n"
#define SUM(a, b, c, d)                       \
  "sadalp " a ".4s, v10.8h\n"                 \
  "sadalp " b ".4s, v11.8h\n"                 \
  "sadalp " c ".4s, v12.8h\n"                 \
  "sadalp " d ".4s, v13.8h\n"
#define SUM0 SUM("v16", "v17", "v18", "v19")
#define SUM1 SUM("v20", "v21", "v22", "v23")
#define SUM2 SUM("v24", "v25", "v26", "v27")
#define SUM3 SUM("v28", "v29", "v30", "v31")
#define NEXT_GROUP "add v14.16b, v14.16b, v15.16b\n"
#define NOTHING ""
// Four inputs of each pixel; v4 has the first pixel's. Behind the last use of a pixel's inputs comes `after`.
#define GROUP(after0, after1, after2, after3)                           \
  FIRST("v4") PICK("v5", "v1") after1 SECOND("v4") SUM0                 \
  FIRST("v5") PICK("v4", "v2") after2 SECOND("v5") SUM1                 \
  FIRST("v4") PICK("v5", "v3") after3 SECOND("v4") SUM2                 \
  FIRST("v5") NEXT_GROUP SECOND_AND_LOAD("v5") PICK("v4", "v0") after0 SUM3
#define PLAIN_GROUP GROUP(NOTHING, NOTHING, NOTHING, NOTHING)
// The last but one picks the last four of pixel 0, so that its next sixteen can be loaded.
#define THIRD_GROUP GROUP("ldr q0, [%[q0]], #16\n", NOTHING, NOTHING, NOTHING)
#define LAST_GROUP GROUP(NOTHING, "ldr q1, [%[q1]], #16\n", "ldr q2, [%[q2]], #16\n", "ldr q3, [%[q3]], #16\n")
// Unsigned to signed, less 128, and back to the first group.
#define SIGNED                          \
  "movi v10.16b, #128\n"                \
  "ldr q14, [%[pick]]\n"                \
  "eor v0.16b, v0.16b, v10.16b\n"       \
  "eor v1.16b, v1.16b, v10.16b\n"       \
  "eor v2.16b, v2.16b, v10.16b\n"       \
  "eor v3.16b, v3.16b, v10.16b\n"       \
  PICK("v4", "v0")
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
    static const uint8_t pick[16] = {0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 2, 3};
    const uint8_t *q0, *q1, *q2, *q3;
    const int64_t* offset = stretches.offsets;
    int64_t count = stretches.count;
    int64_t loads, at;
    asm volatile(
        // clang-format off
        BIAS(16, 17, 18, 19) BIAS(20, 21, 22, 23) BIAS(24, 25, 26, 27) BIAS(28, 29, 30, 31)
        "movi v15.16b, #4\n"
        "ldr q6, [%[w]], #16\n ldr q7, [%[w]], #16\n ldr q8, [%[w]], #16\n ldr q9, [%[w]], #16\n"
        "1:\n"
        "ldr %[at], [%[offset]], #8\n"
        "add %[q0], %[p0], %[at]\n ldr q0, [%[q0]], #16\n"
        "add %[q1], %[p1], %[at]\n ldr q1, [%[q1]], #16\n"
        "add %[q2], %[p2], %[at]\n ldr q2, [%[q2]], #16\n"
        "add %[q3], %[p3], %[at]\n ldr q3, [%[q3]], #16\n"
        "mov %[loads], %[all_loads]\n"
        "cbz %[loads], 3f\n"
        "2:\n"
        SIGNED PLAIN_GROUP PLAIN_GROUP THIRD_GROUP LAST_GROUP
        "subs %[loads], %[loads], #1\n"
        "b.ne 2b\n"
        "3:\n"
        "cbz %[groups], 4f\n"
        SIGNED PLAIN_GROUP
        "cmp %[groups], #2\n"
        "b.lt 4f\n"
        PLAIN_GROUP
        "b.eq 4f\n"
        PLAIN_GROUP
        "4:\n"
        "subs %[count], %[count], #1\n"
        "b.ne 1b\n"
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
