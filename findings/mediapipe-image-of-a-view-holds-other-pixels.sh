#!/usr/bin/env bash
# Package: mediapipe 1.2.3 (PyPI).
# Behaviour: mediapipe.Image takes a NumPy array that is a view (a region of a frame, a frame with rows and columns exchanged) without
#   an error and reads its memory as if there were no strides: width and height are those of the view, the pixels are
#   others. No task tells it: a region of a frame gives detections of a sheared strip of it.
# One would have guessed: an array is an array, as for the packages of OpenCV and libvips; or an error, since "bgr[:, :, ::-1]" is how most
#   people turn a frame of OpenCV into SRGB. numpy.ascontiguousarray in between is what helps.
# Seen: {'frame': 1.0, 'region': 0.05, 'transposed': 0.0} (the part of values that are the array's)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet mediapipe==1.2.3
cat > check.py <<'PY'
import sys

import mediapipe
import numpy as np

frame = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def same(array):
    image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=array)
    assert (image.height, image.width) == array.shape[:2]
    return float(np.mean(image.numpy_view() == array))


arrays = {"frame": frame, "region": frame[5:25, 10:40], "transposed": frame.transpose(1, 0, 2)}
seen = {name: round(same(array), 2) for name, array in arrays.items()}
copied = [same(np.ascontiguousarray(array)) for array in arrays.values()]
print(seen)
if not (seen["frame"] == 1 and seen["region"] < 0.2 and seen["transposed"] < 0.2 and copied == [1, 1, 1]):
    sys.exit("mediapipe behaves otherwise than stated above")
PY
venv/bin/python check.py
