#!/usr/bin/env bash
# Package: imageio-ffmpeg 0.8.1 (PyPI), which carries ffmpeg 9.0.2; Debian's ffmpeg 5.1.9 does the same.
# Behaviour: with `-flags low_delay`, which recipes for live video give for any camera, MPEG-2 and MPEG-4 that have B-frames are
#   put out in the order in which they were coded: each picture that lies between two others comes after both. Their number is right,
#   so is the exit status, and the decoder says nothing; only the output complains, of times that run backwards, and goes on. H.264 is
#   not affected.
# One would have guessed: a decoder that is not to wait leaves out what it would have to wait for, or waits where the stream says
#   so; what it puts out is in the order of its times, as for H.264.
# Seen: {'mpeg2video': (30, 10), 'mpeg4': (30, 10), 'libx264': (30, 0)}: pictures, and how many of them came after a later one
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
# Each picture is brighter than the one before.
brighter = ["-f", "lavfi", "-i", "color=size=64x48:rate=25:duration=1.2,format=yuv420p,geq=lum=16+7*N:cb=128:cr=128"]
seen = {}
for codec in ("mpeg2video", "mpeg4", "libx264"):
    coded = ["-c:v", codec, "-q:v", "2", "-bf", "2", "-b_strategy", "0", "-g", "30", "coded.mkv"]
    subprocess.run([*ffmpeg, "-y", *brighter, *coded], check=True)
    shown = ["-fps_mode", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", "-"]
    run = subprocess.run([*ffmpeg, "-flags", "low_delay", "-i", "coded.mkv", *shown], check=True, capture_output=True)
    size = 64 * 48
    lumas = [run.stdout[at + size // 2] for at in range(0, len(run.stdout), size)]
    back = sum(after < before for before, after in zip(lumas, lumas[1:]))
    seen[codec] = (len(lumas), back)
print(f"{seen}: pictures, and how many of them came after a later one")
if seen != {"mpeg2video": (30, 10), "mpeg4": (30, 10), "libx264": (30, 0)}:
    sys.exit("ffmpeg behaves otherwise than stated above")
PY
venv/bin/python check.py
