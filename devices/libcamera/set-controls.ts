import type { CameraControl, ControlValues } from '../device/device.ts';
import type { NativeCamera, NativeFrame, NativeValues } from './addon.ts';
import { controlsOf, nativeValues, valuesIn } from './native-controls.ts';

/** The controls of a camera, over all times it is opened: what is wanted, what was set, what its frames say. */
export class SetControls {
  #wanted: ControlValues;
  /** Those set in the camera, and not taken back since. */
  #touched: NativeValues = [];
  #values: ReadonlyMap<string, number> = new Map();

  constructor(wanted: ControlValues) {
    this.#wanted = wanted;
  }

  /** What the camera has, with the values of its newest frame. */
  of(camera: NativeCamera): readonly CameraControl[] {
    return controlsOf(camera.controls, this.#values);
  }

  /** What a frame says of them. */
  tell(metadata: NativeFrame['metadata']): void {
    this.#values = valuesIn(metadata);
  }

  /** A camera that was just opened: nothing is set in it. @throws InputError when it does not have one that is wanted. */
  begin(camera: NativeCamera): void {
    this.#touched = [];
    this.#bring(camera, this.#wanted);
  }

  /** @param camera Undefined: it is away, and is asked when it is back. @throws InputError as `begin` does. */
  set(values: ControlValues, camera: NativeCamera | undefined): void {
    if (camera) this.#bring(camera, values);
    this.#wanted = values;
  }

  /** Sets these, and what was set before and is not among them back to the camera's default. */
  #bring(camera: NativeCamera, values: ControlValues): void {
    const wanted = nativeValues(camera.controls, values);
    const names = new Set(wanted.map(([name]) => name));
    const back = this.#touched.flatMap(([name, numbers]): NativeValues => {
      const native = camera.controls.find((control) => control.name === name);
      return native && !names.has(name) ? [[name, numbers.map(() => native.default)]] : [];
    });
    camera.setControls([...back, ...wanted]);
    this.#touched = wanted;
  }
}
