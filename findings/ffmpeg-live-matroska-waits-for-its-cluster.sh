#!/usr/bin/env bash
# Package: imageio-ffmpeg 0.8.1 (PyPI), which carries ffmpeg 9.0.2; Debian's ffmpeg 5.1.9 does the same.
# Behaviour: Matroska (and WebM) that is written to a pipe stays in memory until a second of it is there, or 32 KB, also with
#   `-flush_packets 1` and `-live 1`: of 20 pictures at 10 a second, the reader has 11 while the writer waits for the next. NUT gives each at
#   once. `-cluster_time_limit 50` makes Matroska write sooner.
# One would have guessed: `-live 1` is for live streams, and `-flush_packets 1`, of which the manual says that the output is flushed after
#   each packet, leaves none behind. VP9 and AV1 seem to have no other container for a pipe: ffmpeg's MPEG-TS makes data of them.
# Seen: {'matroska -flush_packets 1 -live 1': (11, 20), 'nut': (20, 20)}: pictures that had come before the end, and in all
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet imageio-ffmpeg==0.8.1
cat > check.py <<'PY'
import subprocess
import sys
import threading
import time

import imageio_ffmpeg

start_of_picture = b"\xff\xd8\xff"
ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error"]
pictures = ["-probesize", "32", "-f", "rawvideo", "-pixel_format", "gray", "-video_size", "64x48", "-framerate", "10", "-i", "-"]


def come(container):
    """Writes 20 pictures, and waits until nothing more comes before it ends."""
    coded = ["-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-f", *container.split(" "), "-"]
    child = subprocess.Popen([*ffmpeg, *pictures, *coded], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out = bytearray()

    def read():
        while piece := child.stdout.read1(65536):
            out.extend(piece)

    reader = threading.Thread(target=read)
    reader.start()
    for level in range(20):
        child.stdin.write(bytes([level * 10]) * (64 * 48))
    child.stdin.flush()
    before = 0
    while len(out) == 0 or len(out) != before:
        before = len(out)
        time.sleep(3)
    had = out.count(start_of_picture)
    child.stdin.close()
    reader.join()
    child.wait()
    return had, out.count(start_of_picture)


seen = {container: come(container) for container in ("matroska -flush_packets 1 -live 1", "nut")}
print(f"{seen}: pictures that had come before the end, and in all")
if seen != {"matroska -flush_packets 1 -live 1": (11, 20), "nut": (20, 20)}:
    sys.exit("ffmpeg behaves otherwise than stated above")
PY
venv/bin/python check.py
