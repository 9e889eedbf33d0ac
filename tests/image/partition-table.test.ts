import { execFileSync } from 'node:child_process';
import { open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { layout } from '../../tools/image/layout.ts';
import { readPartitionTable } from '../../tools/image/partition-table.ts';
import { temporaryFolder } from '../support/folders.ts';
import { hasProgram } from '../support/needs.ts';

const path = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

/** A file that is an empty disk, with what sfdisk makes of these lines. */
async function disk(script: string, bytes = 64 * 1024 * 1024): Promise<string> {
  const file = join(temporaryFolder(), 'disk.img');
  await writeFile(file, '');
  await truncate(file, bytes);
  if (script)
    execFileSync('sfdisk', ['--quiet', '--no-reread', '--no-tell-kernel', file], { input: script, env: path });
  return file;
}

async function tableOf(file: string) {
  const handle = await open(file);
  try {
    return await readPartitionTable(handle);
  } finally {
    await handle.close();
  }
}

describe.skipIf(!hasProgram('sfdisk'))('a partition table (needs sfdisk)', () => {
  it('is read as sfdisk wrote it, logical partitions too', async () => {
    const { extended, settings, data } = layout.partitions;
    const file = await disk(`label: dos
label-id: 0x0ce11005
start=8192, size=2048, type=c
start=10240, size=100000, type=f
start=12288, size=4096, type=83
start=20480, size=8192, type=83
start=32768, size=2048, type=83
`);
    expect(await tableOf(file)).toEqual({
      diskId: layout.diskId,
      partitions: [
        { number: 1, start: 8192, sectors: 2048, type: settings.type },
        { number: 2, start: 10240, sectors: 100_000, type: extended.type },
        { number: 5, start: 12288, sectors: 4096, type: data.type },
        { number: 6, start: 20480, sectors: 8192, type: data.type },
        { number: 7, start: 32768, sectors: 2048, type: data.type },
      ],
    });
  });

  it('that leads in a circle, a GPT and no table at all are told', async () => {
    const circle = await disk('label: dos\nstart=2048, size=100000, type=f\nstart=4096, size=2048, type=83\n');
    const handle = await open(circle, 'r+');
    // The next one of the first logical partition is itself.
    const entry = Buffer.alloc(16);
    entry[4] = 0x05;
    await handle.write(entry, 0, 16, 2048 * 512 + 462);
    await handle.close();
    await expect(tableOf(circle)).rejects.toThrow('a chain that goes on');
    await expect(tableOf(await disk('label: gpt\n'))).rejects.toThrow('expected an MBR, got a GPT');
    await expect(tableOf(await disk(''))).rejects.toThrow('this is no image of a card');
    await expect(tableOf(await disk('', 100))).rejects.toThrow('this is no image of a card');
  });
});
