// Every variant gives the bytes of the scalar reference, reads no byte beyond a row and writes none outside of it.
#include "check.h"

using namespace check;

namespace {

void fill(Guarded<uint8_t>& values, Random& random) {
  for (size_t i = 0; i < values.size(); i++) values.data()[i] = static_cast<uint8_t>(random.next() >> 20);
}

}  // namespace

void check_convert() {
  const ocellus::ConvertKernels& reference = *ocellus::table_of(ocellus::Isa::scalar).convert;
  // BT.709 in full range: the largest weights, and a chroma that does not fit.
  const ocellus::PixelWeights weights = {{6966, 23436, 2366}, {-3755, -12629, 16384}, {16384, -14882, -1502}, 0};
  Random random(6);
  for (const size_t n : sizes()) {
    if (n == 0) continue;
    for (size_t offset = 0; offset < 3; offset++) {
      const size_t half = (n + 1) / 2;
      Guarded<uint8_t> top(3 * n, offset), bottom(3 * n, 2 - offset), u(n, offset), v(n, 1), uv(2 * n, offset);
      for (Guarded<uint8_t>* one : {&top, &bottom, &u, &v, &uv}) fill(*one, random);
      // Pure colours reach the ends of the range.
      for (size_t i = 0; i < 3 * n && offset == 0; i++) top.data()[i] = bottom.data()[i] = i / 6 % 3 == i % 3 ? 255 : 0;
      each_variant("convert", &ocellus::Table::convert_isa, [&](const ocellus::Table& table) {
        const auto same = [&](const char* what, size_t size, auto call) {
          Guarded<uint8_t> expected(size, offset), expected2(size, 1), given(size, offset), given2(size, 1);
          call(reference, expected.data(), expected2.data());
          call(*table.convert, given.data(), given2.data());
          expect(given == expected && given2 == expected2 && given.whole() && given2.whole(), what, table.isa, n);
        };
        using Kernels = const ocellus::ConvertKernels&;
        same("luma", n, [&](Kernels k, uint8_t* a, uint8_t*) { k.luma(top.data(), n, weights, a); });
        same("chroma", half, [&](Kernels k, uint8_t* a, uint8_t* b) { k.chroma(top.data(), bottom.data(), n, weights, a, b); });
        same("interleave", 2 * n, [&](Kernels k, uint8_t* a, uint8_t*) { k.interleave(u.data(), v.data(), n, a); });
        same("split", n, [&](Kernels k, uint8_t* a, uint8_t* b) { k.split(uv.data(), n, a, b); });
      });
    }
  }
}
