// Files that were changed on purpose: each is refused with a text, or runs within its memory. The sanitizers look on.
#include <cstdlib>

#include "program_floats_case.h"

using namespace check;
using namespace ocellus;

namespace {

constexpr ProgramOp ops[] = {ProgramOp::conv,           ProgramOp::depthwise,       ProgramOp::max_pool, ProgramOp::average_pool,
                             ProgramOp::resize_nearest, ProgramOp::resize_bilinear, ProgramOp::add,      ProgramOp::multiply,
                             ProgramOp::requantise,     ProgramOp::table,           ProgramOp::dequantise};

Made valid(Random& random) {
  if (random.between(0, 3) == 0) {
    return FloatCaseMaker(random).make(float_ops[random.between(0, float_op_count - 1)], static_cast<uint32_t>(random.between(1, 70)));
  }
  Case c{ops[random.between(0, 10)]};
  const bool convolves = c.op == ProgramOp::conv || c.op == ProgramOp::depthwise;
  if (convolves) {
    c.epilogue = static_cast<ProgramEpilogue>(random.between(0, 6));
    c.residual = (c.epilogue == ProgramEpilogue::linear || c.epilogue == ProgramEpilogue::silu) && random.between(0, 1) == 0;
    c.kh = c.kw = random.between(0, 1) == 0 ? 1 : 3;
  }
  c.cin = c.cout = static_cast<uint32_t>(random.between(1, 70));
  if (c.op == ProgramOp::conv) c.cout = static_cast<uint32_t>(random.between(1, 70));
  if (c.op == ProgramOp::resize_bilinear) c.kh = c.kw = 2;
  c.h = static_cast<uint32_t>(random.between(3, 9));
  c.w = static_cast<uint32_t>(random.between(3, 9));
  c.in_halo = c.out_halo = static_cast<uint32_t>(random.between(0, 2));
  c.before = static_cast<uint32_t>(random.between(0, 9));
  c.behind = static_cast<uint32_t>(random.between(0, 9));
  return CaseMaker(c, random).make();
}

/// A value that somebody who wants to do harm, or a bit that fell over, would put there.
uint64_t odd_value(Random& random, uint64_t now, size_t bytes) {
  constexpr uint64_t some[] = {0, 1, 2, 3, 4, 5, 63, 64, 65, 127, 128, 255, 256, 4096, 4097, 16384, 16385, 65535, 0x7fffffff, 0x80000000, 0xffffffff,
                               0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffc0, 0xffffffffffffffff};
  switch (random.between(0, 4)) {
    case 0:
      return some[random.between(0, 24)];
    case 1:
      return now + static_cast<uint64_t>(random.between(-3, 3));
    case 2:
      return now + static_cast<uint64_t>(64 * random.between(-3, 3));
    case 3:
      return now ^ (1ull << random.between(0, static_cast<int64_t>(8 * bytes - 1)));
    default:
      return random.next();
  }
}

void change(std::vector<uint8_t>& bytes, size_t from, size_t to, Random& random) {
  constexpr size_t sizes[] = {1, 2, 4, 8};
  const size_t size = sizes[random.between(0, 3)];
  if (to - from < size) return;
  const size_t at = from + static_cast<size_t>(random.between(0, static_cast<int64_t>((to - from) / size) - 1)) * size;
  uint64_t value = 0;
  std::memcpy(&value, bytes.data() + at, size);
  value = odd_value(random, value, size);
  std::memcpy(bytes.data() + at, &value, size);
}

/// How long a run would take, in about nanoseconds of the scalar kernels.
double work_of(const Program& program) {
  double work = 0;
  for (size_t i = 0; i < program.step_count(); i++) {
    const Step& step = program.step(i);
    double each = std::max(1, step.kh) * static_cast<double>(std::max(1, step.kw));
    if (step.op == ProgramOp::conv || step.op == ProgramOp::matmul || step.op == ProgramOp::conv_float) each *= step.in.channels;
    work += each * step.out.h * step.out.w * step.out.channels;
  }
  return work;
}

struct Tried {
  long refused = 0;
  long ran = 0;
};

void attempt(const std::vector<uint8_t>& bytes, const Table& table, Tried& tried) {
  Program program;
  ProgramError error;
  // A copy without room behind it, so that a read past the end is seen.
  std::vector<uint8_t> file(bytes);
  file.shrink_to_fit();
  if (!program.load(file.data(), file.size(), *table.program, *table_of(Isa::scalar).program, 1, error)) {
    tried.refused++;
    expect(std::strlen(error.text) > 20, "a text for a file that is refused", table.isa, file.size());
    return;
  }
  if (program.arena_bytes() > (8u << 20) || work_of(program) > 2e6) return;
  std::vector<std::vector<uint8_t>> memory(program.tensor_count());
  std::vector<const uint8_t*> inputs(program.tensor_count());
  for (size_t i = 0; i < memory.size(); i++) {
    if (program.tensor(i).direction == static_cast<uint16_t>(ProgramDirection::output)) continue;
    if (tensor_bytes(program.tensor(i)) > (8u << 20)) return;
    memory[i].assign(tensor_bytes(program.tensor(i)), 77);
    inputs[i] = memory[i].data();
  }
  program.run(inputs.data(), nullptr);
  tried.ran++;
}

}  // namespace

void check_hostile_programs() {
  const char* asked = std::getenv("OCELLUS_FUZZ_SEED");
  Random random(asked != nullptr ? static_cast<uint64_t>(std::atoll(asked)) : 9);
  const char* often = std::getenv("OCELLUS_FUZZ_FILES");
  const int files = often != nullptr ? std::atoi(often) : 3000;
  Tried tried;
  for (int i = 0; i < files; i++) {
    std::vector<uint8_t> bytes = valid(random).file;
    const ProgramHeader header = *reinterpret_cast<const ProgramHeader*>(bytes.data());
    for (int64_t changes = random.between(1, 3); changes > 0; changes--) {
      switch (random.between(0, 7)) {
        case 0:
          change(bytes, 8, sizeof header, random);
          break;
        case 1:
          change(bytes, sizeof header, bytes.size(), random);
          break;
        case 2:
          change(bytes, header.tensors_offset, header.tensors_offset + header.tensor_count * sizeof(ProgramTensor), random);
          break;
        case 3:
        case 4:
          change(bytes, header.views_offset, header.views_offset + header.view_count * sizeof(ProgramView), random);
          break;
        default: {
          // The last step is the one that is not an input.
          const size_t last = header.steps_offset + (header.step_count - 1) * sizeof(ProgramStep);
          change(bytes, random.between(0, 1) == 0 ? header.steps_offset : last, last + sizeof(ProgramStep), random);
        }
      }
    }
    // What was cut, and what was not meant: the checksum finds it.
    if (random.between(0, 9) == 0) bytes.resize(static_cast<size_t>(random.between(0, static_cast<int64_t>(bytes.size()))));
    if (random.between(0, 9) > 0 && bytes.size() >= sizeof header) ProgramFileMaker::seal(bytes);
    for (const Isa isa : isas) {
      if (is_offered(isa) && is_wanted(isa) && table_of(isa).program_isa == isa) attempt(bytes, table_of(isa), tried);
    }
  }
  expect(tried.refused > files / 4, "hostile files: some are refused", Isa::scalar, static_cast<size_t>(tried.refused));
  expect(tried.ran > files / 50, "hostile files: some are harmless", Isa::scalar, static_cast<size_t>(tried.ran));
  std::printf("hostile programs: %ld refused, %ld ran\n", tried.refused, tried.ran);
}
