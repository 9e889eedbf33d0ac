import { spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { textLogger } from '../../tools/cli/logger.ts';
import { temporaryFolder } from '../support/folders.ts';
import { jsonLines } from './cli.ts';

afterEach(() => void vi.restoreAllMocks());

/** What a logger of the built command line writes to stderr, in a process of its own. */
function logged(format: string, program: string): string {
  const script = `
    import { makeLogger } from ${JSON.stringify(asset('dist', 'tools', 'cli', 'logger.js'))};
    import { about } from ${JSON.stringify(asset('dist', 'sdk', 'base', 'log.js'))};
    const logger = await makeLogger('info', ${JSON.stringify(format)});
    ${program}`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  return stderr;
}

describe('textLogger', () => {
  it('tells from its level on, with the time, on stderr', () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    const logger = textLogger('warn', false);
    logger.debug('a');
    logger.info('b');
    logger.warn('c');
    logger.error('d');
    expect(printed.mock.calls.map(([line]) => String(line).replace(/^\d\d:\d\d:\d\d /, ''))).toEqual([
      'warn  c',
      'error d',
    ]);
  });

  it('tells no password', () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    textLogger('warn', false).error('lost rtsp://me:hunter2@door/1');
    expect(String(printed.mock.calls[0]![0])).toMatch(/lost rtsp:\/\/me:\*\*\*@door\/1$/);
    expect(logged('json', "logger.error('lost rtsp://me:hunter2@door/1')")).toContain('lost rtsp://me:***@door/1');
  });

  it('gives the priority instead, for the journal', () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    const logger = textLogger('debug', true);
    for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level]('x');
    expect(printed.mock.calls).toEqual([['<7>x'], ['<6>x'], ['<4>x'], ['<3>x']]);
  });

  it('finds out by itself whether stderr is the journal', () => {
    const file = join(temporaryFolder(), 'journal');
    const stderr = openSync(file, 'w+');
    const script = `
      import { fstatSync } from 'node:fs';
      import { textLogger } from ${JSON.stringify(asset('dist', 'tools', 'cli', 'logger.js'))};
      const { dev, ino } = fstatSync(2);
      for (const stream of [\`\${dev}:\${ino}\`, '1:1']) {
        process.env.JOURNAL_STREAM = stream;
        textLogger('info').warn('x');
      }`;
    spawnSync(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', stderr] });
    const { stdout } = spawnSync('cat', [file], { encoding: 'utf8' });
    expect(stdout).toMatch(/^<4>x\n\d\d:\d\d:\d\d warn {2}x\n$/);
  });
});

describe('the JSON logger', () => {
  it('writes a line a message, with its fields', () => {
    const err = logged(
      'json',
      `logger.debug('not told');
       const camera = about(logger, { camera: 'door' });
       camera.warn('slow');
       about(camera, { source: 'scene:' }).error('a\\n{"level":"info","msg":"forged"}');
       logger.info('100 %s %d %j');`,
    );
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(jsonLines(err)).toEqual([
      { level: 'warn', time, camera: 'door', msg: 'slow' },
      { level: 'error', time, camera: 'door', source: 'scene:', msg: 'a\\n{"level":"info","msg":"forged"}' },
      { level: 'info', time, msg: '100 %s %d %j' },
    ]);
  });

  it('has written all when the process ends at once', () => {
    const err = logged('json', `for (let i = 0; i < 2000; i++) logger.info('line ' + i); process.exit(0);`);
    expect(jsonLines(err)).toHaveLength(2000);
  });

  it('is the same about a camera in text, with its name in front', () => {
    const err = logged('text', `about(about(logger, { camera: 'door' }), { source: 'scene:' }).warn('slow\\nx');`);
    expect(err).toMatch(/^\d\d:\d\d:\d\d warn {2}door: scene:: slow\\nx\n$/);
  });
});
