import { useState } from 'preact/hooks';
import type { CameraState } from '../../../protocol.ts';
import { teach } from '../api.ts';
import { Sheet } from '../parts/sheet.tsx';
import { useStore } from '../store.ts';
import { LabelChoice } from './label-choice.tsx';
import { Outcome } from './outcome.tsx';
import { useChange } from './use-change.ts';
import { labelsOf } from './words.ts';

/** Asks what state the whole view is in, and teaches it. */
export function ViewSheet({ camera, onClose }: { camera: CameraState; onClose(): void }) {
  const learning = useStore((state) => state.console?.learning);
  const states = learning?.heads.filter(({ objects }) => !objects).map(({ name }) => name) ?? [];
  const [state, setState] = useState(camera.states[0]?.head ?? camera.name);
  const [opened] = useState(Date.now);
  const change = useChange();
  const name = state.trim();
  return (
    <Sheet title="This view is …" onClose={onClose}>
      {(close) => (
        <>
          <div class="looks">
            <img
              src={`/api/cameras/${encodeURIComponent(camera.name)}/snapshot.jpg?at=${opened}`}
              alt={`What ${camera.name} sees`}
            />
          </div>
          <Outcome change={change} onDone={close}>
            <div class="field">
              <label class="field-name" for="state-name">
                What has this state
              </label>
              <input
                id="state-name"
                type="text"
                list="state-names"
                maxLength={64}
                autocomplete="off"
                value={state}
                onInput={(event) => setState(event.currentTarget.value)}
              />
              <datalist id="state-names">
                {states.map((one) => (
                  <option key={one} value={one} />
                ))}
              </datalist>
            </div>
            <LabelChoice
              labels={labelsOf(learning, name)}
              current={camera.states.find(({ head }) => head === name)?.state}
              busy={change.busy || name === ''}
              ask="Its state now"
              askOther="Another state"
              placeholder="tidy, untidy, open, closed …"
              onChoose={(label, negative) =>
                change.run(
                  `${name} is ${negative ? `not ${label}` : label}`,
                  () => teach({ camera: camera.name, view: name, label, negative }),
                  close,
                )
              }
            />
          </Outcome>
        </>
      )}
    </Sheet>
  );
}
