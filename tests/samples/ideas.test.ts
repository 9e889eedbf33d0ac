import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt from 'mqtt';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { temporaryFolder } from '../support/folders.ts';
import { hasProgram } from '../support/needs.ts';
import { hasOpenCv } from '../support/prepared.ts';
import { until } from '../support/until.ts';
import { isBuilt, run } from './run.ts';

const photos = asset('devices', 'scene', 'photos');
const names = readdirSync(asset('samples')).filter((name) => name.endsWith('.ts'));

/** Runs a sample on the built-in scene until it has said this, interrupts it, and gives all that it said. */
async function saidBy(sample: string, wanted: RegExp, ...args: string[]): Promise<string> {
  const { child, said, ended } = run(sample, ...args);
  await until(() => wanted.test(said()) || child.exitCode !== null);
  child.kill('SIGINT');
  expect(await ended, said()).toBe(0);
  expect(said()).toMatch(wanted);
  return said();
}

describe('each sample', () => {
  it.each(names)('%s says on top what it shows and how it is run, and is a page', (name) => {
    const lines = readFileSync(asset('samples', name), 'utf8').trim().split('\n');
    const head = lines
      .slice(
        0,
        lines.findIndex((line) => !line.startsWith('//')),
      )
      .join('\n');
    expect(head).toContain(`node dist/samples/${name.replace('.ts', '.js')}`);
    expect(head.length).toBeGreaterThan(60);
    expect(lines.length).toBeLessThanOrEqual(65);
  });

  it('is listed in samples/README.md', () => {
    const listed = [...readFileSync(asset('samples', 'README.md'), 'utf8').matchAll(/\]\(([^)]+\.ts)\)/g)];
    expect(listed.map(([, name]) => name!).sort()).toEqual([...names].sort());
  });
});

describe.skipIf(!isBuilt)('samples on the built-in scene, run (needs dist)', () => {
  it('count-people counts one in and out again', async () => {
    const said = await saidBy('count-people.js', /door: one out/);
    // On a machine that is slow it may be in before it is seen.
    expect(said).toMatch(/^(door: one in, 1 so far, 1 inside\n)?door: one out, 1 so far, 0 inside\n$/);
  });

  it('zone-alarm alarms when the person stays, once', async () => {
    const said = await saidBy('zone-alarm.js', /left the porch/, 'scene:', '2');
    expect(said).toMatch(/^ALARM: person (\d+) has been on the porch for \d\.\d s\nperson \1 left the porch\n/);
  });

  it('own-camera moves', async () => {
    const said = await saidBy('own-camera.js', /something warm moves/);
    expect(said).toContain('watching Thermal camera');
  });

  it('two-cameras see the same person with one detector', async () => {
    const said = await saidBy('two-cameras.js', /^(?=.*door new person)(?=.*yard new person)/s);
    expect(said).not.toMatch(/error/i);
  });

  it('blur-people writes a picture without the person’s details', async () => {
    const folder = join(temporaryFolder(), 'out');
    const said = await saidBy('blur-people.js', /wrote .*\.jpg/, 'scene:', folder);
    const [, file] = /wrote (.*\.jpg)/.exec(said)!;
    const { data, info } = await sharp(file).greyscale().raw().toBuffer({ resolveWithObject: true });
    // Where the person comes from and stands, within the blocks of the mosaic: neighbours hardly differ. (0.06 of them do, on the
    // frame that is drawn around it; without the mosaic 0.21.)
    const side = (32 * info.width) / 960;
    let rough = 0;
    let all = 0;
    for (let y = Math.round(info.height * 0.5); y < info.height * 0.8; y++) {
      for (let x = 2; x < info.width * 0.36; x++) {
        if (x % side < 3 || x % side > side - 3) continue;
        all++;
        if (Math.abs(data[y * info.width + x]! - data[y * info.width + x - 1]!) > 8) rough++;
      }
    }
    expect(rough / all).toBeLessThan(0.12);
  });

  it.skipIf(!hasProgram('ffmpeg'))('record-events records while something is there (needs ffmpeg)', async () => {
    const folder = join(temporaryFolder(), 'clips');
    const said = await saidBy('record-events.js', /clip 1: \d+ frames/, 'scene:', folder);
    const [, frames] = /clip 1: (\d+) frames/.exec(said)!;
    // The person and the cat are there from the 3rd to the 18th second.
    expect(Number(frames)).toBeGreaterThan(20);
    expect(readdirSync(join(folder, '1')).sort()).toEqual(['frames.jsonl', 'recording.json', 'video-0.mkv']);
  });

  it('own-topic publishes counts, retained', async () => {
    const { child, said, ended } = run('own-topic.js');
    await until(() => said().includes('garden/person 1') || child.exitCode !== null);
    const [, url] = /publishing at (\S+)/.exec(said())!;
    const client = await mqtt.connectAsync(url!);
    const received: string[] = [];
    client.on('message', (topic, payload) => received.push(`${topic} ${payload}`));
    await client.subscribeAsync('garden/person');
    await until(() => received.length > 0);
    expect(received[0]).toMatch(/^garden\/person [01]$/);
    await client.endAsync();
    child.kill('SIGINT');
    expect(await ended, said()).toBe(0);
  });

  it('time-lapse writes pictures while something moves', async () => {
    const folder = join(temporaryFolder(), 'lapse');
    await saidBy('time-lapse.js', /wrote .*wrote /s, 'scene:', folder, '0.5');
    for (const name of readdirSync(folder)) expect((await sharp(join(folder, name)).metadata()).width).toBe(960);
  });

  it('heat-map is hottest where the person stood', async () => {
    const out = join(temporaryFolder(), 'heat.jpg');
    const stood = /wrote .*heat\.jpg: \d+ cells, the hottest [1-9]\d*\.\d s/;
    // A busy machine sees little of it in the first seconds.
    let words = '';
    for (const seconds of ['8', '40']) {
      if (stood.test(words)) break;
      const { said, ended } = run('heat-map.js', 'scene:', out, seconds);
      expect(await ended, said()).toBe(0);
      words = said();
    }
    expect(words).toMatch(stood);
    const { data, info } = await sharp(out).raw().toBuffer({ resolveWithObject: true });
    const reddest = { x: 0, by: 0 };
    for (let at = 0; at < data.length; at += 3) {
      const by = data[at]! - Math.max(data[at + 1]!, data[at + 2]!);
      if (by > reddest.by) Object.assign(reddest, { by, x: (at / 3) % info.width });
    }
    expect(reddest.by).toBeGreaterThan(80);
    // It stands at 10 to 350 of 960 pixels.
    expect(reddest.x / info.width).toBeGreaterThan(0.1);
    expect(reddest.x / info.width).toBeLessThan(0.3);
  });

  it('json-lines gives a line of JSON for all that happens', async () => {
    const said = await saidBy('json-lines.js', /"kind":"new".*"kind":"count"/s);
    const lines = said
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.find(({ kind }) => kind === 'new')).toMatchObject({ camera: 'camera', label: 'person' });
    expect(lines.filter(({ kind }) => kind === 'count')).toContainEqual({ kind: 'count', label: 'person', count: 1 });
  });
});

describe.skipIf(!isBuilt)('samples on pictures, run (needs dist)', () => {
  it('classify-folder names the best three of each', async () => {
    const { said, ended } = run('classify-folder.js', photos);
    expect(await ended, said()).toBe(0);
    const cat = said()
      .split('\n')
      .find((line) => line.includes('cat.jpg'));
    expect(cat).toMatch(/(tabby|tiger cat|Egyptian cat)[^,]* 0\.\d\d, .* 0\.\d\d, .* 0\.\d\d$/);
  });

  it('annotate writes each with its boxes', async () => {
    const out = join(temporaryFolder(), 'out');
    const { said, ended } = run('annotate.js', photos, out);
    expect(await ended, said()).toBe(0);
    expect(said()).toMatch(/cat\.jpg \[\{"label":"cat","score":0\.\d+,"box":\[/);
    expect(readdirSync(out).sort()).toContain('cat.jpg.jpg');
    expect((await sharp(join(out, 'cat.jpg.jpg')).metadata()).format).toBe('jpeg');
  });

  it('teach-from-code knows what it was taught', async () => {
    const folder = temporaryFolder();
    const album = join(folder, 'album');
    // Looks at each that differ as those of a hand-held camera do.
    const look = (name: string, turn: number) =>
      sharp(join(photos, `${name}.jpg`)).rotate(turn, { background: '#888' });
    for (const label of ['cat', 'motorcycle']) {
      mkdirSync(join(album, label), { recursive: true });
      for (const turn of [0, 10, -10]) await look(label, turn).toFile(join(album, label, `${turn}.jpg`));
    }
    const picture = join(folder, 'this.jpg');
    await look('cat', 5).toFile(picture);
    const { said, ended } = run('teach-from-code.js', album, picture, join(folder, 'store'));
    expect(await ended, said()).toBe(0);
    expect(said()).toMatch(
      /taught cat\ntaught motorcycle\n.*this\.jpg: (cat|unknown), score \d\.\d\d, most like cat\n$/,
    );
  });
});

describe.skipIf(!(await hasOpenCv()) || !isBuilt)('samples with OpenCV, run (need npm run opencv and dist)', () => {
  it('opencv-stage lifts what is dark', async () => {
    await saidBy('opencv-stage.js', /person 0\.\d\d \(\d+ frames were lifted\)/);
  });
});
