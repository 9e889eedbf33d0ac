// Finds objects in a folder of pictures:  node dist/samples/detect-folder.js FOLDER
import { loadModel, openDevice } from 'ocellus';

const model = await loadModel();
const folder = await openDevice(`file:${process.argv[2] ?? '.'}`, { speed: 'max' });
for await (const picture of folder.frames()) {
  const found = await model.detect(picture);
  console.log(picture.name, [...found].map(({ label, score }) => `${label} ${score.toFixed(2)}`).join(', '));
  picture.release();
}
await folder.close();
await model.close();
