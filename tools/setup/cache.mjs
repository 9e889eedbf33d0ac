// What takes minutes to make is made once for all checkouts of a user: each thing at a path that names all it is made from.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { digest, hasProgram } from './steps.mjs';

/** It may be emptied at any time. */
export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ocellus');

/** The path in the cache of a thing that is made from these parts: other parts, another path. */
export function cachePath(name, parts) {
  // Its length too, or ['ab', 'c'] would be what ['a', 'bc'] is.
  const key = digest(parts.flatMap((part) => [`${part.length} `, part]));
  return join(cacheFolder, `${name}-${key.slice(0, 16)}`);
}

/**
 * Runs a program while nobody else runs one for the same path. The kernel gives the lock back however the program ends.
 * Where there is no `flock`, both do the work: what they make is moved to its place whole, so that does no harm.
 *
 * @returns True when it went well.
 */
export async function withLock(path, program, args) {
  mkdirSync(cacheFolder, { recursive: true });
  const [first, ...rest] = hasProgram('flock') ? ['flock', `${path}.lock`, program, ...args] : [program, ...args];
  const [status] = await once(spawn(first, rest, { stdio: 'inherit' }), 'close');
  return status === 0;
}
