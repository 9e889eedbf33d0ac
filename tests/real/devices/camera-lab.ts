import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { asset } from '../../../sdk/assets.ts';
import { hasProgram } from '../../needs.ts';

const run = promisify(execFile);
const lab = process.env.LAB ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ocellus-lab');
const isBuilt = existsSync(join(lab, 'root.ext4'));

/** Can the guest with a camera be booted here, after building it if it was not built before? */
export const hasCameraLab =
  hasProgram('qemu-system-x86_64') &&
  (isBuilt || (process.getuid?.() === 0 && ['mmdebstrap', 'mkfs.ext4', 'cpio', 'xz'].every(hasProgram)));

/** What `hasCameraLab` asks for. */
export const cameraLabNeeds = 'root once, mmdebstrap, qemu-system-x86, e2fsprogs, cpio, xz-utils';

/** Builds the guest unless it is there: downloads a Debian, some minutes. */
export async function buildCameraLab(): Promise<void> {
  if (!existsSync(join(lab, 'root.ext4'))) await run(asset('tests', 'real', 'lab', 'guest-build'));
}

/** Runs a command in the guest, `folder` is /work there. @returns What it printed. @throws Error with what it printed. */
export async function inGuest(command: string, folder: string, limitSeconds = 240): Promise<string> {
  const env = { ...process.env, WORK: folder, LIMIT: String(limitSeconds) };
  const { stdout } = await run(asset('tests', 'real', 'lab', 'guest-run'), [command], { env, maxBuffer: 1 << 24 });
  return stdout;
}
