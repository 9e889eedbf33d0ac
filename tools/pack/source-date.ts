import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { asset, packageRoot } from '../../sdk/base/assets.ts';
import { InputError } from '../../sdk/base/errors.ts';

/**
 * The time that everything packed carries, in seconds since 1970, so that the same sources give the same bytes:
 * `SOURCE_DATE_EPOCH` (reproducible-builds.org), else that of the last commit, else that of package.json.
 *
 * @throws InputError when SOURCE_DATE_EPOCH is no whole number of seconds.
 */
export function sourceDate(): number {
  const asked = process.env.SOURCE_DATE_EPOCH;
  if (asked) {
    if (!/^\d{1,11}$/.test(asked))
      throw new InputError(`SOURCE_DATE_EPOCH: expected seconds since 1970, got ${JSON.stringify(asked)}`);
    return Number(asked);
  }
  const { status, stdout } = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: packageRoot, encoding: 'utf8' });
  if (status === 0 && /^\d+$/.test(stdout.trim())) return Number(stdout);
  return Math.floor(statSync(asset('package.json')).mtimeMs / 1000);
}
