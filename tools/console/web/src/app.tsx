import { useEffect, useRef, useState } from 'preact/hooks';
import type { CameraChange, CameraState, NodeState } from '../../protocol.ts';
import { Connection, changeCamera, type Snapshot } from './connection.ts';
import { Counts } from './counts.tsx';
import { Events } from './events.tsx';
import eye from './eye.svg';
import { Health } from './health.tsx';
import { LiveView } from './live-view.tsx';
import { Settings } from './settings.tsx';
import { ShapeCanvas } from './shape-canvas.tsx';
import { ShapeEditor } from './shape-editor.tsx';
import { type Draft, withDraft, withoutShape } from './shapes.ts';
import { applyTheme, savedTheme, type Theme } from './theme.ts';

const tabs = ['Events', 'Zones', 'Settings', 'Health'] as const;
type Tab = (typeof tabs)[number];

export function App() {
  const connection = useRef<Connection>(null as unknown as Connection);
  connection.current ??= new Connection();
  const [snapshot, setSnapshot] = useState<Snapshot>(connection.current.snapshot);
  useEffect(() => {
    connection.current.onChange = setSnapshot;
    connection.current.start();
  }, []);
  const { state, connected } = snapshot;
  const [name, setName] = useState<string>();
  const camera = state?.cameras.find((one) => one.name === name) ?? state?.cameras[0];
  return (
    <>
      <Header state={state} connected={connected} camera={camera} onCamera={setName} />
      {state && !connected && (
        <p class="banner" role="alert">
          The connection to {state.node} is lost; trying again …
        </p>
      )}
      {state && camera ? (
        <Camera key={camera.name} camera={camera} state={state} snapshot={snapshot} connection={connection.current} />
      ) : (
        <main class="empty">
          <img src={eye} alt="" width="72" height="72" />
          <p>{connected ? 'No camera is set up. Name one in ocellus.yaml, or start with --source.' : 'Connecting …'}</p>
        </main>
      )}
    </>
  );
}

function Header({
  state,
  connected,
  camera,
  onCamera,
}: {
  state: NodeState | undefined;
  connected: boolean;
  camera: CameraState | undefined;
  onCamera: (name: string) => void;
}) {
  const [theme, setTheme] = useState<Theme>(savedTheme);
  useEffect(() => applyTheme(theme), [theme]);
  return (
    <header>
      <img src={eye} alt="" width="28" height="28" />
      <h1>{state?.node ?? 'Ocellus'}</h1>
      <nav aria-label="Cameras">
        {state && state.cameras.length > 1
          ? state.cameras.map((one) => (
              <button
                type="button"
                key={one.name}
                aria-pressed={one.name === camera?.name}
                onClick={() => onCamera(one.name)}
              >
                <span class={`dot ${one.status}`} />
                {one.name}
              </button>
            ))
          : camera && (
              <span class="single">
                <span class={`dot ${camera.status}`} />
                {camera.name}
              </span>
            )}
      </nav>
      <span class="grow" />
      <span class={`link ${connected ? 'online' : ''}`}>{connected ? 'live' : 'no connection'}</span>
      <select
        value={theme}
        onChange={(event) => setTheme(event.currentTarget.value as Theme)}
        aria-label="Look of the page"
      >
        <option value="system">System</option>
        <option value="dark">Dark</option>
        <option value="light">Light</option>
      </select>
    </header>
  );
}

function Camera({
  camera,
  state,
  snapshot,
  connection,
}: {
  camera: CameraState;
  state: NodeState;
  snapshot: Snapshot;
  connection: Connection;
}) {
  const [tab, setTab] = useState<Tab>('Events');
  const [draft, setDraft] = useState<Draft>();
  const [problem, setProblem] = useState<string>();

  const change = async (patch: CameraChange): Promise<boolean> => {
    try {
      await changeCamera(camera.name, patch);
      setProblem(undefined);
      return true;
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      return false;
    }
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape') setDraft(undefined);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);

  return (
    <main>
      <div class="stage">
        <LiveView camera={camera} connection={connection}>
          {draft && <ShapeCanvas draft={draft} onChange={setDraft} />}
        </LiveView>
        {camera.status === 'online' && <Counts counts={camera.counts} />}
        <Source camera={camera} state={state} />
      </div>
      <aside>
        <div class="tabs" role="tablist" aria-label="What is shown beside the picture">
          {tabs.map((one) => (
            <button
              type="button"
              role="tab"
              key={one}
              aria-selected={one === tab}
              onClick={() => {
                setTab(one);
                setDraft(undefined);
              }}
            >
              {one}
            </button>
          ))}
        </div>
        {problem && (
          <p class="problem" role="alert">
            <span class="grow">{problem}</span>
            <button type="button" class="plain" aria-label="Close" onClick={() => setProblem(undefined)}>
              ×
            </button>
          </p>
        )}
        {tab === 'Events' && <Events events={snapshot.events} many={state.cameras.length > 1} />}
        {tab === 'Zones' && (
          <ShapeEditor
            camera={camera}
            draft={draft}
            onDraft={setDraft}
            onSave={async (done) => {
              if (await change(withDraft(done, camera.settings))) setDraft(undefined);
            }}
            onDelete={(kind, key) => change(withoutShape(kind, key, camera.settings))}
          />
        )}
        {tab === 'Settings' && <Settings camera={camera} labels={state.model?.labels ?? []} onChange={change} />}
        {tab === 'Health' && <Health camera={camera} state={state} stats={snapshot.stats} />}
      </aside>
    </main>
  );
}

/** Which source is shown and how to change it, and where its detections go. */
function Source({ camera, state }: { camera: CameraState; state: NodeState }) {
  const { source } = camera;
  const several = state.cameras.length > 1;
  return (
    <div class="source">
      <p>
        <strong>{source?.title ?? camera.settings.source}</strong>
        {source && ` · ${source.width} × ${source.height}`}
      </p>
      {source?.note ? (
        <p class="quiet">{source.note}</p>
      ) : (
        <p class="quiet">
          To change it: <code>npm start -- {several && `--camera ${camera.name} `}--source v4l2:/dev/video0</code>, or{' '}
          <code>cameras.{camera.name}.source</code> in ocellus.yaml.
        </p>
      )}
      {state.mqtt && (
        <p class="quiet">
          MQTT:{' '}
          <code>
            mosquitto_sub {brokerOptions(state.mqtt.url)} -t '{state.mqtt.topic}/#' -v
          </code>
        </p>
      )}
    </div>
  );
}

function brokerOptions(url: string): string {
  const { hostname, port } = new URL(url.replace(/^[a-z]+:/, 'http:'));
  return `-h ${hostname.replace(/^\[|\]$/g, '')} -p ${port || 1883}`;
}
