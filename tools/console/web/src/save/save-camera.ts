import type { CameraChange, CameraSettings, CameraState } from '../../../protocol.ts';
import { patchCamera, StaleError } from '../api.ts';
import { store } from '../store.ts';
import { applied, type Clash, differences, isSame, merge } from './merge.ts';

/** Others have changed the same: nothing was saved. */
export class ClashError extends Error {
  readonly clashes: readonly Clash[];
  /** The camera as it is now. A change of that one saves what is meant here. */
  readonly now: CameraState;

  constructor(clashes: readonly Clash[], now: CameraState) {
    super('This was changed elsewhere meanwhile.');
    this.clashes = clashes;
    this.now = now;
  }
}

/** A camera before and after a change. */
export interface Saved {
  before: CameraState;
  after: CameraState;
}

interface OwnChange {
  run: string | undefined;
  camera: string;
  /** The revision that came of it. */
  revision: number;
  change: CameraChange;
  /** All that was set then. */
  after: CameraSettings;
}

/** What this page changed, oldest first: what is chosen while it is under way does not clash with it. */
let own: OwnChange[] = [];
const mostOwn = 50;
const mostTries = 5;
/** What is being saved, by camera. */
const turns = new Map<string, Promise<unknown>>();

/**
 * Saves a change of a camera's settings, after those that are being saved. What others change meanwhile stays.
 *
 * @param seen The camera as it was when the change was chosen.
 * @throws ClashError when others have changed the same since; ApiError with the reason why it cannot be.
 */
export function saveCamera(change: CameraChange, seen: CameraState): Promise<Saved> {
  const { name } = seen;
  const turn = (turns.get(name) ?? Promise.resolve()).catch(() => {}).then(() => save(change, seen));
  turns.set(name, turn);
  return turn;
}

/** When nothing of it is being saved. */
export async function settled(camera: string): Promise<void> {
  for (let turn = turns.get(camera); ; ) {
    await turn?.catch(() => {});
    if (turn === turns.get(camera)) return;
    turn = turns.get(camera);
  }
}

/** The paths of what others changed in a camera between two states of it; what this page changed has the values that came of that. */
export function othersPaths(before: CameraState, now: CameraState): string[][] {
  const { name, revision, settings } = before;
  const changes = own
    .filter((one) => one.camera === name && one.revision > revision)
    .map(({ change, after }) => ({ after, paths: differences(settings, applied(settings, change)).map(String) }))
    .reverse();
  return differences(settings, now.settings).filter((path) => {
    const last = changes.find(({ paths }) => paths.includes(String(path)));
    return !last || !isSame(at(last.after, path), at(now.settings, path));
  });
}

const at = (settings: unknown, path: readonly string[]) =>
  path.reduce((value, key) => (value as Record<string, unknown> | undefined)?.[key], settings);

async function save(change: CameraChange, seen: CameraState): Promise<Saved> {
  const { name } = seen;
  for (let tries = 1; ; tries++) {
    const now = store.state.cameras.find((one) => one.name === name) ?? seen;
    const run = store.state.console?.run;
    const base = own
      .filter((one) => one.run === run && one.camera === name && one.revision > seen.revision)
      .reduce((settings, one) => applied(settings, one.change), seen.settings);
    const merged = merge(change, base, now.settings);
    if (merged.clashes.length > 0) throw new ClashError(merged.clashes, now);
    try {
      const after = await patchCamera(name, merged.change, now.revision);
      own = [...own.slice(1 - mostOwn), { run, camera: name, revision: after.revision, change, after: after.settings }];
      show(after, now);
      return { before: now, after };
    } catch (error) {
      if (!(error instanceof StaleError) || tries === mostTries) throw error;
      show(error.now, now);
    }
  }
}

/** An answer that is older than what the node told meanwhile is not shown. */
function show(camera: CameraState, before: CameraState): void {
  const shown = store.state.cameras.find(({ name }) => name === camera.name);
  if (shown?.revision === before.revision) store.receive({ type: 'settings', camera });
}
