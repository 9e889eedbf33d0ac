import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { DeviceOptions } from '../../../devices/device/device.ts';
import { openDevice } from '../../../devices/index.ts';
import { temporaryFolder } from '../../support/folders.ts';

/** A picture of one grey. */
function picture(path: string, width: number, height: number, grey: number): Promise<unknown> {
  return sharp({ create: { width, height, channels: 3, background: { r: grey, g: grey, b: grey } } }).toFile(path);
}

async function folderOfPictures(): Promise<string> {
  const folder = temporaryFolder();
  await picture(join(folder, '10.png'), 8, 6, 100);
  await picture(join(folder, '2 b.JPG'), 5, 3, 20);
  await picture(join(folder, '1.webp'), 1, 1, 10);
  writeFileSync(join(folder, '3.jpg'), 'this is no picture');
  writeFileSync(join(folder, '0.png'), '');
  writeFileSync(join(folder, 'notes.txt'), 'neither is this, and nobody asked');
  mkdirSync(join(folder, '4.png'));
  return folder;
}

async function read(uri: string, options: DeviceOptions, most = 100) {
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, warn: (text: string) => warnings.push(text), error() {} };
  const device = await openDevice(uri, { speed: 'max', logger, ...options });
  const { properties } = device;
  const seen: { name?: string; ms: number; size: number[]; grey: number; format: string; sequence: number }[] = [];
  for await (const { name, wallTimeMs, width, height, planes, format, sequence, ...rest } of device.frames()) {
    void rest;
    seen.push({ name, ms: wallTimeMs, size: [width, height], grey: planes[0]!.data[0]!, format, sequence });
    if (seen.length === most) break;
  }
  const { health } = device;
  await device.close();
  return { properties, seen, health, warnings };
}

describe('file: pictures', () => {
  it('gives those of a folder in natural order, skips and counts what cannot be read', async () => {
    const folder = await folderOfPictures();
    const { properties, seen, health, warnings } = await read(`file:${folder}/`, {});
    expect(properties).toMatchObject({ kind: 'file', format: 'RGB24', width: 1, height: 1, fps: 1, live: false });
    expect(seen.map(({ name, ms, size, format, sequence }) => ({ name, ms, size, format, sequence }))).toEqual([
      { name: join(folder, '1.webp'), ms: 0, size: [1, 1], format: 'RGB24', sequence: 0 },
      { name: join(folder, '2 b.JPG'), ms: 1000, size: [5, 3], format: 'RGB24', sequence: 1 },
      { name: join(folder, '10.png'), ms: 2000, size: [8, 6], format: 'RGB24', sequence: 2 },
    ]);
    expect(seen.map(({ grey }) => Math.round(grey / 10))).toEqual([1, 2, 10]);
    expect(health).toMatchObject({ state: 'ended', frames: 3, corrupt: 2, dropped: 0 });
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toContain('not read, since they are not readable pictures: ');
    expect(warnings[1]).toContain('0.png is skipped');
  });

  it('gives one picture, at the rate asked for, again and again with loop', async () => {
    const path = join(await folderOfPictures(), '10.png');
    const { seen, properties } = await read(path, { loop: true, fps: 4 }, 5);
    expect(properties.fps).toBe(4);
    expect(seen.map(({ ms, sequence }) => [ms, sequence])).toEqual(
      [0, 1, 2, 3, 4].map((index) => [index * 250, index]),
    );
    expect((await read(path, {})).seen).toHaveLength(1);
  });

  it('says why there is nothing to show', async () => {
    const folder = temporaryFolder();
    await expect(openDevice(folder)).rejects.toThrow(/holds no pictures/);
    writeFileSync(join(folder, 'a.jpg'), '');
    await expect(openDevice(folder)).rejects.toThrow(/no picture can be read: .*a\.jpg/);
    await expect(openDevice(join(folder, 'a.jpg'))).rejects.toThrow(/no picture can be read/);
    await expect(openDevice(`file:${folder}/b.jpg`)).rejects.toThrow(/b\.jpg does not exist/);
  });

  it('waits for no pipe: it is refused, and skipped in a folder', async () => {
    const folder = temporaryFolder();
    await picture(join(folder, '1.png'), 8, 6, 100);
    for (const name of ['2.png', 'video.mkv']) execFileSync('mkfifo', [join(folder, name)]);
    for (const name of ['2.png', 'video.mkv']) {
      const words = `file: expected a file or a folder, but ${folder}/${name} is a pipe`;
      await expect(openDevice(`file:${folder}/${name}`)).rejects.toThrow(words);
    }
    await expect(openDevice('/dev/zero')).rejects.toThrow('but /dev/zero is a device of the system');
    const { seen, warnings } = await read(`file:${folder}`, {});
    expect(seen.map(({ name }) => name)).toEqual([`${folder}/1.png`]);
    expect(warnings.join()).toMatch(/2\.png is skipped: .*got a pipe/);
  });

  it('can be closed with a picture that nobody took', async () => {
    const device = await openDevice(await folderOfPictures(), { speed: 'max' });
    const frames = device.frames();
    const { value } = await frames.next();
    await device.close();
    expect((await frames.next()).done).toBe(true);
    expect(value.references).toBe(1);
    value.release();
  });
});
