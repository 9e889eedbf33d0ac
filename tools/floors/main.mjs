// Part of `npm run check`: does each folder import from floors below its own alone, and no file from itself
// by way of others? Says each import that is wrong.
//   node tools/floors/main.mjs [ROOT]
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { arrowsBelow, circles, emptyPlaces, wrongArrows } from './arrows.mjs';
import { floors } from './floors.mjs';

const root = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const arrows = arrowsBelow(root, ['sdk', 'devices', 'samples', 'tools']);
const wrong = [...emptyPlaces(root, floors), ...wrongArrows(arrows, floors), ...circles(arrows)];
for (const sentence of wrong) console.error(sentence);
if (wrong.length > 0) {
  console.error('The floors, and why: tools/floors/floors.mjs');
  process.exitCode = 1;
} else {
  console.error(`Floors: ${arrows.length} imports, each from the same folder or a floor below.`);
}
