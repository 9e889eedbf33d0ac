import type { ComponentChildren } from 'preact';
import { Sheet } from './sheet.tsx';

/** Asks before something that cannot be undone. */
export function Confirm({
  title,
  action,
  children,
  onYes,
  onClose,
}: {
  title: string;
  /** The label of the button that does it. */
  action: string;
  children: ComponentChildren;
  onYes(): void;
  onClose(): void;
}) {
  return (
    <Sheet title={title} onClose={onClose}>
      {(close) => (
        <>
          <p class="muted">{children}</p>
          <div class="form-end">
            <button type="button" class="button" autofocus onClick={close}>
              Cancel
            </button>
            <button
              type="button"
              class="button is-danger"
              onClick={() => {
                onYes();
                close();
              }}
            >
              {action}
            </button>
          </div>
        </>
      )}
    </Sheet>
  );
}
