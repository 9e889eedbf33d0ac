import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { HeadStore } from '../../../sdk/learn/heads/head-store.ts';
import { Learner } from '../../../sdk/learn/learner.ts';
import { LedgerStore } from '../../../sdk/learn/ledger/ledger-store.ts';
import { campaign } from '../../support/campaign.ts';
import { temporaryFolder } from '../../support/folders.ts';

const kills = campaign(200, 32);
/** It teaches, adds and rolls back in turns: all of it has come after so many lines. */
const mostLines = 40;
/** As the process has them. */
const options = { space: 'test', dimension: 64, node: 'a', limits: { perLabel: 5000 }, keep: 3 };

/** Teaches, and is killed after so many lines, at a random moment of what comes next. @returns What was acknowledged. */
async function teachAndKill(folder: string, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [asset('tests', 'real', 'learn', 'teach-process.mjs'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  let said = '';
  let wait = (_count: number) => {};
  child.stdout.setEncoding('utf8').on('data', (text: string) => wait((said += text).split('\n').length - 1));
  let startMs = 0;
  await new Promise<void>((resolve) => {
    wait = (count) => {
      startMs ||= performance.now();
      if (count > lines) resolve();
    };
  });
  // A part of what a line takes here, however slow the machine is.
  await sleep((Math.random() * (performance.now() - startMs)) / (lines + 1));
  child.kill('SIGKILL');
  await ended;
  // A line without its end was not said.
  return said.split('\n').slice(0, -1);
}

/** What a folder was taught and was acknowledged. */
class Acknowledged {
  readonly examples = new Set<string>();
  /** By head, the hash of each version. */
  readonly heads = new Map<string, Map<number, string>>();
  rollbacks = 0;

  add(line: string): void {
    const [what, ...words] = line.split(' ');
    if (what === 'taught') this.examples.add(words[0]!);
    if (what !== 'head' && what !== 'rollback') return;
    const [head, version, hash] = words;
    this.heads.set(head!, (this.heads.get(head!) ?? new Map()).set(Number(version), hash!));
    if (what === 'rollback') this.rollbacks++;
  }
}

async function checkStore(folder: string, acknowledged: Acknowledged): Promise<void> {
  const store = await LedgerStore.open(folder, options);
  const known = new Set(store.ledger.examples().map(({ id }) => id));
  expect([...acknowledged.examples].filter((id) => !known.has(id))).toEqual([]);
  // What was written and not acknowledged any more is whole, too: its picture came in the same batch.
  for (const id of [...known].slice(-2)) expect(await store.thumbnail(id)).toHaveLength(9);
  const heads = new HeadStore(store);
  for (const [head, hashes] of acknowledged.heads) {
    // Throws when one is torn.
    const { all, current } = (await heads.load(head, options))!;
    expect(current).toBeDefined();
    expect(all.length).toBeLessThanOrEqual(options.keep);
    expect(all.at(-1)!.version).toBeGreaterThanOrEqual(Math.max(...hashes.keys()));
    for (const one of all) {
      const hash = hashes.get(one.version);
      if (hash !== undefined) expect(one.head.hash()).toBe(hash);
    }
  }
  await store.close();
}

/** A start trains what is not known yet, and knows all heads. */
async function checkStart(folder: string): Promise<void> {
  const learner = await Learner.open(folder, options);
  expect(learner.heads).toEqual(learner.ledger.heads());
  for (const head of learner.heads) {
    const { info, refused } = learner.summary(head);
    if (refused === undefined) expect(info!.examples).toBe(learner.ledger.examples(head).length);
  }
  await learner.close();
}

it(`kill -9 at ${kills} random moments: what was acknowledged is there, and no head is torn`, async () => {
  const folders = [temporaryFolder(), temporaryFolder()];
  const all = await Promise.all(
    folders.map(async (folder) => {
      const acknowledged = new Acknowledged();
      for (let kill = 0; kill < kills / folders.length; kill++) {
        const lines = Math.floor(Math.random() * mostLines);
        for (const line of await teachAndKill(folder, lines)) acknowledged.add(line);
        await checkStore(folder, acknowledged);
        await checkStart(folder);
      }
      return acknowledged;
    }),
  );
  for (const { examples, heads, rollbacks } of all) {
    expect(examples.size).toBeGreaterThan(kills);
    expect(heads.size).toBeGreaterThan(1);
    expect(rollbacks).toBeGreaterThan(1);
  }
}, 1_800_000);
