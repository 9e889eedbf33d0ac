import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../devices/programs/ask-program.ts';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { partitionTypes, sectorSize } from '../image/layout.ts';
import { readPartitionTable } from '../image/partition-table.ts';

const limits = { timeoutMs: 60_000, bytes: 65536 };
const install = 'install mtools: sudo apt install mtools';

/** @throws InputError when mtools is missing: better before a card is written than after. */
export async function assertMtools(): Promise<void> {
  await runProgram({ program: 'mcopy', args: ['-V'], install }, limits);
}

/**
 * Puts files into the first partition of a card, which people and the firmware read, by mtools. Those that are there by
 * these names are replaced.
 *
 * @param target A device or a file with an image.
 * @param files Text by name.
 * @throws InputError when there is no such partition, or no room in it.
 */
export async function putOnCard(target: string, files: ReadonlyMap<string, string>): Promise<void> {
  const handle = await open(target, 'r');
  let offset: number;
  try {
    const { partitions } = await readPartitionTable(handle);
    const first = partitions.find(({ number }) => number === 1);
    if (first?.type !== partitionTypes.fat32)
      throw new InputError(`${target}: expected a first partition with FAT32, to write the settings to`);
    offset = first.start * sectorSize;
  } finally {
    await handle.close();
  }
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-flash-'));
  try {
    for (const [name, text] of files) {
      const path = join(folder, name);
      await writeFile(path, text, { mode: 0o600 });
      const run = await runProgram(
        { program: 'mcopy', args: ['-o', '-i', `${target}@@${offset}`, path, `::${name}`], install },
        limits,
      );
      if (!run.ok) throw new InputError(`${name} cannot be written to ${target}: ${run.stderr.trim() || run.how}`);
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`the settings cannot be written to ${target}: ${messageOf(error)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
