import { useEffect, useRef } from 'preact/hooks';

interface Layer {
  /** Closes it. @returns False: it stays. */
  close(): unknown;
}

/** What is open, the topmost last. The browser's history has an entry for each, so that its Back closes the topmost. */
const layers: Layer[] = [];
/** The browser was told to go back, which it does later. */
let isGoing = false;
/** Where a link led meanwhile, and until when (monotonic ms) the browser may still leave it for where it was told to go. */
let followed: { hash: string; until: number } | undefined;
const landingMs = 5000;
/** The page's address when the topmost was opened. */
let openedAt = '';

const depth = (): number => (history.state as { depth?: number } | null)?.depth ?? 0;

/** Brings the history in line with what is open; what is opened and closed in one turn leaves no trace. */
function align(): void {
  if (isGoing) return;
  for (let have = depth(); have < layers.length; have++) {
    // Where going back ends is told from where a link leads, which has no state.
    history.replaceState({ depth: have }, '');
    history.pushState({ depth: have + 1 }, '');
  }
  if (depth() <= layers.length) return;
  isGoing = true;
  history.go(layers.length - depth());
}

const later = () => void setTimeout(align);

// What is closed leaves the page where it is.
history.scrollRestoration = 'manual';
// Of the page before a reload nothing is open.
if (depth() > 0) history.replaceState(null, '');
addEventListener('popstate', () => {
  if (history.state === null && (isGoing || followed)) {
    isGoing = false;
    followed = { hash: location.hash, until: performance.now() + landingMs };
  } else if (followed) {
    const { hash, until } = followed;
    followed = undefined;
    if (performance.now() < until) location.hash = hash;
  } else if (isGoing) isGoing = false;
  // A link to another view: what is open goes with the view.
  else if (location.hash === openedAt) {
    for (const layer of layers.slice(depth()).reverse()) {
      if (layer.close() === false) break;
      const at = layers.indexOf(layer);
      if (at >= 0) layers.splice(at, 1);
    }
  }
  later();
});

/** The browser's Back closes what has this hook, while it is open. @param close Returns false where it stays open. */
export function useBack(isOpen: boolean, close: () => unknown): void {
  const newest = useRef(close);
  newest.current = close;
  useEffect(() => {
    if (!isOpen) return;
    const layer: Layer = { close: () => newest.current() };
    layers.push(layer);
    openedAt = location.hash;
    later();
    return () => {
      const at = layers.indexOf(layer);
      if (at >= 0) layers.splice(at, 1);
      later();
    };
  }, [isOpen]);
}
