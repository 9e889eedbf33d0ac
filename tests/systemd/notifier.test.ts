import { expect, it, vi } from 'vitest';
import { Notifier, takeNotifySettings } from '../../tools/systemd/notifier.ts';
import { recorder } from '../support/recorder.ts';

it.each([
  { name: 'nothing', env: {}, expected: undefined },
  { name: 'an empty socket', env: { NOTIFY_SOCKET: '' }, expected: undefined },
  { name: 'no watchdog', env: { NOTIFY_SOCKET: '/s' }, expected: { socket: '/s' } },
  {
    name: 'a watchdog',
    env: { NOTIFY_SOCKET: '@s', WATCHDOG_USEC: '60000000', WATCHDOG_PID: '7' },
    expected: { socket: '@s', watchdogMs: 60_000 },
  },
  {
    name: 'a watchdog of any process',
    env: { NOTIFY_SOCKET: '/s', WATCHDOG_USEC: '1000' },
    expected: { socket: '/s', watchdogMs: 1 },
  },
  {
    name: 'a watchdog of another process',
    env: { NOTIFY_SOCKET: '/s', WATCHDOG_USEC: '1000', WATCHDOG_PID: '8' },
    expected: { socket: '/s' },
  },
  { name: 'a time that is none', env: { NOTIFY_SOCKET: '/s', WATCHDOG_USEC: 'soon' }, expected: { socket: '/s' } },
])('reads $name from the environment, and leaves nothing for children', ({ env, expected }) => {
  const all = { PATH: '/bin', ...env };
  expect(takeNotifySettings(all, 7)).toEqual(expected);
  expect(all).toEqual({ PATH: '/bin' });
});

it('says once that systemd-notify is not there', async () => {
  vi.stubEnv('PATH', '/nowhere');
  const logger = recorder();
  const notifier = new Notifier('/nowhere/socket', logger);
  await notifier.tell('READY=1');
  await notifier.tell('WATCHDOG=1');
  vi.unstubAllEnvs();
  expect(logger.lines).toEqual(['warn systemd is not notified: spawn systemd-notify ENOENT']);
});
