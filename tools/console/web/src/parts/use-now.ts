import { useEffect, useState } from 'preact/hooks';

/** The time in seconds since 1970, updated every second; it jumps when the clock is set. */
export const useNow = (): number => useClock(() => Date.now() / 1000);

/** Monotonic seconds, updated every second: for durations. */
export const useTick = (): number => useClock(() => performance.now() / 1000);

function useClock(read: () => number): number {
  const [now, setNow] = useState(read);
  useEffect(() => {
    const timer = setInterval(() => setNow(read()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
