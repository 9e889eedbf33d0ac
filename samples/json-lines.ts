// Everything that happens as a line of JSON, for a program in another language:
//   node dist/samples/json-lines.js [URI] | python3 -c 'import json, sys
//   for line in sys.stdin: print(json.loads(line)["label"])'
import { Pipeline } from 'ocellus';

const pipeline = new Pipeline({ source: process.argv[2] ?? 'scene:' });
const tell = (kind: string, what: object) => process.stdout.write(`${JSON.stringify({ kind, ...what })}\n`);
pipeline.on('event', ({ type, after }) => tell(type, after));
pipeline.on('count', (count) => tell('count', count));
// The reader has ended: so do we.
process.stdout.on('error', () => pipeline.stop());
pipeline.on('ended', () => pipeline.stop());
process.once('SIGINT', () => pipeline.stop());
await pipeline.start();
