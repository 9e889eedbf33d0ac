import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { jsonLines, ocellus, photo } from '../../cli/cli.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { isSparkAsked, ocellusCommand, outputOf, plantPictures, sparkHome, sparkNeeds } from './spark.ts';

const sample = (name: string) => asset('tools', 'spark', 'samples', name);
const master = ['--master', 'local[2]', '--conf', 'spark.ui.enabled=false', '--driver-memory', '512m'];

/** How each sample is run, as its first lines say. */
const samples: Readonly<Record<string, (album: string, found: string, path: string) => Promise<string>>> = {
  'Detect.java': async (album, found, path) => {
    const classes = temporaryFolder();
    await outputOf('javac', ['-cp', join(sparkHome(), 'jars', '*'), '-d', classes, sample('Detect.java')]);
    const jar = join(classes, 'detect.jar');
    await outputOf('jar', ['cf', jar, '-C', classes, 'Detect.class']);
    const submit = join(sparkHome(), 'bin', 'spark-submit');
    return outputOf(submit, [...master, '--class', 'Detect', jar, album, found], { path });
  },
  'detect.scala': (album, found, path) => {
    const files = ['--conf', `spark.ocellus.in=${album}`, '--conf', `spark.ocellus.out=${found}`];
    const shell = join(sparkHome(), 'bin', 'spark-shell');
    return outputOf(shell, [...master, ...files, '-i', sample('detect.scala')], { path });
  },
};

/** A folder with a program `ocellus`, before the PATH that there is. */
function pathWith(command: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'ocellus'), `#!/bin/sh\n${command}\n`, { mode: 0o755 });
  return `${folder}${delimiter}${process.env.PATH}`;
}

interface Row {
  readonly path: string;
  readonly detections?: { label: string; score: number; box: number[] }[];
  readonly error?: string;
}

async function rowsIn(folder: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.parquet'))) {
    const { buffer, byteOffset, byteLength } = new Uint8Array(readFileSync(join(folder, name)));
    const file = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
    rows.push(...((await parquetReadObjects({ file })) as unknown as Row[]));
  }
  return rows.sort((a, b) => (a.path < b.path ? -1 : 1));
}

describe.skipIf(!isSparkAsked)(`the samples of rdd.pipe (${sparkNeeds})`, () => {
  it.each(Object.keys(samples))('%s writes what `detect` finds, also of files that cannot be read', async (name) => {
    const [folder, out] = [temporaryFolder(), join(temporaryFolder(), 'found')];
    const photos = ['cat.jpg', 'cup.jpg', 'wall.jpg'];
    await plantPictures(folder, { 'cat.jpg': 'cat.jpg', 'cup, é.jpg': 'cup.jpg', 'wall.jpg': 'wall.jpg' });
    writeFileSync(join(folder, 'empty.jpg'), '');
    await samples[name]!(folder, out, pathWith(`exec ${ocellusCommand()} "$@"`));
    const rows = await rowsIn(out);
    const names = ['cat.jpg', 'cup, é.jpg', 'empty.jpg', 'wall.jpg'];
    expect(rows.map(({ path }) => path)).toEqual(names.map((one) => `file:${folder}/${one}`));
    const found = jsonLines((await ocellus(['detect', '--json', ...photos.map(photo)])).out) as Row[];
    const told = rows
      .filter(({ error }) => !error)
      .map(({ detections }) =>
        detections!.map(({ score, box, ...one }) => ({
          ...one,
          score: Number(score.toFixed(4)),
          box: box.map((value) => Number(value.toFixed(1))),
        })),
      );
    expect(told).toEqual(found.map(({ detections }) => detections));
    expect(rows[2]!.error).toContain('cannot be read as a picture: it is empty');
  });

  it('Detect.java fails when a worker does', async () => {
    const folder = temporaryFolder();
    await plantPictures(folder, { 'cat.jpg': 'cat.jpg' });
    const run = samples['Detect.java']!(folder, join(folder, 'found'), pathWith('exit 7'));
    await expect(run).rejects.toThrow(/Subprocess exited with status 7/);
  });
});
