// Prints who comes and goes in front of a camera:  node dist/samples/watch-camera.js [URI]
import { Pipeline } from 'ocellus';

const pipeline = new Pipeline({ source: process.argv[2] ?? 'auto:', detect: { threshold: 0.6 } });
pipeline.on('event', ({ type, after }) => {
  if (type !== 'update') console.log(type, after.label, after.score.toFixed(2), after.id);
});
pipeline.on('ended', () => pipeline.stop());
process.once('SIGINT', () => pipeline.stop());
await pipeline.start();
console.log('watching', pipeline.device?.properties.title);
