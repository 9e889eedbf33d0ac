import { createDevice, type Device } from '../../../devices/index.ts';
import { maskCredentials } from '../../../sdk/base/credentials.ts';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import { silent } from '../../../sdk/base/log.ts';
import { within } from '../../../sdk/base/within.ts';
import { encodeJpeg } from '../../../sdk/picture/picture.ts';
import type { TriedSource } from '../protocol.ts';
import { HttpError } from './reply.ts';
import type { ConsoleCamera } from './source.ts';

/** A camera in the network that answers at all has told a picture by then. */
const longestMs = 15_000;
const maxHeight = 360;

/** Looks at sources before they are saved: one at a time. */
export class SourceTrials {
  readonly #cameras: ReadonlyMap<string, ConsoleCamera>;
  #isBusy = false;

  constructor(cameras: ReadonlyMap<string, ConsoleCamera>) {
    this.#cameras = cameras;
  }

  /**
   * Opens a source as a camera would, and closes it again after its first picture. One that a camera reads is not opened
   * twice.
   *
   * @param of The camera whose other settings it is to be opened with. Default: those of a new one.
   * @throws HttpError 503 while another one is tried.
   */
  async run(source: string, of: ConsoleCamera | undefined): Promise<TriedSource> {
    const reader = [...this.#cameras.values()].find(
      (camera) => camera.settings.source === source && camera.status === 'online' && camera.device,
    );
    if (reader) return pictureOf(reader);
    if (this.#isBusy) throw new HttpError(503, 'another source is tried at the moment: wait for it');
    this.#isBusy = true;
    try {
      return await this.#try(source, of);
    } finally {
      this.#isBusy = false;
    }
  }

  async #try(source: string, of: ConsoleCamera | undefined): Promise<TriedSource> {
    const { width, height, transport, libcamera, hardware_decoding: hardwareDecoding } = of?.settings ?? {};
    let device: Device;
    try {
      device = createDevice(source, { width, height, transport, libcamera, hardwareDecoding, logger: silent });
    } catch (error) {
      return { works: false, reason: maskCredentials(messageOf(error)) };
    }
    const looking = firstPicture(device).catch(
      (error: unknown): TriedSource => ({ works: false, reason: maskCredentials(messageOf(error)) }),
    );
    try {
      const tried = await within(longestMs, looking, undefined);
      const { lastError } = device.health;
      const why = lastError === undefined ? '' : `: ${maskCredentials(lastError)}`;
      return tried ?? { works: false, reason: `no picture came within ${longestMs / 1000} s${why}` };
    } finally {
      await within(longestMs, device.close(), undefined);
    }
  }
}

/** @throws Error of the device, saying why there is none. */
async function firstPicture(device: Device): Promise<TriedSource> {
  await device.open();
  for await (const frame of device.frames()) {
    try {
      return told(device, await encodeJpeg(frame, { maxHeight, quality: 80 }));
    } finally {
      frame.release();
    }
  }
  throw new InputError(device.health.lastError ?? 'it ended before the first picture');
}

/** @throws InputError when it has none. */
async function pictureOf(camera: ConsoleCamera): Promise<TriedSource> {
  return told(camera.device!, await camera.snapshot({ maxHeight }));
}

function told({ properties }: Pick<Device, 'properties'>, jpeg: Buffer): TriedSource {
  const { title, width, height, note } = properties;
  return {
    ...{ works: true, title: maskCredentials(title), width, height },
    note: note === undefined ? null : maskCredentials(note),
    picture: jpeg.toString('base64'),
  };
}
