#include "buffers.h"

#include <fcntl.h>
#include <libcamera/formats.h>
#include <linux/dma-heap.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <stdexcept>
#include <utility>

namespace ocellus {
namespace {

using libcamera::SharedFD;

/// Rows of each colour plane.
std::vector<unsigned int> rows_of(const libcamera::StreamConfiguration& stream) {
  const unsigned int rows = stream.size.height;
  const unsigned int half = (rows + 1) / 2;
  if (stream.pixelFormat == libcamera::formats::YUV420) return {rows, half, half};
  if (stream.pixelFormat == libcamera::formats::NV12) return {rows, half};
  return {rows};
}

/// An invalid file when the heap has no more.
SharedFD allocate(int heap, size_t length) {
  dma_heap_allocation_data wanted{};
  wanted.len = length;
  wanted.fd_flags = O_RDWR | O_CLOEXEC;
  if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &wanted) < 0) return SharedFD();
  int file = static_cast<int>(wanted.fd);
  return SharedFD(std::move(file));
}

}  // namespace

std::vector<unsigned int> strides_of(const libcamera::StreamConfiguration& stream) {
  namespace formats = libcamera::formats;
  const auto& format = stream.pixelFormat;
  if (format == formats::YUV420) return {stream.stride, stream.stride / 2, stream.stride / 2};
  if (format == formats::NV12) return {stream.stride, stream.stride};
  if (format == formats::RGB888 || format == formats::BGR888 || format == formats::R8) return {stream.stride};
  return {};
}

Buffers::Buffers(std::shared_ptr<libcamera::Camera> camera, const libcamera::StreamConfiguration& stream,
                 const std::vector<std::string>& heaps)
    : allocator_(std::move(camera)) {
  if (!from_heap(stream, heaps)) {
    own_.clear();
    const int count = allocator_.allocate(stream.stream());
    if (count < 0) {
      throw std::runtime_error("the camera has no memory for " + std::to_string(stream.bufferCount) + " buffers of " +
                               std::to_string(stream.frameSize) + " bytes: " + strerror(-count));
    }
    for (const auto& frame : allocator_.buffers(stream.stream())) list_.push_back({frame.get(), {}});
  }
  map(stream);
}

bool Buffers::from_heap(const libcamera::StreamConfiguration& stream, const std::vector<std::string>& heaps) {
  int heap = -1;
  for (const auto& path : heaps) {
    heap = open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (heap >= 0) break;
  }
  if (heap < 0) return false;
  const auto strides = strides_of(stream);
  const auto rows = rows_of(stream);
  for (unsigned int i = 0; i < stream.bufferCount; i++) {
    const SharedFD file = allocate(heap, stream.frameSize);
    if (!file.isValid()) break;
    std::vector<libcamera::FrameBuffer::Plane> planes(strides.size());
    unsigned int offset = 0;
    for (size_t plane = 0; plane < planes.size(); plane++) {
      planes[plane].fd = file;
      planes[plane].offset = offset;
      planes[plane].length = strides[plane] * rows[plane];
      offset += planes[plane].length;
    }
    if (offset > stream.frameSize) break;
    // What the camera wants at the end beyond the pixels.
    planes.back().length += stream.frameSize - offset;
    own_.push_back(std::make_unique<libcamera::FrameBuffer>(planes));
  }
  close(heap);
  if (own_.size() < stream.bufferCount) return false;
  for (const auto& frame : own_) list_.push_back({frame.get(), {}});
  return true;
}

void Buffers::map(const libcamera::StreamConfiguration& stream) {
  const auto strides = strides_of(stream);
  const auto rows = rows_of(stream);
  for (auto& buffer : list_) {
    // Planes lie in one file, or each in its own.
    std::map<int, size_t> lengths;
    for (const auto& plane : buffer.frame->planes()) {
      size_t& length = lengths[plane.fd.get()];
      length = std::max<size_t>(length, static_cast<size_t>(plane.offset) + plane.length);
    }
    std::map<int, std::shared_ptr<Mapping>> mappings;
    for (const auto& plane : buffer.frame->planes()) {
      auto& mapping = mappings[plane.fd.get()];
      if (!mapping) mapping = std::make_shared<Mapping>(plane.fd, lengths[plane.fd.get()]);
      if (buffer.planes.size() < strides.size()) buffer.planes.push_back({mapping, plane.offset, plane.length});
    }
    // One plane of the file holds all the colours, one after the other.
    while (!buffer.planes.empty() && buffer.planes.size() < strides.size()) {
      auto& last = buffer.planes.back();
      const size_t own = static_cast<size_t>(strides[buffer.planes.size() - 1]) * rows[buffer.planes.size() - 1];
      if (own > last.length) break;
      Plane next{last.mapping, last.offset + own, last.length - own};
      last.length = own;
      buffer.planes.push_back(std::move(next));
    }
    for (size_t plane = 0; plane < strides.size(); plane++) {
      if (plane < buffer.planes.size() && buffer.planes[plane].length >= static_cast<size_t>(strides[plane]) * rows[plane]) continue;
      throw std::runtime_error("a buffer of the camera is smaller than a picture of " + stream.toString());
    }
  }
}

}  // namespace ocellus
