// The memory of one camera buffer, to read.
#pragma once

#include <libcamera/base/shared_fd.h>

#include <cstddef>
#include <cstdint>

namespace ocellus {

/// Shared by the camera, which fills it, and by the JavaScript arrays over it, which may live longer than the camera.
class Mapping {
 public:
  /// @throws std::runtime_error when the file cannot be mapped.
  Mapping(libcamera::SharedFD file, size_t length);
  ~Mapping() { unmap(); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  uint8_t* data() const { return data_; }
  size_t length() const { return length_; }
  const libcamera::SharedFD& file() const { return file_; }

  /// The processor's cache forgets what it had of the buffer; to be called before it is read, `end_read` after.
  void begin_read() const;
  void end_read() const;
  /// Nothing may look at `data()` after it. May be called twice.
  void unmap();

 private:
  libcamera::SharedFD file_;
  size_t length_;
  uint8_t* data_;
};

}  // namespace ocellus
