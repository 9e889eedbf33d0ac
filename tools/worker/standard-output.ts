/** Writes to what standard output was, and waits while its reader is behind. */
export type Write = (bytes: Uint8Array | string) => Promise<void>;

/**
 * Takes standard output for a protocol: whatever else writes there from now on, such as code of the user's own, is written to
 * stderr.
 */
export function takeStandardOutput(): Write {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr) as typeof stdout.write;
  return async (bytes) => {
    if (bytes.length === 0 || write(bytes)) return;
    await new Promise<void>((resolve) => stdout.once('drain', resolve));
  };
}
