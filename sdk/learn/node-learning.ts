import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertShape } from '../base/arguments.ts';
import { Backoff } from '../base/backoff.ts';
import { InputError, messageOf } from '../base/errors.ts';
import { about, type Logger, silent } from '../base/log.ts';
import { Once } from '../base/once.ts';
import type { LearnSettings } from '../config/schema.ts';
import { type Classifier, loadClassifier } from '../core/classifier.ts';
import type { Aside } from './asides.ts';
import { CameraLearning, type CameraLearningSettings, type Look, type Subject } from './camera/camera-learning.ts';
import { distinctLooks } from './camera/distinct-looks.ts';
import { checkStateName } from './camera/state-name.ts';
import type { ViewState } from './camera/view-states.ts';
import type { HeadTrainer } from './heads/trainer.ts';
import type { Change, Learner, Lesson, Taught, TeachOptions } from './learner.ts';
import { type Cut, type CutTarget, objectHead } from './ledger/example.ts';
import { StoreUnavailableError } from './ledger/ledger-store.ts';
import type { Part } from './ledger/part.ts';
import type { Answer } from './lessons.ts';
import { openWithNetwork, preferredNetwork, type StoreWithNetwork } from './store-network.ts';
import {
  countsOf,
  type ExampleFilter,
  type ExamplePaging,
  examplesOf,
  type HeadReview,
  type LabelCount,
  type LearningSummary,
  type ListedExample,
  listExamples,
  type NearMiss,
  nearMissesOf,
  reviewOf,
  summaryOf,
  taughtIn,
} from './taught.ts';

export type {
  ExampleFilter,
  ExamplePaging,
  HeadReview,
  LabelCount,
  LearningSummary,
  ListedExample,
  NearMiss,
} from './taught.ts';

/** Of what the learning of a node is made. */
export interface NodeLearningOptions {
  readonly node: string;
  readonly settings: LearnSettings;
  /** Where examples and heads are kept. */
  readonly folder: string;
  /** Threads of the embedding network. */
  readonly threads?: number;
  /** The kinds of heads, in order of preference. Default: svm, prototypes, nearest. */
  readonly trainers?: readonly HeadTrainer[];
  readonly logger?: Logger;
}

/** Something to teach. */
export interface Teaching {
  readonly camera: string;
  readonly subject: Subject;
  readonly label: string;
  /** It is *not* that. Default: false. */
  readonly negative?: boolean;
  /** Somebody has said that it is right: it is not kept aside. Default: false. */
  readonly anyway?: boolean;
}

/** The events of a `NodeLearning`, with what its listeners are given. */
export interface NodeLearningEvents {
  /** Examples or heads changed. */
  changed: [];
  /** The state of a camera's whole view changed. */
  state: [camera: string, ViewState];
  /** Parts of the ledger changed; they are on disk. */
  parts: [readonly Part[]];
  /** Settings were changed, for who keeps them. */
  settings: [Partial<LearnSettings>];
}

/**
 * Local learning on a node: teach what a camera sees, and it is recognised from the next frame on.
 *
 * Nothing is loaded before the first lesson: neither the store nor the embedding network.
 *
 * @example
 * node.learning?.teach({ camera: 'door', subject: { track: 7 }, label: 'my cat' });
 */
export class NodeLearning extends EventEmitter<NodeLearningEvents> {
  readonly #options: NodeLearningOptions;
  readonly #logger: Logger;
  #settings: LearnSettings;
  readonly #cameras = new Map<string, CameraLearning>();
  readonly #opening = new Once(() => this.#open());
  /** What is open, and the embedding network that it is of. */
  #store: StoreWithNetwork | undefined;
  readonly #classifier = new Once(() => this.#loadClassifier());
  #taught: ReturnType<typeof taughtIn> = { taughtMs: null, heads: new Map() };
  #isReady = false;
  /** Undefined from a stop to the next start: nothing that was under way may open the store or load the network then. */
  #run: object | undefined = {};
  #error: string | null = null;
  #renewing: Promise<void> = Promise.resolve();

  /** The constructor does nothing. */
  constructor(options: NodeLearningOptions) {
    super();
    assertShape('NodeLearning', options, { node: 'text', settings: 'object', folder: 'text' });
    this.#options = options;
    this.#settings = options.settings;
    this.#logger = options.logger ?? silent;
  }

  get settings(): LearnSettings {
    return this.#settings;
  }

  /** Whether pictures of examples are kept from now on. Those that are kept stay. */
  keepPictures(keep: boolean): void {
    this.#settings = { ...this.#settings, thumbnails: keep };
    this.emit('settings', { thumbnails: keep });
    this.emit('changed');
  }

  /** From the end of `start()` to `stop()`: what was taught so far is known, or `summary.error` says why not. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /**
   * Loads what was taught so far, which is used from then on. A store that cannot be opened is logged, not thrown; if
   * it is in use, or the disk failed, it is retried.
   */
  async start(): Promise<void> {
    this.#run ??= {};
    const run = this.#run;
    if (existsSync(this.#options.folder) || this.settings.share) {
      await this.open().catch((error: unknown) => {
        this.#sayFailure(error);
        if (error instanceof StoreUnavailableError) void this.#openLater(run);
      });
    }
    if (this.#run !== run) return;
    this.#isReady = true;
    this.emit('changed');
  }

  async #openLater(run: object): Promise<void> {
    const isWanted = () => this.#run === run && !this.#learner;
    const error = await openOnceFree(() => this.open(), isWanted);
    if (this.#run === run && error === undefined) {
      this.#logger.info(`learning: what was taught is in use again`);
      this.emit('changed');
    } else if (this.#run === run) this.#sayFailure(error);
  }

  #sayFailure(error: unknown): void {
    this.#error = messageOf(error);
    this.#logger.error(`learning: ${this.#error}`);
  }

  /**
   * The store and its heads; opened when they are not yet.
   *
   * @throws InputError when the folder cannot be used, is in use, or is of another network, and after `stop()`.
   */
  async open(): Promise<Learner> {
    this.#assertRuns();
    return this.#opening.get();
  }

  /** Stops everything; what was acknowledged is on disk. */
  async stop(): Promise<void> {
    this.#run = undefined;
    this.#isReady = false;
    for (const camera of this.#cameras.values()) camera.close();
    this.#cameras.clear();
    const learner = await this.#opening.take();
    this.#store = undefined;
    await this.#renewing;
    learner?.removeAllListeners();
    await learner?.close();
    await (await this.#classifier.take())?.close();
  }

  /** `stop()`, for `await using learning = new NodeLearning(options)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** A camera whose pipeline is to learn; once for each name. */
  addCamera(name: string, settings: CameraLearningSettings): CameraLearning {
    const camera = new CameraLearning({
      oracle: {
        embed: async (frame, regions) => (await this.#network()).embed(frame, regions),
        head: (head) => this.#learner?.head(head)?.current?.head,
      },
      taughtHeads: () => this.#taught.heads.get(name) ?? [],
      intervalMs: this.settings.interval * 1000,
      settings,
      onState: (state) => this.emit('state', name, state),
      logger: about(this.#logger, { camera: name }),
    });
    this.#cameras.set(name, camera);
    return camera;
  }

  /** What it does for each camera, by name. */
  get cameras(): ReadonlyMap<string, CameraLearning> {
    return this.#cameras;
  }

  /** @throws InputError when there is no such camera. */
  camera(name: string): CameraLearning {
    const camera = this.#cameras.get(name);
    if (camera) return camera;
    throw new InputError(`camera: expected one of ${[...this.#cameras.keys()].join(', ')}, got ${name}`);
  }

  /**
   * Teaches what a camera sees: up to three different looks at a track, or one at a box or at the whole view. It is on
   * disk when this returns, and in use from then on. What contradicts earlier lessons, or makes others clearly worse, is
   * kept aside until `settle` says what it is; see `aside`.
   *
   * @throws InputError when the subject is not there, a name is invalid, or the ledger is full.
   *
   * @example
   * await learning.teach({ camera: 'airing', subject: { view: 'cupboard' }, label: 'tidy' });
   */
  async teach({ camera, subject, label, negative = false, anyway }: Teaching): Promise<Taught> {
    const head = 'view' in subject ? subject.view : objectHead;
    if ('view' in subject) checkStateName(head);
    const looks = distinctLooks(await this.camera(camera).looksAt(subject));
    const taught = await this.teachLooks(looks, { camera, head, label, negative }, { anyway });
    if ('track' in subject || 'event' in subject) this.camera(camera).noteTaught(subject);
    return taught;
  }

  /** Teaches looks that were taken before. @throws InputError as `teach` does. */
  async teachLooks(looks: readonly TakenLook[], as: Meaning, options: TeachOptions = {}): Promise<Taught> {
    const lessons = lessonsOf(looks, as, this.settings.thumbnails);
    return (await this.open()).teach(lessons, options);
  }

  /** Answers what a lesson that was kept aside is: `Lessons.settle`. */
  async settle(id: string, answer?: Answer): Promise<Taught | undefined> {
    return (await this.open()).lessons.settle(id, answer);
  }

  /** Relabels an example. @throws InputError when there is no such example, or the label is invalid. */
  async relabel(id: string, to: { label: string; negative?: boolean }): Promise<Taught> {
    return (await this.open()).relabel(id, to);
  }

  /**
   * Forgets an example, a label, or all that a node taught.
   *
   * @returns How many examples no longer count.
   * @throws InputError when there is no such thing.
   */
  async forget(target: CutTarget, reason?: string): Promise<number> {
    return (await this.open()).forget(target, reason);
  }

  /** Withdraws a cut. @throws InputError when this node made no such cut. */
  async withdraw(cutId: string): Promise<void> {
    return (await this.open()).withdraw(cutId);
  }

  /** Goes back to a version of a head. @throws InputError when there is no such head or version. */
  async rollback(head: string, version?: number): Promise<Change> {
    return (await this.open()).rollback(head, version);
  }

  /** Uses the newest examples although the head came out worse. @throws InputError when there is no such head. */
  async accept(head: string): Promise<Change> {
    const learner = await this.open();
    if (!learner.head(head))
      throw new InputError(`head: expected one of ${learner.heads.join(', ') || 'none yet'}, got ${head}`);
    return learner.train(head, true);
  }

  get summary(): LearningSummary {
    return summaryOf(this.#learner, { model: this.#model, taughtMs: this.#taught.taughtMs, error: this.#error });
  }

  /** Reviews a head: examples and accuracy of each label; confusions; the most doubtful examples first. */
  review(head: string): HeadReview {
    return reviewOf(this.#learner, head);
  }

  /** Per label, head and node, in the order in which they were first taught. */
  get counts(): LabelCount[] {
    return countsOf(this.#learner);
  }

  /** The examples that count, newest first. */
  async examples(of: ExampleFilter & ExamplePaging = {}): Promise<ListedExample[]> {
    return listExamples(this.#learner, of);
  }

  /** How many examples count. */
  count(of: ExampleFilter = {}): number {
    return examplesOf(this.#learner, of).length;
  }

  /** Lessons that wait for an answer, the oldest first. */
  get asides(): readonly Aside[] {
    return this.#learner?.lessons.asides.all ?? [];
  }

  get cuts(): readonly Cut[] {
    return this.#learner?.ledger.cuts() ?? [];
  }

  /** The picture that was kept of an example, JPEG. */
  async thumbnail(id: string): Promise<Uint8Array | undefined> {
    return this.#learner?.thumbnail(id);
  }

  /** Recent objects that were not taught yet and whose label would help most, the most uncertain first. */
  get nearMisses(): NearMiss[] {
    return nearMissesOf(this.#learner, this.#cameras);
  }

  async #open(): Promise<Learner> {
    const { node, folder, settings, trainers } = this.#options;
    const options = { node, ...(trainers && { trainers }), logger: this.#logger };
    const store = await openWithNetwork(folder, settings.model, options);
    const { learner } = store;
    learner.on('parts', (parts) => {
      this.#noteHeads(learner);
      this.emit('parts', parts);
      this.emit('changed');
    });
    learner.on('asides', () => this.emit('changed'));
    learner.on('head', ({ head, outcome }) => {
      if (outcome.taken) this.#logger.info(`learning: ${head} is version ${outcome.version.version} now`);
      // Else all of it was forgotten.
      else if (learner.summary(head).refused !== undefined) this.#logger.warn(`learning: ${outcome.reason}`);
      this.#renew();
      this.emit('changed');
    });
    this.#store = store;
    this.#error = null;
    this.#noteHeads(learner);
    this.#renew();
    return learner;
  }

  #noteHeads({ ledger }: Learner): void {
    this.#taught = taughtIn(ledger, this.#options.node);
  }

  #renew(): void {
    this.#renewing = this.#renewing.then(async () => {
      for (const camera of this.#cameras.values()) await camera.renew();
    });
  }

  #assertRuns(): void {
    if (!this.#run) throw new InputError('learning has stopped: expected a running node; start it again');
  }

  async #network(): Promise<Classifier> {
    this.#assertRuns();
    return this.#classifier.get();
  }

  get #learner(): Learner | undefined {
    return this.#store?.learner;
  }

  get #model(): string {
    return this.#store?.model ?? preferredNetwork(this.settings.model);
  }

  async #loadClassifier(): Promise<Classifier> {
    const { folder, threads } = this.#options;
    // What was taught before decides which network it is.
    if (existsSync(folder)) await this.open();
    return loadClassifier(this.#model, { ...(threads && { threads }), logger: this.#logger });
  }
}

/** Tries again while the store is in use by others, or the disk fails. @returns Another error; undefined: it is open, or not wanted. */
async function openOnceFree(open: () => Promise<unknown>, isWanted: () => boolean): Promise<unknown> {
  const backoff = new Backoff();
  for (;;) {
    await sleep(backoff.next(), undefined, { ref: false });
    if (!isWanted()) return undefined;
    try {
      await open();
      return undefined;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) return error;
    }
  }
}

/** A look, as it is taught. */
export type TakenLook = Pick<Look, 'kind' | 'embedding' | 'picture'>;

/** What looks are taught as. */
export interface Meaning {
  readonly camera: string;
  readonly head: string;
  readonly label: string;
  readonly negative?: boolean;
}

/** @throws InputError without any look. */
function lessonsOf(looks: readonly TakenLook[], as: Meaning, withPictures: boolean): [Lesson, ...Lesson[]] {
  const [first, ...others] = looks.map(({ kind, embedding, picture }) => ({
    draft: { ...as, kind, embedding },
    ...(withPictures && { thumbnail: picture }),
  }));
  if (!first) throw new InputError('expected something to look at, got nothing');
  return [first, ...others];
}
