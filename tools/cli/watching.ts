import type { DeviceHealth } from '../../devices/device/device.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { nearestNames } from '../../sdk/base/nearest-names.ts';
import { type CoreSettings, noModel } from '../../sdk/config/schema.ts';
import { loadModel, type Model } from '../../sdk/core/model.ts';
import type { Pipeline } from '../../sdk/pipeline/pipeline.ts';
import type { EventMessage } from '../../sdk/vision/event.ts';
import { oneLine } from '../shared/output.ts';
import { onStop } from './signals.ts';

/**
 * Runs a pipeline until its source ends, a signal arrives, or `over` resolves, then stops it.
 *
 * @returns The final state of its device.
 */
export async function runToEnd(pipeline: Pipeline, over?: Promise<unknown>): Promise<DeviceHealth> {
  const ended = new Promise<void>((resolve) => pipeline.once('ended', resolve));
  const signalled = onStop(async () => {});
  try {
    await pipeline.start();
    await Promise.race([ended, signalled, ...(over ? [over] : [])]);
    return pipeline.stats.device;
  } finally {
    await pipeline.stop();
  }
}

/**
 * Whether all of a file was read. If it is truncated or damaged, which was reported already, the result is incomplete.
 * A live source has no end.
 */
export function endedWell({ state, lastError }: DeviceHealth): boolean {
  return state !== 'ended' || lastError === undefined;
}

/** No output would look like a fault: says what was watched, and for which labels. */
export function sayNothingHappened({ stats, labels }: Pipeline): void {
  const watched = labels.length === 0 ? 'no detector' : `watched were ${labels.join(', ')} (--labels: others)`;
  console.error(oneLine(`no events in ${stats.frames.in} frames; ${watched}`));
}

/** The detector that the settings of the core name; null where they say `off`. */
export async function openModel({ model, engine, threads }: CoreSettings): Promise<Model | null> {
  return model === noModel ? null : loadModel(model, { engine, threads });
}

/** @throws InputError when the model does not know one of the labels of `--labels`; it is closed then. */
export async function assertKnown(labels: readonly string[] | undefined, model: Model): Promise<void> {
  const unknown = labels?.find((label) => !model.card.labels.includes(label));
  if (unknown === undefined) return;
  await model.close();
  const near = nearestNames(unknown, model.card.labels);
  const hint = near.length > 0 ? `; did you mean ${near.join(', ')}?` : '';
  throw new InputError(`--labels: expected some of ${model.card.labels.join(', ')}; got "${unknown}"${hint}`);
}

/** Ends the process once all was written: signal handlers would keep it alive. */
export async function exitWith(code: number): Promise<never> {
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  process.exit(code);
}

/** An event in words. @param clock Whether its times are those of a clock, not seconds from the start of a file. */
export function eventInWords({ type, after }: EventMessage, clock: boolean): string {
  const { label, score, frame_time, start_time, id } = after;
  const time = clock ? new Date(frame_time * 1000).toTimeString().slice(0, 8) : `${frame_time.toFixed(1)} s`;
  const lasted = type === 'end' ? ` after ${(frame_time - start_time).toFixed(1)} s` : '';
  // Labels come with a model.
  return oneLine(`${time}  ${type.padEnd(6)}  ${label} ${Math.round(score * 100)} %${lasted}  ${id}`);
}
