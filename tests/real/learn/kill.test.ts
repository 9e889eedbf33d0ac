import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { asset } from '../../../sdk/assets.ts';
import { HeadVersions } from '../../../sdk/learn/head-versions.ts';
import { LedgerStore } from '../../../sdk/learn/ledger-store.ts';
import { temporaryFolder } from '../../devices/fake.ts';

const kills = 200;
const longestMs = 40;

/** Teaches, and is killed at a random moment. @returns What was acknowledged. */
async function teachAndKill(folder: string): Promise<string[]> {
  const child = spawn(process.execPath, [asset('tests', 'real', 'learn', 'teach-process.mjs'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await once(child.stdout, 'data');
  await sleep(Math.random() * longestMs);
  child.kill('SIGKILL');
  await ended;
  // A line without its end was not said.
  return said.split('\n').slice(0, -1);
}

it(`kill -9 at ${kills} random moments: what was acknowledged is there, and no head is torn`, async () => {
  const folders = [temporaryFolder(), temporaryFolder()];
  const counts = await Promise.all(
    folders.map(async (folder) => {
      const taught = new Set<string>();
      let head: { version: number; hash: string } = { version: 0, hash: '' };
      for (let kill = 0; kill < kills / folders.length; kill++) {
        for (const line of await teachAndKill(folder)) {
          const [what, first, second] = line.split(' ');
          if (what === 'taught') taught.add(first!);
          if (what === 'head') head = { version: Number(first), hash: second! };
        }
        const options = { space: 'test', dimension: 64, node: 'a' };
        const store = await LedgerStore.open(folder, options);
        const known = new Set(store.ledger.examples().map(({ id }) => id));
        expect([...taught].filter((id) => !known.has(id))).toEqual([]);
        // What was written and not acknowledged any more is whole, too: its picture came in the same batch.
        for (const id of [...known].slice(-2)) expect(await store.thumbnail(id)).toHaveLength(9);
        const stored = await store.value('heads');
        if (head.version > 0 || stored) {
          const versions = HeadVersions.parse(stored!);
          expect(versions.current!.version).toBeGreaterThanOrEqual(head.version);
          const acknowledged = versions.all.find(({ version }) => version === head.version);
          if (acknowledged) expect(acknowledged.head.hash()).toBe(head.hash);
        }
        await store.close();
      }
      return { taught: taught.size, heads: head.version };
    }),
  );
  // Else it was killed before it did anything.
  for (const { taught, heads } of counts) {
    expect(taught).toBeGreaterThan(kills / 2);
    expect(heads).toBeGreaterThan(10);
  }
}, 600_000);
