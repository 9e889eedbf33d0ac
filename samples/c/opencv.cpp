// Objects in what OpenCV reads, a picture, a video or a camera's number: `ocellus_detect` takes a Mat as it is, a part of one too.
//
//   c++ -O2 -I sdk/clib samples/c/opencv.cpp build/libocellus.so -Wl,-rpath,build $(pkg-config --cflags --libs opencv4) -o opencv
//   ./opencv sdk/models/yolox-nano-416-int8.card.json street.mp4
//
// A line for each object: number of the frame, score, x1 y1 x2 y2 in pixels, label.
#include <ocellus.h>

#include <cctype>
#include <cstdio>
#include <memory>
#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>

namespace {

/// Of a Mat of 8 bits, with 3 channels (BGR) or 1 (grey); rows may have gaps. It is not copied.
ocellus_picture picture_of(const cv::Mat& mat) {
  CV_Assert(mat.type() == CV_8UC3 || mat.type() == CV_8UC1);
  const auto width = static_cast<uint32_t>(mat.cols), height = static_cast<uint32_t>(mat.rows);
  return {mat.channels() == 3 ? OCELLUS_BGR24 : OCELLUS_GRAY8, width, height, {mat.data}, {mat.step[0]}, 0};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "opencv: expected a model's card (.card.json) and a picture, a video or a camera\n"), 1;
  const std::unique_ptr<ocellus_detector, decltype(&ocellus_detector_close)> detector(ocellus_detector_load(argv[1], nullptr),
                                                                                      ocellus_detector_close);
  cv::VideoCapture capture;
  if (!detector) return std::fprintf(stderr, "opencv: %s\n", ocellus_error()), 1;
  if (!(std::isdigit(argv[2][0]) && !argv[2][1] ? capture.open(argv[2][0] - '0') : capture.open(argv[2]))) return 1;
  cv::Mat frame;
  for (int number = 0; capture.read(frame); number++) {
    const ocellus_picture picture = picture_of(frame);
    const ocellus_detection* found;
    size_t count;
    if (ocellus_detect(detector.get(), &picture, -1, &found, &count)) return std::fprintf(stderr, "opencv: %s\n", ocellus_error()), 1;
    for (size_t i = 0; i < count; i++) {
      std::printf("%d %.2f %.0f %.0f %.0f %.0f %s\n", number, found[i].score, found[i].x1, found[i].y1, found[i].x2, found[i].y2,
                  found[i].label);
    }
  }
  return 0;
}
