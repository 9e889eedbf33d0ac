#include "preprocess/plan.h"

#include <cmath>
#include <cstring>

namespace ocellus {
namespace {

constexpr int32_t one = 2048;
/// Keeps the sum of a box in 16 bits.
constexpr size_t max_box = 16;
/// What vectors may touch beyond the end of a row of our own.
constexpr size_t slack = 64;

size_t whole_groups(size_t count) { return (count + 7) / 8 * 8; }

template <typename T>
T clip(T value, T low, T high) {
  return value < low ? low : value > high ? high : value;
}

double rounded(double value) { return std::floor(value + 0.5); }

}  // namespace

size_t plane_count(PixelFormat format) {
  return format == PixelFormat::i420 ? 3 : format == PixelFormat::nv12 ? 2 : 1;
}

void plane_size(PixelFormat format, size_t width, size_t height, size_t plane, size_t& row_bytes, size_t& rows) {
  row_bytes = format == PixelFormat::bgr24 || format == PixelFormat::rgb24 ? width * 3 : width;
  rows = height;
  if (plane == 0) return;
  row_bytes = (width + 1) / 2 * (format == PixelFormat::nv12 ? 2 : 1);
  rows = (height + 1) / 2;
}

YuvColour yuv_colour(bool bt709, bool limited) {
  const double kr = bt709 ? 0.2126 : 0.299;
  const double kb = bt709 ? 0.0722 : 0.114;
  const double kg = 1 - kr - kb;
  const double chroma = limited ? 255.0 / 224 : 1;
  const auto fixed = [](double value) { return static_cast<int16_t>(rounded(value * 8192)); };
  YuvColour colour{};
  colour.luma = fixed(limited ? 255.0 / 219 : 1);
  colour.rv = fixed(2 * (1 - kr) * chroma);
  colour.gu = fixed((-2 * (1 - kb) * kb * chroma) / kg);
  colour.gv = fixed((-2 * (1 - kr) * kr * chroma) / kg);
  colour.bu = fixed(2 * (1 - kb) * chroma);
  // Rounds, and takes luma from around 128 to above black.
  colour.offset = (1 << 19) + ((128 - (limited ? 16 : 0)) << 7) * colour.luma;
  return colour;
}

BoxMean box_mean(size_t columns, size_t rows, size_t channels) {
  const size_t pixels = columns * rows;
  BoxMean mean{columns, channels, 0, 0};
  while ((255 * pixels) << (mean.up + 1) <= 65535) mean.up++;
  mean.reciprocal = static_cast<uint16_t>(rounded(8388608.0 / static_cast<double>(pixels << mean.up)));
  return mean;
}

bool Axis::make(size_t out_size, size_t region_start, size_t region_size, size_t plane_size, size_t subsampling,
                size_t step, Sampling sampling) {
  const double outputs = static_cast<double>(out_size);
  const double half = static_cast<double>(subsampling);
  const double begin = static_cast<double>(region_start);
  const double scale = static_cast<double>(region_size) / outputs / half;
  box = sampling == Sampling::area ? clip<size_t>(static_cast<size_t>(std::floor(scale + 1e-9)), 1, max_box) : 1;
  start = region_start / subsampling;
  const size_t end = (region_start + region_size + subsampling - 1) / subsampling;
  size = (end < plane_size ? end : plane_size) - start;
  length = (size + box - 1) / box;
  const size_t padded = whole_groups(out_size);
  if (!first_.allocate(padded) || !weights_.allocate(2 * padded)) return false;
  const double last = static_cast<double>(length) - 1;
  direct = true;
  for (size_t i = 0; i < padded; i++) {
    const double at = static_cast<double>(i < out_size ? i : out_size - 1);
    const double position =
        (begin / half + (at + 0.5) * scale - static_cast<double>(start)) / static_cast<double>(box) - 0.5;
    const double clamped = position < 0 ? 0 : position > last ? last : position;
    // The last element is reached as the second of a pair, so that the pair is always inside.
    double first = std::floor(clamped);
    if (first > last - 1) first = last - 1;
    if (first < 0) first = 0;
    auto weight = static_cast<int32_t>(rounded((clamped - first) * one));
    if (sampling == Sampling::nearest) weight = weight >= one / 2 ? one : 0;
    if (weight != 0 && weight != one) direct = false;
    first_[i] = static_cast<int32_t>(first) * static_cast<int32_t>(step);
    weights_[2 * i] = static_cast<int16_t>(one - weight);
    weights_[2 * i + 1] = static_cast<int16_t>(weight);
  }
  taps = {out_size, length > 1 ? step : 0, first_.data(), weights_.data(), 0, false, nullptr, nullptr};
  return true;
}

bool Axis::gather(int64_t low, int64_t high, size_t channels) {
  taps.safe = 0;
  if (taps.next > 0) {
    while (taps.safe < taps.count && first_[taps.safe] + 8 <= high) taps.safe++;
  }
  // Pixels of three channels are taken one by one.
  if (channels > 2 || high - low < 16) return true;
  const size_t groups = first_.size() / 4;
  if (!base_.allocate(groups) || !mask_.allocate(16 * groups)) return false;
  for (size_t group = 0; group < groups; group++) {
    const int32_t* first = &first_[4 * group];
    const int64_t base = first[0] + 16 <= high ? first[0] : high - 16;
    if (first[3] + static_cast<int64_t>(taps.next + channels) - base > 16) return true;
    base_[group] = static_cast<int32_t>(base);
    for (size_t i = 0; i < 4; i++) {
      const int64_t at = first[i] - base;
      for (size_t channel = 0; channel < 2; channel++) {
        uint8_t* pair = &mask_[16 * group + 8 * channel + 2 * i];
        const bool there = channel < channels;
        pair[0] = static_cast<uint8_t>(there ? at + static_cast<int64_t>(channel) : 0x80);
        pair[1] = static_cast<uint8_t>(there ? at + static_cast<int64_t>(channel + taps.next) : 0x80);
      }
    }
  }
  taps.gathered = true;
  taps.base = base_.data();
  taps.mask = mask_.data();
  return true;
}

bool PlaneRows::make(const Axis& x, const Axis& y, size_t channels) {
  x_ = &x;
  y_ = &y;
  channels_ = channels;
  averaged_ = x.box > 1 || y.box > 1;
  if (!averaged_) return true;
  const size_t bytes = x.length * channels + slack;
  return slots_[0].allocate(bytes) && slots_[1].allocate(bytes) && sums_.allocate(x.size * channels + slack);
}

void PlaneRows::attach(const uint8_t* data, size_t stride) {
  data_ = data;
  stride_ = stride;
  held_[0] = held_[1] = 0;
}

Rows PlaneRows::rows(const PreprocessKernels& kernels, size_t row) {
  const Taps& taps = y_->taps;
  const auto first = static_cast<size_t>(taps.first[row]);
  // Vertical weights have 8 bits.
  const int32_t weight = (taps.weights[2 * row + 1] + 4) >> 3;
  if (weight > 0 && weight < 256) {
    const uint8_t* upper = element_row(kernels, first);
    return {upper, element_row(kernels, first + taps.next), weight};
  }
  // Half of a row and half of the same.
  const uint8_t* only = element_row(kernels, weight == 0 ? first : first + taps.next);
  return {only, only, 128};
}

const uint8_t* PlaneRows::element_row(const PreprocessKernels& kernels, size_t row) {
  if (!averaged_) return data_ + (y_->start + row) * stride_ + x_->start * channels_;
  // Neighbours never share a slot.
  const size_t slot = row & 1;
  if (held_[slot] != row + 1) {
    average(kernels, row, slots_[slot].data());
    held_[slot] = row + 1;
  }
  return slots_[slot].data();
}

void PlaneRows::average(const PreprocessKernels& kernels, size_t row, uint8_t* target) {
  const size_t box = x_->box;
  const size_t first_row = row * y_->box;
  const size_t left = y_->size - first_row;
  const size_t rows = left < y_->box ? left : y_->box;
  const uint8_t* from = data_ + (y_->start + first_row) * stride_ + x_->start * channels_;
  kernels.sum(from, stride_, rows, x_->size * channels_, sums_.data());
  const size_t whole = x_->size / box;
  const size_t rest = x_->size - whole * box;
  kernels.mean(sums_.data(), box_mean(box, rows, channels_), whole, target);
  if (rest == 0) return;
  kernels.mean(sums_.data() + whole * box * channels_, box_mean(rest, rows, channels_), 1, target + whole * channels_);
}

bool Plan::make(const InputTarget& target, const Placement& placement) {
  placement_ = placement;
  const Placement& p = placement_;
  const auto sampling = target.area ? Axis::Sampling::area : Axis::Sampling::bilinear;
  const size_t channels = p.format == PixelFormat::bgr24 || p.format == PixelFormat::rgb24 ? 3 : 1;
  const auto gather = [](Axis& x, const PlaneRows& rows, size_t plane_width, size_t step) {
    const auto in = [step](size_t elements) { return static_cast<int64_t>(elements * step); };
    if (rows.averaged()) return x.gather(0, in(x.length) + static_cast<int64_t>(slack), step);
    return x.gather(-in(x.start), in(plane_width) - in(x.start), step);
  };
  if (!x_.make(p.width, p.region_x, p.region_width, p.source_width, 1, channels, sampling) ||
      !y_.make(p.height, p.region_y, p.region_height, p.source_height, 1, 1, sampling) ||
      !rows_[0].make(x_, y_, channels) || !gather(x_, rows_[0], p.source_width, channels)) {
    return false;
  }
  if (plane_count(p.format) == 1) return true;
  // A picture that is not resized has each pixel's nearest chroma.
  const bool same_size = x_.direct && y_.direct && x_.box == 1 && y_.box == 1;
  const auto chroma = same_size ? Axis::Sampling::nearest : sampling;
  const size_t step = p.format == PixelFormat::nv12 ? 2 : 1;
  const size_t width = (p.source_width + 1) / 2;
  const size_t height = (p.source_height + 1) / 2;
  return x_chroma_.make(p.width, p.region_x, p.region_width, width, 2, step, chroma) &&
         y_chroma_.make(p.height, p.region_y, p.region_height, height, 2, 1, chroma) &&
         rows_[1].make(x_chroma_, y_chroma_, step) && rows_[2].make(x_chroma_, y_chroma_, step) &&
         gather(x_chroma_, rows_[1], width, step);
}

void Plan::run(const PreprocessKernels& kernels, const InputTarget& target, const Picture& picture, void* out) {
  const PixelFormat format = placement_.format;
  const size_t planes = plane_count(format);
  for (size_t i = 0; i < planes; i++) rows_[i].attach(picture.planes[i], picture.strides[i]);
  const YuvColour colour = yuv_colour(picture.bt709, picture.limited);
  const RowSource source = format == PixelFormat::i420    ? planar_yuv
                           : format == PixelFormat::nv12  ? semiplanar_yuv
                           : format == PixelFormat::gray8 ? gray_pixels
                                                          : rgb_pixels;
  const RowOutput output = target.floats ? (target.planar ? floats_planar : floats_interleaved)
                                         : (target.planar ? bytes_planar : bytes_interleaved);
  float scale[pattern_size], bias[pattern_size];
  for (size_t i = 0; i < pattern_size; i++) {
    scale[i] = target.scale[i % 3];
    bias[i] = target.bias[i % 3];
  }
  RowJob job{&x_.taps, &x_chroma_.taps, {}, &colour, format == PixelFormat::bgr24, {{}, target.bgr, scale, bias}};
  const auto write_row = kernels.rows[source][output];
  const size_t value_size = target.floats ? sizeof(float) : 1;
  const size_t plane_bytes = target.width * target.height * value_size;
  auto* bytes = static_cast<uint8_t*>(out);
  for (size_t row = 0; row < placement_.height; row++) {
    for (size_t i = 0; i < planes; i++) job.planes[i] = rows_[i].rows(kernels, row);
    const size_t pixel = ((placement_.top + row) * target.width + placement_.left) * value_size;
    for (size_t c = 0; c < 3; c++) {
      job.target.channels[c] = bytes + (target.planar ? c * plane_bytes + pixel : 3 * pixel);
    }
    write_row(job);
  }
}

void pad(const InputTarget& target, void* out) {
  const size_t pixels = target.width * target.height;
  if (!target.floats) {
    std::memset(out, target.pad, 3 * pixels);
    return;
  }
  auto* values = static_cast<float*>(out);
  float padding[3];
  for (size_t c = 0; c < 3; c++) padding[c] = static_cast<float>(target.pad) * target.scale[c] + target.bias[c];
  for (size_t i = 0; i < 3 * pixels; i++) values[i] = padding[target.planar ? i / pixels : i % 3];
}

}  // namespace ocellus
