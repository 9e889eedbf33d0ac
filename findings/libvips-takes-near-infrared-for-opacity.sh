#!/usr/bin/env bash
# Package: sharp 0.35.5 (npm; libvips 8.18.7); the pictures are made with tifffile 2026.3.3 (PyPI).
# Behaviour: a TIFF of red, green, blue and near infrared says of its fourth channel that it is none of alpha (ExtraSamples 0). sharp
#   tells hasAlpha: true, and flatten() blends the picture by how bright near infrared is: of (10, 120, 200) with 30 comes nearly white.
# One would have guessed: a channel that says it is not opacity is not taken for it; tifffile and Pillow show the colours.
# Seen: {"hasAlpha":true,"flattened":[226,239,248]}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet tifffile==2026.3.3 numpy==2.4.6
venv/bin/python - <<'PY'
import numpy
import tifffile

pixels = numpy.full((8, 8, 4), (10, 120, 200, 30), numpy.uint8)
tifffile.imwrite("near.tif", pixels, photometric="rgb", extrasamples=["unspecified"])
with tifffile.TiffFile("near.tif") as written:
    assert written.pages[0].extrasamples == (0,)
PY
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund sharp@0.35.5
cat > check.mjs <<'JS'
import sharp from 'sharp';

const { hasAlpha } = await sharp('near.tif').metadata();
const flattened = [...(await sharp('near.tif').flatten({ background: '#ffffff' }).raw().toBuffer())].slice(0, 3);
console.log(JSON.stringify({ hasAlpha, flattened }));
if (!hasAlpha || flattened[0] < 200) {
  console.error('libvips behaves otherwise than stated above');
  process.exit(1);
}
JS
node check.mjs
