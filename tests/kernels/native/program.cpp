#include "program/program.h"
#include "program_case.h"
#include "program_floats_case.h"

using namespace check;
using namespace ocellus;

namespace {

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

/// Pictures so large that 3 x 3 kernels are computed by another algorithm, with tiles at the edges that are not whole.
void check_large_convolutions(Random& random) {
  for (const Ending ending : endings) {
    for (const uint32_t cin : {12, 16, 23, 32, 70, 128}) {
      Case c{ProgramOp::conv};
      c.epilogue = ending.epilogue;
      c.residual = ending.residual;
      c.cin = cin;
      c.cout = static_cast<uint32_t>(random.between(12, 70));
      c.kh = c.kw = 3;
      c.h = static_cast<uint32_t>(random.between(24, 29));
      c.w = static_cast<uint32_t>(random.between(24, 29));
      around(c, random);
      compare(c, random);
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

void check_floats(Random& random) {
  for (const ProgramOp op : float_ops) {
    for (const uint32_t channels : {1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 36, 64, 67, 80, 100, 130}) {
      for (int i = 0; i < 8; i++) {
        const Made made = FloatCaseMaker(random).make(op, channels);
        std::vector<uint8_t> expected, got;
        bool native = false;
        const bool loaded = run(made, table_of(Isa::scalar), expected, native);
        expect(loaded, "program on floats, load", Isa::scalar, static_cast<size_t>(op));
        if (!loaded) continue;
        each_variant("program", &Table::program_isa, [&](const Table& table) {
          char what[80];
          std::snprintf(what, sizeof what, "program on floats, op %d, channels", static_cast<int>(op));
          const auto threads = static_cast<size_t>(i == 0 ? random.between(2, 5) : 1);
          expect(run(made, table, got, native, threads) && got == expected, what, table.isa, channels);
        });
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

/// The caller's picture in both layouts, whole and with 2 x 2 pixels as one, into pixels of any size.
void check_inputs(Random& random) {
  for (const uint32_t width : {1, 2, 3, 4, 5, 6, 7, 9, 13, 30}) {
    for (const uint32_t channels : {1, 3, 4, 17}) {
      for (const bool blocks : {false, true}) {
        for (const bool planes : {false, true}) {
          for (const uint32_t spare : {0, 1, 5}) {
            ProgramFileMaker maker;
            const uint32_t h = 3, own = channels * (blocks ? 4 : 1), all = own + spare;
            const Place place = maker.place(h, width, all, 1);
            const uint64_t zeros = maker.constant(noise(random, all));
            const uint32_t whole = maker.view(place, 0, all, ProgramElement::uint8, zeros);
            const uint32_t view = maker.view(place, spare / 2, own, ProgramElement::uint8, zeros);
            const uint32_t filling = maker.tensor("noise", ProgramDirection::input, ProgramElement::uint8, {1, h, width, all});
            maker.add(ProgramFileMaker::step(ProgramOp::input, filling, whole), "fill");
            const uint32_t times = blocks ? 2 : 1;
            const std::vector<uint32_t> dims = planes ? std::vector<uint32_t>{1, channels, times * h, times * width}
                                                      : std::vector<uint32_t>{1, times * h, times * width, channels};
            ProgramStep step = ProgramFileMaker::step(ProgramOp::input, maker.tensor("picture", ProgramDirection::input, ProgramElement::uint8, dims), view);
            step.flags = static_cast<uint16_t>((planes ? program_nchw : 0) | (blocks ? program_space_to_depth : 0));
            for (uint8_t& at : step.order) at = blocks ? static_cast<uint8_t>(random.between(0, 1)) : 0;
            maker.add(step, "take");
            maker.tensor("arena", ProgramDirection::output, ProgramElement::uint8, {1, static_cast<uint32_t>(maker.arena_bytes() - 128)}, 64);
            const Made made = {maker.file(), {noise(random, static_cast<size_t>(h) * width * all), noise(random, static_cast<size_t>(h) * width * own)}};
            std::vector<uint8_t> expected, got;
            bool native = false;
            expect(run(made, table_of(Isa::scalar), expected, native), "program input", Isa::scalar, width);
            each_variant("program", &Table::program_isa, [&](const Table& table) {
              expect(run(made, table, got, native) && got == expected, "program input", table.isa, width);
            });
          }
        }
      }
    }
  }
}

}  // namespace

void check_program() {
  Random random(7);
  check_convolutions(random);
  check_large_convolutions(random);
  check_depthwise(random);
  check_others(random);
  check_inputs(random);
  check_floats(random);
  check_silu();
}
