// Convolutions on tiles (AMX): an instruction adds the products of up to 16 pixels, 64 input bytes and 16 output channels to a tile of
// 16 x 16 sums. Two groups of pixels meet two vectors of channels, so that each tile that is read is used twice. The sums go by way of
// memory to the epilogues of the vectors.
#pragma once

#include "program/x86_conv.h"

namespace ocellus {
namespace {

/// What the tile registers hold, as the processor wants it.
struct alignas(64) TileShapes {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
};
static_assert(sizeof(TileShapes) == 64, "of the processor");

/// What lies first in the packed memory.
struct TilePlan {
  /// A window's inputs are read in runs, as in ConvPlan, and each run in `pieces` of `quads` times four bytes.
  uint32_t run_rows, run_columns, pieces, quads;
  /// The output as `rows` of `columns` pixels, each divided into `strips` of at most `pixels`.
  uint32_t rows, columns, strips, pixels;
  uint32_t block_count;
  uint32_t reserved;
  uint64_t bytes;
  ConvBlock blocks[(program_most_channels + 15) / 16];
};

/// Convolution on tiles with the plans and epilogues of `Direct`, of vectors of 512 bits.
template <class V, class Direct>
struct ConvOnTiles {
  using I = typename V::I;
  static constexpr size_t most_pixels = 16;
  static constexpr size_t most_quads = 16;
  /// Groups of pixels that are computed at once.
  static constexpr size_t groups = 2;

  /// Where it pays: tiles that are partly filled, and sums long enough that what is saved outweighs the way by memory.
  static bool takes(const Step& step) {
    TilePlan plan;
    shape_of(step, plan);
    return plan.pixels >= 4 && step.kh * step.kw * step.in.channels >= 32;
  }

  static void shape_of(const Step& step, TilePlan& plan) {
    const bool joined = Direct::is_joined(step);
    const auto run = static_cast<uint32_t>(joined ? step.kw * step.in.channels : step.in.channels);
    const uint32_t quads = (run + 3) / 4;
    plan.run_rows = static_cast<uint32_t>(step.kh);
    plan.run_columns = joined ? 1 : static_cast<uint32_t>(step.kw);
    // Pieces alike: they overlap what lies behind the run by less than 64 bytes, whose weights are 0.
    plan.pieces = (quads + most_quads - 1) / most_quads;
    plan.quads = (quads + plan.pieces - 1) / plan.pieces;
    const bool flat = Direct::is_flat(step);
    plan.rows = flat ? 1 : static_cast<uint32_t>(step.out.h);
    plan.columns = static_cast<uint32_t>(flat ? step.out.h * step.out.w : step.out.w);
    plan.strips = (plan.columns + most_pixels - 1) / most_pixels;
    plan.pixels = (plan.columns + plan.strips - 1) / plan.strips;
    plan.block_count = 0;
    uint64_t at = (sizeof(TilePlan) + 63) / 64 * 64;
    const auto channels = static_cast<uint32_t>(step.out.channels);
    for (uint32_t from = 0; from < channels;) {
      const uint32_t vectors = (channels - from + V::lanes - 1) / V::lanes;
      ConvBlock& block = plan.blocks[plan.block_count++];
      block.nv = vectors >= 4 ? 4 : vectors >= 2 ? 2 : 1;
      block.from = from;
      const auto capacity = static_cast<uint32_t>(V::lanes) * block.nv;
      block.count = channels - from < capacity ? channels - from : capacity;
      block.weights = at;
      at += static_cast<uint64_t>(plan.run_rows) * plan.run_columns * plan.pieces * plan.quads * block.nv * V::bytes;
      block.constants = at;
      at += block.nv == 4 ? sizeof(Constants<V, 4>) : block.nv == 2 ? sizeof(Constants<V, 2>) : sizeof(Constants<V, 1>);
      from += block.count;
    }
    plan.bytes = at;
  }

  static size_t packed_bytes(const Step& step) {
    TilePlan plan;
    shape_of(step, plan);
    return plan.bytes;
  }

  /// In the order in which they are read: two vectors of channels (one, where there is one), run by run, piece by piece; of each the
  /// one vector's quads, then the other's.
  template <size_t NV>
  static void pack_block(const Step& step, const TilePlan& plan, const ConvBlock& block, uint8_t* packed) {
    constexpr size_t together = NV < 2 ? 1 : 2;
    const bool floats = writes_floats(finish_of(step));
    const size_t each = static_cast<size_t>(step.kh) * step.kw * step.in.channels;
    const size_t runs = static_cast<size_t>(plan.run_rows) * plan.run_columns;
    const size_t run = each / runs;
    const size_t tile = plan.quads * V::bytes;
    for (size_t i = 0; i < NV * V::lanes; i++) {
      const size_t v = i / V::lanes, lane = i % V::lanes;
      const size_t channel = channel_of<NV>(v, lane, floats, V::lanes);
      if (channel >= block.count) continue;
      const int8_t* weights = step.weights + (block.from + channel) * each;
      uint8_t* to = packed + block.weights + v / together * runs * plan.pieces * together * tile + v % together * tile + 4 * lane;
      for (size_t r = 0; r < runs; r++, to += plan.pieces * together * tile) {
        for (size_t from = 0; from < run; from += 4) {
          const size_t quad = from / 4;
          std::memcpy(to + quad / plan.quads * together * tile + quad % plan.quads * V::bytes, weights + r * run + from, run - from < 4 ? run - from : 4);
        }
      }
    }
    reinterpret_cast<Constants<V, NV>*>(packed + block.constants)->fill(step, block.from, block.count);
  }

  static void pack(const Step& step, uint8_t* packed) {
    auto& plan = *reinterpret_cast<TilePlan*>(packed);
    shape_of(step, plan);
    for (size_t b = 0; b < plan.block_count; b++) {
      const ConvBlock& block = plan.blocks[b];
      if (block.nv == 4) pack_block<4>(step, plan, block, packed);
      if (block.nv == 2) pack_block<2>(step, plan, block, packed);
      if (block.nv == 1) pack_block<1>(step, plan, block, packed);
    }
  }

  static size_t units(const Step& step) {
    TilePlan plan;
    shape_of(step, plan);
    return units_of(plan).count();
  }

  static BlockUnits units_of(const TilePlan& plan) {
    return {(static_cast<size_t>(plan.rows) * plan.strips + groups - 1) / groups, plan.block_count};
  }

  /// Tiles 0 to 3 are sums, 4 and 5 pixels, 6 and 7 weights.
  static void configure(const TilePlan& plan) {
    TileShapes shapes = {};
    shapes.palette = 1;
    for (size_t i = 0; i < 8; i++) {
      shapes.rows[i] = static_cast<uint8_t>(i < 6 ? plan.pixels : plan.quads);
      shapes.row_bytes[i] = static_cast<uint16_t>(i == 4 || i == 5 ? 4 * plan.quads : V::bytes);
    }
    // Not the intrinsic, which does not say that all of it is read.
    __asm__ volatile("ldtilecfg %0" : : "m"(shapes) : "memory");
  }

  /// The sums of two groups of pixels and NV vectors of channels to `sums`: group by group, `most_pixels` of each.
  template <size_t NV>
  static void sums_of(const TilePlan& plan, const ConvCall& call, const uint8_t* first, const uint8_t* second, uint8_t* sums) {
    constexpr ptrdiff_t pitch = NV * V::bytes;
    constexpr ptrdiff_t group = most_pixels * pitch;
    const auto& c = *static_cast<const Constants<V, NV>*>(call.constants);
    const auto* weights = static_cast<const uint8_t*>(call.weights);
    const auto tile = static_cast<ptrdiff_t>(plan.quads * V::bytes);
    const auto piece_bytes = static_cast<ptrdiff_t>(4 * plan.quads);
    for (size_t v = 0; v < NV; v += 2) {
      // All rows of a tile are the bias.
      const auto* bias = reinterpret_cast<const uint8_t*>(c.bias + V::lanes * v);
      _tile_loadd(0, bias, 0);
      _tile_loadd(2, bias, 0);
      if constexpr (NV > 1) {
        _tile_loadd(1, bias + V::bytes, 0);
        _tile_loadd(3, bias + V::bytes, 0);
      }
      for (size_t row = 0; row < call.run_rows; row++) {
        for (size_t column = 0; column < call.run_columns; column++) {
          ptrdiff_t at = static_cast<ptrdiff_t>(row) * call.run_row + static_cast<ptrdiff_t>(column) * call.run_column;
          for (size_t piece = 0; piece < plan.pieces; piece++, at += piece_bytes) {
            _tile_loadd(6, weights, V::bytes);
            _tile_loadd(4, first + at, call.in_pitch);
            _tile_dpbusd(0, 4, 6);
            _tile_loadd(5, second + at, call.in_pitch);
            _tile_dpbusd(2, 5, 6);
            weights += tile;
            if constexpr (NV > 1) {
              _tile_loadd(7, weights, V::bytes);
              _tile_dpbusd(1, 4, 7);
              _tile_dpbusd(3, 5, 7);
              weights += tile;
            }
          }
        }
      }
      uint8_t* to = sums + v * V::bytes;
      _tile_stored(0, to, pitch);
      _tile_stored(2, to + group, pitch);
      if constexpr (NV > 1) {
        _tile_stored(1, to + V::bytes, pitch);
        _tile_stored(3, to + group + V::bytes, pitch);
      }
    }
  }

  /// A group of pixels of the output.
  struct Group {
    ptrdiff_t y, x;
    size_t pixels;
    /// As many before x are computed with them, but not written: a tile's rows have to be there.
    size_t before;
    const uint8_t* in;

    Group(const Step& step, const TilePlan& plan, size_t index) {
      const size_t strip = index % plan.strips;
      y = static_cast<ptrdiff_t>(index / plan.strips);
      const size_t start = strip * plan.columns / plan.strips;
      pixels = (strip + 1) * plan.columns / plan.strips - start;
      const size_t last = plan.columns - plan.pixels;
      before = start > last ? start - last : 0;
      x = static_cast<ptrdiff_t>(start);
      in = step.in.at(y * step.sh - step.pad_top, static_cast<ptrdiff_t>(start - before) * step.sw - step.pad_left);
    }
  };

  template <size_t NV>
  static void run_block(const Step& step, const TilePlan& plan, const ConvCall& call, size_t channel, size_t from, size_t to) {
    const auto finisher = Direct::template finisher<NV>(finish_of(step));
    const auto offset = static_cast<ptrdiff_t>(channel * (writes_floats(finish_of(step)) ? 4 : 1));
    const size_t all = static_cast<size_t>(plan.rows) * plan.strips;
    // The sums of the next unit are begun before those of this one are finished: tiles and vectors work at the same time.
    alignas(64) I memory[2][groups][most_pixels * NV];
    const auto begin = [&](size_t unit) {
      const Group first(step, plan, unit * groups);
      const Group second(step, plan, unit * groups + 1 < all ? unit * groups + 1 : unit * groups);
      sums_of<NV>(plan, call, first.in, second.in, reinterpret_cast<uint8_t*>(memory[unit % 2]));
    };
    begin(from);
    for (size_t unit = from; unit < to; unit++) {
      if (unit + 1 < to) begin(unit + 1);
      for (size_t g = 0; g < groups && unit * groups + g < all; g++) {
        const Group own(step, plan, unit * groups + g);
        const uint8_t* residual = step.residual ? step.in2.at(own.y, own.x) + offset : nullptr;
        finisher(call, memory[unit % 2][g] + own.before * NV, own.pixels, step.out.at(own.y, own.x) + offset, residual);
      }
    }
  }

  static void run(const Step& step, size_t from, size_t to) {
    const auto& plan = *reinterpret_cast<const TilePlan*>(step.packed);
    const Shared<V> shared(step);
    ConvCall call = {};
    call.shared = &shared;
    call.run_row = step.dh * step.in.row;
    call.run_column = step.dw * step.in.pixel;
    call.run_rows = plan.run_rows;
    call.run_columns = plan.run_columns;
    call.in_pitch = step.sw * step.in.pixel;
    call.out_pitch = step.out.pixel;
    call.residual_pitch = step.residual ? step.in2.pixel : 0;
    configure(plan);
    units_of(plan).each(from, to, [&](size_t b, size_t first, size_t end) {
      const ConvBlock& block = plan.blocks[b];
      call.weights = step.packed + block.weights;
      call.constants = step.packed + block.constants;
      call.count = block.count;
      if (block.nv == 4) run_block<4>(step, plan, call, block.from, first, end);
      if (block.nv == 2) run_block<2>(step, plan, call, block.from, first, end);
      if (block.nv == 1) run_block<1>(step, plan, call, block.from, first, end);
    });
    // Else the system keeps 8 KB of tiles for each thread at every switch.
    _tile_release();
  }

  static constexpr ProgramOperation operation = {pack_by<packed_bytes, pack>, units, run, takes};
};

}  // namespace
}  // namespace ocellus
