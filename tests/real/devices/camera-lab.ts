import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'vite';
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

/**
 * Bundles programs of the folder `guest`, each into one file: an emulated processor takes longer to load hundreds of modules than to
 * run what they do. @returns The folder to be /work there, in which they lie as `NAME.js`.
 */
export async function compileForGuest(...names: string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-guest-'));
  await build({
    configFile: false,
    root: packageRoot,
    publicDir: false,
    logLevel: 'warn',
    build: {
      ssr: true,
      target: 'node20',
      outDir: folder,
      rolldownOptions: {
        input: Object.fromEntries(
          names.map((name) => [name, asset('tests', 'real', 'devices', 'guest', `${name}.ts`)]),
        ),
        output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
    ssr: { noExternal: ['@sinclair/typebox'] },
  });
  // It says that they are ES modules, and that this is the package's folder, which is found by its name.
  writeFileSync(join(folder, 'package.json'), '{"name":"ocellus","type":"module"}');
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
