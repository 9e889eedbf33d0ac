import { useEffect, useState } from 'preact/hooks';
import { takeBack } from '../api.ts';
import { keep, kept } from '../kept.ts';
import { Icon } from './icons.tsx';

interface Toast {
  id: number;
  kind: 'good' | 'bad';
  text: string;
  /** What takes it back, and until when that is offered, ms since 1970. */
  undo?: string | undefined;
  until: number;
}

const undoMs = 20_000;
const storedKey = 'ocellus-undo';
let toasts: Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function setToasts(next: Toast[]): void {
  toasts = next;
  // What can be taken back can be after a reload, too.
  keep(
    storedKey,
    toasts.filter(({ undo }) => undo),
  );
  for (const listener of listeners) listener();
}

const dismiss = (id: number) => setToasts(toasts.filter((toast) => toast.id !== id));

function show(toast: Omit<Toast, 'id'>): void {
  const id = nextId++;
  setToasts([...toasts.slice(-3), { ...toast, id }]);
  setTimeout(() => dismiss(id), Math.min(toast.until - Date.now(), undoMs));
}

/** Shows a message in a corner for a while; errors, and what can be taken back, stay longer. */
export function tell(kind: Toast['kind'], text: string, undo?: string | null): void {
  const shownMs = undo ? undoMs : kind === 'bad' ? 12_000 : 3000;
  show({ kind, text, until: Date.now() + shownMs, ...(undo && { undo }) });
}

async function undoIt({ id, undo }: Toast): Promise<void> {
  dismiss(id);
  try {
    await takeBack(undo!);
    tell('good', 'Taken back');
  } catch (error) {
    tell('bad', (error as Error).message);
  }
}

export function Toasts() {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((count) => count + 1);
    listeners.add(listener);
    const left: Toast[] = kept(storedKey) ?? [];
    if (toasts.length === 0) for (const toast of left) if (toast.until > Date.now()) show(toast);
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return (
    <div class="toasts" aria-live="polite">
      {toasts.map((toast) => (
        <div key={toast.id} class={`toast is-${toast.kind}`} role={toast.kind === 'bad' ? 'alert' : 'status'}>
          <Icon name={toast.kind === 'bad' ? 'alert' : 'check'} />
          <span>{toast.text}</span>
          {toast.undo && (
            <button type="button" class="text-button" onClick={() => undoIt(toast)}>
              Undo
            </button>
          )}
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => dismiss(toast.id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
