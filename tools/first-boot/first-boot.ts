import { createHash } from 'node:crypto';
import { access, constants, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { replaceFile } from '../../sdk/base/replace-file.ts';
import { firstBootText, readFirstBoot, withoutSecrets } from '../../sdk/config/first-boot.ts';
import { codeIn, makeCode } from './code.ts';
import { erase, overwrite } from './erase.ts';
import { isRedacted, preseedFile, readPreseed, redactedPreseed, wlanOf } from './preseed.ts';
import { applyPreseed, type RunProgram, readWlan, runProgram, wirelessFault } from './system.ts';
import { makeStateFolder, takeIn, writeOwned } from './take-in.ts';

export const settingsFile = 'ocellus.toml';
const errorsFile = 'ocellus-errors.txt';
const codeFile = 'ocellus-setup.txt';
/** Windows hides the end of a name, and then adds it again. */
const alsoNamed = `${settingsFile}.txt`;
const pagePort = 8420;
const forgotten =
  'the data partition cannot be used: what is set, taught or recorded is forgotten at the next start, and passwords stay in the files of the card. Write the card anew, or take another one';

export interface FirstBootOptions {
  /** The FAT partition that other machines can write. */
  readonly boot: string;
  /** The settings file of the node. */
  readonly settings: string;
  /** A folder that is gone after this run of the system: the setup page's code, and what was wrong. */
  readonly run: string;
  /** The root of the system whose user, network and so on `rpi-preseed.toml` sets. Undefined where others do that. */
  readonly system?: string;
  /** Nothing outlasts this run of the system: then the partition keeps its secrets, for the next one. */
  readonly forgets?: boolean;
  /** Also says where the Wi-Fi that was asked for is not there; of use some time after the start. */
  readonly checksWireless?: boolean;
  /** Default: starts them. */
  readonly runProgram?: RunProgram;
}

export interface FirstBootReport {
  /** The files that were read now. */
  readonly taken: readonly string[];
  /** What was wrong, now or when a file was read. */
  readonly faults: readonly string[];
  /** What is said on the screen. */
  readonly notes: readonly string[];
  /** Asked for by the page, while there are no settings. */
  readonly code?: string;
}

interface Remembered {
  /** SHA-256 of the file as it was taken in, and as it was left. */
  taken: string;
  left: string;
  /** While it is being overwritten: what it is to say, and its length in bytes until then. */
  pending?: { readonly text: string; readonly length: number };
  /** What of it could not be applied. */
  faults?: readonly string[];
}

interface Memory {
  files: Record<string, Remembered>;
}

interface Taken {
  /** What the file is to say, without secrets; undefined where it has none. */
  readonly text?: string;
  /** Other files that are to be erased. */
  readonly keys?: readonly string[];
  readonly faults?: readonly string[];
}

interface Found {
  /** By which it is remembered. */
  readonly name: string;
  readonly path: string;
  /** Applies what it says. @throws InputError when it cannot be used; nothing is applied then. */
  take(bytes: Uint8Array): Promise<Taken>;
}

/**
 * Reads what a person or Raspberry Pi Imager left on a card's FAT partition, once for each change: `ocellus.toml` into
 * the node's settings, `rpi-preseed.toml` into the system's. Secrets are removed from the partition when they are safe
 * elsewhere. What is wrong is written beside the files, and nothing of a wrong file is applied.
 *
 * While there are no settings, there is a code for the page that asks for them.
 *
 * A power cut at any point leaves what was taken in or what is to be taken in, and the next call finishes.
 */
export async function firstBoot(options: FirstBootOptions): Promise<FirstBootReport> {
  return new FirstBoot(options).run();
}

class FirstBoot {
  readonly #options: FirstBootOptions;
  readonly #run: RunProgram;
  readonly #memoryFile: string;
  readonly #taken: string[] = [];
  readonly #faults: string[] = [];
  #memory: Memory = { files: {} };
  #madeWritable = false;

  constructor(options: FirstBootOptions) {
    this.#options = options;
    this.#run = options.runProgram ?? runProgram;
    this.#memoryFile = join(dirname(options.settings), 'first-boot.json');
  }

  async run(): Promise<FirstBootReport> {
    this.#memory = await readMemory(this.#memoryFile);
    try {
      for (const found of await this.#find()) await this.#read(found);
      await this.#look();
      const code = await this.#code();
      await this.#tell(code);
      return { taken: this.#taken, faults: this.#faults, notes: notesOf(this.#faults, code), ...(code && { code }) };
    } finally {
      if (this.#madeWritable) await this.#run('mount', ['-o', 'remount,ro', this.#options.boot]).catch(() => {});
    }
  }

  async #find(): Promise<Found[]> {
    const { boot, system } = this.#options;
    const names = await readdir(boot).catch(() => []);
    const named = (name: string) => names.find((one) => one.toLowerCase() === name);
    const own = named(settingsFile) ?? named(alsoNamed);
    const both = named(settingsFile) !== undefined && named(alsoNamed) !== undefined;
    if (both) this.#faults.push(`${alsoNamed} is not read, since there is ${settingsFile}: delete one of them`);
    const preseed = system === undefined ? undefined : named(preseedFile);
    return [
      // First: its host name is in what is said about the other.
      ...(preseed === undefined
        ? []
        : [{ name: preseedFile, path: join(boot, preseed), take: (b: Uint8Array) => this.#takePreseed(b, system!) }]),
      ...(own === undefined
        ? []
        : [{ name: settingsFile, path: join(boot, own), take: (b: Uint8Array) => this.#takeSettings(b) }]),
    ];
  }

  /** What is wrong beside the files. */
  async #look(): Promise<void> {
    const { system, forgets, checksWireless } = this.#options;
    if (forgets) this.#faults.push(forgotten);
    if (system === undefined || !checksWireless) return;
    const fault = await wirelessFault(system);
    if (fault !== undefined) this.#faults.push(`${preseedFile}: wlan: ${fault}`);
  }

  async #read({ name, path, take }: Found): Promise<void> {
    const known = this.#memory.files[name];
    try {
      const bytes = await readFile(path);
      const now = digest(bytes);
      if (known?.pending && now !== known.taken && isTorn(bytes, known.pending)) {
        // The power went meanwhile. What it had said is in use.
        return await this.#leave(name, path, known);
      }
      if (now === known?.left && !known.pending) {
        this.#faults.push(...(known.faults ?? []));
        return;
      }
      const { text: clean, keys = [], faults = [] } = await take(bytes);
      const text = this.#options.forgets ? undefined : clean;
      this.#taken.push(name);
      this.#faults.push(...faults);
      const left: Remembered =
        text === undefined
          ? { taken: now, left: now, faults }
          : { taken: now, left: digest(Buffer.from(text)), pending: { text, length: bytes.length }, faults };
      await this.#remember(name, left);
      if (text !== undefined) {
        await this.#writable();
        for (const key of keys) await erase(key);
        await this.#leave(name, path, left);
      }
    } catch (error) {
      this.#faults.push(error instanceof InputError ? error.message : `${name}: ${messageOf(error)}`);
    }
  }

  /** Overwrites a file by what is left of it, and remembers that this was done. */
  async #leave(name: string, path: string, { pending, ...rest }: Remembered): Promise<void> {
    await this.#writable();
    if (digest(await readFile(path)) !== rest.left) await overwrite(path, pending!.text);
    await this.#remember(name, rest);
  }

  async #takeSettings(bytes: Uint8Array): Promise<Taken> {
    const { boot, settings: file } = this.#options;
    const settings = readFirstBoot(bytes, settingsFile);
    if (Object.keys(settings).length === 0) return {};
    const { keys } = await takeIn(settings, { file, beside: boot, what: settingsFile });
    const { settings: rest, removed: secrets } = withoutSecrets(settings);
    const removed = [...secrets];
    if (keys.length > 0) {
      removed.push('mqtt.tls.key');
      delete rest.mqtt?.tls?.key;
    }
    if (removed.length === 0) return {};
    const remarks = [
      'These settings were read, and hold. Change one and start the board again: it is read again.',
      `Removed from here since they are secret: ${removed.join(', ')}.`,
    ];
    return { text: firstBootText(rest, remarks), keys };
  }

  async #takePreseed(bytes: Uint8Array, root: string): Promise<Taken> {
    const { preseed, ignored } = readPreseed(bytes);
    const wlan = wlanOf(preseed, await readWlan(root));
    const faults = await applyPreseed(preseed, wlan, { root, run: this.#options.runProgram });
    if (ignored.length > 0) faults.push(`not applied on a card of Ocellus: ${ignored.join(', ')}`);
    const { user, wlan: network } = preseed;
    const isClean = [user?.password, network?.password].every((text) => text === undefined || isRedacted(text));
    return {
      ...(!isClean && { text: redactedPreseed(bytes) }),
      faults: faults.map((fault) => `${preseedFile}: ${fault}`),
    };
  }

  async #remember(name: string, remembered: Remembered): Promise<void> {
    this.#memory.files[name] = remembered;
    await makeStateFolder(dirname(this.#memoryFile));
    await writeOwned(this.#memoryFile, JSON.stringify(this.#memory));
  }

  /** The one that is on the card already: it may have been read there, in another machine. */
  async #code(): Promise<string | undefined> {
    const { boot, settings } = this.#options;
    if (
      await stat(settings).then(
        () => true,
        () => false,
      )
    )
      return undefined;
    const written = await readFile(join(boot, codeFile), 'utf8').catch(() => '');
    return codeIn(written) ?? makeCode();
  }

  async #tell(code: string | undefined): Promise<void> {
    const { run } = this.#options;
    await mkdir(run, { recursive: true, mode: 0o755 });
    await put(join(run, 'code'), code === undefined ? undefined : `${code}\n`);
    await put(join(run, 'errors.txt'), this.#faults.length > 0 ? `${this.#faults.join('\n')}\n` : undefined);
    await this.#putOnCard(errorsFile, this.#faults.length > 0 ? this.#faults : undefined);
    await this.#putOnCard(codeFile, code === undefined ? undefined : setupNotes(code));
  }

  /** A text that may be read on any machine; undefined removes it. Left alone where it says so already. */
  async #putOnCard(name: string, lines: readonly string[] | undefined): Promise<void> {
    const path = join(this.#options.boot, name);
    const text = lines && `${lines.join('\n')}\n`.replaceAll('\n', '\r\n');
    const before = await readFile(path, 'utf8').catch(() => undefined);
    if (before === text) return;
    try {
      await this.#writable();
      if (text === undefined) await rm(path, { force: true });
      else await replaceFile(path, text, 0o644);
    } catch {
      // No card, or a broken one: the screen and the page say it too.
    }
  }

  /** A card is mounted read-only, so that a power cut finds nothing half written. */
  async #writable(): Promise<void> {
    const { boot } = this.#options;
    const isReadOnly = await access(boot, constants.W_OK).then(
      () => false,
      (error: NodeJS.ErrnoException) => error.code === 'EROFS',
    );
    if (!isReadOnly) return;
    await this.#run('mount', ['-o', 'remount,rw', boot]);
    this.#madeWritable = true;
  }
}

function notesOf(faults: readonly string[], code: string | undefined): string[] {
  return [...faults, ...(code === undefined ? [] : setupNotes(code))];
}

function setupNotes(code: string): string[] {
  return [
    'Ocellus has no settings yet. In a browser in the same network, open',
    `  http://${hostname()}.local:${pagePort}/`,
    `and type this code:  ${code}`,
    `Or put ${settingsFile} beside this file (docs/first-boot.md) and start the board again.`,
  ];
}

async function readMemory(file: string): Promise<Memory> {
  try {
    const memory = JSON.parse(await readFile(file, 'utf8')) as Partial<Memory>;
    return { ...memory, files: memory.files ?? {} };
  } catch {
    return { files: {} };
  }
}

async function put(path: string, text: string | undefined): Promise<void> {
  if (text === undefined) await rm(path, { force: true });
  else await writeFile(path, text, { mode: 0o644 });
}

/** Whether a file may be one that was being overwritten. A person's own change in the same moment has another length. */
const isTorn = ({ length }: Uint8Array, pending: { text: string; length: number }): boolean =>
  length === 0 || length === pending.length || length === Buffer.byteLength(pending.text);

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
