// What both programs work on: a frame of a camera and its place in the default detector's input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

/// Who counts looks for its calls: the work between the second and the third is what is counted.
extern "C" __attribute__((noinline)) inline void frame_begins() { asm volatile("" ::: "memory"); }

namespace scene {

constexpr size_t width = 1280, height = 720;
/// The input's side, and the rows of it that the picture fills.
constexpr size_t input = 416, rows = 234, top = (input - rows) / 2;

/// I420 without padding. None of the work depends on what it shows.
class Frame {
 public:
  Frame() : bytes_(width * height * 3 / 2) {
    for (size_t i = 0; i < bytes_.size(); i++) bytes_[i] = static_cast<uint8_t>(i * 7 >> 3);
  }
  const uint8_t* bytes() const { return bytes_.data(); }
  const uint8_t* y() const { return bytes_.data(); }
  const uint8_t* u() const { return y() + width * height; }
  const uint8_t* v() const { return u() + width * height / 4; }

 private:
  std::vector<uint8_t> bytes_;
};

/// The first time memory is allocated and tables are filled.
template <typename Work>
void twice(Work work) {
  for (int i = 0; i < 2; i++) {
    frame_begins();
    work();
  }
  frame_begins();
}

/// Where the libraries are, to stdout: for whoever counts, to name what runs in them.
inline void print_libraries() {
  std::FILE* maps = std::fopen("/proc/self/maps", "r");
  char line[4096];
  while (maps && std::fgets(line, sizeof line, maps)) {
    if (std::strstr(line, ".so")) std::fputs(line, stdout);
  }
  if (maps) std::fclose(maps);
  std::fflush(stdout);
}

}  // namespace scene
