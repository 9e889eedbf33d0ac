#!/usr/bin/env bash
# Package: sharp 0.35.5 (npm), seen with Node 20.
# Behaviour: black is what `dilate` lets grow and `erode` lets shrink: of a mask with one white point on black, as threshold and detectors of movement
#   make it, `dilate` leaves nothing and `erode` makes a square of 3 x 3. Greys are not compared but joined bit by bit: about a point of 200 on 50
#   `dilate` gives 0 (200 & 50) and `erode` 250 (200 | 50), values that the picture does not have, and brighter or darker than all of it.
# One would have guessed: what the names mean elsewhere (OpenCV, SciPy, Pillow's MaxFilter): the maximum and the minimum of the neighbours.
# Seen: values and how often, of 9 x 9 pixels with one point in the middle
#   255 on 0: dilate {"0":81}, erode {"0":72,"255":9}; 0 on 255: dilate {"0":9,"255":72}, erode {"255":81};
#   200 on 50: dilate {"0":9,"50":72}, erode {"50":72,"250":9}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund sharp@0.35.5
cat > check.mjs <<'JS'
import sharp from "sharp";

/** How often each value is in the result of `operation` on 9 x 9 pixels of `ground` with one of `point` in the middle. */
async function counted(point, ground, operation) {
  const pixels = Buffer.alloc(81, ground);
  pixels[40] = point;
  const picture = sharp(pixels, { raw: { width: 9, height: 9, channels: 1 } });
  const { data, info } = await picture[operation]().raw().toBuffer({ resolveWithObject: true });
  const counts = {};
  for (let at = 0; at < data.length; at += info.channels) counts[data[at]] = (counts[data[at]] ?? 0) + 1;
  return counts;
}

const stated = {
  "255 on 0": { dilate: { 0: 81 }, erode: { 0: 72, 255: 9 } },
  "0 on 255": { dilate: { 0: 9, 255: 72 }, erode: { 255: 81 } },
  "200 on 50": { dilate: { 0: 9, 50: 72 }, erode: { 50: 72, 250: 9 } },
};
const seen = {};
for (const name of Object.keys(stated)) {
  const [point, ground] = name.split(" on ").map(Number);
  seen[name] = { dilate: await counted(point, ground, "dilate"), erode: await counted(point, ground, "erode") };
}
console.log(JSON.stringify(seen));
if (JSON.stringify(seen) !== JSON.stringify(stated)) {
  console.error("sharp behaves otherwise than stated above");
  process.exit(1);
}
JS
node check.mjs
