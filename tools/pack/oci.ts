import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asset, packageVersion } from '../../sdk/base/assets.ts';
import { installAppTree } from './app-tree.ts';
import { runtimePackages, smallRoot } from './debian-root.ts';
import { tarOf, writeOciArchive } from './oci-archive.ts';
import type { Architecture } from './platform.ts';
import { run } from './run.ts';
import { sourceDate } from './source-date.ts';

export interface OciOptions {
  readonly arch: Architecture;
  /** Default: `build/packages`. */
  readonly to?: string;
  /** Time of all files, in seconds since 1970. Default: `sourceDate()`. */
  readonly date?: number;
}

/** Nobody on the host: a volume's files show whose they are. */
const user = 10_001;
const dataFolder = '/data';

/** Run by a shell, with the root's folder as its first argument. */
const addUser = [
  `echo "ocellus:x:${user}:${user}:Ocellus:${dataFolder}:/usr/sbin/nologin" >> "$1/etc/passwd"`,
  `echo "ocellus:x:${user}:" >> "$1/etc/group"`,
  `mkdir "$1${dataFolder}"`,
  `chown ${user}:${user} "$1${dataFolder}"`,
].join(' && ');

const askHealth =
  "fetch('http://127.0.0.1:8420/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))";
const secondsInNs = 1e9;

/**
 * Builds a container image of one architecture: Debian 13 with Node and ffmpeg as the lower layer, the tree of `appTree` as the
 * upper one. It runs `ocellus run` as a user of its own, and keeps all in `/data`. mmdebstrap needs root, or a kernel that gives
 * users their own name spaces, and qemu-user-static for an architecture that is not this machine's.
 *
 * @returns The path of `ocellus-VERSION-ARCH.oci.tar`.
 * @throws InputError when a program is missing or fails.
 */
export async function packOci({
  arch,
  to = asset('build', 'packages'),
  date = sourceDate(),
}: OciOptions): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), 'ocellus-oci-'));
  try {
    const base = join(scratch, 'base.tar');
    run(
      'mmdebstrap',
      [
        ...['--quiet', '--variant=essential', `--architectures=${arch}`, ...smallRoot],
        ...[`--include=${runtimePackages.join(',')}`, `--customize-hook=${addUser}`, 'trixie', base],
      ],
      { env: { SOURCE_DATE_EPOCH: String(date) }, package: 'mmdebstrap' },
    );
    const root = join(scratch, 'root');
    mkdirSync(root);
    installAppTree(root, { arch, date });
    const app = join(scratch, 'app.tar');
    tarOf(root, app, date);
    mkdirSync(to, { recursive: true });
    const version = packageVersion();
    const file = join(to, `ocellus-${version}-${arch}.oci.tar`);
    await writeOciArchive(
      {
        arch,
        date,
        layers: [
          { tar: base, madeBy: `mmdebstrap: Debian 13 with ${runtimePackages.join(', ')}` },
          { tar: app, madeBy: `Ocellus ${version}` },
        ],
        config: {
          User: `${user}:${user}`,
          Env: ['PATH=/usr/local/bin:/usr/bin:/bin', `OCELLUS_DATA=${dataFolder}`, `HOME=${dataFolder}`],
          Entrypoint: ['/usr/bin/ocellus'],
          Cmd: ['run'],
          WorkingDir: dataFolder,
          Volumes: { [dataFolder]: {} },
          ExposedPorts: { '8420/tcp': {}, '1883/tcp': {} },
          StopSignal: 'SIGTERM',
          // No field of the specification, but what Docker reads.
          Healthcheck: {
            Test: ['CMD', 'node', '-e', askHealth],
            ...{ Interval: 30 * secondsInNs, Timeout: 10 * secondsInNs, StartPeriod: 60 * secondsInNs, Retries: 3 },
          },
        },
        reference: `ocellus:${version}`,
        annotations: {
          'org.opencontainers.image.title': 'Ocellus',
          'org.opencontainers.image.version': version,
          'org.opencontainers.image.licenses': 'Apache-2.0',
        },
      },
      file,
    );
    return file;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
