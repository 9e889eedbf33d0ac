#!/usr/bin/env bash
# Package: pipe2jpeg 0.3.0 (npm), seen with Node 20; the stream is made with Pillow 12.3.0 and piexif 1.1.3 (PyPI), as ffmpeg copies a camera's MJPEG to a pipe.
# Behaviour: a picture that has a thumbnail in its Exif, as most cameras for stills and many modules write it, ends where the thumbnail ends: what comes as a
#   picture is the head of one. The scan that follows is dropped until the next picture begins. As many come as were sent, each begins with FFD8
#   and ends with FFD9, and none can be decoded. Without Exif, or with a thumbnail that lies in the first 500 bytes, all are right.
# One would have guessed: FFD9 ends a picture where a marker can stand; the bytes of a segment are skipped by its length (T.81, B.1.1.4).
# Seen: {"plain":{"pictures":5,"whole":5},"thumbnail":{"pictures":5,"whole":0}}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund pipe2jpeg@0.3.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check Pillow==12.3.0 piexif==1.1.3
cat > make.py <<'PY'
"""Five pictures each, one after the other, without and with a thumbnail in the Exif."""
import io

import piexif
from PIL import Image


def jpeg(picture, **options):
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90, **options)
    return file.getvalue()


pictures = [Image.linear_gradient("L").rotate(20 * n).resize((320, 240)).convert("RGB") for n in range(5)]
with open("plain", "wb") as plain, open("thumbnail", "wb") as with_thumbnail:
    for picture in pictures:
        plain.write(jpeg(picture))
        exif = piexif.dump({"1st": {}, "thumbnail": jpeg(picture.resize((160, 120)))})
        assert piexif.load(exif)["thumbnail"]
        with_thumbnail.write(jpeg(picture, exif=exif))
PY
venv/bin/python make.py
cat > split.cjs <<'JS'
const fs = require('node:fs');
const Pipe2Jpeg = require('pipe2jpeg');

const [, , source] = process.argv;
const splitter = new Pipe2Jpeg();
let count = 0;
splitter.on('jpeg', (jpeg) => fs.writeFileSync(`${source}-${count++}.jpg`, jpeg));
fs.createReadStream(source, { highWaterMark: 4096 }).pipe(splitter);
JS
node split.cjs plain
node split.cjs thumbnail
cat > check.py <<'PY'
import glob
import json
import sys

from PIL import Image


def whole(path):
    try:
        with Image.open(path) as picture:
            picture.load()
            return picture.size == (320, 240)
    except OSError:
        return False


seen = {}
for name in ("plain", "thumbnail"):
    paths = sorted(glob.glob(f"{name}-*.jpg"))
    seen[name] = {"pictures": len(paths), "whole": sum(map(whole, paths))}
    for path in paths:
        with open(path, "rb") as file:
            data = file.read()
        assert data[:2] == b"\xff\xd8" and data[-2:] == b"\xff\xd9"
print(json.dumps(seen, separators=(",", ":")))
if seen != {"plain": {"pictures": 5, "whole": 5}, "thumbnail": {"pictures": 5, "whole": 0}}:
    sys.exit("pipe2jpeg behaves otherwise than stated above")
PY
venv/bin/python check.py
