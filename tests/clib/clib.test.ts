import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { loadModel } from '../../sdk/core/model.ts';
import { readPicture } from '../../sdk/picture/picture.ts';
import { photo } from '../cli/cli.ts';
import { tinyProgram } from '../kernels/program/tiny.mjs';
import { temporaryFolder } from '../support/folders.ts';
import { hasProgram } from '../support/needs.ts';
import { compiled, isBuilt, library, run } from './compiled.ts';

/** For the name of a test: which of these programs are not there. */
const lacks = (...programs: string[]) => {
  const absent = programs.filter((program) => !hasProgram(program));
  return absent.length > 0 ? ` (needs ${absent.join(', ')})` : '';
};
const jna = '/usr/share/java/jna.jar';
const noJna = existsSync(jna) ? '' : ' (needs libjna-java)';
const hasOpenCv = hasProgram('pkg-config') && run('pkg-config', ['--exists', 'opencv4']).status === 0;

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
    const executable = compiled(folder, compiler, asset('tests', 'clib', 'check.c'), flags);
    expect(run(executable, [program, damaged])).toMatchObject({
      status: 0,
      said: expect.stringMatching(/^[5-9]\d looked at, 0 wrong\n$/),
    });
  });

  it.skipIf(!hasProgram('cmake') || !hasProgram('pkg-config'))(
    'is installed by CMake, and found by it and by pkg-config',
    () => {
      const folder = temporaryFolder();
      const [prefix, build] = [join(folder, 'usr'), join(folder, 'build')] as const;
      expect(run('cmake', ['--install', asset('build'), '--prefix', prefix])).toMatchObject({ status: 0 });
      writeFileSync(
        join(folder, 'main.c'),
        '#include <ocellus.h>\n#include <stdio.h>\nint main(void) { puts(ocellus_version()); return 0; }\n',
      );
      const lists =
        'cmake_minimum_required(VERSION 3.18)\nproject(user C)\nfind_package(ocellus 0.1 REQUIRED)\nadd_executable(user main.c)\ntarget_link_libraries(user ocellus::ocellus)\n';
      writeFileSync(join(folder, 'CMakeLists.txt'), lists);
      expect(run('cmake', ['-S', folder, '-B', build, `-DCMAKE_PREFIX_PATH=${prefix}`])).toMatchObject({ status: 0 });
      expect(run('cmake', ['--build', build])).toMatchObject({ status: 0 });
      const { version } = JSON.parse(readFileSync(asset('package.json'), 'utf8'));
      const said = { status: 0, signal: null, said: `${version}\n` };
      expect(run(join(build, 'user'), [])).toEqual(said);

      const env = { ...process.env, PKG_CONFIG_PATH: join(prefix, 'lib', 'pkgconfig') };
      const flags = run('pkg-config', ['--cflags', '--libs', 'ocellus'], env).said.trim().split(/\s+/);
      expect(run('cc', [join(folder, 'main.c'), ...flags, '-o', join(folder, 'user')])).toEqual({ ...said, said: '' });
      expect(run(join(folder, 'user'), [], { ...env, LD_LIBRARY_PATH: join(prefix, 'lib') })).toEqual(said);
    },
  );

  it('goes on after a fork, and refuses a second thread instead of waiting for it for ever', () => {
    const flags = ['-std=gnu99', '-pthread'];
    const executable = compiled(temporaryFolder(), 'cc', asset('tests', 'clib', 'processes.c'), flags);
    expect(run(executable, [asset('sdk', 'models', 'yolox-nano-416-int8.ocp')])).toEqual({
      status: 0,
      signal: null,
      said: 'forked: 0\ntwo threads: one was refused\n',
    });
  });

  it.skipIf(!hasProgram('python3'))('is used from Python, which needs no other package', () => {
    const folder = temporaryFolder();
    const [program, damaged] = ['tiny.ocp', 'damaged.ocp'].map((name) => join(folder, name)) as [string, string];
    writeFileSync(program, tinyProgram());
    writeFileSync(damaged, tinyProgram().subarray(0, 900));
    const script = `
import array, sys
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
    print(failure(lambda: program.run(array.array("f", [0.0] * 12))))
    kept = memoryview(program.run(memoryview(bytes(pixels)))[0].values).cast("B")
print(failure(lambda: program.run(pixels)))
print(kept[4])
print(failure(lambda: Program(sys.argv[2])))
`;
    const { status, said } = run('python3', ['-c', script, program, damaged]);
    expect(said.trim().split('\n')).toEqual([
      'scalar in (1, 4, 4, 3) (1, 2, 2, 3)',
      '[0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]',
      '[0, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0]',
      'in: expected 48 bytes, got 47',
      'expected 1 pictures, got 0',
      "in: expected values of uint8, got the type 'f': convert it, with its values in 0 to 255",
      'the program was closed',
      '200',
      expect.stringContaining('900'),
    ]);
    expect(status).toBe(0);
  });

  describe('the samples', () => {
    const card = asset('sdk', 'models', 'yolox-nano-416-int8.card.json');
    const network = card.replace('.card.json', '.ocp');
    /** As a sample reads it: PPM. */
    const picture = async (folder: string, name: string) => {
      const { data, info } = await sharp(photo(name)).raw().toBuffer({ resolveWithObject: true });
      const file = join(folder, `${name}.ppm`);
      writeFileSync(file, Buffer.concat([Buffer.from(`P6 ${info.width} ${info.height} 255\n`), data]));
      return file;
    };
    /** The lines of a sample, in its digits. */
    const expected = async (name: string) => {
      await using model = await loadModel('yolox-nano-416-int8', { engine: 'native' });
      const found = [...(await model.detect(await readPicture(photo(name))))];
      return found
        .map(({ score, box, label }) => `${score.toFixed(2)} ${box.map((one) => one.toFixed(0)).join(' ')} ${label}\n`)
        .join('');
    };

    it('in C finds what Ocellus finds, and says what is wrong with what it is given', async () => {
      const folder = temporaryFolder();
      const sample = compiled(folder, 'cc', asset('samples', 'c', 'detect.c'), ['-std=c99', '-O2']);
      for (const name of ['motorcycle.jpg', 'person.jpg', 'wall.jpg']) {
        expect(run(sample, [card, await picture(folder, name)])).toEqual({
          status: 0,
          signal: null,
          said: await expected(name),
        });
      }
      expect(run(sample, [network, network])).toMatchObject({
        status: 1,
        said: 'detect: expected a PPM picture (P6)\n',
      });
      expect(run(sample, ['/nowhere.ocp', network])).toMatchObject({
        status: 1,
        said: 'detect: /nowhere.card.json cannot be read: No such file or directory\n',
      });
    });

    it.skipIf(!hasOpenCv)('in C++ with OpenCV does so', async () => {
      const folder = temporaryFolder();
      const flags = run('pkg-config', ['--cflags', 'opencv4']).said.trim().split(/\s+/);
      const libraries = ['-lopencv_core', '-lopencv_videoio'];
      const sample = compiled(folder, 'c++', asset('samples', 'c', 'opencv.cpp'), ['-std=c++17', ...flags], libraries);
      const said = (await expected('motorcycle.jpg')).replace(/^/gm, '0 ').replace(/0 $/, '');
      expect(run(sample, [card, await picture(folder, 'motorcycle.jpg')])).toEqual({ status: 0, signal: null, said });
    });

    it.skipIf(!hasProgram('python3'))('in Python does so too', async () => {
      const folder = temporaryFolder();
      const sample = ['-B', asset('samples', 'python', 'detect.py')];
      const { status, said } = run('python3', [...sample, card, await picture(folder, 'motorcycle.jpg')]);
      expect({ status, said }).toEqual({ status: 0, said: await expected('motorcycle.jpg') });
      expect(run('python3', [...sample, network, network])).toMatchObject({
        status: 1,
        said: expect.stringContaining('expected a PPM picture (P6)'),
      });
    });

    /** A sample by what runs it, with what it says of every picture, of none and of no model. */
    const isRight = async (program: string, args: readonly string[], env: NodeJS.ProcessEnv) => {
      const folder = temporaryFolder();
      for (const name of ['motorcycle.jpg', 'person.jpg', 'wall.jpg']) {
        const { status, said } = run(program, [...args, card, await picture(folder, name)], env);
        expect({ status, said }).toEqual({ status: 0, said: await expected(name) });
      }
      for (const [wrong, said] of [
        [[card, network], 'detect: expected a PPM picture (P6)\n'],
        [['/nowhere.ocp', network], 'detect: /nowhere.card.json cannot be read: No such file or directory\n'],
      ] as const) {
        const result = run(program, [...args, ...wrong], env);
        expect(result).toMatchObject({ status: 1, said: expect.stringContaining(said) });
      }
    };

    it.skipIf(lacks('go', 'cc', 'cmake', 'pkg-config'))(
      `in Go does so, by pkg-config${lacks('go', 'cc', 'cmake', 'pkg-config')}`,
      async () => {
        const folder = temporaryFolder();
        expect(run('cmake', ['--install', asset('build'), '--prefix', folder])).toMatchObject({ status: 0 });
        const lib = join(folder, 'lib');
        const env = { ...process.env, PKG_CONFIG_PATH: join(lib, 'pkgconfig'), LD_LIBRARY_PATH: lib, GOFLAGS: '' };
        const sample = join(folder, 'detect');
        // What pkg-config said of a source is in Go's cache, and is not asked again when the library is elsewhere: it is another source.
        const source = join(folder, 'detect.go');
        writeFileSync(source, `${readFileSync(asset('samples', 'go', 'detect.go'), 'utf8')}// ${folder}\n`);
        expect(run('go', ['vet', source], env)).toMatchObject({ status: 0, said: '' });
        expect(run('go', ['build', '-o', sample, source], env)).toMatchObject({ status: 0, said: '' });
        // It looks at each pointer that goes to C.
        await isRight(sample, [], { ...env, GODEBUG: 'cgocheck=1' });
      },
    );

    it.skipIf(lacks('rustc'))(`in Rust does so${lacks('rustc')}`, async () => {
      const sample = join(temporaryFolder(), 'detect');
      const flags = ['-O', '-D', 'warnings', '-L', asset('build'), '-C', `link-arg=-Wl,-rpath,${asset('build')}`];
      expect(run('rustc', [...flags, asset('samples', 'rust', 'detect.rs'), '-o', sample])).toMatchObject({
        status: 0,
        said: '',
      });
      await isRight(sample, [], process.env);
    });

    it.skipIf(lacks('javac') || noJna)(`in Java does so${lacks('javac') || noJna}`, async () => {
      const folder = temporaryFolder();
      const source = asset('samples', 'java', 'Detect.java');
      const compiling = run('javac', ['-Xlint:all', '-Werror', '-cp', jna, '-d', folder, source]);
      expect(compiling).toMatchObject({ status: 0, said: '' });
      const path = ['-cp', `${jna}:${folder}`, `-Djna.library.path=${asset('build')}`];
      await isRight('java', [...path, 'Detect'], process.env);
    });
  });

  it.skipIf(!hasProgram('objdump'))('shows the functions of its header and no others', () => {
    const { said } = run('objdump', ['-T', library]);
    const defined = said.split('\n').filter((line) => / g /.test(line));
    const names = defined.map((line) => line.trim().split(/\s+/).at(-1)!);
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((name) => !name.startsWith('ocellus_'))).toEqual([]);
    const newer = [...said.matchAll(/GLIBC_2\.(\d+)/g)].filter(([, minor]) => Number(minor) > 28);
    expect(newer.map(([version]) => version)).toEqual([]);
  });
});
