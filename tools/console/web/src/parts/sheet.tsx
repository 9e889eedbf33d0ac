import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from './icons.tsx';
import { useBack } from './use-back.ts';

/** A small dialog: under the thumb on a phone, in the middle elsewhere. Closing puts the focus back where it was. */
export function Sheet({
  title,
  children,
  onClose,
}: {
  title: string;
  /** Its content, called with a function that closes it. */
  children: (close: () => void) => ComponentChildren;
  onClose(): void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const close = () => dialog.current?.close();
  useBack(true, close);
  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-label={title}
      // A click beside it closes it, where the browser knows how.
      {...{ closedby: 'any' }}
      onClose={onClose}
    >
      <div class="detail-head">
        <h2>{title}</h2>
        <button type="button" class="icon-button" aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      {children(close)}
    </dialog>
  );
}
