import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { resolveSettings } from '../../../sdk/config/settings.ts';
import { Node } from '../../../sdk/pipeline/node.ts';
import { Service } from '../../../tools/systemd/service.ts';
import { FakeModel } from '../../pipeline/fakes.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';
import { recorder } from '../../support/recorder.ts';
import { until } from '../../support/until.ts';
import { Receiver } from './receiver.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  vi.restoreAllMocks();
});

async function startReceiver(): Promise<Receiver> {
  const receiver = await Receiver.start();
  closers.push(() => receiver.stop());
  return receiver;
}

/** `ocellus run` as systemd would start it. */
function startService(receiver: Receiver, source: string, watchdogPid?: number) {
  const args = ['run', '--no-console', '--broker', 'off', '--source', source, '--camera', 'door'];
  const child = spawn(process.execPath, [asset('bin', 'ocellus.js'), ...args], {
    cwd: temporaryFolder(),
    env: {
      ...process.env,
      OCELLUS_DATA: temporaryFolder(),
      NOTIFY_SOCKET: receiver.path,
      WATCHDOG_USEC: '200000',
      ...(watchdogPid !== undefined && { WATCHDOG_PID: String(watchdogPid) }),
    },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  closers.push(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, ended };
}

/** A node of the real scene whose network a test holds up, as a service. */
async function startNode(receiver: Receiver) {
  const model = new FakeModel();
  const settings = resolveSettings({
    cameras: { door: { source: 'scene:', motion: { enabled: false } }, attic: { source: 'file:nothing' } },
  });
  const node = new Node(settings, { model: model.model });
  closers.push(() => node.stop());
  await node.start();
  await until(() => model.looks > 0);
  const logger = recorder();
  const service = new Service({
    settings: { socket: receiver.path, watchdogMs: 100 },
    node,
    connected: () => undefined,
    logger,
  });
  closers.push(() => service.stopping());
  await service.ready();
  return { node, model, logger };
}

/** The network answers nothing from now on, until the end of the test. */
function hold(model: FakeModel): { begun: Promise<void> } {
  const detect = model.detect.bind(model);
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  closers.push(async () => release());
  const begun = new Promise<void>((resolve) => {
    model.detect = async (frame) => {
      resolve();
      await released;
      return detect(frame);
    };
  });
  return { begun };
}

/** Processes of a process that have not ended; those that wait for it to ask how they ended have. */
function childrenOf(pid: number): string[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  const children = threads.flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return children.filter((one) => {
    try {
      return !/\) Z /.test(readFileSync(`/proc/${one}/stat`, 'utf8'));
    } catch {
      return false;
    }
  });
}

const realNow = performance.now.bind(performance);

/** Moves the clock of the process, without waiting. */
function skip(ms: number): void {
  vi.spyOn(performance, 'now').mockImplementation(() => realNow() + ms);
}

const missing = ['python3', 'systemd-notify'].filter((name) => !hasProgram(name));
const needs = missing.length > 0 ? ` (needs ${missing.join(', ')})` : '';

describe.skipIf(needs)(`a service of systemd${needs}`, () => {
  it('says when its cameras run, feeds the watchdog, and says when it stops', async () => {
    const receiver = await startReceiver();
    const { child, ended } = startService(receiver, 'scene:');
    await until(() => receiver.count('WATCHDOG=1') >= 3);
    expect(receiver.received[0]).toEqual(['READY=1', 'STATUS=door online']);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    await until(() => receiver.count('STOPPING=1') === 1);
    expect(receiver.last).toEqual(['STOPPING=1', 'STATUS=stopping']);
  });

  it('is well while its camera is not there', async () => {
    const receiver = await startReceiver();
    startService(receiver, 'v4l2:/dev/nothing');
    await until(() => receiver.count('WATCHDOG=1') >= 3);
    expect(receiver.received[0]).toEqual(['READY=1', 'STATUS=door offline']);
  });

  it('leaves a watchdog alone that is meant for another process', async () => {
    const receiver = await startReceiver();
    const { child, ended } = startService(receiver, 'scene:', 1);
    await until(() => receiver.count('READY=1') === 1);
    child.kill('SIGTERM');
    await ended;
    expect(receiver.count('WATCHDOG=1')).toBe(0);
  });

  it('is not fed while its main thread stands still', async () => {
    const receiver = await startReceiver();
    const { child } = startService(receiver, 'scene:');
    await until(() => receiver.count('WATCHDOG=1') >= 1);
    child.kill('SIGSTOP');
    await until(() => / T /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8')));
    // One may be on its way: a program that tells it runs on, and what it has told comes before another's that comes now.
    await until(() => childrenOf(child.pid!).length === 0);
    await receiver.tell('X_FENCE=1');
    await until(() => receiver.count('X_FENCE=1') === 1);
    const before = receiver.count('WATCHDOG=1');
    // Five times as long as between two of them.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await receiver.tell('X_FENCE=2');
    await until(() => receiver.count('X_FENCE=2') === 1);
    expect(receiver.count('WATCHDOG=1')).toBe(before);
    child.kill('SIGCONT');
    await until(() => receiver.count('WATCHDOG=1') > before);
  });

  it('is not fed while frames come and the network finishes none', async () => {
    const receiver = await startReceiver();
    const { model, logger } = await startNode(receiver);
    await until(() => receiver.count('WATCHDOG=1') >= 1);
    const held = hold(model);
    await held.begun;
    skip(31_000);
    await until(() => receiver.last!.includes('STATUS=stuck: door'));
    const fed = receiver.count('WATCHDOG=1');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(receiver.count('WATCHDOG=1')).toBe(fed);
    expect(logger.lines).toEqual(['error frames come and none is finished: door; the watchdog is not fed any more']);
  });

  it('is not fed while every frame fails, and again once one is finished', async () => {
    const receiver = await startReceiver();
    const { model } = await startNode(receiver);
    model.see = () => {
      throw new Error('the core is dead');
    };
    const looks = model.looks;
    await until(() => model.looks > looks + 1);
    skip(31_000);
    await until(() => receiver.last!.includes('STATUS=stuck: door'));
    model.see = () => [];
    await until(() => receiver.last!.includes('WATCHDOG=1'));
  });

  it('is fed while the only camera that worked is away, although its last frame failed', async () => {
    const receiver = await startReceiver();
    const { node, model } = await startNode(receiver);
    model.see = () => {
      throw new Error('a frame that cannot be used');
    };
    const looks = model.looks;
    await until(() => model.looks > looks);
    await node.pipelines.get('door')!.change({ source: 'file:nothing' });
    skip(31_000);
    const fed = receiver.count('WATCHDOG=1');
    await until(() => receiver.count('WATCHDOG=1') > fed + 1);
    await until(() => receiver.count('STATUS=door offline, attic offline') === 1);
  });
});
