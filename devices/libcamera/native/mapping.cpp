#include "mapping.h"

#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

namespace ocellus {
namespace {

void sync(const libcamera::SharedFD& file, uint64_t flags) {
  dma_buf_sync what{flags};
  // Memory that is no DMA buffer needs none of it and says ENOTTY.
  while (ioctl(file.get(), DMA_BUF_IOCTL_SYNC, &what) < 0 && errno == EINTR) {
  }
}

}  // namespace

Mapping::Mapping(libcamera::SharedFD file, size_t length) : file_(std::move(file)), length_(length), data_(nullptr) {
  void* memory = mmap(nullptr, length_, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
  if (memory == MAP_FAILED) {
    throw std::runtime_error("a buffer of the camera cannot be mapped: " + std::string(strerror(errno)));
  }
  data_ = static_cast<uint8_t*>(memory);
}

void Mapping::begin_read() const { sync(file_, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ); }

void Mapping::end_read() const { sync(file_, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ); }

void Mapping::unmap() {
  if (data_ == nullptr) return;
  munmap(data_, length_);
  data_ = nullptr;
  file_ = libcamera::SharedFD();
}

}  // namespace ocellus
