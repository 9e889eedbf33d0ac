import { useState } from 'preact/hooks';
import type { BoardState } from '../../../protocol.ts';
import { addCamera, renameNode } from '../api.ts';
import { asName, nameInWords, namePattern } from '../parts/name.ts';
import { linkTo } from '../route.ts';
import { saveBoard } from '../save/save-board.ts';
import { useStore } from '../store.ts';
import { AccessForm } from './access-form.tsx';
import { HistoryForm } from './history-form.tsx';
import { NameForm } from './name-form.tsx';
import { SourceHelp } from './source-field.tsx';
import { SourceForm } from './source-form.tsx';

/** What is about the whole board: more cameras, its name, and who reaches this page. */
export function BoardSettings({ board }: { board: BoardState }) {
  const node = useStore((state) => state.console?.node ?? '');
  const hasCamera = useStore((state) => state.cameras.length > 0);
  return (
    <>
      {/* On an empty board the first camera comes first. */}
      <h2 class={hasCamera ? 'section-title' : 'visually-hidden'}>This board</h2>
      <div class="settings-grid">
        <section class="card panel form" aria-label="Add a camera">
          <h3>{hasCamera ? 'Add a camera' : 'Add the first camera'}</h3>
          <AddCamera />
        </section>
        <section class="card panel form" aria-label="Board">
          <h3>Name</h3>
          <NameForm
            id="node-name"
            name="Name of the board"
            help="Part of each MQTT topic and Home Assistant entity. What was taught before counts on, as another board’s."
            value={node}
            rename={(name) => saveBoard((run) => renameNode(name, run))}
          />
        </section>
        <section class="card panel form" aria-label="Past events">
          <h3>Past events</h3>
          <HistoryForm history={board.history} />
        </section>
        <section class="card panel form" aria-label="Access">
          <h3>Who reaches this page</h3>
          <AccessForm board={board} />
        </section>
      </div>
    </>
  );
}

function AddCamera() {
  const cameras = useStore((state) => state.cameras);
  const [name, setName] = useState('');
  const [error, setError] = useState<string>();
  const isTaken = cameras.some((one) => one.name === name);
  const problem = isTaken ? 'There is a camera of that name already.' : error;
  const add = async (source: string) => {
    if (!namePattern.test(name) || isTaken) {
      setError(isTaken ? undefined : `Give it a name first. ${nameInWords}`);
      document.getElementById('new-name')?.focus();
      return false;
    }
    setError(undefined);
    try {
      await addCamera(name, source);
      setName('');
      // Who has gone on to another view meanwhile stays there.
      if (location.hash.startsWith(linkTo('settings'))) location.hash = linkTo('live', name);
      return true;
    } catch (reason) {
      setError((reason as Error).message);
      return false;
    }
  };
  return (
    <>
      <div class="field">
        <label class="field-name" for="new-name">
          Name
        </label>
        <input
          id="new-name"
          type="text"
          placeholder="front-door"
          value={name}
          maxLength={32}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          aria-invalid={problem !== undefined}
          aria-describedby="new-name-help"
          onInput={(event) => {
            setError(undefined);
            setName(asName(event.currentTarget.value));
          }}
        />
        <div id="new-name-help">
          {problem && (
            <p class="field-error" role="alert">
              {problem}
            </p>
          )}
        </div>
      </div>
      <SourceForm id="new-source" name="Source" list="sources" value="" action="Add this camera" use={add}>
        {(fill) => <SourceHelp fill={fill} />}
      </SourceForm>
    </>
  );
}
