import { useEffect, useState } from 'preact/hooks';
import { Icon } from './icons.tsx';

interface Toast {
  id: number;
  kind: 'good' | 'bad';
  text: string;
}

let toasts: Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function setToasts(next: Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

const dismiss = (id: number) => setToasts(toasts.filter((toast) => toast.id !== id));

/** Shows a message in a corner for a while; errors stay longer. */
export function tell(kind: Toast['kind'], text: string): void {
  const id = nextId++;
  setToasts([...toasts.slice(-3), { id, kind, text }]);
  setTimeout(() => dismiss(id), kind === 'bad' ? 12_000 : 3000);
}

export function Toasts() {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((count) => count + 1);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return (
    <div class="toasts" aria-live="polite">
      {toasts.map(({ id, kind, text }) => (
        <div key={id} class={`toast is-${kind}`} role={kind === 'bad' ? 'alert' : 'status'}>
          <Icon name={kind === 'bad' ? 'alert' : 'check'} />
          <span>{text}</span>
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
