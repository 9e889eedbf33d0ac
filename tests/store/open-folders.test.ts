import { appendFileSync, existsSync, lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ClassicLevel } from 'classic-level';
import { describe, expect, it, vi } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { silent } from '../../sdk/base/log.ts';
import { Level } from '../../sdk/store/level.ts';
import { takeFolder } from '../../sdk/store/open-folders.ts';
import { repairs } from '../../sdk/store/repair.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';
import { holdElsewhere, openElsewhere } from './elsewhere.ts';

const options = { title: 'the store', contents: 'things', writer: 'outbox', logger: silent } as const;
const openLevel = async (folder: string) => closing(await Level.open(folder, options), (level) => level.close());

describe('takeFolder', () => {
  it('gives a folder once, by whichever name, until it is given back', () => {
    const folder = temporaryFolder();
    const link = join(temporaryFolder(), 'link');
    symlinkSync(folder, link);
    const release = takeFolder(folder)!;
    for (const name of [folder, `${folder}/`, join(folder, '.'), link, relative(process.cwd(), folder)]) {
      expect(takeFolder(name), name).toBeUndefined();
    }
    expect(takeFolder(temporaryFolder())).toBeDefined();
    release();
    const again = takeFolder(link)!;
    // To give back twice is not to give back what is another's by now.
    release();
    expect(takeFolder(folder)).toBeUndefined();
    again();
  });

  it('is one list, however often the module was loaded', async () => {
    const folder = temporaryFolder();
    const release = takeFolder(folder)!;
    vi.resetModules();
    const other = await import('../../sdk/store/open-folders.ts');
    expect(other.takeFolder).not.toBe(takeFolder);
    expect(other.takeFolder(folder)).toBeUndefined();
    release();
    other.takeFolder(folder)!();
  });

  it.skipIf(!existsSync('/proc/self/fd'))('knows what other threads have open (needs /proc)', async () => {
    const folder = join(temporaryFolder(), 'store');
    const code = `
      const { parentPort, workerData } = require('node:worker_threads');
      const { ClassicLevel } = require(workerData.library);
      const db = new ClassicLevel(workerData.folder);
      db.open().then(() => parentPort.postMessage('open'));
      parentPort.on('message', () => db.close().then(() => process.exit()));
    `;
    const library = asset('node_modules', 'classic-level');
    const worker = new Worker(code, { eval: true, workerData: { folder, library } });
    await new Promise((resolve) => worker.once('message', resolve));
    await expect(openLevel(folder)).rejects.toThrow('this process uses it already');
    expect(openElsewhere(folder), 'its lock is still held').toBe('LEVEL_LOCKED');
    worker.postMessage('close');
    await new Promise((resolve) => worker.once('exit', resolve));
    await openLevel(folder);
  });
});

describe('a store that is open', () => {
  it('keeps its lock when it is opened again in its process, and what it is given afterwards', async () => {
    const folder = join(temporaryFolder(), 'made', 'for', 'it');
    const first = await openLevel(folder);
    expect(openElsewhere(folder)).toBe('LEVEL_LOCKED');
    const link = join(temporaryFolder(), 'link');
    symlinkSync(folder, link);
    for (const name of [folder, `${folder}//`, link]) {
      await expect(Level.open(name, options)).rejects.toThrow('this process uses it already');
      expect(openElsewhere(folder)).toBe('LEVEL_LOCKED');
    }
    await first.db.put(Buffer.from('a'), Buffer.from('1'), { sync: true });
    await first.close();
    expect(openElsewhere(folder)).toBe('open');
    const again = await openLevel(folder);
    expect(String(await again.db.get(Buffer.from('a')))).toBe('1');
  });

  it('of another process is not repaired, however it looks: it may be in the middle of a write', async () => {
    const folder = join(temporaryFolder(), 'store');
    const level = await openLevel(folder);
    await level.db.put(Buffer.from('a'), Buffer.from('1'), { sync: true });
    await level.close();
    const other = await holdElsewhere(folder);
    const files = () => readdirSync(folder).filter((name) => !/^LOG/.test(name));
    const before = files();
    for (const name of before) if (/^MANIFEST/.test(name)) appendFileSync(join(folder, name), 'the beginning of');
    await expect(openLevel(folder)).rejects.toThrow('another process uses it');
    await expect(Level.open(folder, { ...options, damage: 'repaired' })).rejects.toThrow('another process uses it');
    expect(files()).toEqual(before);
    expect(openElsewhere(folder)).toBe('LEVEL_LOCKED');
    await other.letGo();
    const again = await openLevel(folder);
    expect(String(await again.db.get(Buffer.from('a')))).toBe('1');
  });

  it('whose files cannot be read now is no damage', async () => {
    const folder = join(temporaryFolder(), 'store');
    await (await openLevel(folder)).close();
    vi.spyOn(ClassicLevel.prototype, 'open').mockRejectedValueOnce(
      Object.assign(new Error('no'), { cause: new Error('IO error: 000005.ldb: Input/output error') }),
    );
    await expect(openLevel(folder)).rejects.toThrow(/Input\/output error/);
    expect(readdirSync(join(folder, '..'))).toEqual(['store']);
    expect((await openLevel(folder)).damage).toBeUndefined();
  });

  it('on a file system without locks says so, and blames nobody', async () => {
    const locked = new Error('IO error: lock /mnt/store/LOCK: No locks available');
    vi.spyOn(ClassicLevel.prototype, 'open').mockRejectedValueOnce(
      Object.assign(new Error('no'), { cause: Object.assign(locked, { code: 'LEVEL_LOCKED' }) }),
    );
    await expect(openLevel(join(temporaryFolder(), 'store'))).rejects.toThrow(
      /file system cannot lock files: No locks available; use a folder on another one/,
    );
  });

  it('that is damaged and was put elsewhere by a link stays there, and so does the new one', async () => {
    const disk = temporaryFolder();
    const folder = join(temporaryFolder(), 'store');
    mkdirSync(join(disk, 'big'));
    symlinkSync(join(disk, 'big'), folder);
    const level = await openLevel(folder);
    await level.db.put(Buffer.from('a'), Buffer.from('1'), { sync: true });
    await level.close();
    vi.spyOn(repairs, 'attempt').mockResolvedValueOnce('refused');
    const again = await closing(await Level.open(folder, { ...options, damage: 'new' }), (one) => one.close());
    expect(again.damage).toMatch(/it is now .*big\.damaged, and a new one began/);
    expect(lstatSync(folder).isSymbolicLink()).toBe(true);
    expect(readdirSync(disk).sort()).toEqual(['big', 'big.damaged']);
    await expect(openLevel(join(disk, 'big'))).rejects.toThrow('this process uses it already');
  });

  it('is open once when two open it in the same moment', async () => {
    const folder = join(temporaryFolder(), 'store');
    const both = await Promise.allSettled([openLevel(folder), openLevel(folder)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(openElsewhere(folder)).toBe('LEVEL_LOCKED');
  });

  it('that could not be opened, or not be closed well, is nobody’s', async () => {
    const folder = join(temporaryFolder(), 'store');
    vi.spyOn(ClassicLevel.prototype, 'open').mockRejectedValueOnce(
      Object.assign(new Error('no'), { cause: Object.assign(new Error('locked'), { code: 'LEVEL_LOCKED' }) }),
    );
    await expect(openLevel(folder)).rejects.toThrow('another process uses it');
    const level = await Level.open(folder, options);
    vi.spyOn(level.db, 'close').mockImplementationOnce(async () => {
      await ClassicLevel.prototype.close.call(level.db);
      throw new Error('a bad day');
    });
    await expect(level.close()).rejects.toThrow('a bad day');
    await openLevel(folder);
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    await expect(openLevel(file)).rejects.toThrow(/cannot be made: a file is in the way/);
  });
});
