// Teaches what things are, and asks what one is:  node dist/samples/teach-from-code.js ALBUM PICTURE [STORE]
// The album has a folder of pictures for each thing: ALBUM/mug/1.jpg. What is learnt stays in the store.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadClassifier, readPicture } from 'ocellus';
import { embedPicture, Learner, spaceOf } from 'ocellus/learn';

const [album = 'album', picture = 'picture.jpg', store = 'store'] = process.argv.slice(2);
const classifier = await loadClassifier();
const { dimension } = classifier.card;
const learner = await Learner.open(store, { space: spaceOf(classifier.card), dimension, node: 'sample' });

/** The embedding of a picture: numbers that are similar for pictures of similar things. */
async function lookAt(path: string) {
  const frame = await readPicture(path);
  const embedding = await embedPicture(classifier, frame);
  frame.release();
  return embedding;
}

for (const label of readdirSync(album).sort()) {
  for (const name of readdirSync(join(album, label)).sort()) {
    const embedding = await lookAt(join(album, label, name));
    await learner.teach([{ draft: { label, camera: 'album', kind: 'box', embedding } }], { anyway: true });
  }
  console.log('taught', label);
}
const answer = learner.predict('object', await lookAt(picture));
console.log(`${picture}: ${answer?.label}, score ${answer?.score.toFixed(2)}, most like ${answer?.nearest}`);
await learner.close();
await classifier.close();
