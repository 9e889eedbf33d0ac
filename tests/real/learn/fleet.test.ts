import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { MqttClient } from 'mqtt';
import { describe, expect, it, vi } from 'vitest';
import { random } from '../../../sdk/base/random.ts';
import { startBroker } from '../../../sdk/hub/broker/broker.ts';
import { Board } from '../../hub/extensions/fleet/board.ts';
import { draft, embeddings } from '../../learn/fakes.ts';
import { campaign } from '../../support/campaign.ts';
import { closing } from '../../support/closing.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { mqttSettings } from '../../support/hub.ts';
import { hasProgram } from '../../support/needs.ts';
import { bundled } from '../bundle.ts';
import { Gate } from '../hub/gate.ts';
import { Mosquitto } from '../hub/mosquitto.ts';
import type { Order, State } from './fleet-process.ts';

const missing = hasProgram('mosquitto') ? '' : ' (needs mosquitto)';
const names = ['porch', 'shed', 'barn'];
const steps = campaign(150, 80);
/** Of objects; each head has the same ones, for simplicity. */
const labels = ['cat', 'dog', 'parcel', 'van'];
const heads = ['object', 'gate'];
const program = bundled('tests/real/learn/fleet-process.ts', missing !== '');

/** A board in a process of its own, behind a network of its own. */
class Member {
  readonly name: string;
  readonly gate: Gate;
  readonly #data = mkdtempSync(join(tmpdir(), 'ocellus-fleet-'));
  #answerMs = 10;
  #child: ChildProcess | undefined;
  #lines: Interface | undefined;
  isPaused = false;

  private constructor(name: string, gate: Gate) {
    this.name = name;
    this.gate = gate;
  }

  static async join(name: string, broker: string): Promise<Member> {
    const member = new Member(name, await Gate.to(broker));
    await member.start();
    return member;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [program], {
      env: { ...process.env, FLEET_NODE: this.name, FLEET_BROKER: this.gate.url, FLEET_DATA: this.#data },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout! });
    await once(this.#lines, 'line');
  }

  /** @returns What came of it; undefined when the board did not want to. */
  async ask(order: Order): Promise<unknown> {
    const answered = once(this.#lines!, 'line');
    const begun = performance.now();
    this.#child!.stdin!.write(`${JSON.stringify(order)}\n`);
    const [line] = await answered;
    this.#answerMs = performance.now() - begun;
    return (JSON.parse(line) as { result?: unknown }).result;
  }

  /** Is asked, and killed before it may have answered: after a part of the time that the last answer took. */
  async askAndKill(order: Order, part: number): Promise<void> {
    this.#child!.stdin!.write(`${JSON.stringify(order)}\n`);
    await sleep(part * this.#answerMs);
    await this.kill();
  }

  state(): Promise<State> {
    return this.ask({ do: 'state' }) as Promise<State>;
  }

  pause(): void {
    this.isPaused = true;
    this.#child!.kill('SIGSTOP');
  }

  resume(): void {
    this.isPaused = false;
    this.#child!.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    this.isPaused = false;
    child.kill('SIGKILL');
    await once(child, 'close');
  }

  /** A new card: nothing is left. */
  async flash(): Promise<void> {
    await this.kill();
    rmSync(this.#data, { recursive: true, force: true });
  }

  async leave(): Promise<void> {
    await this.kill();
    await this.gate.stop();
    rmSync(this.#data, { recursive: true, force: true });
  }
}

async function fleetOf(broker: Mosquitto, members = names): Promise<Member[]> {
  return Promise.all(members.map(async (name) => closing(await Member.join(name, broker.url), (it) => it.leave())));
}

const startedMosquitto = async (persistent: boolean) =>
  closing(await Mosquitto.start({ persistent }), (it) => it.stop());

/** Waits until their ledgers have the same parts, byte by byte. */
async function converged(members: readonly Member[]): Promise<State[]> {
  for (let last = ''; ; ) {
    const states = await Promise.all(members.map((member) => member.state()));
    const [first, ...others] = states.map(({ parts }) => JSON.stringify(parts));
    // Twice: nobody had anything on the way any more.
    if (others.every((other) => other === first) && first === last) return states;
    last = others.every((other) => other === first) ? first! : '';
    await sleep(500);
  }
}

/** The same heads, byte by byte, trained anew and in use. */
async function expectSameHeads(members: readonly Member[]): Promise<void> {
  const states = await converged(members);
  for (const { trained } of states) expect(trained).toEqual(states[0]!.trained);
  // Whether a head is taken is each node's business: what it had before decides. Those that did not are asked to.
  for (const member of members) await member.ask({ do: 'accept' });
  for (const { heads, trained } of await converged(members)) expect(heads).toEqual(trained);
}

describe(`a fleet on one Mosquitto${missing}`, () => {
  it.skipIf(missing !== '').each([
    { persistent: true, seed: Number(process.env.FLEET_SEED ?? Date.now() % 1e6) },
    { persistent: false, seed: Number(process.env.FLEET_SEED ?? Date.now() % 1e6) + 1 },
  ])(
    'partitions and restarts (Mosquitto keeps what it has: $persistent, seed $seed): the same ledgers and heads',
    async (run) => {
      const next = random(run.seed);
      const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!;
      const sample = embeddings(labels.length + 1, 64);
      const broker = await startedMosquitto(run.persistent);
      let isBrokerUp = true;
      const members = await fleetOf(broker);
      /** What was acknowledged and nobody took back since, by who was taught. */
      const taught = new Map<string, string>();
      const done: Record<string, number> = {};

      const lesson = (): Order => {
        const label = Math.floor(next() * labels.length);
        const negative = next() < 0.1;
        const { values, scale } = sample(negative ? labels.length : label, 0.3);
        return { do: 'teach', label: labels[label]!, head: pick(heads), negative, values: [...values], scale };
      };
      const teach = async (member: Member) => {
        const id = await member.ask(lesson());
        if (typeof id === 'string') taught.set(id, member.name);
      };
      const actions: Record<string, { weight: number; run: (member: Member) => unknown }> = {
        teach: { weight: 40, run: teach },
        'teach many': {
          weight: 8,
          run: async (member) => {
            for (let i = 0; i < 8; i++) await teach(member);
          },
        },
        relabel: {
          weight: 6,
          run: async (member) => {
            const { ids } = await member.state();
            if (ids.length === 0) return;
            const example = pick(ids);
            taught.delete(example);
            // Right as it was: heads that become worse are another test's.
            const { label, negative } = lesson() as Order & { do: 'teach' };
            await member.ask({ do: 'relabel', example, label, negative });
          },
        },
        forget: {
          weight: 6,
          run: async (member) => {
            const { ids } = await member.state();
            if (ids.length === 0) return;
            const example = pick(ids);
            taught.delete(example);
            await member.ask({ do: 'forget', target: { example } });
          },
        },
        'cut out': {
          weight: 2,
          run: (member) =>
            member.ask({ do: 'forget', target: { node: pick(names.filter((name) => name !== member.name)) } }),
        },
        withdraw: {
          weight: 4,
          run: async (member) => {
            const { cuts } = await member.state();
            if (cuts.length > 0) await member.ask({ do: 'withdraw', cut: pick(cuts) });
          },
        },
        'cut the network': { weight: 8, run: (member) => member.gate.close() },
        'mend the network': { weight: 8, run: (member) => member.gate.open() },
        'stop it': { weight: 4, run: (member) => member.pause() },
        'kill -9': { weight: 4, run: (member) => member.kill() },
        'kill -9 while it is taught': { weight: 4, run: (member) => member.askAndKill(lesson(), 1.5 * next()) },
        flash: {
          weight: 1,
          run: async (member) => {
            await member.flash();
            for (const [id, name] of taught) if (name === member.name) taught.delete(id);
          },
        },
        'kill -9 of Mosquitto': {
          weight: 4,
          run: async () => {
            if (isBrokerUp) await broker.kill();
            else await broker.start();
            isBrokerUp = !isBrokerUp;
          },
        },
      };
      const lots = Object.entries(actions).flatMap(([name, { weight }]) => Array<string>(weight).fill(name));
      for (let step = 0; step < steps; step++) {
        const member = pick(members);
        if (!member.isRunning) await member.start();
        else if (member.isPaused) member.resume();
        else {
          const action = pick(lots);
          done[action] = (done[action] ?? 0) + 1;
          await actions[action]!.run(member);
        }
        await sleep(next() * 150);
      }
      if (!isBrokerUp) await broker.start();
      for (const member of members) {
        member.gate.open();
        if (!member.isRunning) await member.start();
        if (member.isPaused) member.resume();
      }
      await expectSameHeads(members);
      const states = await converged(members);
      const [first] = states;
      expect([...taught.keys()].filter((id) => !first!.ids.includes(id))).toEqual([]);
      for (const { rejected } of states) expect(rejected).toBe(0);
      const { ids, parts, refused } = first!;
      const what = { seed: run.seed, done, examples: ids.length, parts: Object.keys(parts).length, refused };
      process.stdout.write(
        `fleet: ${JSON.stringify({ ...what, connections: states.map(({ connections }) => connections) })}\n`,
      );
    },
    1_800_000,
  );

  it.skipIf(missing !== '').each([
    ['Mosquitto', () => startedMosquitto(false)],
    ['the embedded broker', async () => closing(await startBroker({ port: 0 }), (it) => it.stop())],
  ])(
    'full labels of the default size, 200 examples and 200 negatives of 1280 numbers, on %s',
    async (_, start) => {
      const broker = await start();
      const porch = await fullBoard('porch', broker.url);
      const embedding = embeddings(3, 1280);
      for (const [place, label] of ['cat', 'dog'].entries()) {
        for (const negative of [false, true]) {
          const sampled = () => embedding(negative ? 2 : place, 0.3);
          const lessons = Array.from({ length: 200 }, () => ({ draft: draft(label, sampled(), { negative }) }));
          await porch.learner.teach([lessons[0]!, ...lessons.slice(1)]);
        }
      }
      const late = await fullBoard('late', broker.url);
      await vi.waitFor(() => expect(late.learner.ledger.hash()).toBe(porch.learner.ledger.hash()), patience);
      expect(late.learner.ledger.size).toBe(800);
      expect([...porch.problems, ...late.problems].filter((line) => line.includes('MQTT'))).toEqual([]);
    },
    1_800_000,
  );

  it.skipIf(missing !== '')(
    'boards that may write only their own topics share all the same, and cannot write in the name of another',
    async () => {
      const broker = closing(await Mosquitto.start({ boards: ['porch', 'shed', 'late'] }), (it) => it.stop());
      const [porch, shed] = [
        await fullBoard('porch', broker.url, 'porch'),
        await fullBoard('shed', broker.url, 'shed'),
      ];
      const embedding = embeddings(1, 1280);
      await porch.learner.teach([{ draft: draft('cat', embedding(0)) }]);
      await shed.learner.teach([{ draft: draft('dog', embedding(0)) }]);
      const both = { cat: 1, dog: 1 };
      await vi.waitFor(() => expect([porch.counts, shed.counts]).toEqual([both, both]), patience);
      // Porch is away and the broker forgets: shed would help, and may not.
      await porch.hub.stop();
      await broker.kill();
      await broker.start();
      await vi.waitFor(
        () => expect(shed.problems.join()).toMatch(/the broker refuses .*\/porch\/object\/cat/),
        patience,
      );
      await porch.hub.start();
      await shed.learner.teach([{ draft: draft('dog', embedding(0)) }]);
      await vi.waitFor(() => expect(porch.counts).toEqual({ cat: 1, dog: 2 }), patience);
      const late = await fullBoard('late', broker.url, 'late');
      await vi.waitFor(() => expect(late.counts).toEqual({ cat: 1, dog: 2 }), patience);
    },
    1_800_000,
  );

  it.skipIf(missing !== '')(
    'switched off, a board gives up what the broker remembers of its session',
    async () => {
      const broker = await startedMosquitto(false);
      const shed = await fullBoard('shed', broker.url);
      const folder = temporaryFolder();
      const before = await closing(new Board('porch', broker.url, { folder }), (it) => it.stop()).start();
      await vi.waitFor(() => expect(before.hub.stats.connected).toBe(true), patience);
      await before.teach('cat');
      await vi.waitFor(() => expect(shed.hub.stats.rejectedLearning).toBeGreaterThan(0), patience);
      await before.stop();
      const gaveUp = vi.spyOn(MqttClient.prototype, 'unsubscribe');
      const after = await closing(new Board('porch', broker.url, { folder, settings: { share: false } }), (it) =>
        it.stop(),
      ).start();
      const given = () => gaveUp.mock.calls.map(([filters]) => filters);
      const filters = ['ocellus/learn/e1f0/+/+/+', 'ocellus/learn/e1f0/+/cuts'];
      await shed.learner.teach([{ draft: draft('dog', embeddings(1, 1280)(0)) }]);
      await vi.waitFor(() => expect(given()).toContainEqual(filters), patience);
      await shed.learner.teach([{ draft: draft('van', embeddings(2, 1280)(1)) }]);
      await vi.waitFor(() => expect(shed.hub.stats.outbox.depth).toBe(0), patience);
      expect(after.counts).toEqual({ cat: 1 });
      gaveUp.mockRestore();
    },
    1_800_000,
  );

  it.skipIf(missing !== '')(
    'what is larger than the broker takes is said once; all else is shared',
    async () => {
      const broker = closing(await Mosquitto.start({ packetBytes: 20_000 }), (it) => it.stop());
      const [porch, shed] = [await fullBoard('porch', broker.url), await fullBoard('shed', broker.url)];
      const embedding = embeddings(1, 1280);
      for (const label of ['cat', 'dog']) {
        const lessons = Array.from({ length: 20 }, () => ({ draft: draft(label, embedding(0)) }));
        await porch.learner.teach([lessons[0]!, ...lessons.slice(1)]);
      }
      await porch.learner.teach([{ draft: draft('van', embedding(0)) }]);
      await vi.waitFor(() => expect(shed.counts).toEqual({ van: 1 }), patience);
      await vi.waitFor(() => expect(porch.problems).toHaveLength(1), patience);
      expect(porch.problems[0]).toMatch(/not shared: \d+ bytes, the broker takes 20000 a packet.*max_packet_size/);
      await porch.learner.teach([{ draft: draft('van', embedding(0)) }]);
      await vi.waitFor(() => expect(shed.counts).toEqual({ van: 2 }), patience);
      expect(porch.problems).toHaveLength(1);
    },
    1_800_000,
  );
});

const patience = { timeout: 300_000 };

/** In this process, with embeddings of the default size. @param user Whose name is the password, too. */
function fullBoard(name: string, url: string, user?: string): Promise<Board> {
  const settings = { ...mqttSettings(url), ...(user !== undefined && { username: user, password: user }) };
  const board = new Board(name, url, { folder: temporaryFolder(), learner: { dimension: 1280 }, hub: { settings } });
  return closing(board, (it) => it.stop()).start();
}
