import { homedir } from 'node:os';
import { join } from 'node:path';

/** A path whose `~` in front is the home folder, as in a shell, which does not see it behind `file:`. */
export const expandHome = (path: string): string =>
  path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
