#!/usr/bin/env bash
# Package: decord 0.6.0 (PyPI); the clip is made with imageio-ffmpeg 0.6.0 (PyPI).
# Behaviour: a video that is stored lying and played upright, as phones write them, comes as an array [height, width, 4]. Its memory holds rows of
#   three bytes a pixel at the beginning: read by its shape, each pixel's colours are shifted by one more than its neighbour's. A video that
#   is not turned comes as [height, width, 3].
# One would have guessed: three channels as for every other video, turned or not; or a fourth one that is opacity.
# Seen: not turned (48, 64, 3); turned (64, 48, 4), whose first bytes are the upright picture's, three a pixel: True
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet decord==0.6.0 imageio-ffmpeg==0.6.0 opencv-python-headless==4.12.0.88
cat > check.py <<'PY'
import subprocess
import sys

import cv2
import decord
import imageio_ffmpeg
import numpy as np

ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error"]
encode = ["-c:v", "libx264", "-bf", "0", "-pix_fmt", "yuv420p"]
subprocess.run([*ffmpeg, "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=10:duration=1", *encode, "lying.mp4"], check=True)
subprocess.run([*ffmpeg, "-display_rotation", "90", "-i", "lying.mp4", "-c", "copy", "turned.mp4"], check=True)
lying = decord.VideoReader("lying.mp4")[0].asnumpy()
turned = decord.VideoReader("turned.mp4")[0].asnumpy()
upright = np.ascontiguousarray(cv2.VideoCapture("turned.mp4").read()[1][:, :, ::-1])
row = upright[0].reshape(-1)
is_packed = bool(np.abs(turned.reshape(-1)[: row.size].astype(int) - row).mean() < 3)
print(f"not turned {lying.shape}; turned {turned.shape}, whose first bytes are the upright picture's, three a pixel: {is_packed}")
if lying.shape != (48, 64, 3) or turned.shape != (64, 48, 4) or not is_packed:
    sys.exit("decord behaves otherwise than stated above")
PY
venv/bin/python check.py
