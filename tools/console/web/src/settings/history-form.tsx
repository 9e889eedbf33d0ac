import { useState } from 'preact/hooks';
import type { BoardState, HistoryChange } from '../../../protocol.ts';
import { setHistory } from '../api.ts';
import { Confirm } from '../parts/confirm.tsx';
import { Switch } from '../parts/switch.tsx';
import { useTyped } from '../parts/use-typed.ts';
import { saveBoard } from '../save/save-board.ts';
import { useStore } from '../store.ts';
import { WholeField, wholeProblem } from './whole-field.tsx';

type Kept = BoardState['history'];

/** How long past events are kept, how much room they have, and whether they have clips. */
export function HistoryForm({ history }: { history: Kept }) {
  const { ranges, clips } = history;
  const days = useTyped(String(history.days));
  const megabytes = useTyped(String(history.megabytes));
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  /** What takes the last changes back, with what they made, the newest last. */
  const [undos, setUndos] = useState<readonly { back: HistoryChange; made: HistoryChange }[]>([]);
  /** What removes events, until somebody has said so. */
  const [asked, setAsked] = useState<HistoryChange>();
  const last = undos.at(-1);

  const apply = async (change: HistoryChange): Promise<boolean> => {
    setBusy(true);
    setError(undefined);
    try {
      await saveBoard((run) => setHistory(change, run));
      return true;
    } catch (reason) {
      setError((reason as Error).message);
      return false;
    } finally {
      setBusy(false);
    }
  };
  const save = async (change: HistoryChange) => {
    const back = fieldsOf(history, change);
    if (await apply(change)) setUndos((all) => [...all, { back, made: change }]);
  };
  const isChanged = days.text !== String(history.days) || megabytes.text !== String(history.megabytes);
  const isWrong = [wholeProblem(days.text, ranges.days), wholeProblem(megabytes.text, ranges.megabytes)].some(Boolean);

  return (
    <>
      <form
        class="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (isWrong || !isChanged) return;
          const wanted = { days: Number(days.text), megabytes: Number(megabytes.text) };
          const change: HistoryChange = {
            ...(wanted.days !== history.days && { days: wanted.days }),
            ...(wanted.megabytes !== history.megabytes && { megabytes: wanted.megabytes }),
          };
          if (wanted.days < history.days || wanted.megabytes < history.megabytes) setAsked(change);
          else void save(change);
        }}
      >
        <WholeField
          id="history-days"
          name="Days they are kept"
          help="Older ones are removed."
          range={ranges.days}
          typed={days}
        />
        <WholeField
          id="history-megabytes"
          name="Room for them, in MB"
          help="For events, pictures and clips together. When it is full the oldest clips go first, then the oldest events."
          range={ranges.megabytes}
          typed={megabytes}
        />
        <div class="form-end">
          <button type="submit" class="button is-main" disabled={!isChanged || isWrong || isBusy}>
            {isBusy ? 'Saving …' : 'Save'}
          </button>
        </div>
      </form>
      {error && (
        <p class="field-error" role="alert">
          {error}
        </p>
      )}
      {history.on_disk ? (
        <>
          <Switch
            name="Clips"
            help="A short video with each event that has a picture: some megabytes each. Network cameras (rtsp:) send it as it is; for others the board’s hardware makes it, where it can. Cameras pause for a second or two when this is changed."
            on={clips.enabled}
            onChange={(enabled) => save({ clips: { enabled } })}
          />
          {clips.enabled && <Encoding isAllowed={clips.software} save={save} />}
        </>
      ) : (
        <p class="muted">
          This board keeps past events in memory alone, until its next start: there are no clips. So it is set in its
          settings file.
        </p>
      )}
      <div class="form-end">
        <button
          type="button"
          class="button"
          // What others have changed since is not taken back with it.
          disabled={isBusy || !last || !isSame(fieldsOf(history, last.made), last.made)}
          onClick={async () => {
            if (last && (await apply(last.back))) setUndos((all) => all.filter((one) => one !== last));
          }}
        >
          Undo
        </button>
      </div>
      {asked && (
        <Confirm title="Keep less?" action="Keep less" onYes={() => save(asked)} onClose={() => setAsked(undefined)}>
          Events that are older, or for which there is no room then, are removed at once, with their pictures and clips.
          This cannot be undone.
        </Confirm>
      )}
    </>
  );
}

/** What cameras say of their clips, and whether the processor may make them. */
function Encoding({ isAllowed, save }: { isAllowed: boolean; save(change: HistoryChange): void }) {
  const cameras = useStore((state) => state.history.at(-1)?.stats.cameras);
  const all = Object.entries(cameras ?? {});
  const needs = all.some(([, { clips }]) => clips?.needs_software);
  return (
    <>
      <div role="status">
        {all.map(
          ([name, { clips }]) =>
            clips?.why !== undefined && (
              <p key={name} class="muted">
                <strong>{name}</strong>: {clips.why}.
              </p>
            ),
        )}
      </div>
      {(needs || isAllowed) && (
        <Switch
          name="Let the processor make them"
          help="For cameras that send no video of their own, where the hardware makes none. It costs processor time always, also while nothing happens: five pictures a second of 480 rows, for each such camera. If detection gets slow (see Health), switch it off again."
          on={isAllowed}
          onChange={(software) => save({ clips: { software } })}
        />
      )}
    </>
  );
}

/** Of what is kept, the fields that a change has. */
function fieldsOf(history: Kept, change: HistoryChange): HistoryChange {
  const { days, megabytes, clips } = history;
  return {
    ...(change.days !== undefined && { days }),
    ...(change.megabytes !== undefined && { megabytes }),
    ...(change.clips?.enabled !== undefined && { clips: { enabled: clips.enabled } }),
    ...(change.clips?.software !== undefined && { clips: { software: clips.software } }),
  };
}

const isSame = (a: HistoryChange, b: HistoryChange) => JSON.stringify(a) === JSON.stringify(b);
