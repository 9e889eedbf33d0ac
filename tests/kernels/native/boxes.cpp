#include "check.h"

#include <cmath>
#include <limits>

using namespace check;
using ocellus::BoxesKernels;

namespace {

float special(Random& random) {
  const float all[] = {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 1e30f, -1e30f, 1e-40f};
  return all[random.between(0, 7)];
}

/// Equal, or both no number: which NaN it is differs from processor to processor.
bool same_or_nan(float a, float b) { return same_bits(a, b) || (std::isnan(a) && std::isnan(b)); }

/// The first value that passes, wherever it is, from and to any place.
void check_find(Random& random) {
  const BoxesKernels& reference = *ocellus::table_of(ocellus::Isa::scalar).boxes;
  each_variant("boxes", &ocellus::Table::boxes_isa, [&](const ocellus::Table& table) {
    for (const size_t n : sizes()) {
      for (size_t turn = 0; turn < 8; turn++) {
        Guarded<float> floats(n, 4 * (turn % 4));
        Guarded<uint8_t> bytes(n, turn);
        for (size_t i = 0; i < n; i++) {
          const int64_t value = random.between(0, 199);
          const bool passes = random.between(0, 1 << turn) == 0;
          const float number = passes ? 0.5f : value == 0 ? special(random) : static_cast<float>(value) / 400;
          std::memcpy(reinterpret_cast<char*>(floats.data()) + 4 * i, &number, 4);
          bytes.data()[i] = static_cast<uint8_t>(passes ? 200 + random.between(0, 55) : value);
        }
        for (size_t from = 0; from <= n; from += 1 + static_cast<size_t>(random.between(0, 40))) {
          const auto to = static_cast<size_t>(random.between(static_cast<int64_t>(from), static_cast<int64_t>(n)));
          expect(table.boxes->find_f32(floats.data(), from, to, 0.5f) == reference.find_f32(floats.data(), from, to, 0.5f),
                 "find f32", table.isa, n);
          for (const int least : {0, 1, 127, 128, 200, 255}) {
            const auto limit = static_cast<uint8_t>(least);
            expect(table.boxes->find_u8(bytes.data(), from, to, limit) == reference.find_u8(bytes.data(), from, to, limit),
                   "find u8", table.isa, n);
          }
        }
      }
    }
  });
}

void check_means(Random& random) {
  const BoxesKernels& reference = *ocellus::table_of(ocellus::Isa::scalar).boxes;
  each_variant("boxes", &ocellus::Table::boxes_isa, [&](const ocellus::Table& table) {
    for (size_t bins = 1; bins <= ocellus::decode_most_bins; bins++) {
      for (size_t turn = 0; turn < 40; turn++) {
        Guarded<float> logits(4 * bins, 4 * (turn % 4));
        const double spread = turn % 5 == 0 ? 400 : 12;
        for (size_t i = 0; i < logits.size(); i++) {
          float value = static_cast<float>(spread * static_cast<double>(random.between(-1000000, 1000000)) / 1e6);
          if (turn > 30 && random.between(0, 9) == 0) value = special(random);
          logits.data()[i] = value;
        }
        Guarded<float> expected(4), got(4);
        reference.means(logits.data(), bins, expected.data());
        table.boxes->means(logits.data(), bins, got.data());
        for (size_t i = 0; i < 4; i++) expect(same_or_nan(got.data()[i], expected.data()[i]), "means", table.isa, bins);
        expect(got.whole() && logits.whole(), "means guard", table.isa, bins);
      }
    }
  });
}

/// Both entry points whole: the boxes of all variants are the same, and what has no room is counted but not written.
void check_boxes(Random& random) {
  const ocellus::DecodeLevel levels[] = {{8, 13, 7}, {16, 7, 4}, {32, 1, 3}};
  constexpr size_t cells = 13 * 7 + 7 * 4 + 3;
  for (const size_t classes : {1, 2, 3, 15, 16, 17, 80}) {
    for (const bool multi_label : {false, true}) {
      const size_t bins = static_cast<size_t>(random.between(2, 20));
      const ocellus::DecodeHead head = {levels, 3, classes, bins};
      Guarded<float> scores(cells * classes), logits(cells * 4 * bins);
      Guarded<uint8_t> byte_scores(cells * classes, 1), byte_logits(cells * 4 * bins, 3);
      for (size_t i = 0; i < scores.size(); i++) {
        // Few values, so that there are ties.
        const int64_t value = random.between(0, 31);
        scores.data()[i] = static_cast<float>(value) / 32;
        byte_scores.data()[i] = static_cast<uint8_t>(value * 8);
      }
      for (size_t i = 0; i < logits.size(); i++) {
        byte_logits.data()[i] = static_cast<uint8_t>(random.between(0, 255));
        logits.data()[i] = static_cast<float>(random.between(-8000, 8000)) / 1000;
      }
      for (const float threshold : {0.0f, 0.5f, 0.96875f, 0.99f}) {
        for (const size_t capacity : {size_t{0}, size_t{5}, cells * classes}) {
          const auto run = [&](const ocellus::Table& table, bool bytes, Guarded<float>& boxes, Guarded<float>& found,
                               Guarded<int32_t>& ids) {
            const ocellus::DecodeRoom room = {boxes.data(), found.data(), ids.data(), capacity};
            const ocellus::DecodeRequest request = {threshold, multi_label};
            return bytes ? ocellus::decode_u8(*table.boxes, byte_scores.data(), {1.0f / 256, 0}, byte_logits.data(),
                                              {0.07f, 128}, head, request, room, 0)
                         : ocellus::decode_f32(*table.boxes, scores.data(), logits.data(), head, request, room, 0);
          };
          for (const bool bytes : {false, true}) {
            Guarded<float> boxes(4 * capacity), found(capacity);
            Guarded<int32_t> ids(capacity);
            const size_t length = run(ocellus::table_of(ocellus::Isa::scalar), bytes, boxes, found, ids);
            expect(boxes.whole() && found.whole() && ids.whole(), "decode guard", ocellus::Isa::scalar, capacity);
            each_variant("boxes", &ocellus::Table::boxes_isa, [&](const ocellus::Table& table) {
              Guarded<float> boxes2(4 * capacity), found2(capacity);
              Guarded<int32_t> ids2(capacity);
              expect(run(table, bytes, boxes2, found2, ids2) == length, "decode length", table.isa, classes);
              expect(boxes2 == boxes && found2 == found && ids2 == ids, "decode boxes", table.isa, classes);
              expect(boxes2.whole() && found2.whole() && ids2.whole(), "decode guard", table.isa, capacity);
            });
          }
        }
      }
    }
  }
}

/// What can be said without another implementation; the TypeScript twin is the other one.
void check_nms(Random& random) {
  for (const size_t n : {0, 1, 2, 3, 17, 100, 400}) {
    Guarded<float> boxes(4 * n, 4), scores(n);
    Guarded<int32_t> ids(n);
    Guarded<uint32_t> kept(n);
    for (size_t i = 0; i < n; i++) {
      for (size_t k = 0; k < 2; k++) {
        const auto start = static_cast<float>(random.between(0, 60));
        boxes.data()[4 * i + k] = start;
        boxes.data()[4 * i + 2 + k] = start + static_cast<float>(random.between(0, 30));
      }
      scores.data()[i] = random.between(0, 20) == 0 ? special(random) : static_cast<float>(random.between(0, 50)) / 50;
      if (random.between(0, 50) == 0) boxes.data()[4 * i] = special(random);
      ids.data()[i] = static_cast<int32_t>(random.between(-2, 2) * 1000000007);
    }
    const size_t all = ocellus::classwise_nms(boxes.data(), scores.data(), ids.data(), n, 0.4, n, kept.data());
    expect(all <= n && (n == 0) == (all == 0), "nms count", ocellus::Isa::scalar, n);
    expect(kept.whole() && boxes.whole() && scores.whole(), "nms guard", ocellus::Isa::scalar, n);
    Guarded<uint32_t> some(n);
    const size_t most = all / 2;
    const size_t few = ocellus::classwise_nms(boxes.data(), scores.data(), ids.data(), n, 0.4, most, some.data());
    expect(few == most && std::equal(some.data(), some.data() + few, kept.data()), "nms most", ocellus::Isa::scalar, n);
    // Its result is its own fixed point.
    Guarded<float> boxes2(4 * all), scores2(all);
    Guarded<int32_t> ids2(all);
    Guarded<uint32_t> again(all);
    for (size_t i = 0; i < all; i++) {
      std::memcpy(boxes2.data() + 4 * i, boxes.data() + 4 * kept.data()[i], 16);
      scores2.data()[i] = scores.data()[kept.data()[i]];
      ids2.data()[i] = ids.data()[kept.data()[i]];
    }
    const size_t same = ocellus::classwise_nms(boxes2.data(), scores2.data(), ids2.data(), all, 0.4, all, again.data());
    bool in_order = same == all;
    for (size_t i = 0; i < same; i++) in_order = in_order && again.data()[i] == i;
    expect(in_order, "nms twice", ocellus::Isa::scalar, n);
  }
}

}  // namespace

void check_boxes() {
  Random random(3);
  check_find(random);
  check_means(random);
  check_boxes(random);
  check_nms(random);
}
