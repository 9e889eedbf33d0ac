#!/usr/bin/env bash
# Package: opencv-python-headless 4.14.0.94 (PyPI), with numpy 2.4.6.
# Behaviour: IMREAD_REDUCED_GRAYSCALE_4 (and _2, _8, and those for colour) makes a picture smaller in two ways. Of a JPEG each pixel is the average of
#   its block, and what is left over at the edge has a pixel of its own. Of a PNG, BMP, WebP or TIFF each pixel is taken of the two in the middle of four, so that
#   fine lines become moiré or vanish, and what is left over is cut off. Of white lines on black, a quarter of the picture, JPEG gives an even 64 and
#   PNG black everywhere or 128, by where the lines begin.
# One would have guessed: one flag of one function does one thing, and what is saved without loss gives no less than the same picture as JPEG.
# Seen: {'.jpg': [(17, 33), 64, 64], '.png': [(16, 32), 0, 128], '.bmp': [(16, 32), 0, 128], '.webp': [(16, 32), 0, 128], '.tiff': [(16, 32), 0, 128]}
#   (rows and columns of 130 x 66; brightness everywhere of 128 x 64 with lines in the columns 0, 4, 8 ..., and in 1, 5, 9 ...)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet opencv-python-headless==4.14.0.94 numpy==2.4.6
cat > check.py <<'PY'
import sys

import cv2
import numpy as np

without_loss = {".jpg": [cv2.IMWRITE_JPEG_QUALITY, 100], ".webp": [cv2.IMWRITE_WEBP_QUALITY, 101]}


def reduced(kind, width, height, first):
    """Of white lines, every fourth column from the given one on."""
    picture = np.zeros((height, width), np.uint8)
    picture[:, first::4] = 255
    encoded = cv2.imencode(kind, picture, without_loss.get(kind, []))[1]
    return cv2.imdecode(encoded, cv2.IMREAD_REDUCED_GRAYSCALE_4)


def brightness(kind, first):
    values = np.unique(reduced(kind, 128, 64, first)).tolist()
    return values[0] if len(values) == 1 else values


kinds = (".jpg", ".png", ".bmp", ".webp", ".tiff")
seen = {kind: [reduced(kind, 130, 66, 0).shape, brightness(kind, 0), brightness(kind, 1)] for kind in kinds}
print(seen)
if seen != {".jpg": [(17, 33), 64, 64], **dict.fromkeys(kinds[1:], [(16, 32), 0, 128])}:
    sys.exit("OpenCV behaves otherwise than stated above")
PY
venv/bin/python check.py
