import { execFile, execFileSync } from 'node:child_process';
import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { readProgram } from '../../sdk/core/program/format.ts';
import { rawClassifierCard } from '../core/cards.ts';
import { NetworkBuilder } from '../core/compiler/networks.ts';
import { temporaryFolder } from '../support/folders.ts';
import { type Ended, ocellus, photo } from './cli.ts';

/** As `ocellus()`, where no file may become longer than this, as on a disk that fills up while it is written. */
function within(kilobytes: number, args: readonly string[], cwd: string): Promise<Ended> {
  const command = `ulimit -f ${kilobytes}; exec "$0" "$@"`;
  const env = { ...process.env, OCELLUS_DATA: join(cwd, 'data'), NO_COLOR: '1' };
  return new Promise((resolve) => {
    const all = ['-c', command, process.execPath, asset('bin', 'ocellus.js'), ...args];
    execFile('bash', all, { cwd, env }, (error, out, err) => {
      const code = error ? (error.code as unknown as number | null) : 0;
      resolve({ code, out, err });
    });
  });
}

/** A classifier whose program is larger than four kilobytes. */
function network(): Uint8Array {
  const net = new NetworkBuilder();
  const features = net.node('Relu', [net.conv('images', [3, 256], 3)]);
  const means = net.node('GlobalAveragePool', [features]);
  for (const name of ['embedding', 'logits']) {
    const flat = net.node('Flatten', [net.conv(means, [256, 3])]);
    net.operations.push({ op: 'Identity', inputs: [flat], outputs: [name] });
    net.output(name);
  }
  return net.build(8);
}

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
  mkdirSync(join(folder, 'pictures'));
  copyFileSync(photo('cat.jpg'), join(folder, 'pictures', 'cat.jpg'));
  writeFileSync(join(folder, 'net.onnx'), network());
  writeFileSync(join(folder, 'net.card.json'), JSON.stringify(rawClassifierCard()));
});

const compile = ['compile', 'net.onnx', '--calibrate', 'pictures', '--out'];

describe('what a command makes', () => {
  it.each([
    ['detect --out', ['detect', 'pictures/cat.jpg', '--out', 'made'], 'cat.jpg', 1],
    ['compile --out', [...compile, 'made/net.ocp'], 'net.ocp', 2],
    ['port --out', ['port', 'net.onnx', '--to', 'program', '--pictures', 'pictures', '--out', 'made'], 'net.ocp', 2],
  ])('is whole or the one before, of %s', async (_, args, name, status) => {
    const made = join(folder, 'made');
    mkdirSync(made, { recursive: true });
    writeFileSync(join(made, name), 'the one before');
    const { code, err } = await within(4, args, folder);
    expect(err).toMatch(new RegExp(`^error .*${name}: cannot be written: EFBIG: file too large`, 'm'));
    expect(err).not.toMatch(/^ +at /m);
    expect(code).toBe(status);
    expect(readFileSync(join(made, name), 'utf8')).toBe('the one before');
    // Nor is anything left beside it.
    expect(readdirSync(made).filter((one) => one.startsWith('.') || one.includes('tmp'))).toEqual([]);
    expect((await ocellus(args, folder)).code).not.toBe(status === 2 ? 2 : 1);
    expect(statSync(join(made, name)).size).toBeGreaterThan(4096);
  });

  it('goes where a link leads', async () => {
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync('elsewhere/program', join(folder, 'link.ocp'));
    expect(await ocellus([...compile, 'link.ocp'], folder)).toMatchObject({ code: 0 });
    expect(lstatSync(join(folder, 'link.ocp')).isSymbolicLink()).toBe(true);
    expect(readProgram(readFileSync(join(folder, 'elsewhere', 'program'))).steps.length).toBeGreaterThan(1);
  });

  it('goes into a pipe', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe.ocp'), join(folder, 'pipe.seq')]);
    const [program, one] = await Promise.all([
      readFile(join(folder, 'pipe.ocp')),
      ocellus([...compile, 'pipe.ocp'], folder),
    ]);
    expect(one.code).toBe(0);
    expect(readProgram(program).steps.length).toBeGreaterThan(1);
    const [packed, two] = await Promise.all([
      readFile(join(folder, 'pipe.seq')),
      ocellus(['pack', 'pictures', 'pipe.seq'], folder),
    ]);
    expect(two.code).toBe(0);
    expect(packed.subarray(0, 3).toString()).toBe('SEQ');
    for (const name of ['pipe.ocp', 'pipe.seq']) expect(statSync(join(folder, name)).isFIFO()).toBe(true);
  });
});
