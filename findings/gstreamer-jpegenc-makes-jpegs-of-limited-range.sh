#!/usr/bin/env bash
# Package: gstreamer1.0-tools 1.22.0-2+deb12u1 with gstreamer1.0-plugins-base 1.22.0-3+deb12u7 and -good 1.22.0-5+deb12u4 (Debian 12), on x86-64; the JPEGs are read
#   with Pillow 12.3.0 (PyPI). Needs mmdebstrap, which unpacks them.
# Behaviour: `jpegenc` takes YUV as it comes and never looks at the range that the caps state. What a decoder of video gives is in limited range (16 to 235), so
#   a picture of it (`decodebin ! jpegenc`, as recipes for snapshots have it) is pale: white is 235 and black 16, also with a colorimetry stated, and also when
#   `jpegdec` of the same package reads it again. From RGB, and with a videoconvert to RGB in between, it is right.
# One would have guessed: JPEG is in full range (JFIF), and caps with a colorimetry are there so that an element converts, or refuses what it cannot take. A network
#   that is taught with such snapshots sees other pictures than the live stream's.
# Seen: {"I420":[235,16],"I420, bt601":[235,16],"I420, bt709":[235,16],"RGB":[255,0]}   (what white and black become)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mmdebstrap --quiet --variant=extract \
  --include=gstreamer1.0-tools=1.22.0-2+deb12u1,gstreamer1.0-plugins-base=1.22.0-3+deb12u7,gstreamer1.0-plugins-good=1.22.0-5+deb12u4 bookworm root
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check Pillow==12.3.0
under=$folder/root/usr/lib/x86_64-linux-gnu
export GST_PLUGIN_SYSTEM_PATH=$under/gstreamer-1.0 GST_REGISTRY=$folder/registry GST_REGISTRY_FORK=no
# NAME CAPS: white.NAME.jpg and black.NAME.jpg of the test source in the format that CAPS say.
made() {
  for pattern in white black; do
    "$folder/root/lib64/ld-linux-x86-64.so.2" --library-path "$under:$folder/root/lib/x86_64-linux-gnu:$under/blas:$under/lapack" root/usr/bin/gst-launch-1.0 -q \
      videotestsrc num-buffers=1 "pattern=$pattern" ! "video/x-raw,width=64,height=64,$2" ! jpegenc ! filesink "location=$pattern.$1.jpg" 2> log || {
      cat log >&2
      exit 1
    }
  done
}
made plain format=I420
made bt601 format=I420,colorimetry=bt601
made bt709 format=I420,colorimetry=bt709
made rgb format=RGB
cat > check.py <<'PY'
import json
import sys

from PIL import Image


def middle(name):
    return [Image.open(f"{pattern}.{name}.jpg").convert("L").getpixel((32, 32)) for pattern in ("white", "black")]


names = {"I420": "plain", "I420, bt601": "bt601", "I420, bt709": "bt709", "RGB": "rgb"}
seen = {said: middle(name) for said, name in names.items()}
print(json.dumps(seen, separators=(",", ":")))
if seen != {"I420": [235, 16], "I420, bt601": [235, 16], "I420, bt709": [235, 16], "RGB": [255, 0]}:
    sys.exit("jpegenc behaves otherwise than stated above")
PY
venv/bin/python check.py
