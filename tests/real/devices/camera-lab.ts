import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { asset, packageRoot } from '../../../sdk/base/assets.ts';
import { hasProgram } from '../../support/needs.ts';
import { isLabMade, labFolder, makeLab } from '../lab/labs.mjs';

const run = promisify(execFile);
const script = (name: string) => asset('tests', 'real', 'lab', name);
const isRoot = process.getuid?.() === 0;
const canBuild = isRoot && ['mmdebstrap', 'mkfs.ext4', 'cpio', 'xz'].every(hasProgram);
const canBoot = hasProgram('qemu-system-x86_64');

/** Can the guest with cameras be booted here, after building it if it was not built before? */
export const hasCameraLab = canBoot && (isLabMade('guest') || canBuild);
/** May its image be mounted here as well, so that what runs in it is built by its own compiler? */
export const canUseGuestPrograms =
  hasCameraLab && isRoot && spawnSync(script('guest-chroot'), ['--check'], { stdio: 'ignore' }).status === 0;

/** What `hasCameraLab` asks for. */
export const cameraLabNeeds = 'root once, mmdebstrap, qemu-system-x86, e2fsprogs, cpio, xz-utils';
/** What `canUseGuestPrograms` asks for. */
export const guestProgramsNeed = 'root that may mount an image, mmdebstrap, qemu-system-x86, e2fsprogs, cpio, xz-utils';

/** Builds the guest unless it is there: downloads a Debian, some minutes. */
export async function buildCameraLab(): Promise<void> {
  await makeLab('guest');
}

/** Compiles programs of the folder `guest`. @returns The folder to be /work there, in which they lie at the same path. */
export function compileForGuest(...names: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-guest-'));
  const project = {
    extends: join(packageRoot, 'tsconfig.json'),
    compilerOptions: {
      rootDir: packageRoot,
      outDir: folder,
      declaration: false,
      noCheck: true,
      typeRoots: [join(packageRoot, 'node_modules', '@types')],
    },
    include: [],
    files: names.map((name) => join(packageRoot, 'tests/real/devices/guest', `${name}.ts`)),
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project));
  // Beside the compiled files it says that they are ES modules.
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  execFileSync(process.execPath, [join(packageRoot, 'node_modules/typescript/bin/tsc'), '-p', folder]);
  // All that devices need of others before one is opened.
  const typebox = join('node_modules', '@sinclair', 'typebox');
  cpSync(join(packageRoot, typebox), join(folder, typebox), { recursive: true });
  return folder;
}

/** Runs a command in the guest, `folder` is /work there. @returns What it printed. @throws Error with what it printed. */
export async function inGuest(command: string, folder: string, { hasVivid = true } = {}): Promise<string> {
  const env = {
    ...process.env,
    LAB: labFolder('guest'),
    WORK: folder,
    // Emulated, on a slow machine, beside others: only what hangs takes so long.
    LIMIT: '3000',
    NOVIVID: hasVivid ? '' : '1',
  };
  const { stdout } = await run(script('guest-run'), [command], { env, maxBuffer: 1 << 24 });
  return stdout;
}

/** Runs a command with the guest's programs on this processor: /srv is the package, /mnt is `out`. */
export async function withGuestPrograms(command: string, out: string): Promise<void> {
  const env = { ...process.env, LAB: labFolder('guest'), SOURCE: packageRoot, OUT: out };
  await run(script('guest-chroot'), [command], { env, maxBuffer: 1 << 24 });
}
