#!/usr/bin/env bash
# Package: @silvia-odwyer/photon-node 0.3.4 (npm; photon-rs as WebAssembly), seen with Node 20.
# Behaviour: `rotate` by 90, 180 or 270 degrees, as for a camera that hangs upside down, gives a picture of the right size in which nearly every pixel
#   is beside its place: it is moved by one or two pixels, rows and columns at the edges of the picture and near its middle are left out, and as many
#   black ones stand at the edges of the result. By 0 and 360 degrees it is exact. Back by a second turn, and more lines are missing.
# One would have guessed: turns by right angles only move pixels, as in Pillow, sharp or OpenCV.
# Seen: 8 x 8 turned by 180 degrees, the column and row that each pixel comes from: "77 47 37 27 17 07 -- --" above, "-- -- -- -- -- -- -- --" below
#   64 x 48, of 3072 pixels those that are left and those at their place: 90 degrees [2898,1], 180 [2914,1], 270 [2898,1], 360 [3072,3072];
#   after twice 180 degrees [2806,2700]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund @silvia-odwyer/photon-node@0.3.4
cat > check.mjs <<'JS'
import { PhotonImage, rotate } from "@silvia-odwyer/photon-node";

/** A picture whose pixels tell in red and green where they are; blue tells them from black ones. */
function picture(width, height) {
  const pixels = new Uint8Array(4 * width * height);
  for (let at = 0; at < width * height; at++) pixels.set([at % width, Math.floor(at / width), 7, 255], 4 * at);
  return new PhotonImage(pixels, width, height);
}

/** Where the pixels of `image` come from, row by row; undefined for black ones. */
function sources(image) {
  const pixels = image.get_raw_pixels();
  const source = (at) => (pixels[4 * at + 2] === 7 ? [pixels[4 * at], pixels[4 * at + 1]] : undefined);
  return Array.from({ length: image.get_height() }, (_, y) => Array.from({ length: image.get_width() }, (_, x) => source(y * image.get_width() + x)));
}

/** How many pixels of 64 x 48 are left after `turns`, and how many of them are where they belong. */
function left(...turns) {
  const [width, height] = [64, 48];
  const rows = sources(turns.reduce((image, degrees) => rotate(image, degrees), picture(width, height)));
  const degrees = turns.reduce((sum, turn) => sum + turn, 0) % 360;
  // Where a pixel of the result should come from when turned clockwise; turned the other way, 90 is 270.
  const places = { 0: (x, y) => [x, y], 90: (x, y) => [y, height - 1 - x], 180: (x, y) => [width - 1 - x, height - 1 - y], 270: (x, y) => [width - 1 - y, x] };
  const right = (place) => rows.flatMap((row, y) => row.filter((source, x) => source && String(source) === String(place(x, y)))).length;
  const kept = new Set(rows.flat().filter(Boolean).map(String)).size;
  return [kept, Math.max(right(places[degrees]), degrees % 180 ? right(places[360 - degrees]) : 0)];
}

const seen = {
  rows: sources(rotate(picture(8, 8), 180)).map((row) => row.map((source) => source?.join("") ?? "--").join(" ")),
  90: left(90),
  180: left(180),
  270: left(270),
  360: left(360),
  "twice 180": left(180, 180),
};
console.log(JSON.stringify(seen));
const stated = { 90: [2898, 1], 180: [2914, 1], 270: [2898, 1], 360: [3072, 3072], "twice 180": [2806, 2700] };
const same = Object.entries(stated).every(([turn, counts]) => String(seen[turn]) === String(counts));
if (!same || seen.rows[0] !== "77 47 37 27 17 07 -- --" || seen.rows[7] !== "-- -- -- -- -- -- -- --") {
  console.error("photon behaves otherwise than stated above");
  process.exit(1);
}
JS
node check.mjs
