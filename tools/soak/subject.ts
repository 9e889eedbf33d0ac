// The process that is measured: `ocellus run` on the built-in scene, as fast as it goes. Prints one JSON line when its
// doors are open, one for each sample, and one at its end.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Logger } from '../../sdk/base/log.ts';
import { resolveSettings } from '../../sdk/config/settings.ts';
import { loadModel } from '../../sdk/core/model.ts';
import type { Hub } from '../../sdk/hub/hub.ts';
import { Node } from '../../sdk/pipeline/node.ts';
import { startHub } from '../cli/start-hub.ts';
import { Console } from '../console/server/console.ts';
import { takeSample } from './samples.ts';
import { SparingModel } from './truth.ts';

const { values } = parseArgs({
  options: { frames: { type: 'string' }, samples: { type: 'string' }, every: { type: 'string' } },
});
const total = Number(values.frames);
const step = Math.round(total / Number(values.samples));
/** The camera is switched off and on after this many frames: it is reopened, as after a fault. */
const reopenAfter = Math.round(total / 20);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const say = (value: object) => console.log(JSON.stringify(value));

const data = mkdtempSync(join(tmpdir(), 'ocellus-soak-'));
const settings = resolveSettings({
  node: 'soak',
  data,
  mqtt: { port: 0 },
  cameras: {
    camera: {
      source: 'scene:',
      zones: {
        floor: {
          polygon: [
            [0, 0.5],
            [1, 0.5],
            [1, 1],
            [0, 1],
          ],
        },
      },
      lines: { middle: { from: [0.5, 0], to: [0.5, 1] } },
    },
  },
});
const told = { warn: 0, error: 0 };
const logger: Logger = { debug() {}, info() {}, warn: () => void told.warn++, error: () => void told.error++ };
const model = new SparingModel(await loadModel(), Number(values.every));
const node = new Node(settings, { speed: 'max', logger, model });
const parts: { stop(): Promise<void> }[] = [];
let hub: Hub;
const counts = { frames: 0, events: 0, snapshots: 0, crossings: 0, reopened: 0 };

await node.start({
  before: async () => {
    const mqtt = await startHub(node, settings, { logger, parts, restart() {}, consoleUrl: () => undefined });
    hub = mqtt!.hub;
    const page = new Console({ node, hub, mqttUrl: mqtt!.title, port: 0, logger });
    parts.push(page);
    const { url } = await page.start();
    say({ type: 'open', page: url, broker: mqtt!.title });
    const camera = node.pipelines.get('camera')!;
    camera.on('event', () => counts.events++);
    camera.on('snapshot', () => counts.snapshots++);
    camera.on('crossing', () => counts.crossings++);
    camera.on('frame', () => {
      const frames = ++counts.frames;
      if (frames % step === 0) say({ type: 'sample', sample: takeSample(frames, collect) });
      if (frames === total) void end();
      else if (frames % reopenAfter === 0) {
        counts.reopened++;
        void camera.change({ enabled: false }).then(() => camera.change({ enabled: true }));
      }
    });
  },
});

async function end(): Promise<void> {
  const { outbox, published, rejectedCommands } = hub.stats;
  const { frames } = node.stats().cameras.camera!;
  say({ type: 'end', counts, frames, ...model.counts, told, published, rejectedCommands, outbox });
  await node.stop();
  for (const part of parts.toReversed()) await part.stop();
  await model.close();
  rmSync(data, { recursive: true });
  process.exit(0);
}
