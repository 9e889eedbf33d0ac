import { useState } from 'preact/hooks';
import type { CameraChange, CameraState } from '../../../protocol.ts';
import { CameraTabs } from '../parts/camera-tabs.tsx';
import { NoCamera } from '../parts/no-camera.tsx';
import { Slider } from '../parts/slider.tsx';
import { Switch } from '../parts/switch.tsx';
import { tell } from '../parts/toasts.tsx';
import { ClashSheet } from '../save/clash-sheet.tsx';
import { Elsewhere } from '../save/elsewhere.tsx';
import { ClashError, type Saved, saveCamera } from '../save/save-camera.ts';
import { useStore } from '../store.ts';
import { BoardSettings } from './board-settings.tsx';
import { CameraName } from './camera-name.tsx';
import { LabelPicker } from './label-picker.tsx';
import { SourceField } from './source-field.tsx';
import { SourceForm } from './source-form.tsx';
import { Thresholds } from './thresholds.tsx';
import { defaultsOf, inverseOf } from './undo.ts';
import { useWhatIf } from './use-what-if.ts';

const mostUndos = 20;

interface Undo {
  change: CameraChange;
  /** The camera after what it takes back. */
  seen: CameraState;
}

export function SettingsView({ camera }: { camera: string | undefined }) {
  const cameras = useStore((state) => state.cameras);
  const board = useStore((state) => state.console?.board ?? null);
  const chosen = cameras.find(({ name }) => name === camera) ?? cameras[0];
  return (
    <>
      <h1>Settings</h1>
      <CameraTabs view="settings" camera={chosen?.name} />
      {chosen && <CameraSettingsForm key={chosen.name} camera={chosen} />}
      {!chosen && !board && <NoCamera />}
      {board && <BoardSettings board={board} />}
    </>
  );
}

function CameraSettingsForm({ camera }: { camera: CameraState }) {
  const [error, setError] = useState<string>();
  const { source, transport, hardware_decoding: hardware, detect, motion, snapshots, learn, enabled } = camera.settings;
  const isRtsp = [source, snapshots.source].some((uri) => /^rtsps?:/i.test(uri));
  const hasBoard = useStore((state) => (state.console?.board ?? null) !== null);
  const learns = useStore((state) => (state.console?.learning ?? null) !== null);
  const whatIf = useWhatIf(camera);
  const defaults = useStore((state) => state.console?.defaults);
  /** What takes back the last changes, the newest last. */
  const [undos, setUndos] = useState<readonly Undo[]>([]);
  /** What others have changed as well, with what saves it all the same. */
  const [clash, setClash] = useState<{ error: ClashError; again(): void }>();
  const apply = async (change: CameraChange, seen: CameraState, done: (saved: Saved) => void): Promise<boolean> => {
    try {
      done(await saveCamera(change, seen));
      setError(undefined);
      return true;
    } catch (reason) {
      if (reason instanceof ClashError) {
        setClash({ error: reason, again: () => void apply(change, reason.now, done) });
        return false;
      }
      const { message } = reason as Error;
      setError(message);
      tell('bad', message);
      return false;
    }
  };
  const save = (change: CameraChange) =>
    apply(change, camera, ({ before, after }) => {
      const inverse = inverseOf(change, before.settings);
      if (inverse) setUndos((all) => [...all.slice(1 - mostUndos), { change: inverse, seen: after }]);
    });
  const undo = () => {
    const last = undos.at(-1)!;
    return apply(last.change, last.seen, () => setUndos((all) => all.filter((one) => one !== last)));
  };
  return (
    <>
      <p class="lead">
        Changes take effect at once, are kept for the next start, and are told to a home hub where there is one.
      </p>
      <Elsewhere camera={camera} />
      {error && (
        <p class="field-error" role="alert">
          {error}
        </p>
      )}
      <div class="chips">
        <button type="button" class="button" disabled={undos.length === 0} onClick={undo}>
          Undo the last change
        </button>
        {defaults && (
          <button type="button" class="button" onClick={() => save(defaultsOf(defaults, camera.known_labels))}>
            Back to the defaults
          </button>
        )}
      </div>
      <div class="settings-grid">
        <section class="card panel form" aria-label="Camera">
          <h2>Camera</h2>
          <Switch
            name="Camera on"
            help="Off: the camera is closed."
            on={enabled}
            onChange={(on) => save({ enabled: on })}
          />
          <SourceField camera={camera} save={save} />
          {hasBoard && <CameraName camera={camera} />}
          {isRtsp && (
            <Switch
              name="UDP"
              help="If a poor radio link makes it stall: the picture is briefly damaged, but never late. Off: TCP."
              on={transport === 'udp'}
              onChange={(on) => save({ transport: on ? 'udp' : 'tcp' })}
            />
          )}
          <Switch
            name="Hardware decoding"
            help="Decodes with the board’s hardware where that works. Off: always in software."
            on={hardware}
            onChange={(on) => save({ hardware_decoding: on })}
          />
        </section>
        <section class="card panel form" aria-label="Detection">
          <h2>Detection</h2>
          <Switch
            name="Detect"
            help="Off: the camera is shown, nothing is detected."
            on={detect.enabled}
            onChange={(on) => save({ detect: { enabled: on } })}
          />
          <Slider
            name="Threshold"
            help="Minimum score. Higher: fewer false alarms. Lower: less is missed."
            value={detect.threshold}
            preview={whatIf}
            onChange={(threshold) => save({ detect: { threshold } })}
          />
          <Thresholds camera={camera} save={save} />
          {learns && (
            <>
              <h2>Learning</h2>
              <Switch
                name="Learn"
                help="Recognise what was taught, and allow teaching."
                on={learn.enabled}
                onChange={(on) => save({ learn: { enabled: on } })}
              />
            </>
          )}
        </section>
        <section class="card panel form" aria-label="Labels">
          <h2>Labels</h2>
          <LabelPicker camera={camera} save={save} />
        </section>
        <section class="card panel form" aria-label="Motion and snapshots">
          <h2>Motion</h2>
          <Switch
            name="Motion gate"
            help="The network rests while nothing moves, which saves nearly all of the work on a still scene."
            on={motion.enabled}
            onChange={(on) => save({ motion: { enabled: on } })}
          />
          <Slider
            name="Motion sensitivity"
            help="Higher: less motion is enough."
            value={motion.sensitivity}
            onChange={(sensitivity) => save({ motion: { sensitivity } })}
          />
          <h2>Snapshots</h2>
          <Switch
            name="Snapshots"
            help="A picture with each event, here and on MQTT."
            on={snapshots.enabled}
            onChange={(on) => save({ snapshots: { enabled: on } })}
          />
          <SourceForm
            id="main-stream"
            name="Main stream"
            value={snapshots.source}
            camera={camera.name}
            none="Use none"
            action="Use this main stream"
            use={(uri) => save({ snapshots: { source: uri } })}
          >
            {() => (
              <span class="field-help">
                Snapshots are taken from this stream, if the source is a smaller one of the same camera. Empty: from the
                source.
              </span>
            )}
          </SourceForm>
        </section>
      </div>
      {clash && (
        <ClashSheet
          camera={camera.name}
          clashes={clash.error.clashes}
          onTheirs={() => {}}
          onMine={clash.again}
          onClose={() => setClash(undefined)}
        />
      )}
    </>
  );
}
