// Makes program files for the checks: what sdk/core/program/format.ts does for real networks.
#pragma once

#include <cstring>
#include <vector>

#include "check.h"
#include "program/crc32.h"
#include "program/format.h"

namespace check {

/// A buffer of the arena of which views take channels.
struct Place {
  uint64_t offset;
  uint32_t h, w, channels, row_bytes, halo;
};

class ProgramFileMaker {
 public:
  ProgramFileMaker() : bytes_(128, 0) {}

  template <typename T>
  uint64_t constant(const std::vector<T>& values) {
    const uint64_t offset = bytes_.size();
    const auto* raw = reinterpret_cast<const uint8_t*>(values.data());
    bytes_.insert(bytes_.end(), raw, raw + values.size() * sizeof(T));
    bytes_.resize((bytes_.size() + 63) & ~size_t{63});
    return offset;
  }

  uint32_t name(const std::string& text) {
    const auto offset = static_cast<uint32_t>(names_.size());
    names_ += text;
    names_ += '\0';
    return offset;
  }

  /// @param channels Bytes of a pixel. @param spare Bytes behind each row.
  Place place(uint32_t h, uint32_t w, uint32_t channels, uint32_t halo, uint32_t spare = 0) {
    const uint32_t row = (w + 2 * halo) * channels + spare;
    const Place place = {arena_ + static_cast<uint64_t>(halo) * (row + channels), h, w, channels, row, halo};
    arena_ = (arena_ + static_cast<uint64_t>(row) * (h + 2 * halo) + 63) & ~uint64_t{63};
    return place;
  }

  uint32_t view(const Place& place, uint32_t from, uint32_t channels, ocellus::ProgramElement element, uint64_t zero_points) {
    ocellus::ProgramView view{};
    view.arena_offset = place.offset + from;
    view.h = place.h;
    view.w = place.w;
    view.channels = channels;
    view.pixel_bytes = place.channels;
    view.row_bytes = place.row_bytes;
    view.halo = static_cast<uint16_t>(place.halo);
    view.element = static_cast<uint16_t>(element);
    view.zero_points = zero_points;
    views_.push_back(view);
    return static_cast<uint32_t>(views_.size() - 1);
  }

  uint32_t tensor(const std::string& text, ocellus::ProgramDirection direction, ocellus::ProgramElement element, const std::vector<uint32_t>& dims,
                  uint64_t offset = ocellus::program_callers) {
    ocellus::ProgramTensor tensor{};
    tensor.name = name(text);
    tensor.direction = static_cast<uint16_t>(direction);
    tensor.element = static_cast<uint16_t>(element);
    tensor.rank = static_cast<uint32_t>(dims.size());
    for (size_t i = 0; i < dims.size(); i++) tensor.dims[i] = dims[i];
    tensor.arena_offset = offset;
    tensors_.push_back(tensor);
    return static_cast<uint32_t>(tensors_.size() - 1);
  }

  static ocellus::ProgramStep step(ocellus::ProgramOp op, uint32_t in, uint32_t out) {
    ocellus::ProgramStep step{};
    step.op = static_cast<uint16_t>(op);
    step.in = in;
    step.in2 = ocellus::program_none;
    step.out = out;
    step.kh = step.kw = step.sh = step.sw = step.dh = step.dw = 1;
    return step;
  }

  void add(ocellus::ProgramStep step, const std::string& text) {
    step.name = name(text);
    steps_.push_back(step);
  }

  uint64_t arena_bytes() const { return arena_ + 64; }
  std::vector<ocellus::ProgramStep>& steps() { return steps_; }
  std::vector<ocellus::ProgramView>& views() { return views_; }

  std::vector<uint8_t> file() const {
    std::vector<uint8_t> bytes = bytes_;
    ocellus::ProgramHeader header{};
    std::memcpy(header.magic, ocellus::program_magic, sizeof header.magic);
    header.version = ocellus::program_version;
    header.header_bytes = sizeof header;
    header.step_count = static_cast<uint32_t>(steps_.size());
    header.view_count = static_cast<uint32_t>(views_.size());
    header.tensor_count = static_cast<uint32_t>(tensors_.size());
    header.steps_offset = append(bytes, steps_.data(), steps_.size() * sizeof steps_[0]);
    header.views_offset = append(bytes, views_.data(), views_.size() * sizeof views_[0]);
    header.tensors_offset = append(bytes, tensors_.data(), tensors_.size() * sizeof tensors_[0]);
    header.names_offset = append(bytes, names_.data(), names_.size());
    header.names_bytes = static_cast<uint32_t>(names_.size());
    header.arena_bytes = arena_bytes();
    header.file_bytes = bytes.size();
    std::memcpy(bytes.data(), &header, sizeof header);
    seal(bytes);
    return bytes;
  }

  /// Writes the checksum anew.
  static void seal(std::vector<uint8_t>& bytes) {
    auto* header = reinterpret_cast<ocellus::ProgramHeader*>(bytes.data());
    header->crc32 = ocellus::crc32_of(bytes.data() + sizeof *header, bytes.size() - sizeof *header);
  }

 private:
  static uint64_t append(std::vector<uint8_t>& bytes, const void* data, size_t size) {
    const uint64_t offset = bytes.size();
    const auto* raw = static_cast<const uint8_t*>(data);
    bytes.insert(bytes.end(), raw, raw + size);
    bytes.resize((bytes.size() + 63) & ~size_t{63});
    return offset;
  }

  std::vector<uint8_t> bytes_;
  std::string names_;
  std::vector<ocellus::ProgramView> views_;
  std::vector<ocellus::ProgramTensor> tensors_;
  std::vector<ocellus::ProgramStep> steps_;
  uint64_t arena_ = 64;
};

}  // namespace check
