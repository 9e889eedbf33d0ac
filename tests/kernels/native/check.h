// What the native checks share: a repeatable source of random values, guarded memory, and a list of checks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "native/isa.h"
#include "native/table.h"

namespace check {

/// xorshift: the same values on every machine.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ull + 1) {}
  uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }
  /// From `low` to `high`, both included.
  int64_t between(int64_t low, int64_t high) { return low + static_cast<int64_t>((next() >> 11) % static_cast<uint64_t>(high - low + 1)); }

 private:
  uint64_t state_;
};

/// Memory whose every byte outside the values is watched; `offset` bytes off any alignment.
template <typename T>
class Guarded {
 public:
  explicit Guarded(size_t size, size_t offset = 0)
      : size_(size), bytes_(guard + offset + size * sizeof(T) + guard), at_(guard + offset) {
    for (size_t i = 0; i < bytes_.size(); i++) {
      if (is_outside(i)) bytes_[i] = mark;
    }
  }
  T* data() { return reinterpret_cast<T*>(bytes_.data() + at_); }
  size_t size() const { return size_; }
  /// Was nothing outside written?
  bool whole() const {
    for (size_t i = 0; i < bytes_.size(); i++) {
      if (is_outside(i) && bytes_[i] != mark) return false;
    }
    return true;
  }
  bool operator==(const Guarded& other) const {
    return size_ == other.size_ && std::equal(begin(), begin() + length(), other.begin());
  }

 private:
  bool is_outside(size_t i) const { return i < at_ || i >= at_ + size_ * sizeof(T); }
  std::vector<uint8_t>::const_iterator begin() const { return bytes_.begin() + static_cast<std::ptrdiff_t>(at_); }
  std::ptrdiff_t length() const { return static_cast<std::ptrdiff_t>(size_ * sizeof(T)); }

#if defined(__SANITIZE_ADDRESS__)
  // The sanitizer watches what lies around: reads as well.
  static constexpr size_t guard = 0;
#else
  static constexpr size_t guard = 64;
#endif
  static constexpr uint8_t mark = 0xa5;
  size_t size_;
  std::vector<uint8_t> bytes_;
  size_t at_;
};

/// Sizes around those of vectors, and awkward ones.
inline const std::vector<size_t>& sizes() {
  static const std::vector<size_t> all = {0,  1,  2,  3,  7,  8,  15, 16, 17,  31,  32,  33,  47,   63,  64,
                                          65, 95, 96, 97, 127, 128, 129, 191, 193, 255, 257, 416, 1013, 1280, 1281};
  return all;
}

extern int failures;
extern long comparisons;

/// Prints that a variant is being checked, once.
void said(const char* operation, ocellus::Isa isa);

inline bool same_bits(float a, float b) { return std::memcmp(&a, &b, sizeof a) == 0; }

inline void expect(bool right, const char* what, ocellus::Isa isa, size_t size) {
  comparisons++;
  if (right) return;
  if (failures++ < 20) std::printf("FAILED %s, %s, size %zu\n", what, ocellus::name_of(isa), size);
}

/// Is this one of the instruction sets that are to be checked: those that were named, else all.
bool is_wanted(ocellus::Isa isa);

/// Calls `run(table)` for each variant of an operation beyond scalar that this processor offers and that is wanted, and says so.
template <typename Run>
void each_variant(const char* operation, ocellus::Isa ocellus::Table::* used, Run run) {
  for (const ocellus::Isa isa : ocellus::isas) {
    if (!ocellus::is_offered(isa) || !is_wanted(isa)) continue;
    const ocellus::Table& table = ocellus::table_of(isa);
    // Else the operation has none of its own for this instruction set.
    if (table.*used != isa) continue;
    said(operation, isa);
    if (isa != ocellus::Isa::scalar) run(table);
  }
}

}  // namespace check

void check_dot();
void check_motion();
void check_boxes();
void check_preprocess();
void check_convert();
void check_program();
void check_hostile_programs();
