import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Frame } from '../frame/frame.ts';
import type { FrameReport } from './events.ts';
import { assertStages, passFrame, passReport, type Stage, startStages, stopStages } from './stage.ts';

/** A program's own stages in a pipeline. Owns their starts and stops, one after the other. */
export class Stages {
  readonly #before: readonly Stage<Frame>[];
  readonly #after: readonly Stage<FrameReport>[];
  readonly #logger: Logger;
  #staging: Promise<void> = Promise.resolve();
  #isStarted = false;

  /**
   * @param before Before the motion gate.
   * @param after After the zones. @throws InputError when one of them is not a stage.
   */
  constructor(before: readonly Stage<Frame>[], after: readonly Stage<FrameReport>[], logger: Logger) {
    assertStages('Pipeline: before', before);
    assertStages('Pipeline: after', after);
    this.#before = before;
    this.#after = after;
    this.#logger = logger;
  }

  get isEmpty(): boolean {
    return this.#before.length + this.#after.length === 0;
  }

  /** Whether stages after the zones make the pictures that are shown. */
  get makesPictures(): boolean {
    return this.#after.length > 0;
  }

  /** @throws What one of them throws; those before it are stopped again. */
  async start(): Promise<void> {
    if (this.isEmpty) return;
    const starting = this.#staging.then(() => startStages([...this.#before, ...this.#after]));
    this.#staging = starting.then(
      () => {
        this.#isStarted = true;
      },
      () => {},
    );
    await starting;
  }

  stop(): Promise<void> {
    this.#staging = this.#staging.then(async () => {
      if (!this.#isStarted) return;
      this.#isStarted = false;
      await stopStages([...this.#before, ...this.#after], (error) =>
        this.#logger.error(`a stage could not be stopped: ${messageOf(error)}`),
      );
    });
    return this.#staging;
  }

  /** The caller owns a reference to the resulting frame. */
  before(frame: Frame): Promise<Frame> {
    return passFrame(this.#before, frame);
  }

  /** The caller owns a reference to the frame of the resulting report. */
  after(report: FrameReport): Promise<FrameReport> {
    return passReport(this.#after, report);
  }
}
