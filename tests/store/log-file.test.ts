import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { expect, it } from 'vitest';
import { stateOfLog } from '../../sdk/store/log-file.ts';
import { temporaryFolder } from '../support/folders.ts';

/** A log and a manifest as LevelDB writes them: small records, and some that are longer than a block. */
async function written(): Promise<Buffer[]> {
  const folder = temporaryFolder();
  const db = new ClassicLevel<string, Buffer>(folder, { valueEncoding: 'buffer' });
  await db.open();
  for (let i = 0; i < 300; i++) await db.put(String(i), Buffer.alloc(i % 50 === 7 ? 70_000 : 500, i), { sync: false });
  const names = readdirSync(folder).filter((name) => /^MANIFEST|log$/.test(name));
  const files = names.map((name) => readFileSync(join(folder, name)));
  await db.close();
  return files;
}

it('finds LevelDB’s own logs whole, and each changed byte in them', async () => {
  const files = await written();
  expect(files.map(({ length }) => length > 100_000).sort()).toEqual([false, true]);
  for (const file of files) {
    expect(stateOfLog(file)).toBe('whole');
    expect(stateOfLog(Buffer.concat([file, Buffer.alloc(5000)])), 'room that was not written to').toBe('whole');
    const step = Math.max(1, Math.floor(file.length / 300));
    for (let at = 0; at < file.length; at += step) {
      const changed = Buffer.from(file);
      changed[at]! ^= 0x10;
      // A trailer of up to six bytes at the end of a block says nothing; all others do.
      if (32_768 - (at % 32_768) > 6) expect(stateOfLog(changed), String(at)).not.toBe('whole');
    }
  }
});

it('finds the end of a log cut off, but between two records', async () => {
  const [file] = (await written()).sort((a, b) => b.length - a.length);
  const states = Array.from({ length: 200 }, (_, i) => stateOfLog(file!.subarray(0, 1 + i * 997)));
  expect(states).not.toContain('damaged');
  expect(states.filter((state) => state === 'cut').length).toBeGreaterThan(190);
  expect(stateOfLog(Buffer.alloc(0))).toBe('whole');
});
