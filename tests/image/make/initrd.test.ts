import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cpioArchive } from '../../../tools/image/make/cpio.ts';
import { neededLibraries } from '../../../tools/image/make/elf.ts';
import { KernelModules } from '../../../tools/image/make/modules.ts';
import { temporaryFolder, tree } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';

const always = ['ext4', 'overlay', 'mmc_block', 'sd_mod', 'usb_storage', 'uas', 'xhci_pci', 'bcm2835_wdt'];

/** The modules of a kernel, by what its `depmod` wrote. */
const modulesOf = (builtIn: readonly string[] = always) =>
  new KernelModules(
    tree({
      'modules.builtin': builtIn.map((name) => `kernel/a/${name.replaceAll('_', '-')}.ko\n`).join(''),
      'modules.dep': `kernel/fs/erofs/erofs.ko.xz: kernel/lib/libcrc32c.ko.xz
kernel/lib/libcrc32c.ko.xz:
kernel/crypto/crc32c_generic.ko.xz:
kernel/drivers/mmc/host/sdhci-iproc.ko.xz: kernel/drivers/mmc/host/sdhci.ko.xz
kernel/drivers/mmc/host/sdhci.ko.xz:
kernel/drivers/net/usb/lan78xx.ko.xz:
kernel/sound/soc/bcm/snd-soc-bcm2835-i2s.ko.xz:
`,
      'modules.alias': `# Aliases extracted from modules themselves.
alias of:N*T*Cbrcm,bcm2711-emmc2C* sdhci_iproc
alias of:N*T*Cbrcm,bcm2711-emmc2 sdhci_iproc
alias of:N*T*Cbrcm,bcm2835-i2s snd_soc_bcm2835_i2s
alias usb:v0424p7800d*dc*dsc*dp*ic*isc*ip*in* lan78xx
alias crypto-crc32c crc32c_generic
`,
      'modules.softdep': '# Soft dependencies\nsoftdep libcrc32c pre: crypto-crc32c\n',
    }),
  );

describe('the modules of an initramfs', () => {
  it('are those for the parts of a board, what they need, and what the kernel will ask for by another name', () => {
    const modules = modulesOf();
    const chosen = modules.forParts(new Set(['brcm,bcm2711-emmc2', 'brcm,bcm2835-i2s']));
    expect(chosen).toEqual([
      'kernel/crypto/crc32c_generic.ko.xz',
      'kernel/drivers/mmc/host/sdhci-iproc.ko.xz',
      'kernel/drivers/mmc/host/sdhci.ko.xz',
      'kernel/fs/erofs/erofs.ko.xz',
      'kernel/lib/libcrc32c.ko.xz',
    ]);
    const index = modules.indexOf(chosen);
    expect(index['modules.dep']).toContain('kernel/fs/erofs/erofs.ko: kernel/lib/libcrc32c.ko\n');
    expect(index['modules.alias']).toContain('alias crypto-crc32c crc32c_generic\n');
    expect(index['modules.alias']).not.toContain('lan78xx');
    expect(modules.forParts(new Set())).not.toContain('kernel/drivers/mmc/host/sdhci.ko.xz');
  });

  it('are refused without one that no board starts without', () => {
    const modules = modulesOf(always.filter((name) => name !== 'mmc_block'));
    expect(() => modules.forParts(new Set())).toThrow('expected the module mmc_block');
  });
});

describe.skipIf(!hasProgram('cpio'))('an archive for the kernel (needs cpio)', () => {
  it('is what cpio reads, and the same whatever the order of its files', () => {
    const files = [
      { path: 'init', kind: 'file', content: '#!/bin/sh\n', executable: true },
      { path: 'bin', kind: 'folder' },
      { path: 'bin/sh', kind: 'link', content: 'busybox' },
      { path: 'bin/data', kind: 'file', content: Buffer.from([1, 2, 3]) },
    ] as const;
    const archive = cpioArchive(files);
    expect(cpioArchive([...files].reverse()).equals(archive)).toBe(true);
    const folder = temporaryFolder();
    execFileSync('cpio', ['--extract', '--quiet', '--make-directories'], { cwd: folder, input: archive });
    expect(readFileSync(join(folder, 'init'), 'utf8')).toBe('#!/bin/sh\n');
    expect(readFileSync(join(folder, 'bin', 'data'))).toEqual(Buffer.from([1, 2, 3]));
    expect(readlinkSync(join(folder, 'bin', 'sh'))).toBe('busybox');
    expect([lstatSync(join(folder, 'init')).mode & 0o777, lstatSync(join(folder, 'bin', 'data')).mode & 0o777]).toEqual(
      [0o755, 0o644],
    );
  });
});

describe('the libraries of a program', () => {
  it.skipIf(!existsSync('/proc/self/exe'))('are those that it says, of Node here', () => {
    // Node is built for glibc: whatever else it needs, this it does.
    expect(neededLibraries(readFileSync('/proc/self/exe'))).toContain('libc.so.6');
  });

  it('are asked of ELF files alone', () => {
    expect(() => neededLibraries(Buffer.from('#!/bin/sh\n'))).toThrow('expected a 64-bit ELF file');
  });
});
