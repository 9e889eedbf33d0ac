import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { packForNpm } from '../../../tools/pack/npm-packages.ts';
import { runNpmForMachine } from '../../../tools/pack/run.ts';
import { hasProgram } from '../../support/needs.ts';
import { entryPoints } from '../../support/package.ts';

const needed = ['npm', 'cmake', 'g++', 'aarch64-linux-gnu-g++'];
const possible = process.platform === 'linux' && process.arch === 'x64' && needed.every(hasProgram);

describe.skipIf(!possible)(`npm install -g of what is packed (needs x64, ${needed.join(', ')})`, () => {
  let folder: string;
  let modules: string;

  const ocellus = (...args: string[]) =>
    spawnSync(join(folder, 'bin', 'ocellus'), args, {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, HOME: folder },
    });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ocellus-npm-'));
    const archive = packForNpm(join(folder, 'archives'));
    // By npm 9 it is several times as large: the documentation says so.
    runNpmForMachine(['install', '--global', '--prefix', folder, '--prefer-offline', archive]);
    rmSync(join(folder, 'archives'), { recursive: true });
    modules = join(folder, 'lib', 'node_modules');
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('takes at most 60 MB on disk, as du counts', () => {
    const [kilobytes] = execFileSync('du', ['-sk', folder], { encoding: 'utf8' }).split('\t');
    expect(Number(kilobytes)).toBeLessThanOrEqual(60 * 1024);
  });

  it('detects in the native kernels, without a compiler, a second package or onnxruntime', () => {
    const { status, stdout, stderr } = ocellus('detect', asset('devices', 'scene', 'photos', 'cat.jpg'), '--json');
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).detections).toMatchObject([{ label: 'cat' }]);
    expect(status).toBe(0);
    expect(readdirSync(join(modules, 'ocellus', 'node_modules'))).not.toContain('onnxruntime-node');
    expect(ocellus('doctor').stdout).toMatch(
      /onnxruntime +not installed; only ONNX files that are not compiled need it/,
    );
  });

  it('says what to install where ONNX files are to be run', () => {
    const photo = asset('devices', 'scene', 'photos', 'cat.jpg');
    const missing =
      'onnxruntime is not installed, which runs ONNX files that are not compiled: npm install --ignore-scripts onnxruntime-node@';
    for (const args of [
      ['detect', photo, '--model', 'blazeface-128'],
      ['compile', asset('sdk', 'models', 'yolox-nano-416-int8.card.json'), '--calibrate', photo, '--out', 'x.ocp'],
    ]) {
      const { status, stderr } = ocellus(...args);
      expect(stderr).toContain(missing);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(status).toBe(2);
    }
    const other = ocellus('detect', photo, '--engine', 'onnxruntime');
    expect(other.stderr).toContain(
      'yolox-nano-416-fp32.onnx is in the package @ocellus/networks, which is not installed',
    );
    expect(other.status).toBe(2);
  });

  it('runs them once onnxruntime is beside it', () => {
    const beside = join(modules, 'onnxruntime-node');
    symlinkSync(asset('node_modules', 'onnxruntime-node'), beside);
    const { stdout, stderr, status } = ocellus(
      'detect',
      asset('devices', 'scene', 'photos', 'person.jpg'),
      '--model',
      'blazeface-128',
      '--json',
    );
    rmSync(beside);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ detections: expect.any(Array) });
  });

  it('is a library whose declarations compile in a project of TypeScript, all of them', () => {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
    const names = [...entryPoints().keys()];
    const lines = names.map((name, i) => `export * as part${i} from '${name}';`);
    writeFileSync(join(folder, 'all.ts'), lines.join('\n'));
    symlinkSync(modules, join(folder, 'node_modules'));
    // The project's own.
    symlinkSync(asset('node_modules', '@types'), join(modules, '@types'));
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
    const { stdout, status } = spawnSync(
      process.execPath,
      [asset('node_modules', 'typescript', 'bin', 'tsc'), ...options, 'all.ts'],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    );
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});
