// Pictures with boxes and names:  node dist/samples/annotate.js FOLDER OUT  (as does ocellus detect FOLDER --out OUT)
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { annotatedJpeg, loadModel, openDevice } from 'ocellus';

const [from = '.', out = 'annotated'] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
await using model = await loadModel();
await using folder = await openDevice(`file:${from}`, { speed: 'max' });
// `using`: closed, or released, at the end of its block.
for await (using picture of folder.frames()) {
  const found = await model.detect(picture, { scoreThreshold: 0.5 });
  writeFileSync(join(out, `${basename(picture.name ?? 'picture')}.jpg`), await annotatedJpeg(picture, found));
  console.log(picture.name, JSON.stringify(found));
}
