#!/usr/bin/env bash
# Package: image-js 1.7.0 (npm), seen with Node 20.
# Behaviour: `resize` moves the picture right and down by half a pixel of the result, whatever the sizes. To the picture's own size it is therefore
#   no copy: a lone bright pixel of 200 becomes four of 50, fine texture disappears, and the last column and row only half count. From 64 to 8
#   pixels the picture is off by four of its own. Only "nearest" does not move it; bicubic moves by as much as bilinear, the default.
# One would have guessed: a copy where nothing is to be resized, and elsewhere the centre of the picture in the centre of the result.
# Seen: 9 x 9 with 200 at (4, 4), resized to 9 x 9: [[4,4,50],[5,4,50],[4,5,50],[5,5,50]], by nearest [[4,4,200]]
#   columns of 0, 32, ..., 224 resized to 8: [0,16,48,80,112,144,176,208]
#   64 columns of 0, 3, ..., 189 resized to 8, as the column that is seen: [0,7.3,15.3,23.3,31.3,39.3,47.3,55.3], where the centres are 3.5, 11.5, ..., 59.5
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund image-js@1.7.0
cat > check.mjs <<'JS'
import { Image } from "image-js";

/** A grey square picture by a function of x and y. */
function picture(side, value) {
  const image = new Image(side, side, { colorModel: "GREY" });
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) image.setValue(x, y, 0, value(x, y));
  return image;
}

/** The values in the middle row of `image` resized. */
function row(image, options) {
  const { data } = image.resize(options).getRawImage();
  const { width, height } = options;
  return [...data].slice(width * (height >> 1), width * ((height >> 1) + 1));
}

/** Where `image` resized to its own size is not black, as [x, y, value]. */
function bright(image, interpolationType) {
  const { width, height } = image;
  const { data } = image.resize({ width, height, interpolationType }).getRawImage();
  return [...data].map((value, at) => [at % width, Math.floor(at / width), value]).filter(([, , value]) => value > 0);
}

const point = picture(9, (x, y) => (x === 4 && y === 4 ? 200 : 0));
const seen = {
  bilinear: bright(point, "bilinear"),
  nearest: bright(point, "nearest"),
  same: row(
    picture(8, (x) => 32 * x),
    { width: 8, height: 8 },
  ),
  eighth: row(
    picture(64, (x) => 3 * x),
    { width: 8, height: 8 },
  ).map((value) => Math.round((10 * value) / 3) / 10),
};
console.log(JSON.stringify(seen));
const stated = {
  bilinear: [
    [4, 4, 50],
    [5, 4, 50],
    [4, 5, 50],
    [5, 5, 50],
  ],
  nearest: [[4, 4, 200]],
  same: [0, 16, 48, 80, 112, 144, 176, 208],
  eighth: [0, 7.3, 15.3, 23.3, 31.3, 39.3, 47.3, 55.3],
};
if (JSON.stringify(seen) !== JSON.stringify(stated)) {
  console.error("image-js behaves otherwise than stated above");
  process.exit(1);
}
JS
node check.mjs
