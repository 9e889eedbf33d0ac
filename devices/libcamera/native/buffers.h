// The buffers of one stream.
#pragma once

#include <libcamera/camera.h>
#include <libcamera/framebuffer.h>
#include <libcamera/framebuffer_allocator.h>

#include <memory>
#include <string>
#include <vector>

#include "mapping.h"

namespace ocellus {

/// One colour plane of a buffer.
struct Plane {
  std::shared_ptr<Mapping> mapping;
  size_t offset;
  size_t length;
};

/// A buffer and where its pixels are.
struct Buffer {
  libcamera::FrameBuffer* frame;
  std::vector<Plane> planes;
};

/// Bytes from row to row of each colour plane; empty where the format is none that is known here.
std::vector<unsigned int> strides_of(const libcamera::StreamConfiguration& stream);

class Buffers {
 public:
  /// @param heaps Files of DMA heaps, of which the first that exists gives the memory: what a Raspberry Pi's drivers give
  ///   by themselves is not cached by the processor. Where there is none, the camera gives it.
  /// @throws std::runtime_error when there is not enough memory.
  Buffers(std::shared_ptr<libcamera::Camera> camera, const libcamera::StreamConfiguration& stream,
          const std::vector<std::string>& heaps);

  const std::vector<Buffer>& list() const { return list_; }
  /// Is it the heap's, not the camera's?
  bool cached() const { return !own_.empty(); }

 private:
  bool from_heap(const libcamera::StreamConfiguration& stream, const std::vector<std::string>& heaps);
  void map(const libcamera::StreamConfiguration& stream);

  libcamera::FrameBufferAllocator allocator_;
  std::vector<std::unique_ptr<libcamera::FrameBuffer>> own_;
  std::vector<Buffer> list_;
};

}  // namespace ocellus
