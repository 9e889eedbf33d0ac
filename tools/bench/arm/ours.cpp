// Does one job of one variant, through the tables that the addon uses, for counting under qemu:
//   ours JOB VARIANT
// Exits with 3 where this processor or this job has no such variant.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "native/table.h"
#include "preprocess/plan.h"
#include "program/program.h"

#include "scene.h"

namespace {

using ocellus::Table;

[[noreturn]] void no_such_variant() { std::exit(3); }

/// 1280 x 720 I420 to the picture's part of 416 x 416 uint8.
void preprocess(const Table& table, bool area, bool planar) {
  if (table.preprocess_isa != table.isa) no_such_variant();
  const scene::Frame frame;
  const ocellus::InputTarget target = {scene::input, scene::input, planar, false, true, area, 114, {1, 1, 1}, {0, 0, 0}};
  ocellus::Plan plan;
  if (!plan.make(target, {ocellus::PixelFormat::i420, scene::width, scene::height, 0, 0, scene::width, scene::height, 0, scene::top,
                          scene::input, scene::rows})) {
    std::exit(1);
  }
  const ocellus::Picture picture = {{frame.y(), frame.u(), frame.v()}, {scene::width, scene::width / 2, scene::width / 2}, false, true};
  std::vector<uint8_t> out(3 * scene::input * scene::input);
  ocellus::pad(target, out.data());
  scene::twice([&] { plan.run(*table.preprocess, target, picture, out.data()); });
}

/// The default detector's head over 416 x 416: 3549 cells, of which 60 pass.
void decode(const Table& table) {
  if (table.boxes_isa != table.isa) no_such_variant();
  constexpr size_t classes = 80, bins = 8, cells = 52 * 52 + 26 * 26 + 13 * 13;
  const ocellus::DecodeLevel levels[] = {{8, 52, 52}, {16, 26, 26}, {32, 13, 13}};
  std::vector<float> scores(cells * classes, 0.01f), logits(cells * 4 * bins);
  for (size_t i = 0; i < logits.size(); i++) logits[i] = static_cast<float>(i % 13) / 3;
  for (size_t i = 0; i < 60; i++) scores[(59 * i + 7) * classes + 11 * i % classes] = 0.6f;
  std::vector<float> boxes(4 * 256), found(256);
  std::vector<int32_t> ids(256);
  const ocellus::DecodeRoom room = {boxes.data(), found.data(), ids.data(), 256};
  scene::twice([&] {
    const size_t length =
        ocellus::decode_f32(*table.boxes, scores.data(), logits.data(), {levels, 3, classes, bins}, {0.4f, false}, room, 0);
    if (length != 60) std::exit(1);
  });
}

/// The luma of 1280 x 720, quiet.
void motion(const Table& table) {
  if (table.motion_isa != table.isa) no_such_variant();
  const scene::Frame frame;
  const size_t cells = ocellus::motion_columns(scene::width) * ocellus::motion_rows(scene::height);
  std::vector<uint16_t> current(cells), level(cells, 2048), background(cells, 2048), noise(cells, 256), anchor(cells, 2048),
      rest(cells);
  std::vector<uint8_t> changed(cells), mask(cells, 1);
  const ocellus::MotionState state = {current.data(), level.data(), background.data(), noise.data(),
                                      anchor.data(),  rest.data(),  changed.data(),    mask.data()};
  const ocellus::MotionRule rule = {64, 8192, 512, 256, 64, 100, 1500};
  scene::twice([&] {
    ocellus::motion(*table.motion, {frame.y(), scene::width, scene::height, scene::width, 1}, state, rule);
  });
}

volatile float sink;

/// A hundred vectors of 1280 values.
void dot(const Table& table, bool floats) {
  if (table.dot_isa != table.isa) no_such_variant();
  constexpr size_t n = 1280;
  const std::vector<int8_t> bytes(101 * n, 3);
  const std::vector<float> values(101 * n, 0.5f);
  scene::twice([&] {
    for (size_t k = 1; k <= 100; k++) {
      sink = floats ? table.dot->f32(values.data(), values.data() + k * n, n)
                    : static_cast<float>(table.dot->i8(bytes.data(), bytes.data() + k * n, n));
    }
  });
}

/// A whole network that `ocellus compile` made, on noise.
void network(const Table& table, const char* file) {
  if (table.program_isa != table.isa) no_such_variant();
  std::vector<uint8_t> bytes;
  if (std::FILE* opened = std::fopen(file, "rb")) {
    uint8_t part[65536];
    for (size_t read; (read = std::fread(part, 1, sizeof part, opened)) > 0;) bytes.insert(bytes.end(), part, part + read);
    std::fclose(opened);
  }
  ocellus::Program program;
  ocellus::ProgramError error;
  if (!program.load(bytes.data(), bytes.size(), *table.program, *ocellus::table_of(ocellus::Isa::scalar).program, 1, error)) {
    std::fprintf(stderr, "%s: %s\n", file, error.text);
    std::exit(1);
  }
  std::vector<std::vector<uint8_t>> pictures(program.tensor_count());
  std::vector<const uint8_t*> inputs(program.tensor_count());
  for (size_t i = 0; i < inputs.size(); i++) {
    if (program.tensor(i).direction != static_cast<uint16_t>(ocellus::ProgramDirection::input)) continue;
    pictures[i].resize(ocellus::tensor_bytes(program.tensor(i)));
    for (size_t at = 0; at < pictures[i].size(); at++) pictures[i][at] = static_cast<uint8_t>(at * 2654435761u >> 24);
    inputs[i] = pictures[i].data();
  }
  scene::twice([&] { program.run(inputs.data(), nullptr); });
}

}  // namespace

/// ours JOB VARIANT, or ours network VARIANT FILE
int main(int count, char** words) {
  if (count < 3) return 2;
  const char* job = words[1];
  const auto is = [job](const char* name) { return std::strcmp(job, name) == 0; };
  for (const ocellus::Isa isa : ocellus::isas) {
    if (std::strcmp(ocellus::name_of(isa), words[2]) != 0) continue;
    if (!ocellus::is_offered(isa)) no_such_variant();
    const Table& table = ocellus::table_of(isa);
    if (is("bilinear")) preprocess(table, false, false);
    else if (is("area")) preprocess(table, true, false);
    else if (is("bilinear-planar")) preprocess(table, false, true);
    else if (is("decode")) decode(table);
    else if (is("motion")) motion(table);
    else if (is("dot-i8")) dot(table, false);
    else if (is("dot-f32")) dot(table, true);
    else if (is("network") && count == 4) network(table, words[3]);
    else return 2;
    return 0;
  }
  no_such_variant();
}
