import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { random } from '../../sdk/base/random.ts';
import { openImage } from '../../tools/flash/image-file.ts';
import { openTarget } from '../../tools/flash/target.ts';
import { writeImage } from '../../tools/flash/write-image.ts';
import { temporaryFolder } from '../support/folders.ts';
import { hasProgram } from '../support/needs.ts';
import { bmapOf } from './bmaps.ts';

const mib = 1024 * 1024;

/** Data, a hole of some megabytes, and an odd end. */
function makeImage(): Buffer {
  const image = Buffer.alloc(9 * mib + 1234);
  const next = random(5);
  for (const [from, to] of [
    [0, 300_000],
    [5 * mib, 6 * mib],
    [9 * mib, 9 * mib + 1234],
  ] as const)
    for (let i = from; i < to; i++) image[i] = Math.floor(next() * 256);
  return image;
}

const image = makeImage();

async function written(path: string, before?: Buffer) {
  const to = join(temporaryFolder(), 'card');
  if (before) writeFileSync(to, before);
  const target = await openTarget(to);
  const steps: [string, number][] = [];
  try {
    const result = await writeImage(await openImage(path), target.handle, to, (...step) => steps.push(step));
    return { result, steps, to, bytes: readFileSync(to) };
  } finally {
    await target.close();
  }
}

describe('an image', () => {
  const plain = (name: string, bytes: Buffer) => (folder: string) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const packers: [string, (folder: string) => string][] = [
    ['raw', plain('x.img', image)],
    ['with gzip', plain('x.img.gz', gzipSync(image))],
    ...(['xz', 'zstd'] as const)
      .filter((program) => hasProgram(program))
      .map((program): [string, (folder: string) => string] => [
        `with ${program}`,
        (folder) => {
          writeFileSync(join(folder, 'x.img'), image);
          const path = join(folder, `x.img.${program === 'xz' ? 'xz' : 'zst'}`);
          writeFileSync(path, execFileSync(program, ['-1', '-c', join(folder, 'x.img')], { maxBuffer: 64 * mib }));
          return path;
        },
      ]),
  ];

  it.each(packers)('%s is written whole, sparsely, and read back', async (_, make) => {
    const path = make(temporaryFolder());
    // What was there before is longer, and not zeros.
    const { bytes, result, steps, to } = await written(path, Buffer.alloc(10 * mib, 7));
    expect(bytes.equals(image)).toBe(true);
    expect(result.size).toBe(image.length);
    expect(result.written).toBeLessThan(2 * mib);
    expect(statSync(to).blocks * 512).toBeLessThan(3 * mib);
    expect(new Set(steps.map(([step]) => step))).toEqual(new Set(['writing', 'verifying']));
    expect(steps.at(-1)).toEqual(['verifying', 1]);
    for (const [, part] of steps) expect(part).toBeLessThanOrEqual(1);
  });

  it('with a map beside it is written where that says so, and checked against it', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'x.img.gz');
    writeFileSync(join(folder, 'x.img.bmap'), bmapOf(image));
    writeFileSync(path, gzipSync(image));
    const { bytes, result } = await written(path);
    expect(bytes.equals(image)).toBe(true);
    expect(result.written).toBeLessThan(1.4 * mib);
    const other = Buffer.from(image);
    other[5.5 * mib]! ^= 1;
    writeFileSync(path, gzipSync(other));
    await expect(written(path)).rejects.toThrow(/the image is damaged: \d+ bytes at 5242880 are not what its map says/);
    writeFileSync(path, gzipSync(image.subarray(0, 6 * mib)));
    await expect(written(path)).rejects.toThrow(/is cut off: it has 6291456 of/);
  });

  it.each(packers.slice(1))('%s that is cut off or damaged is refused', async (_, make) => {
    const path = make(temporaryFolder());
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length / 2));
    await expect(written(path)).rejects.toThrow(/damaged/);
  });

  it('is no zip, no folder, and there', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'x.zip'), 'PK\x03\x04 and more');
    await expect(openImage(join(folder, 'x.zip'))).rejects.toThrow(/is a zip archive: unpack it first/);
    await expect(openImage(folder)).rejects.toThrow(/expected the file of an image/);
    await expect(openImage(join(folder, 'y'))).rejects.toThrow(/cannot be read/);
  });

  it('that the card does not give back is told of', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'x.img'), image);
    const handle = await open(join(folder, 'card'), 'w+');
    const lying = new Proxy(handle, {
      get(of, name) {
        const value = Reflect.get(of, name) as unknown;
        if (name === 'read')
          return async (buffer: Buffer, ...rest: [number, number, number]) => {
            const read = await of.read(buffer, ...rest);
            buffer[10]! ^= 1;
            return read;
          };
        return typeof value === 'function' ? value.bind(of) : value;
      },
    });
    const opened = await openImage(join(folder, 'x.img'));
    await expect(writeImage(opened, lying, 'card', () => {})).rejects.toThrow(
      /does not give back what was written to it.*Use another one/,
    );
    await handle.close();
  });
});
