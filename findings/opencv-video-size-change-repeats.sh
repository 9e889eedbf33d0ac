#!/usr/bin/env bash
# Package: opencv-python-headless 4.12.0.88 (PyPI); the clip is made with imageio-ffmpeg 0.8.1 (PyPI). Debian's OpenCV 4.6
#   does the same.
# Behaviour: a valid stream (MPEG-TS, H.264) that goes from 64x48 to 48x64 and to 128x96, as one does whose camera is turned
#   or set to another size. VideoCapture reads all of its 15 frames with success, but the pictures behind the change are the
#   last one before it, again and again; width, height and the returned arrays keep one size. Only swscale complains, on
#   standard error.
# One would have guessed: frames of the new size, or a read that fails.
# Seen: 15 reads with success, 5 different pictures, sizes {(48, 64)}
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

with open("all.ts", "wb") as whole:
    for start, size in enumerate(("64x48", "48x64", "128x96")):
        source = f"testsrc2=size={size}:rate=5:duration=1"
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", source]
        encode = ["-c:v", "libx264", "-bf", "0", "-pix_fmt", "yuv420p", "-output_ts_offset", str(start), f"{start}.ts"]
        subprocess.run([*command, *encode], check=True)
        with open(f"{start}.ts", "rb") as part:
            whole.write(part.read())
capture = cv2.VideoCapture("all.ts", cv2.CAP_FFMPEG)
pictures, sizes, reads = set(), set(), 0
while reads < 100:
    ok, picture = capture.read()
    if not ok:
        break
    reads += 1
    pictures.add(picture.tobytes())
    sizes.add(picture.shape[1::-1])
print(f"{reads} reads with success, {len(pictures)} different pictures, sizes {sizes}")
if not (reads >= 14 and len(pictures) <= 6 and len(sizes) == 1):
    sys.exit("OpenCV behaves otherwise than stated above")
PY
venv/bin/python check.py 2> /dev/null || { echo "OpenCV behaves otherwise than stated above" >&2; exit 1; }
