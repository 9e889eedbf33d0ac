// Says what each picture of a folder is, of 1000 classes:  node dist/samples/classify-folder.js FOLDER
import { loadClassifier, openDevice } from 'ocellus';

const classifier = await loadClassifier();
const folder = await openDevice(`file:${process.argv[2] ?? '.'}`, { speed: 'max' });
for await (const picture of folder.frames()) {
  const best = await classifier.classify(picture, { topK: 3 });
  console.log(picture.name, best.map(({ label, score }) => `${label} ${score.toFixed(2)}`).join(', '));
  picture.release();
}
await folder.close();
await classifier.close();
