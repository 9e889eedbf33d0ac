import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { asset, packageVersion } from '../../sdk/base/assets.ts';
import { installAppTree } from './app-tree.ts';
import { buildDebianArchive, type DebianArchive } from './debian-archive.ts';
import type { Architecture } from './platform.ts';
import { sourceDate } from './source-date.ts';
import { walk } from './walk.ts';

export interface DebOptions extends Pick<DebianArchive, 'compression'> {
  readonly arch: Architecture;
  /** Default: `build/packages`. */
  readonly to?: string;
  /** Time of all files, in seconds since 1970. Default: `sourceDate()`. */
  readonly date?: number;
}

/** Who answers for the package, as `Name <address>`. */
const maintainer = process.env.OCELLUS_MAINTAINER || 'Ocellus <maintainer@ocellus.invalid>';

const environment = '/etc/ocellus/environment';

const description = `embedded vision: cameras become detections on MQTT
Ocellus runs neural networks on the processor of a small board, such as a
Raspberry Pi. What a camera sees becomes events on MQTT and on a live page;
Home Assistant discovers it. It learns new things on the board.

The service ocellus runs as a user of its own and may write to
/var/lib/ocellus and nowhere else.`;

/**
 * Builds the Debian package of one architecture: the tree of `appTree`, the command and the service, which is enabled.
 *
 * @returns The path of `ocellus_VERSION_ARCH.deb`.
 * @throws InputError when a program is missing or fails.
 */
export function packDeb({
  arch,
  to = asset('build', 'packages'),
  date = sourceDate(),
  compression,
}: DebOptions): string {
  const root = mkdtempSync(join(tmpdir(), 'ocellus-deb-'));
  try {
    installAppTree(root, { arch, date });
    const put = (path: string, content: string | Uint8Array) => {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), content);
    };
    put('/usr/lib/systemd/system/ocellus.service', readFileSync(asset('tools', 'systemd', 'ocellus.service')));
    put(environment, debian('environment'));
    put('/usr/share/doc/ocellus/copyright', copyright(join(root, 'usr', 'lib', 'ocellus')));
    put('/usr/share/doc/ocellus/changelog.gz', gzipSync(changelog(date), { level: 9 }));
    cpSync(asset('README.md'), join(root, 'usr', 'share', 'doc', 'ocellus', 'README.md'));
    mkdirSync(to, { recursive: true });
    return buildDebianArchive(
      {
        root,
        control: {
          Package: 'ocellus',
          Version: packageVersion(),
          Architecture: arch,
          Maintainer: maintainer,
          Section: 'video',
          Priority: 'optional',
          Depends: 'nodejs (>= 20.19), libc6 (>= 2.28), libstdc++6, init-system-helpers (>= 1.54~)',
          Recommends: 'ffmpeg, v4l-utils, ca-certificates',
          Suggests: 'mosquitto',
          Description: description,
        },
        scripts: { postinst: debian('postinst.sh'), prerm: debian('prerm.sh'), postrm: debian('postrm.sh') },
        conffiles: [environment],
        modes: { [environment]: 0o600 },
        date,
        compression,
      },
      to,
    );
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const debian = (name: string) => readFileSync(asset('tools', 'pack', 'debian', name), 'utf8');

function changelog(date: number): string {
  const day = new Date(date * 1000).toUTCString().replace('GMT', '+0000');
  return `ocellus (${packageVersion()}) unstable; urgency=medium\n\n  * See /usr/lib/ocellus/CHANGELOG.md.\n\n -- ${maintainer}  ${day}\n`;
}

/** Ocellus' own licence, and what the packages in the tree say of theirs; their texts are beside them. */
function copyright(tree: string): string {
  const packages = [...walk(join(tree, 'node_modules'))].flatMap(({ path }) => {
    if (!/(^|node_modules\/)(@[^/]+\/)?[^/@]+\/package\.json$/.test(path)) return [];
    const { name, version, license } = JSON.parse(readFileSync(join(tree, 'node_modules', path), 'utf8')) as Package;
    return name && version ? [` ${name} ${version}: ${typeof license === 'string' ? license : 'see its files'}`] : [];
  });
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: ocellus

Files: *
Copyright: the authors of Ocellus
License: Apache-2.0
 On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.

Files: usr/lib/ocellus/node_modules/*
Copyright: the authors of each package, as its own files say
License: various
 Each package has its licence beside it:
${packages.join('\n')}
`;
}

interface Package {
  readonly name?: string;
  readonly version?: string;
  readonly license?: unknown;
}
