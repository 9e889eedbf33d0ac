"""The pixel work of kernels.ts as OpenCV and ncnn do it, one thread.

Takes one JSON request a line: {"task": name, "repeat": n}; answers with the milliseconds of one call, the mean of n. The first
argument is the frame as I420, the others are its size and the input's. With {"task": name, "write": path} the result is written
to a file, for comparison.
"""

import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
import cv2  # noqa: E402
import ncnn  # noqa: E402
import numpy as np  # noqa: E402

cv2.setNumThreads(1)
path, width, height, size = sys.argv[1], *map(int, sys.argv[2:5])
frame = np.fromfile(path, np.uint8).reshape(height * 3 // 2, width)
bgr = cv2.cvtColor(frame, cv2.COLOR_YUV2BGR_I420)
scale = min(size / width, size / height)
w, h = round(width * scale), round(height * scale)
left, top = (size - w) // 2, (size - h) // 2
MEAN, NORM = [103.53, 116.28, 123.675], [1 / 57.375, 1 / 57.12, 1 / 58.395]


def opencv(interpolation):
    picture = cv2.cvtColor(frame, cv2.COLOR_YUV2BGR_I420)
    small = cv2.resize(picture, (w, h), interpolation=interpolation)
    return cv2.copyMakeBorder(small, top, size - h - top, left, size - w - left, cv2.BORDER_CONSTANT, value=(114,) * 3)


def from_bgr(picture):
    mat = ncnn.Mat.from_pixels_resize(picture, ncnn.Mat.PixelType.PIXEL_BGR, width, height, w, h)
    mat.substract_mean_normalize(MEAN, NORM)
    return mat


TASKS = {
    "opencv linear": lambda: opencv(cv2.INTER_LINEAR),
    "opencv area": lambda: opencv(cv2.INTER_AREA),
    # From pixels that are BGR already, and from the frame.
    "ncnn": lambda: from_bgr(bgr),
    "ncnn from I420": lambda: from_bgr(cv2.cvtColor(frame, cv2.COLOR_YUV2BGR_I420)),
}

print(json.dumps({"opencv": cv2.__version__, "ncnn": ncnn.__version__}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    task = TASKS[request["task"]]
    if "write" in request:
        np.array(task()).tofile(request["write"])
        print(json.dumps({}), flush=True)
        continue
    begun = time.perf_counter()
    for _ in range(request["repeat"]):
        task()
    print(json.dumps({"ms": (time.perf_counter() - begun) * 1000 / request["repeat"]}), flush=True)
