import { InputError } from '../../sdk/base/errors.ts';
import type { Logger } from '../../sdk/base/log.ts';
import { planControls } from '../device/control-plan.ts';
import type { CameraControl, ControlValues } from '../device/device.ts';
import { applyControls, listControls } from './controls.ts';
import { hasV4l2Ctl, installV4l2Ctl } from './v4l2-ctl.ts';

/** The wanted controls of one camera; one that is withdrawn returns to the camera's default. */
export class ControlPanel {
  #wanted: ControlValues;
  /** What was set here and not withdrawn. */
  readonly #touched = new Set<string>();
  /** Two at a time would undo each other. */
  #working: Promise<unknown> = Promise.resolve();
  readonly #logger: Logger;

  constructor(wanted: ControlValues, logger: Logger) {
    this.#wanted = wanted;
    this.#logger = logger;
  }

  list(path: string): Promise<CameraControl[]> {
    return listControls(path);
  }

  /** Sets these when the camera is back. */
  want(values: ControlValues): void {
    this.#wanted = values;
  }

  /** Sets these from now on. @throws InputError when the camera does not accept them; nothing is set then. */
  set(path: string, values: ControlValues): Promise<void> {
    return this.#next(async () => {
      if (!hasV4l2Ctl()) throw new InputError(`controls cannot be set: ${installV4l2Ctl}`);
      await this.#bring(path, values);
      this.#wanted = values;
    });
  }

  /** Sets what is wanted on a camera that starts. Without `v4l2-ctl` it says what to install, no more. @throws InputError */
  apply(path: string): Promise<void> {
    return this.#next(async () => {
      if (Object.keys(this.#wanted).length === 0 && this.#touched.size === 0) return;
      if (hasV4l2Ctl()) await this.#bring(path, this.#wanted);
      else this.#logger.warn(`the camera's controls are left as they are: ${installV4l2Ctl}`);
    });
  }

  async #bring(path: string, values: ControlValues): Promise<void> {
    const known = await listControls(path);
    const plan = planControls(known, values);
    const back = known.filter(({ name }) => this.#touched.has(name) && !plan.has(name));
    // What an automatic mode controls can only be set while that is off, so automatic modes come last.
    back.sort((a, b) => Number(b.kind === 'integer') - Number(a.kind === 'integer'));
    // Not held to it: an automatic that is on again moves what it rules.
    await applyControls(path, new Map(back.map((control) => [control.name, control.default])));
    this.#touched.clear();
    for (const name of plan.keys()) this.#touched.add(name);
    for (const complaint of await applyControls(path, plan)) this.#logger.warn(`control ${complaint}`);
  }

  #next(work: () => Promise<void>): Promise<void> {
    const done = this.#working.then(work);
    this.#working = done.catch(() => {});
    return done;
  }
}
