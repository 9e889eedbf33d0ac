import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { letterboxGeometry } from '../../../sdk/frame/letterbox.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import type { PixelSource } from '../../../sdk/kernels/preprocess/preprocess.ts';
import { readPicture } from '../../../sdk/picture/picture.ts';
import { limited601, noise } from '../../kernels/sources.ts';
import { hasPython, preparePython, runPython } from '../python.ts';

interface Job {
  readonly source: PixelSource;
  /** Undefined: only the colours are converted. */
  readonly size?: readonly [number, number];
  /** Pixels that are averaged first, along each side. */
  readonly box?: number;
}

/** Planes one after the other, without padding. */
function bytesOf({ planes }: PixelSource): Buffer {
  return Buffer.concat(planes.map(({ data }) => data));
}

function openCv(jobs: readonly Job[]): Uint8Array[] {
  const inputs = jobs.map(({ source, size, box = 1 }) => ({
    format: source.format,
    width: source.width,
    height: source.height,
    pixels: bytesOf(source).toString('base64'),
    size: size ?? null,
    box,
  }));
  return runPython<string[]>('kernels/opencv.py', inputs).map((text) => Buffer.from(text, 'base64'));
}

/** The same picture, as an input of exactly the size asked for. Grey is one channel, as OpenCV gives it. */
function ours({ source, size = [source.width, source.height] }: Job): Uint8Array {
  const [width, height] = size;
  const out = new Uint8Array(width * height * 3);
  kernels
    .preprocessor({
      width,
      height,
      layout: 'NHWC',
      type: 'uint8',
      channels: source.format === 'BGR24' ? 'BGR' : 'RGB',
      mean: [0, 0, 0],
      std: [1, 1, 1],
      pad: 0,
    })
    .run(source, letterboxGeometry(source, { width, height, resize: 'stretch', align: 'center' }), out);
  return source.format === 'GRAY8' ? out.filter((_, i) => i % 3 === 0) : out;
}

function difference(a: Uint8Array, b: Uint8Array): { largest: number; mean: number } {
  expect(a).toHaveLength(b.length);
  let largest = 0;
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const size = Math.abs(a[i]! - b[i]!);
    largest = Math.max(largest, size);
    sum += size;
  }
  return { largest, mean: sum / a.length };
}

async function photo(name: string): Promise<PixelSource> {
  return readPicture(asset(join('devices', 'scene', 'photos', name)));
}

describe.skipIf(!hasPython)('preprocessing beside OpenCV (needs python3-venv)', () => {
  beforeAll(preparePython, 3_600_000);

  it('resizes a photograph as INTER_LINEAR does, to 1 level (rows blend with 8 bits)', async () => {
    const cat = await photo('cat.jpg');
    const jobs: Job[] = [
      { source: cat, size: [416, 277] },
      { source: cat, size: [300, 200] },
      { source: cat, size: [902, 600] },
      { source: cat, size: [451, 300] },
      // RGB bytes are as good BGR ones: only their names change.
      { source: { ...pixelsOf(await photo('motorcycle.jpg')), format: 'BGR24' }, size: [416, 281] },
    ];
    const theirs = openCv(jobs);
    jobs.forEach((job, i) => {
      const { largest, mean } = difference(ours(job), theirs[i]!);
      expect(largest).toBeLessThanOrEqual(1);
      expect(mean).toBeLessThan(0.25);
    });
  });

  it('resizes noise as INTER_LINEAR does, to 2 levels', () => {
    const jobs: Job[] = (
      [
        [97, 61, 53, 40],
        [97, 61, 96, 60],
        [33, 17, 100, 90],
        [640, 480, 416, 312],
        [2, 2, 31, 31],
      ] as const
    ).flatMap(([width, height, w, h]) =>
      (['RGB24', 'GRAY8'] as const).map((format) => ({
        source: noise({ format, width, height }),
        size: [w, h] as const,
      })),
    );
    const theirs = openCv(jobs);
    jobs.forEach((job, i) => {
      const { largest, mean } = difference(ours(job), theirs[i]!);
      expect(largest).toBeLessThanOrEqual(2);
      expect(mean).toBeLessThan(0.3);
    });
  });

  it('shrinks by 2 or more as INTER_AREA to whole boxes and INTER_LINEAR after it do, to 2 levels', () => {
    const jobs: Job[] = [
      { source: noise({ format: 'RGB24', width: 832, height: 832 }), size: [416, 416], box: 2 },
      { source: noise({ format: 'RGB24', width: 1280, height: 1280 }), size: [416, 416], box: 3 },
      { source: noise({ format: 'GRAY8', width: 1000, height: 1000 }), size: [416, 416], box: 2 },
    ].map((job) => ({ ...job, size: job.size as [number, number] }));
    // OpenCV averages whole boxes only: leave out the pixels that fill none.
    const cut = jobs.map((job) => ({ ...job, source: cropped(job.source, job.box!) }));
    const theirs = openCv(cut);
    cut.forEach((job, i) => {
      const { largest, mean } = difference(ours(job), theirs[i]!);
      expect(largest).toBeLessThanOrEqual(2);
      expect(mean).toBeLessThan(0.4);
    });
  });

  it('converts YUV (BT.601, limited range) as cvtColor does, to 1 level', () => {
    const jobs: Job[] = (['I420', 'NV12'] as const).map((format) => ({
      source: withoutBelowBlack(noise({ format, width: 128, height: 96, colour: limited601 })),
    }));
    const theirs = openCv(jobs);
    for (const [i, job] of jobs.entries()) {
      expect(difference(ours(job), theirs[i]!).largest).toBeLessThanOrEqual(1);
    }
  });
});

function pixelsOf({ format, width, height, planes, colour }: PixelSource): PixelSource {
  return { format, width, height, planes, colour };
}

/** OpenCV takes luma below 16 for 16; the standard leaves it open. */
function withoutBelowBlack(source: PixelSource): PixelSource {
  const [luma, ...chroma] = source.planes;
  return { ...source, planes: [{ ...luma!, data: luma!.data.map((value) => Math.max(16, value)) }, ...chroma] };
}

function cropped(source: PixelSource, box: number): PixelSource {
  const width = source.width - (source.width % box);
  const height = source.height - (source.height % box);
  return noise({ format: source.format, width, height });
}
