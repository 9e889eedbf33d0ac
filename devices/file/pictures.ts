import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import type { Logger } from '../../sdk/base/log.ts';
import { Frame, type FrameInfo } from '../../sdk/frame/frame.ts';
import { pickPictures, pictureEndings } from '../../sdk/picture/picture-kinds.ts';
import { DeviceBase } from '../device/base.ts';
import type { DeviceOptions, DeviceProperties } from '../device/device.ts';
import { Presenter } from '../device/presenter.ts';

/** Default pictures per second: slow enough to watch. */
const defaultFps = 1;

/** One picture, or those of a folder in natural order (`2.jpg` before `10.jpg`). One that cannot be read is skipped. */
export class PictureFiles extends DeviceBase {
  readonly #path: string;
  readonly #isFolder: boolean;
  #presenter: Presenter | undefined;
  #reading: Promise<void> | undefined;
  #sequence = 0;

  constructor(uri: string, { path, isFolder }: { path: string; isFolder: boolean }, options?: DeviceOptions) {
    super(uri, options);
    this.#path = path;
    this.#isFolder = isFolder;
  }

  protected async start(): Promise<DeviceProperties> {
    const paths = this.#isFolder ? await listPictures(this.#path, this.logger) : [this.#path];
    const presenter = new Presenter(this.outlet, this.options.speed);
    this.#presenter = presenter;

    // The first readable one determines the source's properties.
    let first: Frame | undefined;
    while (!first && paths.length > 0) {
      first = await this.#tryRead(paths[0]!);
      if (!first) paths.shift();
      if (this.state !== 'opening') first?.release();
      this.assertOpening();
    }
    if (!first) throw new InputError(`file: no picture can be read: ${this.health.lastError ?? 'there is none'}`);
    const { format, width, height, colour } = first;
    this.#reading = this.#present(paths, first, presenter);
    const fps = this.options.fps ?? defaultFps;
    return { kind: 'file', title: this.#path, format, width, height, fps, colour, live: false };
  }

  protected override read(): void {
    this.#presenter?.begin();
  }

  protected async stop(): Promise<void> {
    this.#presenter?.close();
    await this.#reading;
  }

  /** @param ready The first picture, read already. */
  async #present(paths: string[], ready: Frame | undefined, presenter: Presenter): Promise<void> {
    const periodNs = 1e9 / (this.options.fps ?? defaultFps);
    let index = 0;
    do {
      for (const path of [...paths]) {
        const picture: Frame | undefined = ready ?? (await this.#tryRead(path));
        ready = undefined;
        if (!picture) {
          paths.splice(paths.indexOf(path), 1);
          continue;
        }
        this.counters.frames++;
        const sequence = this.#sequence++;
        let used = false;
        const open = await presenter.present(index++ * periodNs, (times) => {
          used = true;
          return renewed(picture, { sequence, name: path, ...times });
        });
        if (!used) picture.release();
        if (!open) return;
      }
    } while (this.options.loop && paths.length > 0);
    if (this.closed) return;
    this.outlet.end();
    this.setState('ended');
  }

  /** Undefined when it cannot be read, which is counted and logged. */
  async #tryRead(path: string): Promise<Frame | undefined> {
    try {
      // Loaded on demand: cameras need no picture decoder.
      const { readPicture } = await import('../../sdk/picture/picture.ts');
      return await readPicture(path, { name: path }, this.options.maxPixels);
    } catch (error) {
      this.counters.corrupt++;
      this.setError(messageOf(error));
      this.logger.warn(`${basename(path)} is skipped: ${messageOf(error)}`);
      return undefined;
    }
  }
}

/** The same pixels under another time; gives the original back when released. */
function renewed(frame: Frame, info: FrameInfo): Frame {
  const { format, width, height, planes, colour } = frame;
  return new Frame({ format, width, height, planes, colour, ...info }, () => frame.release());
}

/** @throws InputError when the folder cannot be read or holds no pictures. */
async function listPictures(folder: string, logger: Logger): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new InputError(`file: cannot read the folder ${folder}: ${messageOf(error)}`);
  });
  const files = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  const { pictures, skipped } = pickPictures(files);
  if (pictures.length === 0) {
    throw new InputError(`file: ${folder} holds no pictures (${pictureEndings.join(', ')}); name a video itself`);
  }
  if (skipped) logger.warn(`${folder}: ${skipped}`);
  const natural = new Intl.Collator('en', { numeric: true });
  return pictures.sort(natural.compare).map((name) => join(folder, name));
}
