// Memory of plain values, without the C++ run-time library.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace ocellus {

/// Zeros for one `T`, at a place that suits it, or null; to be freed by `std::free`.
template <typename T>
void* room_for() {
  void* room = nullptr;
  constexpr size_t alignment = alignof(T) > sizeof(void*) ? alignof(T) : sizeof(void*);
  if (posix_memalign(&room, alignment, sizeof(T)) != 0) return nullptr;
  return std::memset(room, 0, sizeof(T));
}

/// An array that is freed with its owner. Its values are zero at first.
template <typename T>
class Buffer {
 public:
  Buffer() = default;
  ~Buffer() { std::free(data_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  /// @returns False when there is no memory; it is empty then.
  bool allocate(size_t size) {
    std::free(data_);
    data_ = static_cast<T*>(std::calloc(size > 0 ? size : 1, sizeof(T)));
    size_ = data_ != nullptr ? size : 0;
    return data_ != nullptr;
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  T& operator[](size_t index) { return data_[index]; }
  const T& operator[](size_t index) const { return data_[index]; }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
};

/// Pieces of memory at multiples of 64, zero at first, freed all together with their owner.
class Pieces {
 public:
  Pieces() = default;
  ~Pieces() {
    while (last_ != nullptr) std::free(std::exchange(last_, *static_cast<void**>(last_)));
  }
  Pieces(const Pieces&) = delete;
  Pieces& operator=(const Pieces&) = delete;

  /// @returns Null when there is no memory.
  uint8_t* add(size_t size) {
    // Its first bytes have the address of the piece before.
    void* piece = std::calloc(size + 64 + sizeof(void*), 1);
    if (piece == nullptr) return nullptr;
    *static_cast<void**>(piece) = std::exchange(last_, piece);
    bytes_ += size;
    return reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(piece) + sizeof(void*) + 63) & ~uintptr_t{63});
  }
  size_t bytes() const { return bytes_; }

 private:
  void* last_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace ocellus
