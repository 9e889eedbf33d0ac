// A hub in a process of its own, for a test to kill: it tells events of three tracks at a time, without end, and says on
// stdout how many of them its outbox has accepted. A line on stdin ends the events; it ends when the broker has them all.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Hub } from '../../../sdk/hub/hub.ts';
import { eventMessage, FakeCamera, FakeNode, mqttSettings } from '../../support/hub.ts';

const { HUB_BROKER, HUB_DATA, HUB_RUN } = process.env;
const tracks = 3;
const camera = new FakeCamera('door');
const node = new FakeNode('porch', [camera]);
const hub = new Hub({ node, settings: mqttSettings(HUB_BROKER!), data: HUB_DATA });
await hub.start();
let isOver = false;
once(process.stdin, 'data').then(() => {
  isOver = true;
});
let emitted = 0;
let accepted = 0;
/** Then it tells no more until all are accepted: a slow disk would never have them all. */
const mostUnaccepted = 10 * tracks;
while (!isOver) {
  for (let track = 0; track < tracks && emitted - accepted < mostUnaccepted; track++) {
    const sequence = Math.floor(emitted / tracks) + 1;
    const message = eventMessage(0, sequence === 1 ? 'new' : 'update', sequence);
    const after = { ...message.after, id: `${HUB_RUN}-${track}` };
    camera.emit('event', { ...message, after });
    emitted++;
  }
  await sleep(20);
  const { storage, unwritten } = hub.stats.outbox;
  if (storage !== 'disk' || unwritten > 0 || accepted === emitted) continue;
  accepted = emitted;
  process.stdout.write(`${accepted}\n`);
}
while (!hub.stats.connected || hub.stats.outbox.depth > 0) await sleep(10);
process.stdout.write(`${emitted}\n`);
await hub.stop();
process.exit(0);
