import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Hub } from '../../../sdk/hub/hub.ts';
import { Console } from '../../../tools/console/server/console.ts';
import { FakeCamera, FakeNode, pageFolder } from '../../console/fakes.ts';
import { FakeNode as HubNode, mqttSettings } from '../../support/hub.ts';
import { hasProgram } from '../../support/needs.ts';
import { hasPython, preparePython, runPython } from '../python.ts';

interface Family {
  name: string;
  type: string;
  help: string;
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

const page = pageFolder();
const node = new FakeNode([new FakeCamera('door'), new FakeCamera('yard')]);
const hub = new Hub({ node: new HubNode('porch', []), settings: mqttSettings('mqtt://127.0.0.1:1') });
const server = new Console({ node, hub, port: 0, folder: page.folder });
let url: string;
beforeAll(async () => {
  ({ url } = await server.start());
});
afterAll(async () => {
  await server.stop();
  page.remove();
});

// The first run of Python takes so long that a kept connection would be closed meanwhile.
const metrics = async (accept: string) =>
  (await fetch(`${url}metrics`, { headers: { accept, connection: 'close' } })).text();
const openMetrics = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

const noPython = hasPython ? '' : ' (needs python3 with venv)';

describe.skipIf(noPython)(`metrics, read by Prometheus' client library${noPython}`, () => {
  beforeAll(preparePython, 3_600_000);

  it('are the same in both formats', async () => {
    const [open, plain] = [await metrics(openMetrics), await metrics('text/plain')].map((text, i) =>
      runPython<Family[]>('console/metrics.py', { text, openMetrics: i === 0 }),
    ) as [Family[], Family[]];
    const types = Object.fromEntries(open.map(({ name, type }) => [name, type]));
    expect(types).toMatchObject({
      ocellus_build: 'info',
      ocellus_camera_frames: 'counter',
      ocellus_camera_stage_seconds: 'summary',
      ocellus_camera_status: 'stateset',
      ocellus_mqtt_outbox_bytes: 'gauge',
    });
    const names = (families: Family[]) =>
      families.flatMap(({ samples }) => samples.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`)).sort();
    expect(names(plain)).toEqual(names(open));
    for (const { name, help } of open) expect(help, name).toMatch(/^[A-Z].*[.?]$/);
  });
});

const noPromtool = hasProgram('promtool') ? '' : ' (needs promtool)';

describe.skipIf(noPromtool)(`metrics, checked by promtool${noPromtool}`, () => {
  it('keep to the conventions of names', async () => {
    // It ends with an error, and says why, when it finds something.
    execFileSync('promtool', ['check', 'metrics'], { input: await metrics('text/plain') });
  });
});
