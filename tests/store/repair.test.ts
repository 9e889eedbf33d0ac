import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Outcome, repairDatabase, repairs } from '../../sdk/store/repair.ts';
import { temporaryFolder } from '../support/folders.ts';

/** A LevelDB of two tables, with ten entries each, and nothing that lists them. */
async function withoutList(): Promise<string> {
  const folder = join(temporaryFolder(), 'store');
  for (const part of ['a', 'b']) {
    const db = new ClassicLevel(folder);
    await db.open();
    for (let i = 0; i < 10; i++) await db.put(`${part}${i}`, 'x'.repeat(100));
    await db.close();
  }
  // What is in the log becomes a table.
  const db = new ClassicLevel(folder);
  await db.open();
  await db.close();
  rmSync(join(folder, 'CURRENT'));
  return folder;
}

const tablesOf = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.ldb'));

async function keysOf(folder: string): Promise<string[]> {
  const db = new ClassicLevel(folder);
  try {
    return await db.keys().all();
  } finally {
    await db.close();
  }
}

/** Ends as LevelDB does where one of these tables is; else as it does. */
function crashingAt(...names: string[]) {
  const attempt = repairs.attempt;
  const seen: Outcome[] = [];
  const spy = vi.spyOn(repairs, 'attempt').mockImplementation(async (folder) => {
    const outcome = names.some((name) => existsSync(join(folder, name))) ? 'crashed' : await attempt(folder);
    seen.push(outcome);
    return outcome;
  });
  onTestFinished(() => spy.mockRestore());
  return seen;
}

describe('repairDatabase', () => {
  it('says with the system’s error where the disk takes nothing, which is not damage', async () => {
    const folder = join(temporaryFolder(), 'none');
    const spy = vi.spyOn(repairs, 'attempt').mockResolvedValue('crashed');
    onTestFinished(() => spy.mockRestore());
    await expect(repairDatabase(folder)).rejects.toThrow('ENOENT');
  });

  it('repairs in a process of its own', async () => {
    const folder = await withoutList();
    expect(await repairDatabase(folder)).toBe(true);
    expect(await keysOf(folder)).toHaveLength(20);
  });

  it('puts a table aside at which LevelDB ends its process, and keeps the others', async () => {
    const folder = await withoutList();
    const [first, ...others] = tablesOf(folder).sort();
    expect(others.length).toBeGreaterThan(0);
    const seen = crashingAt(first!);
    expect(await repairDatabase(folder)).toBe(true);
    expect(seen[0]).toBe('crashed');
    expect(seen.at(-1)).toBe('repaired');
    expect(readdirSync(join(folder, 'lost'))).toContain(first);
    expect(await keysOf(folder)).toEqual(Array.from({ length: 10 }, (_, i) => `b${i}`));
    expect(readdirSync(folder).filter((name) => name.startsWith('alone-'))).toEqual([]);
  });

  it('says that it cannot where LevelDB ends its process at no table in particular', async () => {
    const folder = await withoutList();
    const tables = tablesOf(folder);
    crashingAt('LOCK');
    expect(await repairDatabase(folder)).toBe(false);
    expect(tablesOf(folder)).toEqual(tables);
  });

  it('tells a process that was killed from one that refused, and from one that cannot be started', async () => {
    const folder = await withoutList();
    const file = join(folder, 'file');
    const write = (signal: string) => writeFileSync(file, `#!/bin/sh\nkill -${signal} $$\n`, { mode: 0o700 });
    write('ABRT');
    expect(await repairs.attempt(join(file, 'below'))).toBe('refused');
    const { execPath } = process;
    onTestFinished(() => {
      process.execPath = execPath;
    });
    process.execPath = file;
    expect(await repairs.attempt(folder)).toBe('crashed');
    // Nothing is known of the store then.
    write('TERM');
    await expect(repairs.attempt(folder)).rejects.toThrow('its repair was ended by SIGTERM');
    process.execPath = join(folder, 'none');
    await expect(repairs.attempt(folder)).rejects.toThrow('ENOENT');
  });
});
