import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { asset, packageRoot } from '../../../sdk/assets.ts';
import { hasProgram } from '../../needs.ts';

const run = promisify(execFile);
const home = process.env.LAB ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ocellus-lab');

/** A guest: where it is, and what it has beside what all of them have. */
export interface CameraLab {
  readonly folder: string;
  readonly packages: readonly string[];
}

/** The one with the kernel's virtual camera. */
const vivid: CameraLab = { folder: home, packages: [] };
/** The one with libcamera of Debian 13, and what builds the native source for it. */
export const libcameraLab: CameraLab = {
  folder: `${home}-libcamera`,
  packages: ['libcamera-dev', 'g++', 'cmake', 'ninja-build', 'pkg-config'],
};

const isBuilt = ({ folder }: CameraLab) => existsSync(join(folder, 'root.ext4'));
const isRoot = process.getuid?.() === 0;
const canBuild = isRoot && ['mmdebstrap', 'mkfs.ext4', 'cpio', 'xz'].every(hasProgram);
const canBoot = hasProgram('qemu-system-x86_64');

/** Can the guest with a camera be booted here, after building it if it was not built before? */
export const hasCameraLab = canBoot && (isBuilt(vivid) || canBuild);
/** The same of the guest with libcamera; what runs in it is built by its own compiler, for which its image is mounted here. */
export const hasLibcameraLab =
  canBoot && canBuild && spawnSync(asset('tests', 'real', 'lab', 'guest-chroot'), ['--check']).status === 0;

/** What `hasCameraLab` asks for. */
export const cameraLabNeeds = 'root once, mmdebstrap, qemu-system-x86, e2fsprogs, cpio, xz-utils';
/** What `hasLibcameraLab` asks for. */
export const libcameraLabNeeds = 'root that may mount an image, mmdebstrap, qemu-system-x86, e2fsprogs, cpio, xz-utils';

/** Builds the guest unless it is there: downloads a Debian, some minutes. */
export async function buildCameraLab(lab = vivid): Promise<void> {
  if (isBuilt(lab)) return;
  await run(asset('tests', 'real', 'lab', 'guest-build'), [...lab.packages], {
    env: { ...process.env, LAB: lab.folder },
  });
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
export async function inGuest(
  command: string,
  folder: string,
  { lab = vivid, limitSeconds = 240, hasVivid = true } = {},
): Promise<string> {
  const env = {
    ...process.env,
    LAB: lab.folder,
    WORK: folder,
    LIMIT: String(limitSeconds),
    NOVIVID: hasVivid ? '' : '1',
  };
  const { stdout } = await run(asset('tests', 'real', 'lab', 'guest-run'), [command], { env, maxBuffer: 1 << 24 });
  return stdout;
}

/** Runs a command with a guest's programs on this processor: /srv is the package, /mnt is `out`. */
export async function withGuestPrograms(command: string, out: string, lab: CameraLab): Promise<void> {
  const env = { ...process.env, LAB: lab.folder, SOURCE: packageRoot, OUT: out };
  await run(asset('tests', 'real', 'lab', 'guest-chroot'), [command], { env, maxBuffer: 1 << 24 });
}
