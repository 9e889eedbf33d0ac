import { after } from './timers.ts';

/** The value of a promise, or `fallback` when it takes too long or is rejected. Leaves no timer behind. */
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
