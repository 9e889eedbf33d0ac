// For processors with the dot-product extension (Cortex-A55, A76 and later).
#include "program/neon_conv.h"
#include "program/neon_depthwise.h"
#include "program/neon_simple.h"

namespace ocellus {
namespace {

// clang-format off
// Of the tile below: the sums of pixel j are v(8 + 4j) to v(11 + 4j), its inputs v(j); weights come to v6 and v7 in turns.
#define PRODUCTS(w, lane, a, b, c, d, e, f)      \
  "sdot " a ".4s, " w ".16b, v0.4b[" lane "]\n" \
  "sdot " b ".4s, " w ".16b, v1.4b[" lane "]\n" \
  "sdot " c ".4s, " w ".16b, v2.4b[" lane "]\n" \
  "sdot " d ".4s, " w ".16b, v3.4b[" lane "]\n" \
  "sdot " e ".4s, " w ".16b, v4.4b[" lane "]\n" \
  "sdot " f ".4s, " w ".16b, v5.4b[" lane "]\n"
#define QUARTER0(w, lane) PRODUCTS(w, lane, "v8", "v12", "v16", "v20", "v24", "v28")
#define QUARTER1(w, lane) PRODUCTS(w, lane, "v9", "v13", "v17", "v21", "v25", "v29")
#define QUARTER2(w, lane) PRODUCTS(w, lane, "v10", "v14", "v18", "v22", "v26", "v30")
#define QUARTER3(w, lane) PRODUCTS(w, lane, "v11", "v15", "v19", "v23", "v27", "v31")
// Offsets rather than pointers that move with each load: those take a second unit, and an order in which results are written.
#define WEIGHTS(w, at) "ldr q" #w ", [%[w], #" at "]\n"
#define INPUTS(j, at) "ldr q" #j ", [%[q" #j "], #" #at "]\n"
// Four inputs of each pixel; their weights lie `at` bytes on. v6 has the first ones already, and those of the next group at the
// end.
#define GROUP(lane, at)                                         \
  WEIGHTS(7, #at " + 16") QUARTER0("v6", lane)                  \
  WEIGHTS(6, #at " + 32") QUARTER1("v7", lane)                  \
  WEIGHTS(7, #at " + 48") QUARTER2("v6", lane)                  \
  WEIGHTS(6, #at " + 64") QUARTER3("v7", lane)
// The last four, while the next sixteen inputs are loaded.
#define LAST_GROUP                                              \
  WEIGHTS(7, "208") QUARTER0("v6", "3")                         \
  WEIGHTS(6, "224") QUARTER1("v7", "3")                         \
  WEIGHTS(7, "240") QUARTER2("v6", "3")                         \
  WEIGHTS(6, "256")                                             \
  "sdot v11.4s, v7.16b, v0.4b[3]\n" INPUTS(0, 16)               \
  "sdot v15.4s, v7.16b, v1.4b[3]\n" INPUTS(1, 16)               \
  "sdot v19.4s, v7.16b, v2.4b[3]\n" INPUTS(2, 16)               \
  "sdot v23.4s, v7.16b, v3.4b[3]\n" INPUTS(3, 16)               \
  "sdot v27.4s, v7.16b, v4.4b[3]\n" INPUTS(4, 16)               \
  "sdot v31.4s, v7.16b, v5.4b[3]\n" INPUTS(5, 16)
// Unsigned to signed: less 128. That is loaded, since a constant of the instruction itself would take a unit that computes.
#define SIGNED                          \
  "ldr q7, [%[half]]\n"                 \
  "eor v0.16b, v0.16b, v7.16b\n"        \
  "eor v1.16b, v1.16b, v7.16b\n"        \
  "eor v2.16b, v2.16b, v7.16b\n"        \
  "eor v3.16b, v3.16b, v7.16b\n"        \
  "eor v4.16b, v4.16b, v7.16b\n"        \
  "eor v5.16b, v5.16b, v7.16b\n"
#define BIAS(a, b, c, d)                                                        \
  "ldr q" #a ", [%[bias]]\n ldr q" #b ", [%[bias], #16]\n"                      \
  "ldr q" #c ", [%[bias], #32]\n ldr q" #d ", [%[bias], #48]\n"
#define STORE(a, b, c, d, at)                                                   \
  "stp q" #a ", q" #b ", [%[acc], #" #at "]\n stp q" #c ", q" #d ", [%[acc], #" #at " + 32]\n"
// clang-format on

struct alignas(16) Half {
  uint8_t lanes[16];
};

/// Four products of each lane in one instruction.
struct DotProduct {
  static constexpr int32_t pixels = 6;
  static constexpr bool prefers_small = true;

  static size_t place(int32_t output, int32_t input) { return static_cast<size_t>(output * group_inputs + input); }

  /// In assembly, since it needs all 32 registers: compilers put some of them into memory.
  static void tile(const uint8_t* const* in, const Stretches& stretches, const uint8_t* weights, const int32_t* bias, int32_t* acc) {
    const uint8_t *q0, *q1, *q2, *q3, *q4, *q5;
    const int64_t* offset = stretches.offsets;
    int64_t count = stretches.count;
    int64_t loads, at;
    static constexpr Half half = {{128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128}};
    asm volatile(
        // clang-format off
        BIAS(8, 9, 10, 11) BIAS(12, 13, 14, 15) BIAS(16, 17, 18, 19)
        BIAS(20, 21, 22, 23) BIAS(24, 25, 26, 27) BIAS(28, 29, 30, 31)
        WEIGHTS(6, "0")
        "1:\n"
        "ldr %[at], [%[offset]], #8\n"
        "add %[q0], %[p0], %[at]\n" INPUTS(0, 0)
        "add %[q1], %[p1], %[at]\n" INPUTS(1, 0)
        "add %[q2], %[p2], %[at]\n" INPUTS(2, 0)
        "add %[q3], %[p3], %[at]\n" INPUTS(3, 0)
        "add %[q4], %[p4], %[at]\n" INPUTS(4, 0)
        "add %[q5], %[p5], %[at]\n" INPUTS(5, 0)
        "mov %[loads], %[all_loads]\n"
        "cbz %[loads], 3f\n"
        "2:\n"
        SIGNED GROUP("0", 0) GROUP("1", 64) GROUP("2", 128) LAST_GROUP
        "add %[w], %[w], #256\n"
        "add %[q0], %[q0], #16\n add %[q1], %[q1], #16\n add %[q2], %[q2], #16\n"
        "add %[q3], %[q3], #16\n add %[q4], %[q4], #16\n add %[q5], %[q5], #16\n"
        "subs %[loads], %[loads], #1\n"
        "b.ne 2b\n"
        "3:\n"
        "cbz %[groups], 4f\n"
        SIGNED GROUP("0", 0)
        "cmp %[groups], #2\n"
        "b.lt 4f\n"
        GROUP("1", 64)
        "b.eq 4f\n"
        GROUP("2", 128)
        "4:\n"
        "add %[w], %[w], %[groups], lsl #6\n"
        "subs %[count], %[count], #1\n"
        "b.ne 1b\n"
        STORE(8, 9, 10, 11, 0) STORE(12, 13, 14, 15, 64) STORE(16, 17, 18, 19, 128)
        STORE(20, 21, 22, 23, 192) STORE(24, 25, 26, 27, 256) STORE(28, 29, 30, 31, 320)
        // clang-format on
        : [q0] "=&r"(q0), [q1] "=&r"(q1), [q2] "=&r"(q2), [q3] "=&r"(q3), [q4] "=&r"(q4), [q5] "=&r"(q5), [loads] "=&r"(loads),
          [at] "=&r"(at), [w] "+r"(weights), [offset] "+r"(offset), [count] "+r"(count)
        : [p0] "r"(in[0]), [p1] "r"(in[1]), [p2] "r"(in[2]), [p3] "r"(in[3]), [p4] "r"(in[4]), [p5] "r"(in[5]),
          [half] "r"(&half), [bias] "r"(bias), [acc] "r"(acc), [all_loads] "r"(stretches.loads), [groups] "r"(stretches.groups)
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
        const int8x16_t x = vreinterpretq_s8_u32(vdupq_n_u32(four ^ 0x80808080u));
        for (int j = 0; j < 4; j++) sums[j] = vdotq_s32(sums[j], vld1q_s8(w + 16 * j), x);
      }
    }
    for (int j = 0; j < 4; j++) vst1q_s32(acc + 4 * j, sums[j]);
  }
};

}  // namespace

extern const ProgramKernels program_neon_dotprod;
const ProgramKernels program_neon_dotprod = neon_kernels<DotProduct>();

}  // namespace ocellus
