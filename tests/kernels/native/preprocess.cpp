// Every variant gives the bits of the scalar reference: all formats, outputs and qualities, awkward sizes and regions, padded
// rows, and planes that end with their last pixel (the sanitizers see a byte read beyond).
#include "preprocess/plan.h"

#include "check.h"

using namespace check;
using ocellus::InputTarget;
using ocellus::Picture;
using ocellus::PixelFormat;
using ocellus::Placement;
using ocellus::Plan;

namespace {

/// A picture whose planes are as long as they must be and no byte longer.
class Source {
 public:
  Source(PixelFormat format, size_t width, size_t height, size_t padding, Random& random) {
    for (size_t i = 0; i < ocellus::plane_count(format); i++) {
      size_t row_bytes = 0, rows = 0;
      ocellus::plane_size(format, width, height, i, row_bytes, rows);
      const size_t stride = row_bytes + padding;
      planes_[i] = std::vector<uint8_t>(stride * (rows - 1) + row_bytes);
      for (uint8_t& byte : planes_[i]) byte = static_cast<uint8_t>(random.next() >> 20);
      picture.planes[i] = planes_[i].data();
      picture.strides[i] = stride;
    }
    picture.bt709 = random.between(0, 1) == 1;
    picture.limited = random.between(0, 1) == 1;
  }

  Picture picture{};

 private:
  std::vector<uint8_t> planes_[3];
};

const char* name_of(PixelFormat format) {
  const char* names[] = {"preprocess I420", "preprocess NV12", "preprocess BGR24", "preprocess RGB24", "preprocess GRAY8"};
  return names[static_cast<int>(format)];
}

template <typename T>
void compare(const InputTarget& target, const Placement& place, const Picture& picture, size_t offset) {
  const size_t values = 3 * target.width * target.height;
  // Floats are where JavaScript's arrays put them: at multiples of four.
  const size_t at = offset * sizeof(T);
  Guarded<T> expected(values, at);
  Plan plan;
  expect(plan.make(target, place), "memory", ocellus::Isa::scalar, values);
  ocellus::pad(target, expected.data());
  plan.run(*ocellus::table_of(ocellus::Isa::scalar).preprocess, target, picture, expected.data());
  expect(expected.whole(), name_of(place.format), ocellus::Isa::scalar, place.width);
  each_variant("preprocess", &ocellus::Table::preprocess_isa, [&](const ocellus::Table& table) {
    Guarded<T> given(values, at);
    ocellus::pad(target, given.data());
    plan.run(*table.preprocess, target, picture, given.data());
    expect(given == expected, name_of(place.format), table.isa, place.width);
    expect(given.whole(), "guard bytes", table.isa, place.width);
  });
}

void check_one(const Placement& place, size_t input_width, size_t input_height, size_t padding, Random& random) {
  const Source source(place.format, place.source_width, place.source_height, padding, random);
  for (int kind = 0; kind < 4; kind++) {
    InputTarget target{};
    target.width = input_width;
    target.height = input_height;
    target.planar = (kind & 1) != 0;
    target.floats = (kind & 2) != 0;
    target.bgr = random.between(0, 1) == 1;
    target.area = random.between(0, 1) == 1;
    target.pad = 114;
    for (size_t c = 0; c < 3; c++) {
      target.scale[c] = static_cast<float>(random.between(1, 1000)) / 7919.0f;
      target.bias[c] = static_cast<float>(random.between(-1000, 1000)) / 613.0f;
    }
    const auto offset = static_cast<size_t>(random.between(0, 3));
    if (target.floats) compare<float>(target, place, source.picture, offset);
    else compare<uint8_t>(target, place, source.picture, offset);
  }
}

constexpr PixelFormat formats[] = {PixelFormat::i420, PixelFormat::nv12, PixelFormat::bgr24, PixelFormat::rgb24, PixelFormat::gray8};

void check_sizes() {
  Random random(2);
  const size_t sides[] = {1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 61, 127};
  for (const PixelFormat format : formats) {
    for (const size_t side : sides) {
      for (const size_t out : sides) {
        const size_t other = sides[random.next() % 12];
        check_one({format, side, other, 0, 0, side, other, 1, 2, out, sides[random.next() % 12]}, out + 3, 127 + 4, side % 3 * 5, random);
      }
    }
  }
}

void check_regions() {
  Random random(3);
  for (int i = 0; i < 600; i++) {
    const PixelFormat format = formats[i % 5];
    const auto width = static_cast<size_t>(random.between(1, 300));
    const auto height = static_cast<size_t>(random.between(1, 80));
    const auto x = static_cast<size_t>(random.between(0, static_cast<int64_t>(width) - 1));
    const auto y = static_cast<size_t>(random.between(0, static_cast<int64_t>(height) - 1));
    const auto w = static_cast<size_t>(random.between(1, static_cast<int64_t>(width - x)));
    const auto h = static_cast<size_t>(random.between(1, static_cast<int64_t>(height - y)));
    const auto out_w = static_cast<size_t>(random.between(1, 70));
    const auto out_h = static_cast<size_t>(random.between(1, 40));
    check_one({format, width, height, x, y, w, h, 0, 1, out_w, out_h}, out_w + static_cast<size_t>(random.between(0, 9)), out_h + 1,
              static_cast<size_t>(random.between(0, 70)), random);
  }
}

/// Boxes of every size, also in rows that vectors work on, and beyond the largest.
void check_shrinking() {
  Random random(4);
  for (size_t box = 1; box <= 18; box++) {
    for (const PixelFormat format : formats) {
      const size_t width = 37 * box + box / 2;
      const size_t height = 5 * box + box / 3;
      check_one({format, width, height, 0, 0, width, height, 0, 0, 37, 5}, 37, 5, 0, random);
      // The same brightness everywhere stays the same.
      Source white(PixelFormat::gray8, width, height, 0, random);
      std::memset(const_cast<uint8_t*>(white.picture.planes[0]), 255, width * height);
      const InputTarget target = {37, 5, true, false, false, true, 0, {1, 1, 1}, {0, 0, 0}};
      Plan plan;
      plan.make(target, {PixelFormat::gray8, width, height, 0, 0, width, height, 0, 0, 37, 5});
      Guarded<uint8_t> out(3 * 37 * 5);
      plan.run(*ocellus::table_of(ocellus::Isa::scalar).preprocess, target, white.picture, out.data());
      bool all = true;
      for (size_t i = 0; i < out.size(); i++) all = all && out.data()[i] == 255;
      expect(all, "white stays white", ocellus::Isa::scalar, box);
    }
  }
}

}  // namespace

void check_preprocess() {
  check_sizes();
  check_regions();
  check_shrinking();
}
