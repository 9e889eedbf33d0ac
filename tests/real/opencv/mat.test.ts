import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frame } from '../../../sdk/frame/frame.ts';
import { type PixelFormat, pixelFormats, planeLayout } from '../../../sdk/frame/layout.ts';
import { FramePool } from '../../../sdk/frame/pool.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { fromMat, toMat } from '../../../sdk/opencv/mat.ts';
import { loadOpenCv } from '../../../sdk/opencv-bindings/load.ts';
import type { Mat } from '../../../sdk/opencv-bindings/types.ts';
import { hasOpenCv } from '../../support/prepared.ts';

const info = { sequence: 7, captureTimeNs: 5e9, wallTimeMs: 1234 };

/** Noise, with rows padded by so many bytes. */
function noisy(format: PixelFormat, width: number, height: number, padding = 0, onFree?: () => void): Frame {
  const tight = planeLayout(format, width, height);
  const strides = tight.planes.map(({ rowBytes }) => rowBytes + padding);
  let state = width * 31 + height;
  const planes = planeLayout(format, width, height, strides).planes.map(({ stride, rows }) => ({
    data: Uint8Array.from({ length: stride * rows }, () => (state = (state * 1103515245 + 12345) >>> 0) >>> 24),
    stride,
  }));
  return new Frame({ ...info, format, width, height, planes }, onFree);
}

/** All values of a Mat, row by row. */
function valuesOf(mat: Mat): number[] {
  return (mat as Mat & { getDataAsArray(): (number | number[])[][] }).getDataAsArray().flat(2);
}

/** The same picture through the kernels. */
function bgrOf(frame: Frame): number[] {
  return [...kernels.converter().convert(frame, { channels: 'BGR' }).data];
}

describe.skipIf(!(await hasOpenCv()))('toMat and fromMat (need npm run opencv)', () => {
  it('gives the pixels of each format as BGR, at any size and stride', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...pixelFormats),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(0, 1, 13, 64),
        (format, width, height, padding) => {
          const frame = noisy(format, width, height, padding);
          const mat = toMat(frame);
          expect([mat.rows, mat.cols, mat.channels]).toEqual([height, width, 3]);
          expect(valuesOf(mat)).toEqual(bgrOf(frame));
          mat.release();
          frame.release();
        },
      ),
    );
  });

  it('gives brightness: the luma plane as it is, OpenCV’s own weights for colours', () => {
    const cv = loadOpenCv();
    for (const format of ['GRAY8', 'I420', 'NV12'] as const) {
      const frame = noisy(format, 10, 6, 3);
      const mat = toMat(frame, { channels: 'GRAY' });
      const { data, stride } = frame.planes[0]!;
      expect(valuesOf(mat)).toEqual(Array.from({ length: 60 }, (_, i) => data[Math.floor(i / 10) * stride + (i % 10)]));
      mat.release();
    }
    for (const format of ['RGB24', 'BGR24'] as const) {
      const frame = noisy(format, 10, 6, 3);
      const colour = toMat(frame);
      const expected = colour.cvtColor(cv.COLOR_BGR2GRAY!);
      const mat = toMat(frame, { channels: 'GRAY' });
      expect(valuesOf(mat)).toEqual(valuesOf(expected));
      for (const one of [colour, expected, mat]) one.release();
    }
  });

  it('lies over the pixels that fit, and over shared memory', () => {
    const cv = loadOpenCv();
    const pool = new FramePool({ format: 'BGR24', width: 8, height: 4, strides: [32] });
    const frame = pool.frame(pool.take()!, info);
    const mat = toMat(frame);
    mat.drawRectangle(new cv.Point2(0, 0), new cv.Point2(7, 3), new cv.Vec3(1, 2, 3), -1);
    expect([...frame.planes[0]!.data.subarray(32, 38)]).toEqual([1, 2, 3, 1, 2, 3]);
    frame.planes[0]!.data[0] = 99;
    expect(mat.at(0, 0)).toMatchObject({ x: 99, y: 2, z: 3 });
    const own = toMat(frame, { copy: true });
    own.drawRectangle(new cv.Point2(0, 0), new cv.Point2(7, 3), new cv.Vec3(9, 9, 9), -1);
    expect(frame.planes[0]!.data[0]).toBe(99);
    own.release();
    mat.release();
    expect(frame.references).toBe(1);
  });

  it('holds the frame until the Mat, its views and its work on other threads are done', async () => {
    let freed = 0;
    const frame = noisy('BGR24', 16, 8, 0, () => freed++);
    const mat = toMat(frame);
    frame.release();
    const cv = loadOpenCv();
    const view = mat.getRegion(new cv.Rect(2, 2, 4, 4));
    const working = (mat as Mat & { resizeAsync(rows: number, columns: number): Promise<Mat> }).resizeAsync(4, 8);
    mat.release();
    mat.release();
    expect(freed).toBe(0);
    view.release();
    expect(freed).toBe(0);
    const small = await working;
    expect([small.rows, small.cols]).toEqual([4, 8]);
    small.release();
    expect(freed).toBe(1);
  });

  it('gives the frame back when work on another thread is refused', async () => {
    let freed = 0;
    const frame = noisy('BGR24', 4, 4, 0, () => freed++);
    const mat = toMat(frame) as Mat & { resizeAsync(...wrong: unknown[]): Promise<Mat> };
    frame.release();
    await expect(mat.resizeAsync('wide')).rejects.toBeDefined();
    expect(await new Promise((resolve) => mat.resizeAsync('wide', resolve))).toBeDefined();
    mat.release();
    expect(freed).toBe(1);
  });

  it('throws when a released Mat is used, whatever for', () => {
    const mat = toMat(noisy('BGR24', 4, 4));
    const frame = noisy('I420', 4, 4);
    mat.release();
    expect(mat.rows).toBe(0);
    const { prototype } = loadOpenCv().Mat;
    const names = Object.getOwnPropertyNames(prototype).filter((name) => !['constructor', 'release'].includes(name));
    expect(names.length).toBeGreaterThan(100);
    for (const name of names) {
      const method = Reflect.get(mat, name) as unknown;
      if (typeof method !== 'function') continue;
      expect(() => Reflect.apply(method, mat, []), name).toThrow('this Mat was released');
    }
    expect(() => fromMat(mat)).toThrow('expected a Mat with pixels, got one that is empty or was released');
    frame.release();
    expect(() => toMat(frame)).toThrow('was released');
  });

  it('gives a Mat’s pixels as a frame, with what is known of it', () => {
    const cv = loadOpenCv();
    const colour = new cv.Mat(3, 5, cv.CV_8UC3!, [1, 2, 3]);
    const frame = fromMat(colour, info);
    expect(frame).toMatchObject({ format: 'BGR24', width: 5, height: 3, ...info });
    expect([...frame.planes[0]!.data]).toEqual(Array.from({ length: 45 }, (_, i) => (i % 3) + 1));
    const grey = fromMat(new cv.Mat(2, 3, cv.CV_8UC1!, 9));
    expect(grey).toMatchObject({ format: 'GRAY8', sequence: 0 });
    expect([...grey.planes[0]!.data]).toEqual(Array(6).fill(9));
    const transparent = fromMat(new cv.Mat(1, 2, cv.CV_8UC4!, [4, 5, 6, 0]));
    expect([...transparent.planes[0]!.data]).toEqual([4, 5, 6, 4, 5, 6]);
    // A region has rows that are not next to each other.
    const region = colour.getRegion(new cv.Rect(1, 1, 2, 2));
    const part = fromMat(region);
    expect([...part.planes[0]!.data]).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]);
    for (const one of [frame, grey, transparent, part]) one.release();
  });

  it('shares the pixels of a whole Mat that lies over a frame, and copies a view’s', () => {
    const frame = noisy('GRAY8', 6, 5, 2);
    const mat = toMat(frame, { channels: 'GRAY' });
    const same = fromMat(mat, frame);
    expect(same.planes[0]!.data).toBe(frame.planes[0]!.data);
    expect(same.planes[0]!.stride).toBe(8);
    const view = mat.getRegion(new (loadOpenCv().Rect)(1, 2, 3, 2));
    const part = fromMat(view);
    const { data } = frame.planes[0]!;
    expect([...part.planes[0]!.data]).toEqual([17, 18, 19, 25, 26, 27].map((i) => data[i]));
    view.release();
    mat.release();
    frame.release();
    expect(frame.references).toBe(1);
    same.release();
    expect(frame.references).toBe(0);
    part.release();
  });

  it('comes back as it went, through any format', () => {
    fc.assert(
      fc.property(fc.constantFrom(...pixelFormats), fc.integer({ min: 1, max: 30 }), (format, width) => {
        const frame = noisy(format, width, 7, 5);
        const mat = toMat(frame);
        const copy = mat.copy();
        const back = fromMat(copy, frame);
        expect([...back.planes[0]!.data]).toEqual(bgrOf(frame));
        for (const one of [mat, copy, back, frame]) one.release();
      }),
    );
  });

  it.each([
    ['floats', (): unknown => new (loadOpenCv().Mat)(2, 2, loadOpenCv().CV_32FC3!), 'CV_8UC1, CV_8UC3, CV_8UC4'],
    ['two channels', (): unknown => new (loadOpenCv().Mat)(2, 2, loadOpenCv().CV_8UC2!), 'type 8'],
    ['three dimensions', (): unknown => new (loadOpenCv().Mat)([2, 2, 2], loadOpenCv().CV_8U!), 'got 3 dimensions'],
    ['what is none', (): unknown => ({ rows: 2, cols: 2 }), 'expected a Mat of @u4/opencv4nodejs, got object'],
  ])('refuses %s', (_, make, message) => {
    expect(() => fromMat(make() as Mat)).toThrow(message);
  });

  it('says so when Mats or frames are never released', () => {
    const frame = noisy('I420', 18, 18);
    const mats = Array.from({ length: 32 }, () => toMat(frame));
    expect(() => toMat(frame)).toThrow('32 frames of 18x18 BGR24 are in use: release() each Mat');
    for (const mat of mats) mat.release();
    toMat(frame).release();
  });
});
