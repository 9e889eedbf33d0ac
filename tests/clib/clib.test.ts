import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { listModels, loadModel } from '../../sdk/core/model.ts';
import { readPicture } from '../../sdk/picture/picture.ts';
import type { Detection } from '../../sdk/vision/detections.ts';
import { photo } from '../cli/cli.ts';
import { tinyProgram } from '../kernels/program/tiny.mjs';
import { temporaryFolder } from '../support/folders.ts';
import { hasProgram } from '../support/needs.ts';

const library = asset('build', 'libocellus.so');
// It is built with the addon; one that could not be is no reason to skip.
const isBuilt = existsSync(asset('build', 'ocellus-kernels.node'));

function run(program: string, args: readonly string[]) {
  const { status, signal, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return { status, signal, said: `${stdout}${stderr}` };
}

/** Compiles a source of C against the header and the library, warnings as errors; gives the executable. */
function compiled(folder: string, compiler: string, source: string, ...flags: string[]): string {
  const executable = join(folder, `check-${compiler}`);
  const built = run(compiler, [
    ...['-Wall', '-Wextra', '-Wpedantic', '-Werror', ...flags],
    ...[
      '-I',
      asset('sdk', 'clib'),
      source,
      '-x',
      'none',
      library,
      '-lm',
      `-Wl,-rpath,${asset('build')}`,
      '-o',
      executable,
    ],
  ]);
  expect(built).toEqual({ status: 0, signal: null, said: '' });
  return executable;
}

describe.skipIf(!isBuilt)('the C library (needs npm run kernels)', () => {
  it.each([
    { compiler: 'cc', flags: ['-std=c99'] },
    { compiler: 'c++', flags: ['-std=c++11', '-x', 'c++'] },
  ])('loads, runs and says what is wrong, from $compiler', ({ compiler, flags }) => {
    const folder = temporaryFolder();
    const [program, damaged] = ['tiny.ocp', 'damaged.ocp'].map((name) => join(folder, name)) as [string, string];
    const bytes = tinyProgram();
    writeFileSync(program, bytes);
    bytes[200]! ^= 1;
    writeFileSync(damaged, bytes);
    const executable = compiled(folder, compiler, asset('tests', 'clib', 'check.c'), ...flags);
    expect(run(executable, [program, damaged])).toMatchObject({
      status: 0,
      said: expect.stringMatching(/^[5-9]\d looked at, 0 wrong\n$/),
    });
  });

  it.skipIf(!hasProgram('python3'))('is used from Python, which needs no other package', () => {
    const folder = temporaryFolder();
    const [program, damaged] = ['tiny.ocp', 'damaged.ocp'].map((name) => join(folder, name)) as [string, string];
    writeFileSync(program, tinyProgram());
    writeFileSync(damaged, tinyProgram().subarray(0, 900));
    const script = `
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, ${JSON.stringify(asset('samples', 'python'))})
from ocellus import Program

def failure(work):
    try:
        work()
    except ValueError as error:
        return str(error)

with Program(sys.argv[1], threads=2, instruction_set="scalar") as program:
    print(program.instruction_set, program.inputs[0].name, program.inputs[0].shape, program.outputs[0].shape)
    pixels = bytearray(48)
    pixels[19] = 9
    values = program.run(pixels)[0].values
    print(list(values))
    pixels[19] = 200
    program.run(bytes(pixels))
    print(list(values))
    print(failure(lambda: program.run(pixels[1:])))
    print(failure(lambda: program.run()))
print(failure(lambda: program.run(pixels)))
print(failure(lambda: Program(sys.argv[2])))
`;
    const { status, said } = run('python3', ['-c', script, program, damaged]);
    expect(said.trim().split('\n')).toEqual([
      'scalar in (1, 4, 4, 3) (1, 2, 2, 3)',
      '[0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]',
      '[0, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0]',
      'in: expected 48 bytes, got 47',
      'expected 1 pictures, got 0',
      'the program was closed',
      expect.stringContaining('900'),
    ]);
    expect(status).toBe(0);
  });

  describe('the samples', () => {
    const network = asset('sdk', 'models', 'yolox-nano-416-int8.ocp');
    /** As a sample reads it: PPM. */
    const picture = async (folder: string, name: string) => {
      const { data, info } = await sharp(photo(name)).raw().toBuffer({ resolveWithObject: true });
      const file = join(folder, `${name}.ppm`);
      writeFileSync(file, Buffer.concat([Buffer.from(`P6 ${info.width} ${info.height} 255\n`), data]));
      return file;
    };
    const expected = async (name: string) => {
      await using model = await loadModel('yolox-nano-416-int8', { engine: 'native' });
      const [best] = [...(await model.detect(await readPicture(photo(name))))];
      return best!;
    };
    /** They shrink pictures in their own simple ways. */
    const expectNear = (said: string, classOf: (text: string) => string, best: Detection) => {
      const [name, score, ...box] = said.split('\n')[0]!.split(' ');
      expect(classOf(name!)).toBe(best.label);
      expect(Math.abs(Number(score) - best.score)).toBeLessThan(0.1);
      box.forEach((corner, i) => {
        expect(Math.abs(Number(corner) - best.box[i]!)).toBeLessThan(20);
      });
    };

    it('in C finds what Ocellus finds, and says what is wrong with what it is given', async () => {
      const folder = temporaryFolder();
      const sample = compiled(folder, 'cc', asset('samples', 'c', 'detect.c'), '-std=c99', '-O2');
      const { labels } = (await listModels()).find(({ name }) => name === 'yolox-nano-416-int8')!;
      for (const name of ['motorcycle.jpg', 'person.jpg']) {
        const { status, said } = run(sample, [network, await picture(folder, name)]);
        expect(status).toBe(0);
        expectNear(said, (id) => labels[Number(id)]!, await expected(name));
      }
      expect(run(sample, [network, await picture(folder, 'wall.jpg')])).toEqual({ status: 0, signal: null, said: '' });
      expect(run(sample, [network, network])).toMatchObject({
        status: 1,
        said: 'detect: expected a PPM picture (P6)\n',
      });
      expect(run(sample, ['/nowhere.ocp', network])).toMatchObject({
        status: 1,
        said: 'detect: /nowhere.ocp cannot be read: No such file or directory\n',
      });
    });

    it.skipIf(!hasProgram('python3'))('in Python does so too', async () => {
      const folder = temporaryFolder();
      const sample = ['-B', asset('samples', 'python', 'detect.py')];
      const { status, said } = run('python3', [...sample, network, await picture(folder, 'motorcycle.jpg')]);
      expect(status).toBe(0);
      expectNear(said, (label) => label, await expected('motorcycle.jpg'));
      expect(run('python3', [...sample, network, network])).toMatchObject({
        status: 1,
        said: expect.stringContaining('expected a PPM picture (P6)'),
      });
    });
  });

  it.skipIf(!hasProgram('objdump'))('shows the functions of its header and no others', () => {
    const { said } = run('objdump', ['-T', library]);
    const defined = said.split('\n').filter((line) => / g /.test(line));
    const names = defined.map((line) => line.trim().split(/\s+/).at(-1)!);
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((name) => !name.startsWith('ocellus_'))).toEqual([]);
  });
});
