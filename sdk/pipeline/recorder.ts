import { type FileHandle, open, readdir, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeBoard } from '../../devices/boards/board/board.ts';
import type { Device } from '../../devices/device/device.ts';
import { type Codec, encoderCommand } from '../../devices/recording/codec.ts';
import { Encoder } from '../../devices/recording/encoder.ts';
import {
  type FrameLine,
  follows,
  type IndexLine,
  lineToWire,
  type VideoLine,
} from '../../devices/recording/index-lines.ts';
import { indexFile, infoFile, type RecordingInfo } from '../../devices/recording/info.ts';
import { assertShape } from '../base/arguments.ts';
import { packageVersion } from '../base/assets.ts';
import { InputError, messageOf } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { written } from '../base/written.ts';
import { withMaskedSource } from '../config/masked-source.ts';
import type { CameraSettings } from '../config/schema.ts';
import type { Frame } from '../frame/frame.ts';
import type { Stage } from './stage.ts';

/** What is recorded, where, and for how long. */
export interface RecorderOptions {
  /** Created if missing; an existing one has to be empty. */
  folder: string;
  /** Returns the pipeline that is recorded; called once the first frame has arrived. */
  camera: () => { readonly name: string; readonly settings: CameraSettings; readonly device: Device | undefined };
  /** Name or file of the detector that the recording is replayed with. */
  model: string;
  /** Lossless (FFV1), at ten times the size. Default false: high-quality MPEG-4. */
  lossless?: boolean;
  /** Length in seconds, from the first to the last frame. Default: until it is stopped. */
  seconds?: number;
  /** Called once, while a frame is processed: the time is up, the source was reopened, or the recording failed. */
  onOver?: () => void;
}

/**
 * Records the frames of a pipeline, with their times, to a folder that the device `recording:` replays. For the format
 * see docs/recording.md. Put it first among the stages `before` the motion gate.
 *
 * @example
 * const recorder: Recorder = new Recorder({ folder: 'monday', camera: () => pipeline, model: 'nanodet-g-416-int8' });
 * const pipeline = new Pipeline({ source: 'v4l2:', before: [recorder] });
 */
export class Recorder implements Stage<Frame> {
  readonly #options: RecorderOptions;
  readonly #codec: Codec;
  #index: FileHandle | undefined;
  /** It was not there before. */
  #isNewFolder = false;
  #encoder: Encoder | undefined;
  #video: VideoLine | undefined;
  #videos = 0;
  #frames = 0;
  #firstNs: number | undefined;
  #last: FrameLine | undefined;
  #isOver = false;
  #failure: InputError | undefined;

  constructor(options: RecorderOptions) {
    assertShape('Recorder', options, { folder: 'text', camera: 'function', model: 'text' });
    this.#options = options;
    this.#codec = options.lossless ? 'ffv1' : 'mpeg4';
  }

  /** Frames recorded so far. */
  get frames(): number {
    return this.#frames;
  }

  /** Why the recording broke off or was not finished properly: the disk is full, ffmpeg was killed. */
  get failure(): InputError | undefined {
    return this.#failure;
  }

  /** @throws InputError when the folder cannot be made or is not empty. */
  async start(): Promise<void> {
    const { folder } = this.#options;
    let names: string[];
    try {
      this.#isNewFolder = (await stat(folder).catch(() => undefined)) === undefined;
      await makeFolder(folder);
      names = await readdir(folder);
    } catch (error) {
      throw new InputError(`${folder}: expected a folder to record into; ${messageOf(error)}`);
    }
    if (names.length > 0) throw new InputError(`${folder}: expected an empty folder, or none; it holds ${names[0]}`);
    this.#index = await open(join(folder, indexFile), 'ax');
  }

  /** Passes the frame on unchanged; a failed recording does not stop the camera. */
  async process(frame: Frame): Promise<Frame> {
    if (this.#isOver) return frame;
    const { seconds, onOver } = this.#options;
    const isAnother = this.#last !== undefined && !follows(frame, this.#last);
    try {
      if (!isAnother) await this.#record(frame);
    } catch (error) {
      this.#fail(error);
    }
    this.#firstNs ??= frame.captureTimeNs;
    const isFull = seconds !== undefined && frame.captureTimeNs - this.#firstNs >= seconds * 1e9;
    if (isAnother || isFull || this.#failure) {
      this.#isOver = true;
      onOver?.();
    }
    return frame;
  }

  /** Ends the recording, which can be replayed then; without a frame it leaves nothing. */
  async stop(): Promise<void> {
    this.#isOver = true;
    if (this.#index && this.#frames === 0 && !this.#failure) return this.#leaveNothing(this.#index);
    try {
      await this.#endVideo();
      // Its absence tells a replay that the recording was interrupted.
      if (!this.#failure) await this.#writeLine({ frames: this.#frames });
    } catch (error) {
      this.#fail(error);
    }
    await this.#index?.close();
    this.#index = undefined;
  }

  /** `stop()`, for `await using recorder = new Recorder(options)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** The same command is then not refused for a folder that is not empty: its camera may come with the next attempt. */
  async #leaveNothing(index: FileHandle): Promise<void> {
    const { folder } = this.#options;
    this.#index = undefined;
    await index.close();
    await rm(join(folder, indexFile), { force: true });
    // Not what somebody has put there meanwhile.
    if (this.#isNewFolder) await rmdir(folder).catch(() => {});
  }

  async #record(frame: Frame): Promise<void> {
    const { sequence, captureTimeNs, wallTimeMs, format, width, height, colour } = frame;
    if (this.#frames === 0) await this.#writeInfo();
    const video = this.#video;
    const fits =
      video?.format === format &&
      video.width === width &&
      video.height === height &&
      video.colour.matrix === colour.matrix &&
      video.colour.range === colour.range;
    if (!fits) await this.#beginVideo(frame);
    await this.#encoder!.write(frame);
    // After the frame itself: ffmpeg has every frame of the index.
    this.#last = { sequence, captureTimeNs, wallTimeMs };
    await this.#writeLine(this.#last);
    this.#frames++;
  }

  async #beginVideo(frame: Frame): Promise<void> {
    await this.#endVideo();
    const { format, width, height, colour } = frame;
    const { folder, camera } = this.#options;
    const video = { video: `video-${this.#videos++}.mkv`, format, width, height, colour };
    const fps = camera().device?.properties.fps ?? 10;
    this.#encoder = await Encoder.start(encoderCommand(join(folder, video.video), video, this.#codec, fps), frame);
    this.#video = video;
    await this.#writeLine(video);
  }

  async #endVideo(): Promise<void> {
    const encoder = this.#encoder;
    const video = this.#video;
    this.#encoder = undefined;
    this.#video = undefined;
    try {
      await encoder?.end();
    } finally {
      // ffmpeg wrote it.
      const file = video && (await stat(join(this.#options.folder, video.video)).catch(() => undefined));
      written.add('recordings', file?.size ?? 0);
    }
  }

  async #writeInfo(): Promise<void> {
    const { folder, camera, model } = this.#options;
    const { name, settings, device } = camera();
    if (!device) throw new Error('a recorder needs the device that the frames come from');
    const { kind, title, fps } = device.properties;
    const info: RecordingInfo = {
      version: 2,
      ocellus: packageVersion(),
      board: describeBoard().model,
      camera: name,
      settings: withMaskedSource(settings),
      source: { uri: device.uri, kind, title, ...(fps !== undefined && { fps }) },
      model,
      codec: this.#codec,
    };
    const text = `${JSON.stringify(info, null, 2)}\n`;
    await writeFile(join(folder, infoFile), text, { flag: 'wx' });
    written.add('recordings', Buffer.byteLength(text));
  }

  async #writeLine(line: IndexLine): Promise<void> {
    const text = lineToWire(line);
    await this.#index!.appendFile(text);
    written.add('recordings', Buffer.byteLength(text));
  }

  #fail(error: unknown): void {
    const { folder } = this.#options;
    this.#failure ??= new InputError(
      `the recording ${folder} broke off after ${this.#frames} frames: ${messageOf(error)}`,
    );
  }
}
