import { useState } from 'preact/hooks';
import type { CameraState } from '../../../protocol.ts';
import { teach } from '../api.ts';
import { Sheet } from '../parts/sheet.tsx';
import { saveCamera } from '../save/save-camera.ts';
import { useStore } from '../store.ts';
import type { BoxShares } from './box-surface.tsx';
import { LabelChoice } from './label-choice.tsx';
import { Outcome } from './outcome.tsx';
import { useChange } from './use-change.ts';
import { labelsOf } from './words.ts';

/** The part of the view that a state is about. */
export interface ViewPart {
  readonly share: BoxShares;
  /** Address of a picture of it. */
  readonly picture: string;
}

/** Asks what state the whole view is in, or a part of it, and teaches it. */
export function ViewSheet({ camera, part, onClose }: { camera: CameraState; part?: ViewPart; onClose(): void }) {
  const learning = useStore((state) => state.console?.learning);
  const states = learning?.heads.filter(({ objects }) => !objects).map(({ name }) => name) ?? [];
  const [state, setState] = useState(part ? '' : (camera.states[0]?.head ?? camera.name));
  const [opened] = useState(Date.now);
  const change = useChange();
  const name = state.trim();
  const isKnown = states.includes(name);
  const choose = async (label: string, negative: boolean) => {
    // A state that was taught keeps its part of the view.
    if (part && !isKnown) {
      const region = part.share.map((side) => Math.round(side * 1000) / 1000) as [number, number, number, number];
      await saveCamera({ learn: { states: { ...camera.settings.learn.states, [name]: { region } } } }, camera);
    }
    return teach({ camera: camera.name, view: name, label, negative });
  };
  return (
    <Sheet title={part ? 'This part is …' : 'This view is …'} onClose={onClose}>
      {(close) => (
        <>
          <div class="looks">
            <img
              src={part?.picture ?? `/api/cameras/${encodeURIComponent(camera.name)}/snapshot.jpg?at=${opened}`}
              alt={`What ${camera.name} sees`}
            />
          </div>
          <Outcome change={change} onDone={close}>
            <div class="field">
              <label class="field-name" for="state-name">
                What the state is of
              </label>
              <input
                id="state-name"
                type="text"
                list="state-names"
                placeholder="gate, cupboard …"
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
              {part && isKnown && (
                <span class="field-help">{name} is taught already, and keeps its part of the view.</span>
              )}
            </div>
            <LabelChoice
              labels={labelsOf(learning, name)}
              current={camera.states.find(({ head }) => head === name)?.state}
              busy={change.busy || name === ''}
              ask="Its current state"
              askOther="Another state"
              placeholder="tidy, untidy, open, closed …"
              onChoose={(label, negative) =>
                change.run(`${name} is ${negative ? `not ${label}` : label}`, () => choose(label, negative), close)
              }
            />
          </Outcome>
        </>
      )}
    </Sheet>
  );
}
