import { after } from './timers.ts';

/** What a promise gives, or `fallback` when that takes too long or fails. Leaves no timer behind. */
export async function within<T>(timeoutMs: number, promise: Promise<T>, fallback: T): Promise<T> {
  let callOff = () => {};
  const late = new Promise<T>((resolve) => {
    callOff = after(timeoutMs, () => resolve(fallback));
  });
  try {
    return await Promise.race([promise, late]);
  } catch {
    return fallback;
  } finally {
    callOff();
  }
}
