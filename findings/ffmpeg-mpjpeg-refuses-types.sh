#!/usr/bin/env bash
# Package: imageio-ffmpeg 0.8.1 (PyPI), which carries ffmpeg 9.0.2; Debian's ffmpeg 5.1.9 does the same.
# Behaviour: the demuxer of MJPEG over HTTP (`-f mpjpeg`, multipart/x-mixed-replace) takes parts of the type `image/jpeg` to the
#   letter. `image/jpg`, `image/jpeg; size=1234` and a part without a type give no picture, though the JPEG and its length follow.
# One would have guessed: parameters of a type are left out of account (RFC 2045), and what is a JPEG by its bytes is one.
#   Browsers take all four; cameras send all four.
# Seen: {'image/jpeg': 4, 'image/jpg': 0, 'image/jpeg; size=1234': 0, None: 0} pictures of 4
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet imageio-ffmpeg==0.8.1
cat > check.py <<'PY'
import subprocess
import sys

import imageio_ffmpeg

ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error"]
subprocess.run([*ffmpeg, "-f", "lavfi", "-i", "testsrc=size=64x48", "-frames:v", "1", "one.jpg"], check=True)
with open("one.jpg", "rb") as file:
    jpeg = file.read()
seen = {}
for kind in ("image/jpeg", "image/jpg", "image/jpeg; size=1234", None):
    head = f"Content-Type: {kind}\r\n" if kind else ""
    part = f"--frame\r\n{head}Content-Length: {len(jpeg)}\r\n\r\n".encode() + jpeg + b"\r\n"
    with open("stream", "wb") as file:
        file.write(part * 4)
    command = [*ffmpeg, "-f", "mpjpeg", "-i", "stream", "-fps_mode", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", "-"]
    out = subprocess.run(command, capture_output=True).stdout
    seen[kind] = len(out) // (64 * 48)
print(f"{seen} pictures of 4")
if list(seen.values()) != [4, 0, 0, 0]:
    sys.exit("ffmpeg behaves otherwise than stated above")
PY
venv/bin/python check.py
