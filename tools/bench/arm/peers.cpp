// The same step as a user of libyuv or of OpenCV writes it, for counting under qemu:
//   peers JOB PEER
// Writes where its libraries are, for whoever counts, to stdout first. Exits with 3 where the peer has no such job.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <libyuv.h>
#include <opencv2/core.hpp>
#include <opencv2/core/utility.hpp>
#include <opencv2/imgproc.hpp>

#include "scene.h"

namespace {

constexpr int width = scene::width, height = scene::height, side = scene::input, rows = scene::rows, top = scene::top;

/// Pixels go straight to their place in the letterbox; only planes need another pass.
class Output {
 public:
  explicit Output(bool planar) : planar_(planar), input_(3 * side * side, 114), pixels_(planar ? 3 * side * rows : 0) {}
  uint8_t* pixels() { return planar_ ? pixels_.data() : input_.data() + 3 * side * top; }
  void finish() {
    if (!planar_) return;
    uint8_t* first = input_.data() + side * top;
    libyuv::SplitRGBPlane(pixels_.data(), 3 * side, first, side, first + side * side, side, first + 2 * side * side, side, side, rows);
  }

 private:
  bool planar_;
  std::vector<uint8_t> input_, pixels_;
};

/// @param full_chroma Chroma is scaled to the size of the output, as ours is; else to half of it and repeated, which is less work.
void with_libyuv(libyuv::FilterMode filter, bool planar, bool full_chroma) {
  const scene::Frame frame;
  Output out(planar);
  const int chroma_width = full_chroma ? side : side / 2, chroma_rows = full_chroma ? rows : rows / 2;
  std::vector<uint8_t> y(side * rows), u(chroma_width * chroma_rows), v(chroma_width * chroma_rows);
  scene::twice([&] {
    if (full_chroma) {
      libyuv::ScalePlane(frame.y(), width, width, height, y.data(), side, side, rows, filter);
      libyuv::ScalePlane(frame.u(), width / 2, width / 2, height / 2, u.data(), side, side, rows, filter);
      libyuv::ScalePlane(frame.v(), width / 2, width / 2, height / 2, v.data(), side, side, rows, filter);
      libyuv::I444ToRGB24(y.data(), side, u.data(), side, v.data(), side, out.pixels(), 3 * side, side, rows);
    } else {
      libyuv::I420Scale(frame.y(), width, frame.u(), width / 2, frame.v(), width / 2, width, height, y.data(), side, u.data(),
                        chroma_width, v.data(), chroma_width, side, rows, filter);
      libyuv::I420ToRGB24(y.data(), side, u.data(), chroma_width, v.data(), chroma_width, out.pixels(), 3 * side, side, rows);
    }
    out.finish();
  });
}

void with_opencv(int interpolation) {
  cv::setNumThreads(1);
  const scene::Frame frame;
  const cv::Mat yuv(height * 3 / 2, width, CV_8UC1, const_cast<uint8_t*>(frame.bytes()));
  cv::Mat colour, resized, input;
  scene::twice([&] {
    cv::cvtColor(yuv, colour, cv::COLOR_YUV2BGR_I420);
    cv::resize(colour, resized, {side, rows}, 0, 0, interpolation);
    cv::copyMakeBorder(resized, input, top, top, 0, 0, cv::BORDER_CONSTANT, {114, 114, 114});
  });
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) return 2;
  const auto is = [words](int at, const char* name) { return std::strcmp(words[at], name) == 0; };
  scene::print_libraries();
  const bool area = is(1, "area"), planar = is(1, "bilinear-planar");
  if (!area && !planar && !is(1, "bilinear")) return 3;
  const libyuv::FilterMode filter = area ? libyuv::kFilterBox : libyuv::kFilterBilinear;
  if (is(2, "libyuv")) with_libyuv(filter, planar, false);
  else if (is(2, "libyuv-444")) with_libyuv(filter, planar, true);
  else if (is(2, "opencv") && !planar) with_opencv(area ? cv::INTER_AREA : cv::INTER_LINEAR);
  else return 3;
  return 0;
}
