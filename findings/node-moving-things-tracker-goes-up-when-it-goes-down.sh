#!/usr/bin/env bash
# Package: node-moving-things-tracker 0.9.1 (npm), the tracker of OpenDataCam, seen with Node 20.
# Behaviour: an object that moves straight down in the picture has a bearing of 360 degrees, which is that of one that moves straight up. A tenth of a
#   pixel to the side for each frame, and it is 178 or 181. Left, right and the slanting ways are right, and so is the velocity.
# One would have guessed: 180: the bearing goes round like a compass, and what counts who comes and who goes asks for nothing else. The angle is
#   the arctangent of dx / dy with cases by sign, in which a dx of 0 falls to the last one. Straight down is how people walk in
#   a corridor under a camera at its end, and with boxes in whole pixels dx is 0 often.
# Seen: {"up":360,"down":360,"down, slightly right":178,"down, slightly left":181,"right":90,"left":270}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund node-moving-things-tracker@0.9.1
cat > check.cjs <<'JS'
const { Tracker } = require('node-moving-things-tracker');

/** The bearing of one person who moves by dx, dy pixels a frame for 20 frames. */
function bearing(dx, dy) {
  Tracker.reset();
  for (let frame = 0; frame < 20; frame++)
    Tracker.updateTrackedItemsWithNewFrame([{ x: 500 + dx * frame, y: 500 + dy * frame, w: 60, h: 120, confidence: 90, name: 'person' }], frame);
  return Tracker.getJSONOfTrackedItems(true)[0].bearing;
}

const seen = {
  up: bearing(0, -5),
  down: bearing(0, 5),
  'down, slightly right': bearing(0.1, 5),
  'down, slightly left': bearing(-0.1, 5),
  right: bearing(5, 0),
  left: bearing(-5, 0),
};
console.log(JSON.stringify(seen));
if (JSON.stringify(seen) !== '{"up":360,"down":360,"down, slightly right":178,"down, slightly left":181,"right":90,"left":270}') {
  console.error('node-moving-things-tracker behaves otherwise than stated above');
  process.exit(1);
}
JS
node check.cjs
