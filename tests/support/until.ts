/** Waits for something to become true; the test's own timeout ends it otherwise. */
export async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 5));
}
