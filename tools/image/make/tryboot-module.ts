import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { asset } from '../../../sdk/base/assets.ts';
import { needPrograms, outputOf, run } from './programs.ts';

const source = asset('tools', 'image', 'tryboot');
const compiler = 'gcc-14-aarch64-linux-gnu';

/**
 * Compiles the kernel module by which an update tries the other slot (`tools/image/tryboot`), with the headers of the kernel that it is
 * for: in a root of Debian of this machine's own architecture, so that nothing is emulated.
 *
 * @param release Of the kernel, such as `6.12.1+deb13-arm64`.
 * @param to Where the module is written.
 */
export async function makeTrybootModule(release: string, to: string, { epoch }: { epoch: number }): Promise<void> {
  needPrograms({ mmdebstrap: 'mmdebstrap', dpkg: 'dpkg', 'apt-get': 'apt' });
  const own = outputOf('dpkg', ['--print-architecture']).toString().trim();
  const abi = release.replace(/-arm64$/, '');
  const architectures = own === 'arm64' ? own : `${own},arm64`;
  const packages = ['make', compiler, `linux-kbuild-${abi}`, `linux-headers-${abi}-common`];
  const files = readdirSync(source).map((name) => `--customize-hook=copy-in ${join(source, name)} /module`);
  const build = [
    `make -C /usr/src/linux-headers-${release} M=/module ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-`,
    'CC=aarch64-linux-gnu-gcc-14 modules',
  ];
  await run(
    'mmdebstrap',
    [
      ...['--variant=essential', `--architectures=${architectures}`, '--aptopt=APT::Install-Recommends "false"'],
      ...['doc', 'man', 'locale'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
      `--include=${packages.join(',')}`,
      // Not installed: it asks for the kernel, and a compiler that runs on a board.
      `--customize-hook=cd "$1" && APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get download linux-headers-${release}:arm64 && dpkg-deb -x linux-headers-*.deb .`,
      '--customize-hook=mkdir "$1/module"',
      ...files,
      `--customize-hook=chroot "$1" ${build.join(' ')}`,
      `--customize-hook=download /module/ocellus_tryboot.ko ${to}`,
      ...['trixie', '/dev/null'],
    ],
    { env: { SOURCE_DATE_EPOCH: String(epoch), KBUILD_BUILD_TIMESTAMP: String(epoch) } },
  );
}
