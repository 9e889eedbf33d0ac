// Two cameras share one detector, and one has twice the turns of the other:  node dist/samples/two-cameras.js [URI] [URI]
import { loadModel, Pipeline } from 'ocellus';

const [door = 'scene:', yard = 'scene:'] = process.argv.slice(2);
const model = await loadModel();
const cameras = [
  // Matters when both want more than the board can do.
  new Pipeline({ name: 'door', source: door, model, detect: { priority: 2 } }),
  new Pipeline({ name: 'yard', source: yard, model }),
];
for (const camera of cameras) {
  camera.on('event', ({ type, after }) => {
    if (type !== 'update') console.log(camera.name, type, after.label, after.score.toFixed(2));
  });
}
process.once('SIGINT', async () => {
  await Promise.all(cameras.map((camera) => camera.stop()));
  // A model that was passed in stays open: it is ours.
  await model.close();
});
await Promise.all(cameras.map((camera) => camera.start()));
