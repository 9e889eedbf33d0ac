import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { defaultModel } from '../../../sdk/config/schema.ts';
import { listModels, loadModel, Pipeline } from '../../../sdk/index.ts';
import { jsonLines, ocellus } from '../../cli/cli.ts';
import { validation, yolox, yoloxCard } from './validation.ts';

interface Result {
  images: number;
  ap: number;
  ap50: number;
}

/** The card of a detector that ships: the classes of COCO. */
const cardOf = async (model: string) => (await listModels()).find(({ name }) => name === model)!;

async function evaluate(...options: string[]): Promise<Result> {
  const { code, out, err } = await ocellus(['eval', validation!, '--json', ...options]);
  expect([code, err]).toEqual([0, '']);
  console.log(out.trim());
  return jsonLines(out, ['inferMs'])[0] as Result;
}

describe.skipIf(!validation)('ocellus eval on 64 photographs of COCO (needs ../shared/data)', () => {
  it.each([
    { what: 'the default detector, compiled', name: defaultModel, engine: 'native', ap: 0.364 },
    { what: 'its network, where it cannot be run compiled', name: defaultModel, engine: 'onnxruntime', ap: 0.369 },
    { what: 'NanoDet-g', name: 'nanodet-g-416-int8', engine: 'onnxruntime', ap: 0.312 },
  ])('gives $what an AP of $ap or more, and what its card says', async ({ name, engine, ap }) => {
    const result = await evaluate('--model', name, '--engine', engine);
    expect(result.images).toBe(64);
    expect(result.ap).toBeGreaterThanOrEqual(ap);
    const [said] = (await cardOf(name)).accuracy! as unknown as [{ ap: number; fp32: { ap: number } }];
    const isFloat = engine === 'onnxruntime' && name === defaultModel;
    // A program gives the same bits on each processor; in onnxruntime another instruction set rounds otherwise here and there.
    expect(Math.abs(result.ap - (isFloat ? said.fp32.ap : said.ap))).toBeLessThan(engine === 'native' ? 5e-5 : 0.003);
  });
});

describe.skipIf(!validation || !yolox)('a detector that a user brings: YOLOX-nano (needs ../shared/data)', () => {
  let folder: string;
  let card: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ocellus-yolox-'));
    await symlink(yolox!, join(folder, 'yolox-nano.onnx'));
    card = join(folder, 'yolox-nano.card.json');
    await writeFile(card, JSON.stringify(yoloxCard((await cardOf(defaultModel)).labels)));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('has an AP of 0.345 or more with a card of a dozen lines', async () => {
    const result = await evaluate('--model', card);
    expect(result.ap).toBeGreaterThanOrEqual(0.345);
  });

  it('runs in the pipeline', async () => {
    const model = await loadModel(join(folder, 'yolox-nano.onnx'));
    const pipeline = new Pipeline({
      source: `file:${asset('devices', 'scene', 'photos')}`,
      model,
      speed: 'max',
      motion: { enabled: false },
      detect: { labels: [], threshold: 0.4 },
      track: { confirm: 1 },
      snapshots: { enabled: false },
    });
    const labels = new Set<string>();
    pipeline.on('frame', ({ tracks }) => {
      for (const { label } of tracks) labels.add(label);
    });
    const ended = new Promise<void>((resolve) => pipeline.once('ended', resolve));
    await pipeline.start();
    await ended;
    await pipeline.stop();
    await model.close();
    for (const label of ['cat', 'motorcycle', 'person']) expect(labels).toContain(label);
  });
});
