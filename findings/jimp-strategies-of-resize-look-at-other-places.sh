#!/usr/bin/env bash
# Package: jimp 1.6.1 (npm), seen with Node 20.
# Behaviour: the mode of `resize` changes not only how pixels are blended but where they are taken from. Without a mode the centres of pixels are laid
#   over each other. With BILINEAR pixel i of the result is place i * old / new of the picture: the picture moves by half a pixel of its own less half a
#   pixel of the result, left and up where it is enlarged, right and down where it is reduced. BICUBIC, HERMITE and BEZIER spread the picture without
#   its last column and row over the result, so that what is near the right edge is 0.7 pixels of the picture off. A picture of one row or column,
#   such as a scan line or a strip of a colour scale, therefore becomes all zeros, opacity included, by these three.
# One would have guessed: the same geometry in all modes, as in sharp, Pillow or OpenCV; filters that keep a straight ramp apart from its ends.
# Seen: columns of 0, 32, ..., 224, 8 wide
#   made 4 wide: {"default":[16,80,144,208],"BILINEAR":[0,64,128,192],"BICUBIC":[13,68,127,185],"HERMITE":[14,70,126,182],"BEZIER":[14,69,127,184]}
#   made 16 wide, last four: {"default":[181,197,213,224],"BILINEAR":[192,208,224,224],"BICUBIC":[171,179,198,209],"HERMITE":[168,182,196,210],"BEZIER":[170,181,197,210]}
#   one row of white, made 4 wide: {"default":[255],"BILINEAR":[255],"BICUBIC":[0],"HERMITE":[0],"BEZIER":[0]}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund jimp@1.6.1
cat > check.mjs <<'JS'
import { Jimp, ResizeStrategy } from "jimp";

const modes = { default: undefined };
for (const name of ["BILINEAR", "BICUBIC", "HERMITE", "BEZIER"]) modes[name] = ResizeStrategy[name];

/** A grey picture whose columns have the values of `row`. */
function picture(row, height) {
  const image = new Jimp({ width: row.length, height });
  for (let y = 0; y < height; y++) row.forEach((value, x) => image.bitmap.data.set([value, value, value, 255], 4 * (y * row.length + x)));
  return image;
}

/** The values of red in the first row of `image` resized in each mode. */
function resized(make, size) {
  return Object.fromEntries(
    Object.entries(modes).map(([name, mode]) => {
      const { width, data } = make().resize({ ...size, mode }).bitmap;
      return [name, Array.from({ length: width }, (_, x) => data[4 * x])];
    }),
  );
}

const ramp = () => picture([0, 32, 64, 96, 128, 160, 192, 224], 8);
const seen = [resized(ramp, { w: 4, h: 4 }), resized(ramp, { w: 16, h: 16 }), resized(() => picture(Array(8).fill(255), 1), { w: 4, h: 1 })];
for (const [name, row] of Object.entries(seen[1])) seen[1][name] = row.slice(-4);
for (const [name, row] of Object.entries(seen[2])) seen[2][name] = [...new Set(row)];
for (const rows of seen) console.log(JSON.stringify(rows));
const stated = [
  { default: [16, 80, 144, 208], BILINEAR: [0, 64, 128, 192], BICUBIC: [13, 68, 127, 185], HERMITE: [14, 70, 126, 182], BEZIER: [14, 69, 127, 184] },
  { default: [181, 197, 213, 224], BILINEAR: [192, 208, 224, 224], BICUBIC: [171, 179, 198, 209], HERMITE: [168, 182, 196, 210], BEZIER: [170, 181, 197, 210] },
  { default: [255], BILINEAR: [255], BICUBIC: [0], HERMITE: [0], BEZIER: [0] },
];
if (JSON.stringify(seen) !== JSON.stringify(stated)) {
  console.error("jimp behaves otherwise than stated above");
  process.exit(1);
}
JS
node check.mjs
