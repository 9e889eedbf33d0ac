#include "check.h"

using namespace check;

namespace {

uint16_t near(Random& random, uint16_t level) {
  const int value = level + random.between(-40, 40);
  return static_cast<uint16_t>(value < 0 ? 0 : value > 4080 ? 4080 : value);
}

/// A picture and a state that was learnt from others, `offset` bytes off any alignment.
struct Scene {
  size_t width, height, stride, step, cells;
  Guarded<uint8_t> luma;
  Guarded<uint16_t> current, level, background, noise, anchor, rest;
  Guarded<uint8_t> changed, mask;

  Scene(size_t w, size_t h, size_t s, size_t padding, size_t offset)
      : width(w),
        height(h),
        stride(w * s + padding),
        step(s),
        cells(ocellus::motion_columns(w) * ocellus::motion_rows(h)),
        luma((h - 1) * stride + (w - 1) * s + 1, offset),
        current(cells, 2 * offset),
        level(cells, 2 * offset),
        background(cells, 2 * offset),
        noise(cells, 2 * offset),
        anchor(cells, 2 * offset),
        rest(cells, 2 * offset),
        changed(cells, offset),
        mask(cells, offset) {}

  void fill(Random& random, bool extreme) {
    const auto some_level = [&] { return static_cast<uint16_t>(extreme ? 4080 * random.between(0, 1) : random.between(0, 4080)); };
    for (size_t i = 0; i < luma.size(); i++) {
      luma.data()[i] = static_cast<uint8_t>(extreme ? 255 * random.between(0, 1) : random.between(0, 255));
    }
    for (size_t i = 0; i < cells; i++) {
      background.data()[i] = some_level();
      // Often near the background, where it is a matter of one level what changed.
      level.data()[i] = random.between(0, 1) == 0 ? some_level() : near(random, background.data()[i]);
      anchor.data()[i] = random.between(0, 1) == 0 ? some_level() : near(random, level.data()[i]);
      noise.data()[i] = static_cast<uint16_t>(random.between(0, 3) == 0 ? 8 * some_level() : random.between(0, 480));
      rest.data()[i] = static_cast<uint16_t>(random.between(0, extreme ? 32767 : 4000));
      mask.data()[i] = random.between(0, 7) == 0 ? 0 : static_cast<uint8_t>(random.between(1, 255));
      changed.data()[i] = static_cast<uint8_t>(random.between(0, 255));
    }
  }

  size_t run(const ocellus::Table& table, ocellus::MotionRule rule) {
    return ocellus::motion(*table.motion, {luma.data(), width, height, stride, step},
                           {current.data(), level.data(), background.data(), noise.data(), anchor.data(), rest.data(),
                            changed.data(), mask.data()},
                           rule);
  }

  bool whole() const {
    return luma.whole() && current.whole() && level.whole() && background.whole() && noise.whole() && anchor.whole() &&
           rest.whole() && changed.whole() && mask.whole();
  }
};

void compare(size_t width, size_t height, size_t step, Random& random) {
  Scene first(width, height, step, static_cast<size_t>(random.between(0, 70)), 0);
  const bool extreme = random.between(0, 3) == 0;
  first.fill(random, extreme);
  const auto up_to = [&](int most) { return static_cast<uint16_t>(random.between(0, 7) == 0 ? most : random.between(0, most)); };
  const ocellus::MotionRule rule = {up_to(extreme ? 4080 : 256), up_to(32767), up_to(32767), up_to(32767),
                                    up_to(32767),                up_to(32767), up_to(extreme ? 32767 : 3000)};
  each_variant("motion", &ocellus::Table::motion_isa, [&](const ocellus::Table& table) {
    Scene expected = first;
    Scene got = first;
    const size_t count = expected.run(ocellus::table_of(ocellus::Isa::scalar), rule);
    expect(got.run(table, rule) == count, "motion count", table.isa, width);
    expect(got.current == expected.current, "motion current", table.isa, width);
    expect(got.changed == expected.changed, "motion changed", table.isa, width);
    expect(got.background == expected.background, "motion background", table.isa, width);
    expect(got.level == expected.level, "motion level", table.isa, width);
    expect(got.noise == expected.noise, "motion noise", table.isa, width);
    expect(got.anchor == expected.anchor, "motion anchor", table.isa, width);
    expect(got.rest == expected.rest, "motion rest", table.isa, width);
    expect(got.whole(), "motion guard", table.isa, width);
  });
}

}  // namespace

void check_motion() {
  Random random(2);
  for (const size_t width : sizes()) {
    if (width == 0) continue;
    for (const size_t height : {1, 7, 8, 9, 16, 17, 33}) {
      for (const size_t step : {1, 3}) compare(width, height, step, random);
    }
  }
  compare(1280, 720, 1, random);
  compare(1283, 721, 1, random);
}
