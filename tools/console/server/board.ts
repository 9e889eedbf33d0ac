import type { FoundCamera, FoundNetworkCamera } from '../../../devices/index.ts';
import type { CameraChange, HistoryChange } from '../../../sdk/config/schema.ts';

/** A change of what runs here, beyond the settings of a camera that runs. */
export type BoardChange =
  | { readonly add: string; readonly settings: CameraChange }
  | { readonly rename: string; readonly to: string }
  /** `seen`: the revision of its settings that it is removed for. */
  | { readonly remove: string; readonly seen?: number | undefined }
  /** Runs by what others wrote to the settings file. */
  | { readonly reload: true }
  /** The name of the node. */
  | { readonly node: string }
  /** What is kept of past events. */
  | { readonly history: HistoryChange }
  /** Of this page. `password`: in plain text; null takes it away. `network`: whether other machines reach the page. */
  | { readonly access: { readonly password?: string | null; readonly network?: boolean } };

/** The settings file, which others write to as well. */
export interface FileState {
  readonly path: string;
  /** Why what it says cannot be used; null: it can. */
  readonly trouble: string | null;
  /** Settings that others changed there and that are used from the next start: `mqtt.port`. */
  readonly waits: readonly string[];
  /** Why what was changed here is in use and not written to it; null: it is. */
  readonly unwritten: string | null;
}

/** Who owns the settings file and what is run by it. */
export interface Board {
  /**
   * Checks a change, writes it to the settings file, and runs by it. What was there before goes on where that fails.
   *
   * @throws InputError saying what is wrong with it, or why it cannot be now.
   */
  change(change: BoardChange): Promise<void>;
  readonly file: FileState;
  /** Takes in at once what others wrote to the file. Never throws. */
  look(): Promise<void>;
  /** Waits until a change of a camera is in the file or could not be written, a few seconds at most. Never throws. */
  tried(): Promise<void>;
}

/** The cameras of this machine, and with `network` also those that answer in its networks. */
export type FindCameras = (
  network: boolean,
) => Promise<{ cameras: readonly FoundCamera[]; network: readonly FoundNetworkCamera[] }>;
