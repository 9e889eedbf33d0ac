import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { realpath } from 'node:fs/promises';
import { createServer } from 'node:net';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { makeFolder } from '../../sdk/base/make-folder.ts';

/**
 * Makes a folder, and takes it for this process alone until it ends, however that happens. By a name without a file, which only Linux has;
 * elsewhere, and between machines that share a disk, two processes are not told of each other.
 *
 * @returns Gives the folder back.
 * @throws InputError when the folder cannot be made, or another process has it.
 */
export async function takeFolder(folder: string): Promise<() => Promise<void>> {
  let place: string;
  try {
    await makeFolder(folder);
    place = await realpath(folder);
  } catch (error) {
    throw new InputError(`--parquet ${folder}: ${messageOf(error)}`);
  }
  if (process.platform !== 'linux') return async () => {};
  const server = createServer((socket) => socket.destroy());
  server.listen(`\0ocellus-${createHash('sha256').update(place).digest('hex')}`);
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return async () => {};
    throw new InputError(
      `--parquet ${folder}: another process writes to it at the moment; wait for its end, or name another folder`,
    );
  }
  // Nothing that this process would wait for.
  server.unref();
  return async () => {
    server.close();
    await once(server, 'close');
  };
}
