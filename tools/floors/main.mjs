// Part of `npm run check`: does each folder import from floors below its own alone, and no file from itself
// by way of others? Is each class small enough to have one job? Says each import and each class that is wrong.
//   node tools/floors/main.mjs [ROOT]
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { arrowsBelow, circles, emptyPlaces, wrongArrows } from './arrows.mjs';
import { bounds, classesBelow, largeClasses } from './classes.mjs';
import { floors } from './floors.mjs';

const root = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const folders = ['sdk', 'devices', 'samples', 'tools'];
const arrows = arrowsBelow(root, folders);
const classes = classesBelow(root, folders);
const wrong = [
  ...emptyPlaces(root, floors),
  ...wrongArrows(arrows, floors),
  ...circles(arrows),
  ...largeClasses(classes),
];
for (const sentence of wrong) console.error(sentence);
if (wrong.length > 0) {
  console.error('The floors, and why: tools/floors/floors.mjs; how large a class may be: tools/floors/classes.mjs');
  process.exitCode = 1;
} else {
  console.error(
    `Floors: ${arrows.length} imports, each from the same folder or a floor below; ${classes.length} classes, none with more than ${bounds.lines} lines or ${bounds.fields} fields.`,
  );
}
