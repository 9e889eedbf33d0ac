#include "check.h"

using namespace check;

namespace {

void fill(Guarded<int8_t>& values, Random& random) {
  for (size_t i = 0; i < values.size(); i++) values.data()[i] = static_cast<int8_t>(random.between(-128, 127));
}

void fill(Guarded<float>& values, Random& random) {
  for (size_t i = 0; i < values.size(); i++) {
    const float value = static_cast<float>(random.between(-1000000, 1000000)) / 4096.0f;
    std::memcpy(reinterpret_cast<char*>(values.data()) + i * sizeof(float), &value, sizeof value);
  }
}

}  // namespace

void check_dot() {
  const ocellus::DotKernels& reference = *ocellus::table_of(ocellus::Isa::scalar).dot;
  Random random(1);
  for (const size_t n : sizes()) {
    for (size_t offset = 0; offset < 4; offset++) {
      Guarded<int8_t> a(n, offset), b(n, 3 - offset);
      // Floats are read where JavaScript's Float32Array puts them: at multiples of four.
      Guarded<float> x(n, 4 * offset), y(n, 4 * (3 - offset));
      fill(a, random);
      fill(b, random);
      fill(x, random);
      fill(y, random);
      each_variant("dot", &ocellus::Table::dot_isa, [&](const ocellus::Table& table) {
        const ocellus::DotKernels& kernels = *table.dot;
        expect(kernels.i8(a.data(), b.data(), n) == reference.i8(a.data(), b.data(), n), "dot i8", table.isa, n);
        expect(same_bits(kernels.f32(x.data(), y.data(), n), reference.f32(x.data(), y.data(), n)), "dot f32", table.isa, n);
        expect(same_bits(kernels.distance_f32(x.data(), y.data(), n), reference.distance_f32(x.data(), y.data(), n)),
               "distance f32", table.isa, n);
      });
    }
  }
  // The extremes, and the largest sum that fits.
  Guarded<int8_t> low(131071);
  std::memset(low.data(), -128, low.size());
  each_variant("dot", &ocellus::Table::dot_isa, [&](const ocellus::Table& table) {
    expect(table.dot->i8(low.data(), low.data(), low.size()) == 131071 * 16384, "dot i8 of -128", table.isa, low.size());
  });
}
