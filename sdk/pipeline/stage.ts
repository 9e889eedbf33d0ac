import { assertKind, assertShape } from '../base/arguments.ts';
import type { Frame } from '../frame/frame.ts';
import type { FrameReport } from './events.ts';

/**
 * A step that a program puts into the way of a frame. The constructor does nothing; `start` comes before the first value and
 * `stop` after the last one, and both may come again. One value at a time: the next one waits in the device.
 */
export interface Stage<Value> {
  start?(): Promise<void> | void;
  /**
   * Frames: the frame that comes in is on loan. Another frame that goes out belongs to who called; the pipeline releases it.
   * What is thrown ends the way of this frame, not the camera.
   */
  process(value: Value): Promise<Value> | Value;
  stop?(): Promise<void> | void;
}

type Lifecycle = Pick<Stage<unknown>, 'start' | 'stop'>;

/** @throws InputError when it is no list of stages. */
export function assertStages(what: string, stages: unknown): void {
  assertKind(what, stages, 'list', 'a list of stages');
  for (const stage of stages as readonly unknown[]) assertShape(what, stage, { process: 'function' }, 'a stage');
}

/** Starts them in order. @throws What one of them throws; those before it are stopped again. */
export async function startStages(stages: readonly Lifecycle[]): Promise<void> {
  for (const [i, stage] of stages.entries()) {
    try {
      await stage.start?.();
    } catch (error) {
      await stopStages(stages.slice(0, i), () => {});
      throw error;
    }
  }
}

/** Stops them in the opposite order, each of them whatever the others do. */
export async function stopStages(stages: readonly Lifecycle[], complain: (error: unknown) => void): Promise<void> {
  for (const stage of stages.toReversed()) {
    try {
      await stage.stop?.();
    } catch (error) {
      complain(error);
    }
  }
}

/** Sends a frame through; the caller owns a reference to the one that comes out. */
export async function passFrame(stages: readonly Stage<Frame>[], frame: Frame): Promise<Frame> {
  return pass(stages, frame, (value) => value);
}

/** Sends a report through; the caller owns a reference to the frame of the one that comes out. */
export async function passReport(stages: readonly Stage<FrameReport>[], report: FrameReport): Promise<FrameReport> {
  const { width, height } = report.frame;
  const passed = await pass(stages, report, ({ frame }) => frame);
  const { frame } = passed;
  if (frame.width === width && frame.height === height) return passed;
  frame.release();
  throw new Error(
    `a stage after the core: expected a frame of ${width}x${height}, in which the boxes are, got ${frame.width}x${frame.height}`,
  );
}

async function pass<Value>(
  stages: readonly Stage<Value>[],
  first: Value,
  frameOf: (value: Value) => Frame,
): Promise<Value> {
  let value = first;
  frameOf(value).acquire();
  try {
    for (const stage of stages) {
      const next = await stage.process(value);
      if (frameOf(next) !== frameOf(value)) frameOf(value).release();
      value = next;
    }
    return value;
  } catch (error) {
    frameOf(value).release();
    throw error;
  }
}
