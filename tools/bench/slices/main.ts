// `npm run bench:slices`: large pictures looked at in regions, beside SAHI's slicing inference with the same network, in turns
// and one thread each: COCO AP, also of small objects, and the processor's time a picture. On pictures no choice was made on.
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asset } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { loadModel, type Model } from '../../../sdk/core/model.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { readPicture } from '../../../sdk/picture/picture.ts';
import { averagePrecision } from '../../../sdk/vision/average-precision.ts';
import { Detections } from '../../../sdk/vision/detections.ts';
import { farRegions } from '../../../sdk/vision/far-regions.ts';
import { printError, table } from '../../shared/output.ts';
import { spread } from '../../shared/run.ts';
import { Progress } from '../progress.ts';
import { canvases, heldOut, type Labelled, withTruth } from './pictures.ts';
import { Slicer, type Slicing } from './slicer.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: asset('..', 'shared', 'data') },
    json: { type: 'string', default: join(tmpdir(), 'ocellus-slices.json') },
  },
});
/** Of all sides, and only a cell's best class: where each faint class counts, SAHI's merging takes minutes a picture. */
const leastScore = 0.05;
const maxDetections = 300;

interface Seen {
  readonly detections: Detections;
  readonly cpuMs: number;
  readonly regions: number;
}

type Side = (file: string) => Promise<Seen>;

const folder = mkdtempSync(join(tmpdir(), 'ocellus-slices-'));
try {
  await bench();
} catch (error) {
  printError(error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

async function bench(): Promise<void> {
  const network = join(values.data, 'models', 'yolox_nano.onnx');
  const labelled = join(values.data, 'coco', 'validation');
  for (const needed of [network, labelled]) {
    if (!existsSync(needed)) throw new InputError(`--data: expected ${needed}, it is not there`);
  }
  const pictures = await Promise.all(heldOut(labelled).map(withTruth));
  const sets = { 'as they are': pictures, 'six on a canvas of 1920x1080': await canvases(pictures, folder) };
  const own = await loadModel(undefined, { threads: 1 });
  const same = await loadModel(cardOf(network, own.card.labels), { threads: 1, engine: 'onnxruntime' });
  const slicer = await Slicer.start(network, leastScore);
  const sides: Record<string, Side> = {
    'Ocellus, the whole picture': (file) => ours(own, file, false),
    'Ocellus --far': (file) => ours(own, file, true),
    'Ocellus --far, YOLOX-nano in onnxruntime': (file) => ours(same, file, true),
    ...Object.fromEntries(
      [416, 208].flatMap((slice) =>
        (['GREEDYNMM', 'NMS'] as const).map((merge): [string, Side] => [
          `SAHI ${slice} ${merge}, YOLOX-nano in onnxruntime`,
          (file) => theirs(slicer, file, { slice, overlap: 0.25, merge }, own.card.labels),
        ]),
      ),
    ),
  };
  const progress = new Progress(Object.values(sets).reduce((sum, all) => sum + all.length, 0));
  const results: object[] = [];
  try {
    for (const [set, all] of Object.entries(sets)) {
      const seen = await inTurns(sides, all, (file) => progress.next(`${set}: ${file}`));
      results.push(...report(set, all, seen));
    }
  } finally {
    slicer.stop();
    await Promise.all([own.close(), same.close()]);
  }
  console.log(`${slicer.versions}. Kernels: ${kernels.name}. Scores from ${leastScore}.`);
  writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
  console.log(`Written to ${values.json}`);
}

/** The card a user would write for it, beside a link to the network. */
function cardOf(network: string, labels: readonly string[]): string {
  symlinkSync(network, join(folder, 'yolox-nano.onnx'));
  const card = {
    name: 'yolox-nano',
    task: 'detect',
    input: { width: 416, height: 416, channels: 'BGR', align: 'top-left' },
    decoder: { type: 'yolox', strides: [8, 16, 32] },
    labels,
  };
  const file = join(folder, 'yolox-nano.card.json');
  writeFileSync(file, JSON.stringify(card));
  return file;
}

async function inTurns(sides: Record<string, Side>, all: readonly Labelled[], step: (file: string) => void) {
  const seen = new Map<string, Seen[]>(Object.keys(sides).map((name) => [name, []]));
  for (const { file } of all) {
    step(file);
    for (const [name, side] of Object.entries(sides)) seen.get(name)!.push(await side(file));
  }
  return seen;
}

async function ours(model: Model, file: string, far: boolean): Promise<Seen> {
  const frame = await readPicture(file);
  try {
    const regions = far ? farRegions(frame, model.card.input) : undefined;
    const before = process.cpuUsage();
    const found = await model.detectTimed(frame, { scoreThreshold: leastScore, maxDetections, regions });
    const { user, system } = process.cpuUsage(before);
    return { detections: found.detections, regions: found.regions, cpuMs: (user + system) / 1000 };
  } finally {
    frame.release();
  }
}

async function theirs(slicer: Slicer, file: string, slicing: Slicing, labels: readonly string[]): Promise<Seen> {
  const { boxes, cpu_ms: cpuMs } = await slicer.detect(file, slicing);
  const rows = boxes.map(([x1, y1, x2, y2, score, classId]) => ({
    box: [x1!, y1!, x2!, y2!],
    score: score!,
    classId: classId!,
  }));
  return { detections: Detections.from(rows, labels), regions: Number.NaN, cpuMs };
}

function report(set: string, all: readonly Labelled[], seen: ReadonlyMap<string, readonly Seen[]>): object[] {
  const base = seen.get('Ocellus --far')!;
  const rows = [...seen].map(([side, each]) => {
    const ap = averagePrecision(each.map(({ detections }, i) => ({ detections, truth: all[i]!.truth })));
    const ratio = spread(each.map(({ cpuMs }, i) => cpuMs / base[i]!.cpuMs));
    const regions = each.reduce((sum, one) => sum + one.regions, 0) / each.length;
    return {
      set,
      side,
      ap: ap.ap,
      ap50: ap.ap50,
      apSmall: ap.apSmall,
      apMedium: ap.apMedium,
      apLarge: ap.apLarge,
      regions,
      ratio,
    };
  });
  console.log(
    `\n${all.length} pictures, ${set}: AP, and the processor's time a picture, median (smallest-largest) of the pictures`,
  );
  console.log(
    table([
      ['', 'AP', 'AP50', 'SMALL', 'MEDIUM', 'LARGE', 'REGIONS', 'TIME, OCELLUS --far = 1'],
      ...rows.map(({ side, ap, ap50, apSmall, apMedium, apLarge, regions, ratio }) => [
        side,
        ...[ap, ap50, apSmall, apMedium, apLarge].map((value) => value.toFixed(3)),
        Number.isNaN(regions) ? '' : regions.toFixed(1),
        `${ratio.median.toFixed(2)} (${ratio.low.toFixed(2)}-${ratio.high.toFixed(2)})`,
      ]),
    ]),
  );
  return rows;
}
