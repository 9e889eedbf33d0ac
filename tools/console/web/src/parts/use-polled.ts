import { useEffect, useState } from 'preact/hooks';

/**
 * Asks the node for something again and again while it is shown.
 *
 * @param ask What it asks.
 * @param key It asks anew where this changes; undefined: it does not ask.
 * @returns The last answer; undefined before the first one.
 */
export function usePolled<T>(
  ask: (key: string) => Promise<T>,
  key: string | undefined,
  everyMs: number,
): T | undefined {
  const [answer, setAnswer] = useState<T>();
  useEffect(() => {
    if (key === undefined) return;
    let isShown = true;
    const load = () =>
      ask(key).then(
        (next) => isShown && setAnswer(() => next),
        // The page says elsewhere that the connection is lost.
        () => {},
      );
    load();
    const timer = setInterval(load, everyMs);
    return () => {
      isShown = false;
      clearInterval(timer);
    };
  }, [key]);
  return answer;
}
