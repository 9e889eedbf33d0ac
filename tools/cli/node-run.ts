import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isLoopback } from '../../sdk/access/network.ts';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import type { Logger } from '../../sdk/base/log.ts';
import { within } from '../../sdk/base/within.ts';
import { dataFolder } from '../../sdk/config/data-folder.ts';
import { type EditedSettings, editSettings } from '../../sdk/config/edit-settings.ts';
import { noModel, type Settings } from '../../sdk/config/schema.ts';
import { readSettings, type SettingsInput } from '../../sdk/config/settings.ts';
import { loadModel, type Model } from '../../sdk/core/model.ts';
import type { EmbeddedBroker } from '../../sdk/hub/broker/broker.ts';
import type { Hub } from '../../sdk/hub/hub.ts';
import { Node } from '../../sdk/pipeline/node.ts';
import type { NodeUpdates } from '../../sdk/update/node-updates.ts';
import type { Board, BoardChange, FileState, FindCameras } from '../console/server/board.ts';
import type { Console } from '../console/server/console.ts';
import { editsOf, type Overrides, writtenAsTheyAre } from './board-edits.ts';
import { SettingsFile } from './settings-file.ts';
import { startHub, startOwnBroker } from './start-hub.ts';

export interface NodeRunOptions {
  /** The settings file, which changes on the page are written to. */
  readonly file: string;
  /**
   * What the settings are, from what the file says and these options of the command line; passwords are hashes.
   *
   * @throws InputError naming each wrong field.
   */
  readonly resolve: (written: SettingsInput, given: Overrides) => Promise<Settings>;
  readonly given: Overrides;
  readonly logger: Logger;
  /** Tells who started it. */
  readonly announce: (line: string) => void;
  readonly setupErrors: readonly string[];
  /** Ends the process in order, to be started again. */
  readonly restart: () => void;
  readonly updates?: NodeUpdates | undefined;
  /** The built page. Default: the one that ships with the package. */
  readonly page?: string | undefined;
  /** Finds cameras to be offered. Default: those of this machine and its networks. */
  readonly find?: FindCameras;
}

/** A stuck pipeline never stops; the hub has to publish `offline` anyway. */
const camerasStopTimeoutMs = 5000;
/** For the answer to whoever changed how the page is reached. */
const answerMs = 200;

/**
 * A node as `ocellus run` runs it: its cameras, hub, broker and page. The page changes its settings file, and it is then
 * started again inside the process, with the same broker, page and network.
 */
export class NodeRun implements Board {
  readonly #options: NodeRunOptions;
  readonly #logger: Logger;
  #given: Overrides;
  #settings: Settings;
  #node: Node;
  readonly #file: SettingsFile;
  #model: Promise<Model> | undefined;
  #broker: EmbeddedBroker | undefined;
  #mqtt: { hub: Hub; title: string } | undefined;
  #page: { console: Console; url: string; port: number } | undefined;
  #isChanging = false;
  #stopping: Promise<boolean> | undefined;

  /** @param settings As `resolve` gives them, with hashed passwords. */
  constructor(settings: Settings, options: NodeRunOptions) {
    this.#options = options;
    this.#logger = options.logger;
    this.#given = options.given;
    this.#settings = settings;
    this.#file = new SettingsFile({
      ...{ path: options.file, logger: options.logger },
      resolve: (written) => options.resolve(written, this.#given),
      camera: (name) => {
        const pipeline = this.#node.pipelines.get(name);
        return pipeline && ((change) => pipeline.change(change));
      },
      told: () => this.#page?.console.tellFile(),
    });
    this.#node = this.#makeNode();
  }

  /** The one that runs now. */
  get node(): Node {
    return this.#node;
  }

  /** Of the broker; undefined without one. */
  get connected(): boolean | undefined {
    return this.#mqtt?.hub.stats.connected;
  }

  /** The page's address; undefined without one. */
  get url(): string | undefined {
    return this.#page?.url;
  }

  /** @throws InputError when something cannot be used. Call `stop()` then. */
  async start(): Promise<void> {
    await this.#begin(true);
    this.#file.watch();
  }

  /** @returns False when the cameras did not stop in time. */
  stop(): Promise<boolean> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async change(change: BoardChange): Promise<void> {
    if (this.#isChanging || this.#stopping) throw new InputError('another change is under way: try again in a moment');
    this.#isChanging = true;
    try {
      await this.#file.alone(() => this.#change(change));
    } finally {
      this.#isChanging = false;
    }
  }

  get file(): FileState {
    return this.#file.state;
  }

  look(): Promise<void> {
    return this.#file.look();
  }

  tried(): Promise<void> {
    return this.#file.tried();
  }

  async #change(change: BoardChange): Promise<void> {
    const { file } = this.#options;
    const edits = await editsOf(change, this.#settings, this.#node, this.#given);
    const isReload = 'reload' in change;
    if (edits.length === 0 && !isReload) return;
    const written = await readSettings(file, false);
    const kept = isReload ? [] : writtenAsTheyAre(written, this.#node.pipelines, this.#given, this.file.waits);
    const edited = await editSettings(file, [...kept, ...edits]);
    // The file has what they said.
    const given = isReload ? this.#given : { ...this.#given, source: undefined, camera: undefined };
    const settings = await this.#options.resolve(edited.input, given);
    this.#assertMovable(settings);
    await this.#write(edited);
    const before = { settings: this.#settings, given: this.#given };
    this.#given = given;
    if ('access' in change) {
      this.#settings = settings;
      setTimeout(() => void this.#openAgain(before, edited), answerMs).unref();
      return;
    }
    try {
      await this.#again(settings, change);
    } catch (error) {
      this.#logger.error(`the change is taken back: ${messageOf(error)}`);
      this.#given = before.given;
      await this.#file.restore(edited);
      await this.#again(before.settings, 'rename' in change ? { rename: change.to, to: change.rename } : undefined);
      throw error;
    }
  }

  async #write(edited: EditedSettings): Promise<void> {
    // How the page is reached changes with another start only.
    const waits = (path: string) => path.startsWith('console.');
    await this.#file.replace(edited, waits).catch((error: unknown) => {
      throw new InputError(`${this.#options.file} cannot be written, so nothing was changed: ${messageOf(error)}`);
    });
  }

  /** @throws InputError when the node cannot have this name. */
  #assertMovable(settings: Settings): void {
    if (settings.node === this.#settings.node) return;
    if (existsSync(dataFolder(settings))) {
      throw new InputError(
        `${dataFolder(settings)} is there already, of another node of this name: choose another one`,
      );
    }
    if (this.connected === false) {
      throw new InputError(
        'there is no connection to the broker, which would go on to tell of the node under its old name: try again when there is',
      );
    }
  }

  /** Stops, does with the data what a change asks for, and starts. */
  async #again(settings: Settings, change: BoardChange | undefined): Promise<void> {
    const before = this.#settings;
    const leaves = settings.node !== before.node;
    const hadDisk = this.#node.history.isKept;
    await this.#node.stop();
    await this.#mqtt?.hub.stop({ leaves });
    this.#mqtt = undefined;
    // Who wrote to the file meanwhile may have changed these too.
    if (!isDeepStrictEqual(settings.core, before.core)) await this.#closeModel();
    if (!isDeepStrictEqual(brokerOf(settings), brokerOf(before))) {
      await this.#broker?.stop();
      this.#broker = undefined;
    }
    if (leaves) await move(dataFolder(before), dataFolder(settings));
    this.#settings = settings;
    const { history } = this.#node;
    const wayOf = ({ history: { enabled }, storage: { keep } }: Settings) => [enabled, keep];
    const isSame = isDeepStrictEqual(wayOf(settings), wayOf(before));
    history.limit(settings.history);
    // What is in memory alone goes on; what is on disk may have moved.
    this.#node = this.#makeNode(isSame && !(leaves && hadDisk) ? history : undefined);
    if (change && 'rename' in change) await this.#rename(change.rename, change.to);
    if (change && 'remove' in change) await rm(this.#viewOf(change.remove), { force: true });
    await this.#begin();
  }

  async #rename(from: string, to: string): Promise<void> {
    await move(this.#viewOf(from), this.#viewOf(to));
    const { history } = this.#node;
    await history.open();
    await history.renameCamera(from, to);
  }

  #viewOf(camera: string): string {
    return join(dataFolder(this.#settings), 'views', `${camera}.json`);
  }

  #makeNode(history?: Node['history']): Node {
    const { core } = this.#settings;
    const { model, engine, threads } = core;
    if (model !== noModel) this.#model ??= loadModel(model, { engine, threads, logger: this.#logger });
    // Who starts the node hears of it.
    this.#model?.catch(() => {});
    return new Node(this.#settings, {
      ...{ data: dataFolder(this.#settings), logger: this.#logger },
      ...(this.#model && { model: this.#model }),
      ...(history && { history }),
    });
  }

  async #begin(isFirst = false): Promise<void> {
    const node = this.#node;
    await node.start({
      opensMeanwhile: true,
      before: async () => {
        for (const pipeline of node.pipelines.values()) {
          pipeline.on('settings', (change) => this.#file.keep(pipeline.name, change));
        }
        node.learning?.on('settings', (change) => this.#file.keepLearning(change));
        await this.#beginHub();
        await this.#show(isFirst);
      },
    });
  }

  async #beginHub(): Promise<void> {
    const settings = this.#settings;
    this.#broker ??= await startOwnBroker(settings.mqtt, this.#logger);
    const { restart, updates } = this.#options;
    const parts: { stop(): Promise<void> }[] = [];
    const kept = { tried: () => this.#file.tried(), unwritten: () => this.#file.state.unwritten };
    const around = { logger: this.#logger, parts, restart, updates, own: this.#broker, kept };
    const consoleUrl = () => (isLoopback(this.#settings.console.host) ? undefined : this.url);
    this.#mqtt = await startHub(this.#node, settings, { ...around, consoleUrl }).catch(async (error: unknown) => {
      for (const part of parts) await part.stop();
      throw error;
    });
  }

  async #show(isFirst: boolean): Promise<void> {
    const shown = { node: this.#node, hub: this.#mqtt?.hub, mqttUrl: this.#mqtt?.title };
    if (this.#page) return this.#page.console.show(shown);
    if (!isFirst) return;
    const { announce } = this.#options;
    const { mqtt, node, console } = this.#settings;
    if (console.enabled) {
      await this.#open();
      announce(`Ocellus is running: ${this.url}`);
    } else announce('Ocellus is running.');
    if (this.#mqtt) announce(`MQTT: ${this.#mqtt.title} (topics ${mqtt.base}/${node}/#)`);
  }

  /** @param port Default: as the settings say. */
  async #open(port?: number): Promise<void> {
    // Loaded only when needed: the other commands start faster without it.
    const { Console } = await import('../console/server/console.ts');
    const { setupErrors, page: folder, find } = this.#options;
    const console = new Console({
      ...{ node: this.#node, hub: this.#mqtt?.hub, mqttUrl: this.#mqtt?.title },
      ...{ ...this.#settings.console, setupErrors, logger: this.#logger, board: this, find },
      ...(port !== undefined && { port }),
      ...(folder !== undefined && { folder }),
    });
    this.#page = { console, ...(await console.start()) };
  }

  /** The page, with another password or for other machines; as it was where that does not work. */
  async #openAgain(before: { settings: Settings; given: Overrides }, edited: EditedSettings): Promise<void> {
    const port = this.#page?.port;
    await this.#page?.console.stop();
    if (this.#stopping) return;
    try {
      await this.#open(port);
      this.#options.announce(`The page is now at ${this.url}`);
    } catch (error) {
      this.#logger.error(`the change is taken back: ${messageOf(error)}`);
      this.#settings = before.settings;
      this.#given = before.given;
      await this.#file.restore(edited);
      await this.#open(port);
    }
  }

  async #closeModel(): Promise<void> {
    const model = await this.#model?.catch(() => undefined);
    this.#model = undefined;
    await model?.close();
  }

  async #stop(): Promise<boolean> {
    // Cameras first: their last messages are sent before the hub disconnects.
    const stopped = this.#node
      .stop()
      .then(() => this.#closeModel())
      .then(() => true);
    const clean = await within(camerasStopTimeoutMs, stopped, false);
    if (!clean) this.#logger.error('the cameras could not be stopped in time');
    await this.#page?.console.stop();
    await this.#mqtt?.hub.stop();
    await this.#broker?.stop();
    await this.#file.close();
    return clean;
  }
}

/** Hashes of the same passwords differ. */
const brokerOf = ({ mqtt: { broker, host, port, users } }: Settings) => [broker, host, port, Object.keys(users)];

/** What is not there need not be moved. */
async function move(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw new InputError(`${from} cannot be moved to ${to}: ${messageOf(error)}`);
  });
}
