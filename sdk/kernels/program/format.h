// The compiled program as a file: a header, steps, views into one arena, the tensors that the caller sees, names, constants.
// Little-endian; every offset counts from the file's start, constants lie at multiples of 64. sdk/core/program/format.ts writes
// it with the same fields. check.cpp says what is allowed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ocellus {

constexpr char program_magic[8] = {'O', 'C', 'E', 'L', 'L', 'U', 'S', 'P'};
constexpr uint32_t program_version = 1;
constexpr uint32_t program_none = 0xffffffffu;
constexpr uint64_t program_callers = 0xffffffffffffffffull;
/// Bytes at the arena's start and end in which no view lies: loads may reach into them.
constexpr uint64_t program_spare = 64;

constexpr uint32_t program_most_side = 16384;
constexpr uint32_t program_most_channels = 4096;
/// Of a view of floats that only operations on floats use.
constexpr uint32_t program_most_float_channels = 1u << 24;
constexpr uint32_t program_most_float_side = 1u << 20;
constexpr uint64_t program_most_arena = 1ull << 30;
constexpr uint32_t program_most_items = 65535;
constexpr uint32_t program_most_kernel = 64;

struct ProgramHeader {
  char magic[8];
  uint32_t version;
  uint32_t header_bytes;
  uint64_t file_bytes;
  /// Of everything after the header, as zlib computes it.
  uint32_t crc32;
  uint32_t step_count;
  uint32_t view_count;
  uint32_t tensor_count;
  uint64_t steps_offset;
  uint64_t views_offset;
  uint64_t tensors_offset;
  uint64_t names_offset;
  uint32_t names_bytes;
  uint32_t reserved0;
  uint64_t arena_bytes;
  uint64_t reserved1;
};
static_assert(sizeof(ProgramHeader) == 96, "part of the format");

enum class ProgramElement : uint16_t { uint8 = 0, float32 = 1 };
enum class ProgramDirection : uint16_t { input = 0, output = 1 };

struct ProgramTensor {
  uint32_t name;
  uint16_t direction;
  uint16_t element;
  uint32_t rank;
  uint32_t dims[6];
  uint32_t zero;
  /// Of outputs; inputs lie in the caller's memory and have `program_callers`.
  uint64_t arena_offset;
  uint64_t reserved[2];
};
static_assert(sizeof(ProgramTensor) == 64, "part of the format");

struct ProgramView {
  /// Of pixel (0, 0), first channel.
  uint64_t arena_offset;
  uint32_t h;
  uint32_t w;
  uint32_t channels;
  /// From one pixel, and from one row, to the next.
  uint32_t pixel_bytes;
  uint32_t row_bytes;
  /// Pixels around the picture that hold the zero points.
  uint16_t halo;
  uint16_t element;
  uint64_t zero_points;
  uint64_t reserved;
};
static_assert(sizeof(ProgramView) == 48, "part of the format");

enum class ProgramOp : uint16_t {
  conv = 1,
  depthwise = 2,
  max_pool = 3,
  average_pool = 4,
  resize_nearest = 5,
  resize_bilinear = 6,
  add = 7,
  multiply = 8,
  requantise = 9,
  table = 10,
  input = 11,
  dequantise = 12,
  quantise = 13,
  constant = 14,
  add_float = 15,
  subtract_float = 16,
  multiply_float = 17,
  divide_float = 18,
  function_float = 19,
  softmax = 20,
  matmul = 21,
  rearrange = 22,
  conv_float = 23,
  depthwise_float = 24,
  max_float = 25,
  min_float = 26,
  argmax = 27,
};
constexpr size_t program_op_count = 28;

/// `e` of a step with the operation function_float.
enum class ProgramFunction : int16_t { sigmoid = 0, exp = 1, silu = 2, hardswish = 3, clip = 4, leaky = 5, sqrt = 6, log = 7 };
constexpr size_t program_function_count = 8;
/// Dimensions of a `rearrange`: triples of axis, size and step, where other operations have their bias.
constexpr size_t program_walk = 8;

enum class ProgramEpilogue : uint16_t {
  linear = 0,
  silu = 1,
  float32 = 2,
  float_sigmoid = 3,
  leaky = 4,
  hardswish = 5,
  sigmoid = 6,
};
constexpr size_t program_epilogue_count = 7;

constexpr uint16_t program_residual = 1;
constexpr uint16_t program_nchw = 2;
constexpr uint16_t program_space_to_depth = 4;
constexpr uint16_t program_flags = 7;

struct ProgramStep {
  uint16_t op;
  uint16_t epilogue;
  uint16_t flags;
  uint16_t reserved0;
  /// Indices of views (of a tensor: `in` of an input step), or `program_none`.
  uint32_t in;
  uint32_t in2;
  uint32_t out;
  uint16_t kh, kw, sh, sw, pad_top, pad_left, dh, dw;
  int16_t e;
  uint16_t rs;
  /// Space to depth: block b takes the pixels (2y + order[2b], 2x + order[2b + 1]).
  uint8_t order[8];
  uint32_t name;
  uint32_t reserved1;
  uint64_t weights, bias, m, m2, k, z, lo, hi, za, zb, rm, table;
  uint64_t macs;
  uint8_t reserved2[32];
};
static_assert(sizeof(ProgramStep) == 192, "part of the format");
static_assert(offsetof(ProgramStep, kh) == 20 && offsetof(ProgramStep, name) == 48 && offsetof(ProgramStep, weights) == 56 &&
                  offsetof(ProgramStep, macs) == 152,
              "part of the format");

}  // namespace ocellus
