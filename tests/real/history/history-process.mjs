// Tells a history in a folder of events with pictures until it is killed; says each message once the history has told of it.
import { argv, stdout } from 'node:process';
import { setImmediate as turn } from 'node:timers/promises';
import { History } from '../../../dist/sdk/history/history.js';

const history = new History({ settings: { enabled: true, days: 30, megabytes: 3 }, folder: argv[2] });
await history.open();
// A sync write to a pipe: what is said was told.
history.on('event', (type, { id, score, picture, has_clip }) =>
  stdout.write(`${type} ${id} ${score} ${picture} ${has_clip}\n`),
);
history.on('removed', (ids) => stdout.write(`${ids.map((id) => `removed ${id}`).join('\n')}\n`));
stdout.write('ready\n');
const run = Math.random().toString(36).slice(2, 8);
for (let i = 0; ; i++) {
  const id = `${Math.floor(i / 4)}-${run}`;
  const time = Date.now() / 1000;
  const end_time = i % 4 === 3 ? time : null;
  const after = { id, camera: 'door', label: 'cat', score: i, start_time: time, frame_time: time, end_time };
  // As long as its first byte says, so that a torn one is seen.
  if (i % 2 === 0) history.addPicture(id, Buffer.alloc(1000 + (i % 200) * 100, i % 200));
  history.add({ type: i % 4 === 0 ? 'new' : end_time === null ? 'update' : 'end', after });
  // Two events share it.
  if (i % 24 === 23) {
    const begins = new Map([id, `${Math.floor(i / 4) - 1}-${run}`].map((one, at) => [one, at]));
    await history.addClip(begins, Buffer.alloc(3000 + (i % 200) * 100, i % 200));
  }
  if (i % 50 === 49) await history.remove({ id: `${Math.floor(i / 8)}-${run}` });
  await turn();
}
