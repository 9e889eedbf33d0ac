import { assertKind, assertShape } from '../base/arguments.ts';
import type { Frame } from '../frame/frame.ts';
import type { FrameReport } from './events.ts';

/**
 * A program's own step in a pipeline. The constructor does nothing; `start` is called before the first value and `stop`
 * after the last one, possibly several times. Values come one at a time: the next one waits in the device.
 */
export interface Stage<Value> {
  /** Before the first value. What it throws ends the start of the pipeline. */
  start?(): Promise<void> | void;
  /**
   * Frames: the incoming frame is borrowed. A different frame that it returns belongs to the caller: the pipeline
   * releases it. An error drops this frame, but does not stop the camera.
   */
  process(value: Value): Promise<Value> | Value;
  /** After the last value. */
  stop?(): Promise<void> | void;
}

type Lifecycle = Pick<Stage<unknown>, 'start' | 'stop'>;

/** @throws InputError when it is not a list of stages. */
export function assertStages(what: string, stages: unknown): void {
  assertKind(what, stages, 'list', 'a list of stages');
  for (const stage of stages as readonly unknown[]) assertShape(what, stage, { process: 'function' }, 'a stage');
}

/** Starts them in order. @throws What one of them throws; the ones before it are stopped again. */
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

/** Stops them in reverse order, each even if others fail. */
export async function stopStages(stages: readonly Lifecycle[], complain: (error: unknown) => void): Promise<void> {
  for (const stage of stages.toReversed()) {
    try {
      await stage.stop?.();
    } catch (error) {
      complain(error);
    }
  }
}

/** Passes a frame through; the caller owns a reference to the result. */
export async function passFrame(stages: readonly Stage<Frame>[], frame: Frame): Promise<Frame> {
  return pass(stages, frame, (value) => value);
}

/** Passes a report through; the caller owns a reference to the frame of the result. */
export async function passReport(stages: readonly Stage<FrameReport>[], report: FrameReport): Promise<FrameReport> {
  const { width, height } = report.frame;
  const passed = await pass(stages, report, ({ frame }) => frame);
  const { frame } = passed;
  if (frame.width === width && frame.height === height) return passed;
  frame.release();
  throw new Error(
    `a stage after the core: expected a frame of ${width}x${height}, the size that the boxes are in, got ${frame.width}x${frame.height}`,
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
