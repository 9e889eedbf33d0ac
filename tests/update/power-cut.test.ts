import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { random } from '../../sdk/base/random.ts';
import { openRelease, type Release } from '../../sdk/update/release.ts';
import { campaign } from '../support/campaign.ts';
import { temporaryFolder } from '../support/folders.ts';
import { hasProgram } from '../support/needs.ts';
import { areas, type Behaviour, cardImage, pair, releaseOf } from './images.ts';
import { PowerCut, Reboot, World, type WorldOptions } from './world.ts';

const cuts = campaign(1000, 50);

interface Case {
  readonly old: Release;
  readonly next: Release;
  readonly folder: string;
}

async function releases(behaviour: Behaviour = 'fine'): Promise<Case> {
  const folder = temporaryFolder();
  const [first, second] = [cardImage('1.0.0', 'fine', 1), cardImage('1.1.0', behaviour, 2)];
  const { out: oldOut } = await releaseOf(folder, [{ version: '1.0.0', card: first }]);
  const { out } = await releaseOf(folder, [
    { version: '1.0.0', card: first },
    { version: '1.1.0', card: second },
  ]);
  return { old: await openRelease(oldOut, [pair.publicKey]), next: await openRelease(out, [pair.publicKey]), folder };
}

/** Installs; the power may be cut at the fuse's end, and the board boots until it is at rest. @returns Whether it was cut. */
async function update(world: World, { next, folder }: Case, whole: boolean): Promise<boolean> {
  const payload = next.manifest.payloads.find(({ base }) => (base === null) === whole)!;
  const { reader, close } = await next.open(payload, { folder });
  let wasCut = false;
  try {
    await world.updater().install(next.manifest, reader, { before: world.baseline });
    throw new Error('expected a reboot');
  } catch (error) {
    if (error instanceof PowerCut) {
      wasCut = true;
      world.cutPower();
    } else if (!(error instanceof Reboot)) throw error;
  } finally {
    await close();
  }
  const before = world.fuse;
  await world.boot();
  return wasCut || before !== world.fuse;
}

const world = (options: Partial<WorldOptions> & Pick<WorldOptions, 'chance'>) =>
  new World({ card: cardImage('1.0.0', 'fine', 1), ...options });

/** Steps of an update from its beginning to its last write. */
async function stepsOf(one: Case, whole: boolean): Promise<number> {
  const dry = world({ chance: random(1) });
  await update(dry, one, whole);
  expect(dry.systemIn(dry.running)?.version).toBe('1.1.0');
  return dry.steps;
}

/** What is wrong after a cut, in words. @param fuse Steps before it. */
async function oneCut(
  one: Case,
  { seed, whole, fuse }: { seed: number; whole: boolean; fuse: number },
  options: Partial<WorldOptions> = {},
): Promise<string[]> {
  const chance = random(seed);
  const board = world({ chance, keepsFlag: chance() < 0.3, ...options });
  const data = board.data;
  board.fuse = fuse;
  const wrong: string[] = [];
  try {
    await update(board, one, whole);
    const { running } = board;
    const release = board.systemIn(running)!.version === '1.0.0' ? one.old : one.next;
    if (!board.isWhole(running, release.manifest)) wrong.push(`slot ${running} runs and is not whole`);
    if (!board.data.equals(data)) wrong.push('the data partition is another');
    if (release === one.old) {
      // It is not stuck: the same update goes through now.
      board.fuse = Number.POSITIVE_INFINITY;
      await update(board, one, whole);
      if (!board.isWhole(board.running, one.next.manifest) || board.systemIn(board.running)!.version !== '1.1.0')
        wrong.push('the update does not go through afterwards');
    }
  } catch (error) {
    wrong.push(String(error));
  }
  return wrong;
}

describe('a power cut during an update', () => {
  it(`boots the old version or the new one, whole, with all data as it was: ${cuts} cuts at random moments`, async () => {
    const one = await releases();
    const steps = [await stepsOf(one, false), await stepsOf(one, true)];
    const next = random(19);
    const wrong: string[] = [];
    for (let seed = 1; seed <= cuts; seed++) {
      const whole = seed % 2;
      // The short steps at the end, which decide, have a third of the cuts.
      const fuse = steps[whole]! + 2 - Math.floor(next() * (seed % 3 === 0 ? 30 : steps[whole]!));
      for (const what of await oneCut(one, { seed, whole: whole === 1, fuse }))
        wrong.push(`seed ${seed}, ${fuse} steps: ${what}`);
    }
    expect(wrong).toEqual([]);
  });

  it.each(['no sync', 'replaces the file'] as const)('is noticed by this test: %s', async (mistake) => {
    const one = await releases();
    const steps = await stepsOf(one, true);
    const wrong: string[] = [];
    for (let fuse = steps - 30; fuse <= steps; fuse++)
      wrong.push(...(await oneCut(one, { seed: fuse, whole: true, fuse }, { mistake, keepsFlag: true })));
    expect(wrong.length).toBeGreaterThan(0);
  });

  it.skipIf(!hasProgram('mtype'))('leaves a file system that others read (needs mtools)', async () => {
    const one = await releases();
    const board = world({ chance: random(1) });
    await update(board, one, true);
    const path = join(one.folder, 'fat.img');
    const { at, bytes } = areas[1]!;
    writeFileSync(path, board.medium.bytes.subarray(at, at + bytes));
    expect(execFileSync('mtype', ['-i', path, '::autoboot.txt'], { encoding: 'latin1' })).toBe(
      '[all]\ntryboot_a_b=1\nboot_partition=3\n[tryboot]\nboot_partition=2\n',
    );
  });
});

describe('a new version that is not right', () => {
  it.each([
    ['panics', /did not come up/],
    ['blind', /the camera door gave frames before and gives none/],
    ['offline', /the broker was connected before and nothing answers there/],
    ['slow kernels', /the native kernels do not load/],
  ] as const)('that is or has %s is left, and the old one says why', async (behaviour, reason) => {
    const one = await releases(behaviour);
    const board = world({ chance: random(1) });
    const data = board.data;
    await update(board, one, true);
    expect([board.running, board.systemIn('a')?.version]).toEqual(['a', '1.0.0']);
    expect(await board.load()).toMatchObject({
      phase: 'rolled_back',
      version: '1.1.0',
      reason: expect.stringMatching(reason),
    });
    expect(board.data.equals(data)).toBe(true);
    // And it is what the health commit is for.
    const careless = world({ chance: random(1), mistake: 'commits at once' });
    await update(careless, one, true);
    expect(careless.running).toBe(behaviour === 'panics' ? 'a' : 'b');
  });

  it('is not written where the data partition is full; one that filled up meanwhile is kept all the same', async () => {
    const one = await releases();
    const full = world({ chance: random(1), isFull: true });
    const before = Buffer.from(full.medium.bytes);
    await expect(update(full, one, true)).rejects.toThrow(/is full/);
    expect(full.medium.bytes.equals(before)).toBe(true);
    const board = world({ chance: random(1) });
    board.fillsUpAfterBoot = true;
    await update(board, one, true);
    expect(board.running).toBe('b');
    board.fillsUpAfterBoot = false;
    await board.boot();
    expect(board.running).toBe('b');
  });

  it('is not booted where the firmware does not keep its flag', async () => {
    const one = await releases();
    const board = world({ chance: random(1) });
    board.ignoresFlag = true;
    await expect(update(board, one, true)).rejects.toThrow(/reads back as 0/);
    expect(await board.load()).toMatchObject({ phase: 'failed', reason: expect.stringMatching(/reads back/) });
    await board.boot();
    expect(board.running).toBe('a');
  });

  it('is kept where the broker alone is away and says so', async () => {
    const one = await releases();
    const board = world({ chance: random(1) });
    board.broker = 'refused';
    await update(board, one, true);
    expect(board.running).toBe('b');
  });
});
