import { constants } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { replaceFile } from '../../sdk/base/replace-file.ts';
import type { Baseline, Card, Firmware, UpdateRecord } from '../../sdk/update/card.ts';
import { baselineOf, type HealthReport, judge } from '../../sdk/update/health.ts';
import { releaseKeys } from '../../sdk/update/keys.ts';
import { compareVersions, type ReleaseManifest } from '../../sdk/update/manifest.ts';
import {
  parseRequest,
  parseStatus,
  requestFile,
  statusFile,
  statusText,
  type UpdateState,
} from '../../sdk/update/node-updates.ts';
import { openRelease, type Release } from '../../sdk/update/release.ts';
import type { Slot } from '../../sdk/update/slots.ts';
import { type Settled, Updater } from '../../sdk/update/updater.ts';
import { readHealth } from './health-file.ts';
import { RecordFile } from './record-file.ts';
import type { System } from './system.ts';

const recordFile = 'record.json';
/** Made at each boot once nothing is tried any more; docs/update.md: what reboots a trial that never comes so far. */
export const settledFile = 'settled';
const title = 'Ocellus';
const mostRequestBytes = 65536;

/** How patient the judgement of a new version is, ms. */
export interface Judgement {
  /** Between two reports. */
  readonly intervalMs: number;
  /** How often in a row it has to be good. */
  readonly times: number;
  /** After that, the old version comes back. */
  readonly deadlineMs: number;
}

const judgement: Judgement = { intervalMs: 10_000, times: 3, deadlineMs: 300_000 };

export interface AgentOptions {
  readonly system: System;
  readonly card: Card;
  readonly firmware: Firmware;
  /** Of one's own keys. */
  readonly keysFolder?: string;
  readonly judgement?: Judgement;
  /** Told what happens, a line each. */
  readonly say: (line: string) => void;
}

/** Told how an installation goes: what is done, and a number from 0 to 1. */
export type Report = (step: string, part: number) => void;

/** What `ocellus update` does on a card with two slots. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #updater: Updater;
  readonly #records: RecordFile;
  #telling: Promise<void> = Promise.resolve();

  constructor(options: AgentOptions) {
    const { system, card, firmware } = options;
    const { running, version, architecture, board } = system;
    this.#options = options;
    this.#records = new RecordFile(join(system.state, recordFile));
    this.#updater = new Updater({ card, firmware, records: this.#records, running, version, architecture, board });
  }

  /** What runs, and what became of the newest update. */
  async status(): Promise<{ running: Slot; record: UpdateRecord | undefined; state: UpdateState }> {
    const { system } = this.#options;
    return { running: system.running, record: await this.#records.load(), state: await this.#state() };
  }

  /** Reads a release, and remembers what it would bring. @throws InputError when it is not signed by a known key. */
  async look(source: string): Promise<Release> {
    const release = await openRelease(source, await releaseKeys(this.#options.keysFolder));
    await this.#tell({ ...offered(release.manifest), problem: null });
    return release;
  }

  /**
   * Installs a release and reboots into it.
   *
   * @throws InputError when it is refused; the system is then as it was.
   */
  async install(release: Release, { force = false, report }: { force?: boolean; report?: Report } = {}): Promise<void> {
    const { system } = this.#options;
    let told = -1;
    const step = (name: string, from: number, to: number) => (part: number) => {
      report?.(name, part);
      const percentage = Math.floor(100 * (from + (to - from) * Math.min(1, part)));
      if (percentage === told) return;
      told = percentage;
      void this.#tell({ inProgress: true, updatePercentage: percentage });
    };
    try {
      await this.#updater.check(release.manifest, { force });
      await this.#tell({ ...offered(release.manifest), inProgress: true, updatePercentage: 0, problem: null });
      const before = await this.#baseline();
      const payload = await this.#updater.choose(release.manifest, release.payloads);
      const { reader, close } = await release.open(payload, {
        folder: join(system.state, 'download'),
        report: step('fetching', 0, 0.5),
      });
      try {
        await this.#updater.install(release.manifest, reader, { force, before, report: step('writing', 0.5, 1) });
      } finally {
        await close();
      }
    } catch (error) {
      await this.#tell({ inProgress: false, updatePercentage: null, problem: messageOf(error) });
      throw error;
    }
  }

  /** Does what the node asked for in its run folder. @throws InputError as `look` and `install` do. */
  async serve(): Promise<void> {
    const { release: source, install } = parseRequest(
      await readOthers(join(this.#options.system.service, requestFile)),
    );
    try {
      const release = await this.look(source);
      if (install) await this.install(release);
    } catch (error) {
      await this.#tell({ inProgress: false, updatePercentage: null, problem: messageOf(error) });
      throw error;
    }
  }

  /** At each boot: an ordinary one, or a new version has to prove itself, or else the old one comes back. */
  async settle(): Promise<Settled['state']> {
    const { say } = this.#options;
    const settled = await this.#updater.settle();
    if (settled.state === 'trial') {
      const missing = await this.#judge(settled.before);
      if (missing.length > 0) {
        say(`the new version is left: ${missing.join('; ')}`);
        await this.#updater.giveUp(missing.join('; '));
        return 'trial';
      }
      await this.#updater.commit();
      say('the new version works and is kept');
    }
    const problem = settled.state === 'rolled_back' ? rolledBack(settled.record) : null;
    if (problem !== null) say(problem);
    await this.#tell({ inProgress: false, updatePercentage: null, problem });
    await mkdir(this.#options.system.run, { recursive: true });
    await replaceFile(join(this.#options.system.run, settledFile), '', 0o644);
    return settled.state === 'trial' ? 'committed' : settled.state;
  }

  /** @returns What is missing; empty when it is good. */
  async #judge(before: Baseline | undefined): Promise<readonly string[]> {
    const { system, judgement: how = judgement } = this.#options;
    const began = performance.now();
    let earlier: HealthReport | undefined;
    let missing: readonly string[] = ['ocellus does not run'];
    for (let good = 0; performance.now() - began < how.deadlineMs; ) {
      await wait(how.intervalMs);
      const later = await readHealth(system.service);
      const verdict = judge(earlier, later, before);
      earlier = later;
      good = verdict.state === 'good' ? good + 1 : 0;
      if (good >= how.times) return [];
      if (verdict.state === 'waiting') missing = verdict.missing;
    }
    return missing;
  }

  async #baseline(): Promise<Baseline | undefined> {
    const { system, judgement: how = judgement } = this.#options;
    const earlier = await readHealth(system.service);
    if (!earlier) return undefined;
    await wait(how.intervalMs);
    return baselineOf(earlier, await readHealth(system.service));
  }

  async #state(): Promise<UpdateState> {
    const { system } = this.#options;
    const known = parseStatus(await readFile(join(system.run, statusFile), 'utf8').catch(() => ''));
    const { version } = system;
    const nothing = { releaseUrl: null, inProgress: false, updatePercentage: null, problem: null };
    if (!known) return { installedVersion: version, latestVersion: version, title, ...nothing };
    return { ...known, installedVersion: version };
  }

  /** One after the other: each is made of what the one before wrote. What people see must not stop an update. */
  #tell(change: Partial<UpdateState>): Promise<void> {
    const { system, say } = this.#options;
    this.#telling = this.#telling.then(async () => {
      try {
        await mkdir(system.run, { recursive: true });
        await replaceFile(join(system.run, statusFile), statusText({ ...(await this.#state()), ...change }), 0o644);
      } catch (error) {
        say(`how the update goes cannot be written: ${messageOf(error)}`);
      }
    });
    return this.#telling;
  }
}

const offered = (manifest: ReleaseManifest) => ({
  latestVersion: manifest.version,
  title: manifest.title,
  releaseUrl: manifest.release_url ?? null,
});

const rolledBack = ({ version, from, reason }: UpdateRecord) =>
  `${version} was left and ${from} runs again: ${reason ?? 'it did not work'}`;

/** Whether an offered version is newer than what runs. */
export const isNewer = ({ installedVersion, latestVersion }: UpdateState): boolean =>
  compareVersions(latestVersion, installedVersion) > 0;

/** A small file of somebody without rights: not by way of a link, and not without end. */
async function readOthers(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: unknown) => {
      throw new InputError(`there is no request: ${messageOf(error)}`);
    },
  );
  try {
    if (!(await file.stat()).isFile()) throw new InputError(`${path}: expected a file`);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(mostRequestBytes + 1), 0, mostRequestBytes + 1, 0);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await file.close();
  }
}
