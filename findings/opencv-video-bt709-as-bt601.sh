#!/usr/bin/env bash
# Package: opencv-python-headless 4.12.0.88 (PyPI); the clips are made with imageio-ffmpeg 0.8.1 (PyPI). Debian's OpenCV 4.6
#   gives the same values.
# Behaviour: VideoCapture makes BGR of a video that is tagged BT.709 with the matrix of BT.601. Of red (224, 32, 32) in
#   1280x720, tagged bt709 and limited range as nearly all HD video is, come (205, 9, 32): 23 levels off.
# One would have guessed: the stream's own tags count, as in ffmpeg and in browsers, or that HD is BT.709 without them.
# Seen: {'bt709': [32, 9, 205], 'smpte170m': [32, 30, 223]} (BGR)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet opencv-python-headless==4.12.0.88 imageio-ffmpeg==0.8.1
cat > check.py <<'PY'
import subprocess
import sys

import cv2
import imageio_ffmpeg

red = (224, 32, 32)
seen = {}
for matrix, tag in (("bt709", "bt709"), ("bt601", "smpte170m")):
    path = f"{tag}.mp4"
    source = "color=c=0xE02020:size=1280x720:rate=5:duration=1"
    convert = f"scale=out_color_matrix={matrix}:out_range=tv,format=yuv420p"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", source, "-vf", convert]
    subprocess.run([*command, "-c:v", "libx264", "-colorspace", tag, "-color_range", "tv", path], check=True)
    _, picture = cv2.VideoCapture(path, cv2.CAP_FFMPEG).read()
    seen[tag] = picture[360, 640].tolist()
print(seen)
off = {tag: max(abs(a - b) for a, b in zip(pixel[::-1], red)) for tag, pixel in seen.items()}
if not (off["bt709"] > 15 and off["smpte170m"] < 5):
    sys.exit("OpenCV behaves otherwise than stated above")
PY
venv/bin/python check.py
