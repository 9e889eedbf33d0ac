#include "check.h"

#include <cmath>
#include "program/program.h"
#include "program_file.h"

using namespace check;
using namespace ocellus;

namespace {

std::vector<uint8_t> noise(Random& random, size_t size) {
  std::vector<uint8_t> bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.next() >> 40);
  return bytes;
}

/// One step of any operation between views that are surrounded by other bytes.
struct Case {
  ProgramOp op;
  ProgramEpilogue epilogue = ProgramEpilogue::linear;
  bool residual = false;
  uint32_t h = 5, w = 5, cin = 16, cout = 16;
  uint16_t kh = 1, kw = 1, sh = 1, sw = 1, dh = 1, dw = 1;
  uint16_t pad_top = 0, pad_left = 0;
  uint32_t in_halo = 0, out_halo = 0;
  /// Other channels of the buffer before and behind the view's own.
  uint32_t before = 0, behind = 0;
  /// One pixel as the second operand.
  bool one = false;
  /// Weights and inputs at their extremes.
  bool extreme = false;
};

/// A program of one step, and the bytes that its inputs are given.
struct Made {
  std::vector<uint8_t> file;
  std::vector<std::vector<uint8_t>> inputs;
};

uint32_t out_size(uint32_t in, uint32_t pad, uint32_t halo, uint32_t kernel, uint32_t stride, uint32_t dilation) {
  const int span = static_cast<int>(in + pad + halo) - static_cast<int>((kernel - 1) * dilation + 1);
  return span < 0 ? 0 : static_cast<uint32_t>(span) / stride + 1;
}

class CaseMaker {
 public:
  CaseMaker(const Case& c, Random& random) : case_(c), random_(random) {}

  Made make() {
    const Case& c = case_;
    const bool windowed = c.op == ProgramOp::conv || c.op == ProgramOp::depthwise || c.op == ProgramOp::max_pool || c.op == ProgramOp::average_pool;
    const bool resize = c.op == ProgramOp::resize_nearest || c.op == ProgramOp::resize_bilinear;
    uint32_t oh = c.h, ow = c.w;
    if (windowed) {
      const uint32_t halo = c.op == ProgramOp::max_pool ? c.pad_top : c.in_halo;
      oh = out_size(c.h, c.pad_top, halo, c.kh, c.sh, c.dh);
      ow = out_size(c.w, c.pad_left, halo, c.kw, c.sw, c.dw);
    } else if (resize) {
      oh = c.h * c.kh;
      ow = c.w * c.kw;
    }
    const bool floats = c.op == ProgramOp::dequantise || c.epilogue == ProgramEpilogue::float32 || c.epilogue == ProgramEpilogue::float_sigmoid;
    ProgramStep step = ProgramFileMaker::step(c.op, 0, 0);
    step.epilogue = static_cast<uint16_t>(c.epilogue);
    step.in = filled(c.h, c.w, c.cin, c.in_halo, ProgramElement::uint8);
    if (c.residual || c.op == ProgramOp::add || c.op == ProgramOp::multiply) {
      step.in2 = filled(c.one ? 1 : oh, c.one ? 1 : ow, c.cout, c.residual ? c.out_halo : 0, ProgramElement::uint8);
    }
    step.out = filled(oh, ow, c.cout, floats ? 0 : c.out_halo, floats ? ProgramElement::float32 : ProgramElement::uint8);
    if (c.residual) step.flags |= program_residual;
    if (windowed || resize) {
      step.kh = c.kh;
      step.kw = c.kw;
    }
    if (windowed) {
      step.sh = c.sh;
      step.sw = c.sw;
      step.dh = c.dh;
      step.dw = c.dw;
      step.pad_top = c.pad_top;
      step.pad_left = c.pad_left;
    }
    constants(step);
    maker_.add(step, "case");
    // All of the arena is compared, so that what is written beside a view is seen as well.
    maker_.tensor("arena", ProgramDirection::output, ProgramElement::uint8, {1, static_cast<uint32_t>(maker_.arena_bytes() - 128)}, 64);
    return {maker_.file(), inputs_};
  }

 private:
  /// A view of a buffer all of whose channels an input step fills with noise.
  uint32_t filled(uint32_t h, uint32_t w, uint32_t channels, uint32_t halo, ProgramElement element) {
    const bool floats = element == ProgramElement::float32;
    const uint32_t size = floats ? 4 : 1;
    const uint32_t all = (channels + case_.before + case_.behind) * size;
    const Place place = maker_.place(h, w, all, halo, floats ? 0 : static_cast<uint32_t>(random_.between(0, 3)));
    const uint64_t zeros = maker_.constant(noise(random_, all));
    const uint32_t whole = maker_.view(place, 0, all, ProgramElement::uint8, zeros);
    std::vector<uint8_t> bytes = noise(random_, static_cast<size_t>(h) * w * all);
    if (case_.extreme) {
      for (uint8_t& byte : bytes) byte = random_.between(0, 7) == 0 ? 0 : 255;
    }
    inputs_.push_back(bytes);
    const uint32_t tensor = maker_.tensor("noise", ProgramDirection::input, ProgramElement::uint8, {1, h, w, all});
    maker_.add(ProgramFileMaker::step(ProgramOp::input, tensor, whole), "fill");
    const uint64_t own = halo > 0 ? maker_.constant(noise(random_, channels)) : 0;
    return maker_.view(place, case_.before * size, channels, element, own);
  }

  void constants(ProgramStep& step) {
    const Case& c = case_;
    const size_t n = c.cout;
    double spread = 74;  // of an 8-bit noise
    if (c.op == ProgramOp::conv || c.op == ProgramOp::depthwise) {
      const size_t each = static_cast<size_t>(c.kh) * c.kw * (c.op == ProgramOp::conv ? c.cin : 1);
      std::vector<int8_t> weights(n * each);
      std::vector<int32_t> bias(n);
      const bool same_sign = c.extreme && random_.between(0, 1) == 0;
      for (int8_t& weight : weights) {
        const int64_t value = c.extreme ? (same_sign || random_.between(0, 1) == 0 ? 127 : -127) : random_.between(-127, 127);
        weight = static_cast<int8_t>(value);
      }
      spread = 74.0 * 74.0 * std::sqrt(static_cast<double>(each));
      for (int32_t& value : bias) value = static_cast<int32_t>(static_cast<double>(random_.between(-1000, 1000)) * spread / 500);
      step.weights = maker_.constant(weights);
      step.bias = maker_.constant(bias);
    } else if (c.op == ProgramOp::average_pool) {
      std::vector<int32_t> bias(n);
      for (int32_t& value : bias) value = static_cast<int32_t>(random_.between(-255 * c.kh * c.kw, 255));
      spread *= c.kh * c.kw;
      step.bias = maker_.constant(bias);
    } else if (c.op == ProgramOp::multiply) {
      spread *= 74;
    }
    const bool has_m = c.op == ProgramOp::conv || c.op == ProgramOp::depthwise || c.op == ProgramOp::average_pool || c.op == ProgramOp::add ||
                       c.op == ProgramOp::multiply || c.op == ProgramOp::requantise || c.op == ProgramOp::dequantise;
    // What the epilogue's argument is to be like: levels of the output, or real units.
    const int16_t e = static_cast<int16_t>(random_.between(4, 11));
    double target = 90;
    if (c.epilogue == ProgramEpilogue::silu) target = 3.0 * (1 << e);
    if (floating(c.epilogue)) target = 4;
    if (has_m) step.m = maker_.constant(multipliers(target / spread));
    if (c.epilogue == ProgramEpilogue::leaky) step.m2 = maker_.constant(multipliers(target / spread / 10));
    const auto byte_constant = [&] { return maker_.constant(noise(random_, n)); };
    const bool subtracts = c.op == ProgramOp::add || c.op == ProgramOp::multiply || c.op == ProgramOp::requantise || c.op == ProgramOp::dequantise;
    if (subtracts) step.za = byte_constant();
    if (c.op == ProgramOp::add || c.op == ProgramOp::multiply || c.residual) step.zb = byte_constant();
    if (c.op == ProgramOp::add || (c.residual && c.epilogue == ProgramEpilogue::linear)) step.rm = maker_.constant(multipliers(0.8));
    if (c.epilogue == ProgramEpilogue::silu) {
      step.e = e;
      if (c.residual) step.rs = static_cast<uint16_t>(random_.between(0, 4));
      step.k = maker_.constant(fractions(0, 32767));
      if (c.residual) step.rm = maker_.constant(fractions(-32768, 32767));
    }
    if (c.epilogue == ProgramEpilogue::hardswish || c.epilogue == ProgramEpilogue::sigmoid) step.k = maker_.constant(multipliers(20));
    if (has_m && c.op != ProgramOp::dequantise && c.epilogue != ProgramEpilogue::float32 && c.epilogue != ProgramEpilogue::float_sigmoid) {
      step.z = byte_constant();
      if (c.epilogue == ProgramEpilogue::linear || c.epilogue == ProgramEpilogue::leaky) {
        std::vector<uint8_t> lo(n, 0), hi(n, 255);
        for (size_t i = 0; i < n; i++) {
          if (random_.between(0, 1) == 0) lo[i] = static_cast<uint8_t>(random_.between(0, 130));
          if (random_.between(0, 1) == 0) hi[i] = static_cast<uint8_t>(random_.between(120, 255));
        }
        step.lo = maker_.constant(lo);
        step.hi = maker_.constant(hi);
      }
    }
    if (c.op == ProgramOp::table) step.table = maker_.constant(noise(random_, 256 * n));
  }

  static bool floating(ProgramEpilogue epilogue) {
    return epilogue == ProgramEpilogue::float32 || epilogue == ProgramEpilogue::float_sigmoid || epilogue == ProgramEpilogue::hardswish ||
           epilogue == ProgramEpilogue::sigmoid;
  }

  std::vector<float> multipliers(double size) {
    std::vector<float> values(case_.cout);
    for (float& value : values) {
      value = static_cast<float>(size * static_cast<double>(random_.between(100, 2000)) / 1000);
      if (random_.between(0, 31) == 0) value *= case_.op == ProgramOp::conv ? 30.0f : 3.0f;
      if (random_.between(0, 15) == 0) value = -value;
    }
    return values;
  }

  std::vector<int16_t> fractions(int64_t low, int64_t high) {
    std::vector<int16_t> values(case_.cout);
    for (int16_t& value : values) value = static_cast<int16_t>(random_.between(0, 7) == 0 ? (random_.between(0, 1) == 0 ? low : high) : random_.between(low, high) / 8);
    return values;
  }

  Case case_;
  Random& random_;
  ProgramFileMaker maker_;
  std::vector<std::vector<uint8_t>> inputs_;
};

/// Runs a program of one output, the arena.
bool run(const Made& made, const Table& table, std::vector<uint8_t>& arena, bool& native, size_t threads = 1) {
  Program program;
  ProgramError error;
  if (!program.load(made.file.data(), made.file.size(), *table.program, *table_of(Isa::scalar).program, threads, error)) {
    std::printf("%s\n", error.text);
    return false;
  }
  std::vector<const uint8_t*> inputs(program.tensor_count());
  for (size_t i = 0; i < made.inputs.size(); i++) inputs[i] = made.inputs[i].data();
  program.run(inputs.data(), nullptr);
  const size_t last = program.tensor_count() - 1;
  arena.assign(program.output(last), program.output(last) + tensor_bytes(program.tensor(last)));
  native = program.is_native(program.step_count() - 1);
  return true;
}

void compare(const Case& c, Random& random) {
  const Made made = CaseMaker(c, random).make();
  std::vector<uint8_t> expected;
  bool native = false;
  const bool loaded = run(made, table_of(Isa::scalar), expected, native);
  expect(loaded, "program load", Isa::scalar, c.cout);
  if (!loaded) return;
  each_variant("program", &Table::program_isa, [&](const Table& table) {
    std::vector<uint8_t> got;
    const bool ran = run(made, table, got, native);
    char what[160];
    std::snprintf(what, sizeof what, "program op %d epilogue %d residual %d, %ux%ux%u -> %u, kernel %ux%u stride %u%s", static_cast<int>(c.op),
                  static_cast<int>(c.epilogue), c.residual, c.h, c.w, c.cin, c.cout, c.kh, c.kw, c.sh, native ? "" : " (scalar)");
    expect(ran && got == expected, what, table.isa, c.cout);
    if (random.between(0, 7) > 0) return;
    const auto threads = static_cast<size_t>(random.between(2, 5));
    expect(run(made, table, got, native, threads) && got == expected, "program with threads", table.isa, threads);
  });
}

/// Epilogues with a residual where there is one.
struct Ending {
  ProgramEpilogue epilogue;
  bool residual;
};
constexpr Ending endings[] = {{ProgramEpilogue::linear, false},        {ProgramEpilogue::silu, false},  {ProgramEpilogue::float32, false},
                              {ProgramEpilogue::float_sigmoid, false}, {ProgramEpilogue::leaky, false}, {ProgramEpilogue::hardswish, false},
                              {ProgramEpilogue::sigmoid, false},       {ProgramEpilogue::linear, true}, {ProgramEpilogue::silu, true}};

/// The kernel is what is drawn; everything around it is random.
void around(Case& c, Random& random) {
  c.in_halo = static_cast<uint32_t>(std::max({(c.kh - 1) * c.dh / 2, (c.kw - 1) * c.dw / 2, random.between(0, 3) == 0 ? 1 : 0}));
  c.pad_top = static_cast<uint16_t>(random.between(0, c.in_halo));
  c.pad_left = static_cast<uint16_t>(random.between(0, c.in_halo));
  c.out_halo = static_cast<uint32_t>(random.between(0, 2));
  c.before = static_cast<uint32_t>(random.between(0, 1) == 0 ? 0 : random.between(1, 40));
  c.behind = static_cast<uint32_t>(random.between(0, 1) == 0 ? 0 : random.between(1, 40));
  c.extreme = random.between(0, 5) == 0;
}

void check_convolutions(Random& random) {
  constexpr uint32_t channels[] = {1, 3, 4, 8, 12, 15, 16, 17, 24, 31, 32, 33, 48, 64, 65, 80, 85, 96, 127, 128, 130, 200};
  for (const Ending ending : endings) {
    for (const uint32_t cout : channels) {
      for (const uint32_t width : {1, 2, 3, 5, 6, 7, 8, 9, 13, 16, 17, 26}) {
        Case c{ProgramOp::conv};
        c.epilogue = ending.epilogue;
        c.residual = ending.residual;
        c.cout = cout;
        c.cin = channels[random.between(0, 21)];
        c.h = static_cast<uint32_t>(random.between(1, 4));
        c.w = width;
        const int64_t kind = random.between(0, 5);
        if (kind == 1 || kind == 2) c.kh = c.kw = 3;
        if (kind == 3) {
          c.kh = static_cast<uint16_t>(random.between(1, 5));
          c.kw = static_cast<uint16_t>(random.between(1, 5));
          c.dh = static_cast<uint16_t>(random.between(1, 2));
          c.dw = static_cast<uint16_t>(random.between(1, 2));
        }
        if (random.between(0, 2) == 0) {
          c.sh = static_cast<uint16_t>(random.between(1, 3));
          c.sw = static_cast<uint16_t>(random.between(1, 3));
        }
        c.h += static_cast<uint32_t>((c.kh - 1) * c.dh);
        c.w += static_cast<uint32_t>((c.kw - 1) * c.dw);
        around(c, random);
        compare(c, random);
      }
    }
  }
}

void check_depthwise(Random& random) {
  for (const Ending ending : endings) {
    for (const uint32_t channels : {1, 7, 8, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 80, 96, 100, 128, 144, 200}) {
      for (const uint32_t width : {1, 2, 3, 4, 5, 8, 9, 13, 26}) {
        Case c{ProgramOp::depthwise};
        c.epilogue = ending.epilogue;
        c.residual = ending.residual;
        c.cin = c.cout = channels;
        c.h = static_cast<uint32_t>(random.between(1, 6));
        c.w = width;
        const int64_t kind = random.between(0, 9);
        c.kh = c.kw = static_cast<uint16_t>(kind < 5 ? 3 : kind < 8 ? 5 : random.between(1, 9));
        if (kind == 9) c.kh = static_cast<uint16_t>(random.between(1, 4));
        if (kind == 8) c.dw = c.dh = static_cast<uint16_t>(random.between(1, 2));
        c.sh = c.sw = static_cast<uint16_t>(random.between(1, 2));
        if (random.between(0, 7) == 0) c.sw = static_cast<uint16_t>(random.between(1, 4));
        c.h += static_cast<uint32_t>((c.kh - 1) * c.dh);
        c.w += static_cast<uint32_t>((c.kw - 1) * c.dw);
        around(c, random);
        compare(c, random);
      }
    }
  }
}

void check_others(Random& random) {
  constexpr ProgramOp ops[] = {ProgramOp::max_pool,        ProgramOp::average_pool, ProgramOp::resize_nearest, ProgramOp::resize_bilinear, ProgramOp::add,
                               ProgramOp::multiply,        ProgramOp::requantise,   ProgramOp::table,          ProgramOp::dequantise};
  for (const ProgramOp op : ops) {
    for (const uint32_t channels : {1, 3, 8, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 96, 127, 128, 129, 200}) {
      for (const uint32_t width : {1, 2, 3, 7, 8, 13}) {
        Case c{op};
        c.cin = c.cout = channels;
        c.h = static_cast<uint32_t>(random.between(1, 6));
        c.w = width;
        around(c, random);
        c.pad_top = c.pad_left = 0;
        if (op == ProgramOp::max_pool || op == ProgramOp::average_pool) {
          c.kh = static_cast<uint16_t>(random.between(1, op == ProgramOp::max_pool ? 13 : 3));
          c.kw = static_cast<uint16_t>(random.between(1, op == ProgramOp::max_pool ? 13 : 3));
          c.sh = static_cast<uint16_t>(random.between(1, 2));
          c.sw = static_cast<uint16_t>(random.between(1, 2));
          if (op == ProgramOp::max_pool) {
            c.pad_top = c.pad_left = static_cast<uint16_t>(random.between(0, std::min(c.kh, c.kw) / 2));
          }
          c.h += c.kh;
          c.w += c.kw;
        }
        if (op == ProgramOp::resize_nearest) {
          c.kh = static_cast<uint16_t>(random.between(1, 3));
          c.kw = static_cast<uint16_t>(random.between(1, 3));
        }
        if (op == ProgramOp::resize_bilinear) c.kh = c.kw = 2;
        c.one = op == ProgramOp::multiply && random.between(0, 1) == 0;
        compare(c, random);
      }
    }
  }
}

/// SiLU of every 16-bit number in every unit: the sums of two inputs go through all of them.
void check_silu() {
  struct Channel {
    int32_t bias;
    int16_t k;
    uint8_t z;
  };
  // Fine about zero, where the curve is, then coarser ones over all of it.
  const Channel channels[] = {{-32640, 32767, 255}, {-32640, 8192, 255}, {0, 32767, 0},     {0, 8192, 0},
                              {0, 1024, 0},         {-32768, 8192, 255}, {127, 256, 0},     {-16320, 16384, 128}};
  std::vector<int32_t> bias;
  std::vector<int16_t> k;
  std::vector<uint8_t> z;
  std::vector<int8_t> weights;
  for (const Channel& channel : channels) {
    bias.push_back(channel.bias);
    k.push_back(channel.k);
    z.push_back(channel.z);
    weights.insert(weights.end(), {1, 127});
  }
  std::vector<uint8_t> pairs;
  for (int i = 0; i < 65536; i++) {
    pairs.push_back(static_cast<uint8_t>(i % 256));
    pairs.push_back(static_cast<uint8_t>(i / 256));
  }
  for (int16_t e = 4; e <= 11; e++) {
    ProgramFileMaker maker;
    const Place in = maker.place(256, 256, 2, 0), out = maker.place(256, 256, 8, 0);
    const uint32_t in_view = maker.view(in, 0, 2, ProgramElement::uint8, 0);
    const uint32_t out_view = maker.view(out, 0, 8, ProgramElement::uint8, 0);
    const uint32_t tensor = maker.tensor("pairs", ProgramDirection::input, ProgramElement::uint8, {1, 256, 256, 2});
    maker.add(ProgramFileMaker::step(ProgramOp::input, tensor, in_view), "fill");
    ProgramStep step = ProgramFileMaker::step(ProgramOp::conv, in_view, out_view);
    step.epilogue = static_cast<uint16_t>(ProgramEpilogue::silu);
    step.e = e;
    step.weights = maker.constant(weights);
    step.bias = maker.constant(bias);
    step.m = maker.constant(std::vector<float>(8, 1.0f));
    step.k = maker.constant(k);
    step.z = maker.constant(z);
    maker.add(step, "silu");
    maker.tensor("curve", ProgramDirection::output, ProgramElement::uint8, {1, 256, 256, 8}, out.offset);
    const Made made = {maker.file(), {pairs}};
    std::vector<uint8_t> expected;
    bool native = false;
    expect(run(made, table_of(Isa::scalar), expected, native), "program load", Isa::scalar, 8);
    each_variant("program", &Table::program_isa, [&](const Table& table) {
      std::vector<uint8_t> got;
      expect(run(made, table, got, native) && got == expected, "program SiLU, units of 2^-size", table.isa, static_cast<size_t>(e));
    });
  }
}

/// The caller's picture, in both layouts, whole and in blocks of 2 x 2 in any order; nothing behind it is read.
void check_input(Random& random) {
  for (int i = 0; i < 60; i++) {
    const bool nchw = random.between(0, 1) == 0, blocks = random.between(0, 3) != 0;
    const auto h = static_cast<uint32_t>(random.between(1, 5)), w = static_cast<uint32_t>(random.between(1, 21));
    const uint32_t c = random.between(0, 3) != 0 ? 3 : static_cast<uint32_t>(random.between(1, 20));
    const uint32_t times = blocks ? 2 : 1, channels = c * times * times;
    ProgramFileMaker maker;
    const Place out = maker.place(h, w, channels + static_cast<uint32_t>(random.between(0, 5)), 1);
    const uint32_t view = maker.view(out, 0, channels, ProgramElement::uint8, maker.constant(noise(random, channels)));
    const uint32_t ih = h * times, iw = w * times;
    const uint32_t tensor = maker.tensor("picture", ProgramDirection::input, ProgramElement::uint8,
                                         nchw ? std::vector<uint32_t>{1, c, ih, iw} : std::vector<uint32_t>{1, ih, iw, c});
    ProgramStep step = ProgramFileMaker::step(ProgramOp::input, tensor, view);
    if (nchw) step.flags |= program_nchw;
    if (blocks) {
      step.flags |= program_space_to_depth;
      for (uint8_t& at : step.order) at = static_cast<uint8_t>(random.between(0, 1));
    }
    maker.add(step, "input");
    maker.tensor("arena", ProgramDirection::output, ProgramElement::uint8, {1, static_cast<uint32_t>(maker.arena_bytes() - 128)}, 64);
    const Made made = {maker.file(), {noise(random, static_cast<size_t>(ih) * iw * c)}};
    std::vector<uint8_t> expected;
    bool native = false;
    expect(run(made, table_of(Isa::scalar), expected, native), "program load", Isa::scalar, c);
    each_variant("program", &Table::program_isa, [&](const Table& table) {
      std::vector<uint8_t> got;
      expect(run(made, table, got, native) && got == expected, "program input", table.isa, w);
    });
  }
}

}  // namespace

void check_program() {
  Random random(7);
  check_convolutions(random);
  check_depthwise(random);
  check_others(random);
  check_silu();
  check_input(random);
}
