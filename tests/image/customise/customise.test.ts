import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { firstBootTemplate } from '../../../sdk/config/first-boot.ts';
import { customiseImage } from '../../../tools/image/customise/customise.ts';
import { temporaryFolder, tree } from '../../support/folders.ts';
import { lacking, onBoot, onRoot, program, rootOf, rootStart, stockImage, trixie } from './stock.ts';

const stock = {
  'etc/os-release': trixie,
  'etc/systemd/system/multi-user.target.wants/ssh.service': '',
  'usr/bin/cloud-init': '',
  'usr/lib/aarch64-linux-gnu/libc.so.6': 'x',
  'usr/lib/systemd/system/ssh.service': '',
};

/** Small ones in the place of what takes minutes to make. */
function parts() {
  const files = tree({
    'app/bin/ocellus.js': '#!/usr/bin/env node\n',
    'app/node_modules/a b/index.js': '1',
    'app/empty/.keep': '',
    node: 'x'.repeat(5_000_000),
  });
  return { app: join(files, 'app'), node: join(files, 'node'), spare: 20_000_000 };
}

const missing = lacking === '' ? '' : ` (needs ${lacking})`;

describe.skipIf(missing)(`customiseImage${missing}`, () => {
  it('puts Ocellus, its Node and its units into a stock image, and leaves the rest', async () => {
    const image = stockImage(stock);
    const before = readFileSync(image);
    const to = join(temporaryFolder(), 'made.img');
    const steps: string[] = [];
    const made = await customiseImage({ image, to, ...parts(), onStep: (name) => steps.push(name) });
    expect(made).toMatchObject({
      ...{ file: to, architecture: 'arm64', initFormat: 'cloudinit-rpi' },
      system: 'Debian GNU/Linux 13 (trixie)',
    });
    expect(made.addedBytes).toBeGreaterThan(5_000_000);
    expect(steps.join('\n')).toMatch(/copying[\s\S]*trixie[\s\S]*larger[\s\S]*writing/);
    expect(readFileSync(image).equals(before)).toBe(true);

    const root = rootOf(to);
    const text = (path: string) => onRoot(root, `cat "${path}"`);
    expect(text('/usr/lib/ocellus/bin/ocellus.js')).toBe('#!/usr/bin/env node\n');
    expect(text('/usr/lib/ocellus/node_modules/a b/index.js')).toBe('1');
    expect(text('/usr/bin/ocellus')).toContain('PATH=/usr/lib/ocellus-node/bin:$PATH exec');
    expect(text('/usr/lib/systemd/system/ocellus.service')).toBe(
      readFileSync(asset('tools', 'systemd', 'ocellus.service'), 'utf8'),
    );
    expect(text('/usr/lib/systemd/system/ocellus.service.d/first-boot.conf')).toContain('OCELLUS_SETUP=');
    for (const unit of ['ocellus.service', 'ocellus-first-boot.service']) {
      const link = onRoot(root, `stat /etc/systemd/system/multi-user.target.wants/${unit}`);
      expect(link).toMatch(/Type: symlink/);
      expect(link).toContain(`Fast link dest: "/usr/lib/systemd/system/${unit}"`);
    }
    for (const path of ['/usr/bin/ocellus', '/usr/lib/ocellus-node/bin/node']) {
      expect(onRoot(root, `stat ${path}`)).toMatch(/Mode: {2}0755[\s\S]*User: {5}0 {3}Group: {5}0/);
    }
    expect(text('/etc/os-release')).toBe(trixie);
    expect(onRoot(root, 'stat /usr/lib/systemd/system/ssh.service')).toContain('Type: regular');
    program('e2fsck', ['-f', '-n', root]);
    expect(onBoot(to, 'ocellus.toml')).toBe(firstBootTemplate);

    // The table says what the file system is, and Linux finds the root by the same name as before.
    const table = JSON.parse(program('sfdisk', ['--json', to])) as {
      partitiontable: { id: string; partitions: { start: number; size: number }[] };
    };
    const [, second] = table.partitiontable.partitions;
    expect(table.partitiontable.id).toBe('0x12345678');
    expect(second!.start).toBe(rootStart);
    expect((second!.start + second!.size) * 512).toBe(statSync(to).size);
    expect(made.grownBytes).toBe(second!.size * 512 - 24 * 1024 * 1024);
    const blocks = /^Block count: +(\d+)$/m.exec(program('dumpe2fs', ['-h', root]))![1];
    const size = /^Block size: +(\d+)$/m.exec(program('dumpe2fs', ['-h', root]))![1];
    expect(Number(blocks) * Number(size)).toBe(second!.size * 512);

    const manifest = JSON.parse(readFileSync(made.manifest!, 'utf8')) as { os_list: object[] };
    expect(manifest.os_list[0]).toMatchObject({ init_format: 'cloudinit-rpi', extract_size: statSync(to).size });
    // Once is enough.
    const again = join(temporaryFolder(), 'again.img');
    await expect(customiseImage({ image: to, to: again, ...parts() })).rejects.toThrow(/Ocellus in the image already/);
    await expect(customiseImage({ image, to, ...parts() })).rejects.toThrow(/is there already: delete it/);
  });

  it.each([
    ['of 32 bits', { ...stock, 'usr/lib/aarch64-linux-gnu/libc.so.6': undefined }, /a system of 64 bits/],
    [
      'that is too old',
      { ...stock, 'etc/os-release': trixie.replaceAll('13', '11') },
      /version 12 or newer.*got Debian/,
    ],
    ['of another system', { ...stock, 'etc/os-release': 'ID=arch\nPRETTY_NAME=Arch\n' }, /Debian of version.*got Arch/],
  ])('refuses one %s', async (_, files, message) => {
    const given = Object.fromEntries(Object.entries(files).filter(([, text]) => text !== undefined));
    const image = stockImage(given as Record<string, string>);
    const to = join(temporaryFolder(), 'made.img');
    await expect(customiseImage({ image, to, ...parts() })).rejects.toThrow(message);
    expect(() => statSync(to)).toThrow();
  });

  it.each([
    [{ 'usr/bin/rpi-preseed': '' }, 'rpi-preseed'],
    [{ 'usr/bin/cloud-init': undefined, 'usr/lib/raspberrypi-sys-mods/firstboot': '' }, 'systemd'],
    [{ 'usr/bin/cloud-init': undefined }, 'none'],
  ])('tells Imager what the system understands: %j', async (change, initFormat) => {
    const given = Object.entries({ ...stock, ...change }).filter(([, text]) => text !== undefined);
    const image = stockImage(Object.fromEntries(given) as Record<string, string>);
    const to = join(temporaryFolder(), 'made.img');
    expect(await customiseImage({ image, to, ...parts() })).toMatchObject({ initFormat });
  });

  it('refuses what is no image of a card', async () => {
    const folder = tree({ 'a.img': 'x'.repeat(2000) });
    const to = join(folder, 'made.img');
    await expect(customiseImage({ image: join(folder, 'a.img'), to })).rejects.toThrow(/expected a partition table/);
    await expect(customiseImage({ image: join(folder, 'none.img'), to })).rejects.toThrow(/there is no .*none\.img/);
  });
});
