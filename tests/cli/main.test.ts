import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { ocellus } from './cli.ts';

describe('ocellus', () => {
  it('lists what it can do', async () => {
    const { code, out, err } = await ocellus(['--help']);
    expect([code, err]).toEqual([0, '']);
    for (const command of ['run', 'detect', 'watch', 'eval', 'doctor', 'models']) {
      expect(out).toMatch(new RegExp(`^ {2}${command}\\b.* {2}\\S`, 'm'));
    }
  });

  it.each([
    ['run', ['--config', '--source', '--broker', '--no-console', 'docs/settings.md']],
    ['detect', ['<picture or folder...>', '--json', '--threshold', 'the exit code is 2']],
    ['watch', ['<uri>', '--speed', '--no-gate', 'every run prints the same']],
    ['eval', ['<dir>', '--per-class', 'class cx cy w h']],
    ['doctor', ['--json']],
    ['models', ['list', 'inspect']],
    ['models list', ['--json']],
    ['models inspect', ['<file>', '--json', '--labels', '--size', '--card']],
  ])('tells what %s takes', async (command, words) => {
    const { code, out } = await ocellus([...command.split(' '), '--help']);
    expect(code).toBe(0);
    expect(out.replaceAll(/\s+/g, ' ')).toContain(`Usage: ocellus ${command}`);
    for (const word of words) expect(out.replaceAll(/\s+/g, ' ')).toContain(word);
  });

  it.skipIf(!existsSync('/dev/full'))('says that what it prints cannot be kept (needs /dev/full)', async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [asset('bin', 'ocellus.js'), 'models'], { stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    let err = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text));
    expect((await once(child, 'close'))[0]).toBe(1);
    expect(err).toMatch(/^error standard output cannot be written: ENOSPC.*\n$/);
  });

  it('says that the folder it was started in is gone', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ocellus-gone-'));
    for (const args of ['detect cat.jpg', 'run --source scene:', 'models']) {
      const command = `mkdir -p ${folder} && cd ${folder} && rmdir ${folder} && exec "$0" "$1" ${args}`;
      const { status, stderr } = spawnSync('sh', ['-c', command, process.execPath, asset('bin', 'ocellus.js')], {
        encoding: 'utf8',
      });
      expect(stderr).toBe(
        'error the folder that this was started in is no longer there: go to another one (cd) and start it again\n',
      );
      expect(status).toBe(2);
    }
  });

  it('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(asset('package.json'), 'utf8')) as { version: string };
    expect(await ocellus(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  it.each([
    { name: 'nothing', args: [], message: 'Usage: ocellus' },
    { name: 'an unknown command', args: ['rum'], message: "unknown command 'rum'" },
    { name: 'help for one', args: ['help', 'rum'], message: "unknown command 'rum'" },
    {
      name: 'an unknown command of a command',
      args: ['models', 'inspct'],
      message: "unknown command 'inspct': expected one of list, add, remove, inspect; did you mean inspect?",
    },
    {
      name: 'two values of an option that has one',
      args: ['run', '--source', 'scene:', '--source', 'auto:'],
      message: "is given twice, as 'scene:' and 'auto:'; several cameras belong into a settings file: docs/cameras.md",
    },
    { name: 'an unknown option', args: ['models', '--jsom'], message: "unknown option '--jsom'" },
    { name: 'an argument that is missing', args: ['detect'], message: "missing required argument 'picture or folder'" },
    { name: 'a port that is none', args: ['run', '--port', 'x'], message: 'Expected a whole number.' },
    {
      name: 'a share above 1',
      args: ['detect', '--threshold', '60', 'x.jpg'],
      message: 'Expected a number from 0 to 1.',
    },
    { name: 'no threads', args: ['eval', '--threads', '0', '.'], message: 'Expected a whole number from 1 to 64.' },
    {
      name: 'an engine that is none',
      args: ['detect', '--engine', 'tensorflow', 'x.jpg'],
      message: 'Allowed choices are auto, native, onnxruntime, opencv',
    },
    {
      name: 'a speed that is none',
      args: ['watch', '--speed', 'warp', 'scene:'],
      message: 'Allowed choices are realtime, max',
    },
    {
      name: 'frames a second below 0',
      args: ['watch', '--fps', '-1', 'scene:'],
      message: 'Expected a number above 0.',
    },
  ])('ends with 2 on $name, and says what is wrong', async ({ args, message }) => {
    const { code, out, err } = await ocellus(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });
});
