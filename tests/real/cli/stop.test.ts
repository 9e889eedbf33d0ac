import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { ended } from '../../cli/cli.ts';
import { retainedOf, Subscriber } from '../../hub/subscriber.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';
import { until } from '../../support/until.ts';
import { Mosquitto } from '../hub/mosquitto.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const status = 'ocellus/porch/status';

/**
 * `ocellus run` on the scene, once it is online.
 *
 * @param planted A program that runs in the process as well.
 */
async function startRun({ planted, format = 'text' }: { planted?: string; format?: string } = {}) {
  const broker = await Mosquitto.start();
  closers.push(() => broker.stop());
  const heard = await Subscriber.to(broker.url, 'ocellus/#');
  closers.push(() => heard.end());
  const args = ['run', '--no-console', '--broker', broker.url, '--node', 'porch', '--source', 'scene:'];
  const imports = planted === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(planted)}`];
  const child = spawn(process.execPath, [...imports, asset('bin', 'ocellus.js'), ...args, '--log-format', format], {
    cwd: temporaryFolder(),
    env: { ...process.env, NO_COLOR: '1', OCELLUS_DATA: temporaryFolder() },
  });
  const exited = once(child, 'exit');
  closers.push(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const all = ended(child);
  await until(() => heard.last('ocellus/porch/camera/person/count') === '0');
  return { broker, heard, child, all };
}

const missing = hasProgram('mosquitto') ? '' : ' (needs mosquitto)';

describe.skipIf(missing)(`ocellus run, at its end${missing}`, () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('says offline on %s, after all else, and ends with 0', async (signal) => {
    const { broker, heard, child, all } = await startRun();
    await until(() => heard.received.some(({ topic }) => topic.endsWith('/events')));
    child.kill(signal);
    expect((await all).code).toBe(0);
    await until(() => heard.last(status) === 'offline');
    expect(heard.received.at(-1)!.topic).toBe(status);
    // What was seen ends before it leaves.
    const events = heard.on('ocellus/porch/camera/events').map(({ text }) => JSON.parse(text).type);
    expect(events.filter((type) => type === 'end')).toHaveLength(events.filter((type) => type === 'new').length);
    expect(await retainedOf(broker.url, status)).toEqual({ [status]: 'offline' });
  });

  it('ends although the broker takes nothing any more', async () => {
    const { broker, child, all } = await startRun();
    broker.pause();
    child.kill('SIGTERM');
    expect((await all).code).toBe(0);
  });

  it('ends at once on a second signal', async () => {
    const { broker, child, all } = await startRun();
    // There is something to wait for.
    broker.pause();
    child.kill('SIGTERM');
    child.stderr.on('data', (text) => {
      if (String(text).includes('stopping')) child.kill('SIGTERM');
    });
    await all;
    // A shell calls it 143.
    expect(child.signalCode).toBe('SIGTERM');
  });

  it.each([
    ['an exception', 'throw new Error("planted")'],
    ['a rejection', 'Promise.reject(new Error("planted"))'],
  ])('logs %s that nobody caught, says offline and ends with 1', async (_, fault) => {
    const planted = `process.on('SIGUSR2', () => { ${fault} });`;
    const { heard, child, all } = await startRun({ planted });
    child.kill('SIGUSR2');
    const { code, err } = await all;
    expect(code).toBe(1);
    expect(err).toMatch(/^\S+ error this is a fault of ocellus: Error: planted at process/m);
    await until(() => heard.last(status) === 'offline');
  });

  it('writes nothing but JSON lines where they are asked for', async () => {
    const { child, all } = await startRun({ format: 'json' });
    child.kill('SIGTERM');
    const { out, err } = await all;
    expect(out).toBe('');
    const lines = err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ msg }) => msg)).toEqual(expect.arrayContaining(['Ocellus is running.', 'stopping']));
  });
});
