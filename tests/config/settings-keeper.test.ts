import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import { updateSettings } from '../../sdk/config/edit-settings.ts';
import type { SettingsInput } from '../../sdk/config/settings.ts';
import { SettingsKeeper } from '../../sdk/config/settings-keeper.ts';
import { temporaryFolder } from '../support/folders.ts';
import { recorder } from '../support/recorder.ts';

const threshold = (value: number, camera = 'door') => ({ cameras: { [camera]: { detect: { threshold: value } } } });

describe('SettingsKeeper', () => {
  /** A disk that answers when it is told to. */
  function make() {
    const writes: SettingsInput[] = [];
    let answer: { resolve: () => void; reject: (error: Error) => void };
    const logger = recorder();
    const told: (string | null)[] = [];
    const write = (_: string, change: SettingsInput) => {
      writes.push(change);
      return new Promise<void>((resolve, reject) => (answer = { resolve, reject }));
    };
    const keeper = new SettingsKeeper('ocellus.yaml', logger, write, () => told.push(keeper.unwritten));
    const settle = async (error?: Error) => {
      if (error) answer.reject(error);
      else answer.resolve();
      for (let i = 0; i < 10; i++) await Promise.resolve();
    };
    return { keeper, writes, logger, settle, told };
  }

  it('writes a change at once, and however many come meanwhile as one', async () => {
    const { keeper, writes, settle } = make();
    keeper.keep(threshold(0.1));
    for (let i = 0; i < 1000; i++) keeper.keep(threshold(i / 1000));
    keeper.keep(threshold(0.5, 'gate'));
    keeper.keep({ cameras: { door: { zones: { a: 1, b: 2 }, list: [1, 2] } } });
    keeper.keep({ cameras: { door: { zones: { b: 3 }, list: [3] } } });
    expect(writes).toEqual([threshold(0.1)]);
    const closed = settle().then(() => keeper.close());
    await vi.waitFor(() => expect(writes).toHaveLength(2));
    expect(writes[1]).toEqual({
      cameras: {
        door: { detect: { threshold: 0.999 }, zones: { b: 3 }, list: [3] },
        gate: { detect: { threshold: 0.5 } },
      },
    });
    await settle();
    await closed;
  });

  it('tries again what could not be written, with what came since, and says it once', async () => {
    const { keeper, writes, logger, settle } = make();
    keeper.keep({ cameras: { door: { a: 1, b: 1 } } });
    await settle(new Error('no space left'));
    keeper.keep({ cameras: { door: { b: 2 } } });
    // Which cuts the wait short.
    const closed = keeper.close();
    await vi.waitFor(() => expect(writes).toHaveLength(2));
    expect(writes[1]).toEqual({ cameras: { door: { a: 1, b: 2 } } });
    await settle();
    await closed;
    expect(logger.lines).toEqual([
      'error the change is in use, but ocellus.yaml could not be written: no space left',
      'info changes are written to ocellus.yaml again',
    ]);
  });

  it('tells who asks why what is in use is not written, from the first attempt until one works', async () => {
    const { keeper, settle, told } = make();
    await keeper.tried();
    expect(keeper.unwritten).toBe(null);
    keeper.keep(threshold(0.1));
    let isTried = false;
    const tried = keeper.tried().then(() => (isTried = true));
    await Promise.resolve();
    expect(isTried).toBe(false);
    await settle(new Error('no space left'));
    await tried;
    expect(keeper.unwritten).toBe('ocellus.yaml could not be written: no space left');
    // Nobody waits for the next attempt.
    keeper.keep(threshold(0.2));
    await keeper.tried();
    const closed = keeper.close();
    await settle(new Error('no space left'));
    await settle();
    await closed;
    expect(keeper.unwritten).toBe(null);
    expect(told).toEqual(['ocellus.yaml could not be written: no space left', null]);
  });

  it('says to who wants the file alone why what waits cannot be written', async () => {
    const { keeper, writes, settle } = make();
    keeper.keep(threshold(0.1));
    await settle(new Error('no space left'));
    const alone = keeper.alone(async () => 'done');
    await vi.waitFor(() => expect(writes).toHaveLength(2));
    await settle(new Error('no space left'));
    const why = await alone.catch((error: unknown) => error);
    expect(why).toBeInstanceOf(InputError);
    expect(why).toMatchObject({ message: 'ocellus.yaml cannot be written, so nothing was changed: no space left' });
    const closed = keeper.close();
    await vi.waitFor(() => expect(writes).toHaveLength(3));
    await settle();
    await closed;
  });

  it('gives up at the end what the disk does not take', async () => {
    const { keeper, writes, settle } = make();
    keeper.keep(threshold(0.1));
    await settle(new Error('no space left'));
    const closed = keeper.close();
    await vi.waitFor(() => expect(writes).toHaveLength(2));
    await settle(new Error('no space left'));
    await closed;
    expect(writes).toHaveLength(2);
  });
});

it('keeps the last of many changes in the file, with a few writes', async () => {
  const file = join(temporaryFolder(), 'ocellus.yaml');
  writeFileSync(file, '# mine\ncameras:\n  door:\n    source: "scene:" # built in\n');
  let writes = 0;
  const keeper = new SettingsKeeper(file, recorder(), (path, change) => {
    writes++;
    return updateSettings(path, change);
  });
  for (let i = 0; i <= 500; i++) keeper.keep(threshold(i / 1000));
  await keeper.close();
  expect(writes).toBe(2);
  expect(readFileSync(file, 'utf8')).toBe(
    '# mine\ncameras:\n  door:\n    source: "scene:" # built in\n    detect:\n      threshold: 0.5\n',
  );
});

it('lets somebody else have the file alone: what waited is written before, what comes meanwhile after', async () => {
  const file = join(temporaryFolder(), 'ocellus.yaml');
  const keeper = new SettingsKeeper(file, recorder());
  keeper.keep(threshold(0.1));
  keeper.keep(threshold(0.2));
  const seen = await keeper.alone(async () => {
    keeper.keep(threshold(0.3));
    await new Promise((resolve) => setTimeout(resolve, 50));
    return readFileSync(file, 'utf8');
  });
  expect(seen).toContain('threshold: 0.2');
  await keeper.close();
  expect(readFileSync(file, 'utf8')).toContain('threshold: 0.3');
  await expect(keeper.alone(async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
});
