#!/usr/bin/env bash
# Package: sharp 0.35.5 (npm; libvips 8.18.7, libheif 1.23.5); the pictures are made with Pillow 13.0.0 (PyPI).
# Behaviour: a moving AVIF, which names itself avis and holds its first picture as a still one too (brands avif and mif1), is an
#   "unsupported image format". With the first four letters of its brand changed to avif the same bytes are read.
# One would have guessed: what reads AVIF, and the first picture of a moving WebP, GIF and PNG, reads the first picture of a moving AVIF.
# Seen: as it is: Input file contains unsupported image format; called avif: 64x48
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pillow==13.0.0
venv/bin/python - <<'PY'
from PIL import Image

first, second = (Image.new("RGB", (64, 48), colour) for colour in ("#2060c0", "#c02020"))
first.save("moving.avif", save_all=True, append_images=[second], duration=100)
written = open("moving.avif", "rb").read()
assert written[4:12] == b"ftypavis" and b"avif" in written[16:44], written[:44]
open("renamed.avif", "wb").write(written[:8] + b"avif" + written[12:])
PY
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund sharp@0.35.5
cat > check.mjs <<'JS'
import sharp from 'sharp';

const read = (path) => sharp(path).raw().toBuffer({ resolveWithObject: true }).then(
  ({ info }) => `${info.width}x${info.height}`,
  ({ message }) => message.split('\n')[0],
);
const [moving, renamed] = [await read('moving.avif'), await read('renamed.avif')];
console.log(`as it is: ${moving}; called avif: ${renamed}`);
if (!/unsupported image format/.test(moving) || renamed !== '64x48') {
  console.error('libvips behaves otherwise than stated above');
  process.exit(1);
}
JS
node check.mjs
