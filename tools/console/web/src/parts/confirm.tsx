import type { ComponentChildren } from 'preact';
import { Sheet } from './sheet.tsx';

/** Asks before something that cannot be taken back. */
export function Confirm({
  title,
  action,
  children,
  onYes,
  onClose,
}: {
  title: string;
  /** The word on the button that does it. */
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
              Leave it
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
