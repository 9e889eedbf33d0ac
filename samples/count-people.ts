// Counts people who come in and go out over a line:  node dist/samples/count-people.js [URI]
import { Pipeline } from 'ocellus';

const pipeline = new Pipeline({
  source: process.argv[2] ?? 'scene:',
  detect: { labels: ['person'] },
  // Upright, a tenth of the width from the left edge. Along the way from `from` to `to`, from its left to its right is in.
  lines: { door: { from: [0.1, 1], to: [0.1, 0] } },
});
let inside = 0;
pipeline.on('crossing', ({ line, direction, total }) => {
  // Somebody may have been inside before it began to count.
  inside = Math.max(0, inside + (direction === 'in' ? 1 : -1));
  console.log(`${line}: one ${direction}, ${total} so far, ${inside} inside`);
});
pipeline.on('ended', () => pipeline.stop());
process.once('SIGINT', () => pipeline.stop());
await pipeline.start();
