import { useStore } from '../store.ts';

/** Whether what this camera sees can be taught. */
export function useTeachable(camera: string | undefined): boolean {
  return useStore(
    ({ console, cameras }) =>
      (console?.learning ?? null) !== null &&
      cameras.some(({ name, settings }) => name === camera && settings.learn.enabled),
  );
}
