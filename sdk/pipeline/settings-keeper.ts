import { randomInt } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { assertKind } from '../base/arguments.ts';
import { InputError, StaleError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { withInertiaSeconds } from '../config/inertia.ts';
import { type CameraChange, CameraSettings, ownedMaps } from '../config/schema.ts';
import { hasReference } from '../config/secrets.ts';
import { validate } from '../config/validate.ts';
import { opening } from './camera-source.ts';
import { assertKnownLabels, namesLabels, unwatchedLabels } from './known-labels.ts';

/** What has to be done after a change. */
export interface Changed {
  /** What was changed, as checked. */
  readonly patch: CameraChange;
  /** The camera has to be reopened for it. */
  readonly reopens: boolean;
}

/** What a change needs from the camera, which may be running. */
export interface Running {
  /** Resolves when the detector's labels are known, or will not be. */
  whenKnown(): Promise<void>;
  readonly pipeline: {
    /** Empty while unknown. */
    readonly knownLabels: readonly string[];
    readonly device: { setControls(values: CameraSettings['controls']): Promise<void> } | undefined;
  };
  /** The revision that it is a change of. Default: whichever is there. */
  readonly seen?: number | undefined;
}

/** Owns one camera's settings: validates them, and every change. */
export class SettingsKeeper {
  readonly #camera: string;
  readonly #hasStages: boolean;
  readonly #logger: Logger;
  #settings: CameraSettings;
  /** Another one after each start, so that what was seen before it is not taken for what is there now. */
  #revision = randomInt(2 ** 40);
  #asksFps: boolean;

  /** @throws InputError naming the wrong field. */
  constructor(camera: string, settings: CameraChange, { hasStages, logger }: { hasStages: boolean; logger: Logger }) {
    this.#camera = camera;
    this.#hasStages = hasStages;
    this.#logger = logger;
    this.#settings = this.#check(this.#inSeconds(settings));
    this.#asksFps = settings.detect?.fps !== undefined;
    this.#sayUnwatched(undefined);
  }

  /** All settings, defaults filled in. Immutable: a change replaces the object. */
  get now(): CameraSettings {
    return this.#settings;
  }

  /** Grows with each change. */
  get revision(): number {
    return this.#revision;
  }

  /** A rate was set explicitly, not left at its default. */
  get asksFps(): boolean {
    return this.#asksFps;
  }

  /**
   * @throws InputError naming the wrong field, or a label that the detector does not know; StaleError when others have
   * changed the settings since. Nothing is changed then.
   */
  async change(change: CameraChange, { pipeline, whenKnown, seen }: Running): Promise<Changed> {
    assertKind('change', change, 'object');
    const patch = this.#inSeconds(change);
    refuseReferences(patch);
    const changed = () => this.#check(merge(this.#settings, patch));
    // While the model loads, its labels are not known yet.
    if (namesLabels(patch)) await whenKnown();
    this.#assertSeen(seen);
    const next = changed();
    const known = pipeline.knownLabels;
    if (known.length > 0) assertKnownLabels(this.#camera, next, known);
    const { device } = pipeline;
    const turnsControls = !isDeepStrictEqual(this.#settings.controls, next.controls);
    // A device that is reopened gets its controls then.
    if (turnsControls && isDeepStrictEqual(opening(this.#settings), opening(next))) {
      await device?.setControls(next.controls);
    }
    const before = this.#settings;
    try {
      // The controls took a moment.
      this.#assertSeen(seen);
    } catch (error) {
      await device?.setControls(before.controls);
      throw error;
    }
    this.#settings = changed();
    this.#revision++;
    this.#sayUnwatched(before);
    this.#asksFps ||= patch.detect?.fps !== undefined;
    const staysOpen = isDeepStrictEqual(opening(before), opening(this.#settings));
    // One that is still opening may have been given the previous controls.
    return { patch, reopens: !staysOpen || (turnsControls && !device) };
  }

  #assertSeen(seen: number | undefined): void {
    if (seen === undefined || seen === this.#revision) return;
    throw new StaleError(
      `camera ${this.#camera}: its settings were changed meanwhile (revision ${this.#revision}, expected ${seen}), so nothing was changed: look at them again`,
    );
  }

  /** A zone or line that counts nothing looks like one where nothing happens. */
  #sayUnwatched(before: CameraSettings | undefined): void {
    const idle = unwatchedLabels(this.#settings);
    if (idle && idle !== (before && unwatchedLabels(before))) this.#logger.warn(`camera ${this.#camera}: ${idle}`);
  }

  /** Zones used to count frames. */
  #inSeconds(settings: CameraChange): CameraChange {
    return withInertiaSeconds(settings, (note) => this.#logger.warn(note)) as CameraChange;
  }

  #check(settings: unknown): CameraSettings {
    const checked = validate(CameraSettings, settings, `camera ${this.#camera}`);
    // They may blur faces or crop the picture: nothing that bypassed them may be shown.
    if (checked.snapshots.source !== '' && this.#hasStages) {
      throw new InputError(
        `camera ${this.#camera}: snapshots.source: expected none, since stages make the pictures of this camera`,
      );
    }
    return checked;
  }
}

/** At the next start the secret would be looked up and sent to the host in the same URI. */
function refuseReferences(patch: CameraChange): void {
  for (const [path, source] of [
    ['source', patch.source],
    ['substream', patch.substream],
    ['snapshots.source', patch.snapshots?.source],
  ]) {
    if (typeof source !== 'string' || !hasReference(source)) continue;
    throw new InputError(
      `${path}: a reference to a secret (with $ and braces) is looked up in the settings file only: write it there`,
    );
  }
}

function merge(base: unknown, patch: unknown, key = ''): unknown {
  const isMap = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap(base) || !isMap(patch) || ownedMaps.includes(key)) return patch;
  const merged: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(patch)) merged[name] = merge(base[name], value, name);
  return merged;
}
