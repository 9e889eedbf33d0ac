import type { EventEmitter } from 'node:events';
import { createDevice } from '../../devices/registry.ts';
import { problemsToStderr } from '../base/log.ts';
import { guarded } from '../base/tell.ts';
import { ViewMemory } from '../vision/gaze/view-memory.ts';
import { assertDefaultOpening } from './camera-source.ts';
import type { PipelineEvents } from './events.ts';
import { Meters } from './meters.ts';
import { type PipelineOptions, settingsIn } from './options.ts';
import type { RunOptions } from './run.ts';
import { SettingsKeeper } from './settings-keeper.ts';
import { Snapshots } from './snapshots.ts';
import { SourceSwitch } from './source-switch.ts';
import { assertStages } from './stage.ts';
import { Stages } from './stages.ts';
import { StreamChoice } from './stream-choice.ts';
import { ViewKeeper } from './view-keeper.ts';

/** All parts that a pipeline keeps from one run to the next. */
export interface Wired extends RunOptions {
  readonly keeper: ViewKeeper;
}

/**
 * Makes the parts of a pipeline, and connects them.
 *
 * @param emitter Whose listeners are called. @param watch The existing one, else the one that is made.
 * @throws InputError when a setting is wrong, naming the field.
 */
export function wire(
  options: PipelineOptions,
  emitter: EventEmitter<PipelineEvents>,
  watch: RunOptions['watch'],
): Wired {
  const { name = 'camera', logger = problemsToStderr, before = [], after = [], speed, learning } = options;
  assertStages('Pipeline: before', before);
  assertStages('Pipeline: after', after);
  const complain = (message: string) => logger.error(message);
  const tell = guarded(emitter, complain);
  const isMax = speed === 'max';
  const given = typeof options.source === 'object' ? createDevice(options.source) : undefined;
  const stages = new Stages(before, after, logger);
  const hasStages = !stages.isEmpty;
  const settings = new SettingsKeeper(name, settingsIn(options, given), { hasStages, logger });
  if (given) assertDefaultOpening(name, settings.now);
  const snapshots = new Snapshots(name, hasStages, logger);
  const meters = new Meters();
  const streams = new StreamChoice(logger);
  const view = new ViewMemory();
  const keeper = new ViewKeeper(view, options.viewFile, logger);
  const source = new SourceSwitch({
    isEnabled: () => settings.now.enabled,
    onStatus: (status, health) => tell('status', status, health),
    onPause: () => meters.progress.pause(),
    // Media read at full speed has its own times.
    onSwitch: (isRead) => {
      if (!isRead) streams.stop();
      return snapshots.readMain(streams.applied(settings.now), isRead && !isMax);
    },
    onClosed: () => snapshots.clear(),
  });
  return {
    ...{
      name,
      options,
      logger,
      given,
      stages,
      settings,
      snapshots,
      meters,
      source,
      streams,
      learning,
      isMax,
      view,
      keeper,
      watch,
      tell,
    },
    complain,
    onHealth: () => source.updateStatus(),
    onUnavailable: (reason) => tell('unavailable', reason),
    onEnded: () => tell('ended'),
  };
}
