import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { customiseImage } from '../../../tools/image/customise/customise.ts';
import { plant, temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';

/**
 * A tar of Debian 13 for amd64 with systemd and a kernel, in the place of Raspberry Pi OS, which cannot be had from
 * Debian's archive: docs/first-boot.md says how it is made. OCELLUS_TEST_APP and OCELLUS_TEST_NODE name what was made and
 * fetched before, where minutes matter.
 */
const stock = process.env.OCELLUS_TEST_STOCK_ROOT;
const programs = ['qemu-system-x86_64', 'mke2fs', 'mkfs.vfat', 'mcopy', 'sfdisk'];
const missing = [...(stock ? [] : ['OCELLUS_TEST_STOCK_ROOT']), ...programs.filter((name) => !hasProgram(name))];
const note = missing.length === 0 ? '' : ` (needs ${missing.join(', ')})`;

const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, MTOOLS_SKIP_CHECK: '1' };
const run = (name: string, args: readonly string[], input?: string) =>
  execFileSync(name, args, { env, input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit'] });
const mebibyte = 1024 * 1024;
const bootStart = 4 * mebibyte;
const rootStart = 68 * mebibyte;

/** Tells what it sees on the serial port, when the page answers or after some minutes, and ends the machine. */
const probe = `
const { execFileSync } = require('node:child_process');
const { readFileSync, readdirSync } = require('node:fs');
const said = (program, ...args) => { try { return execFileSync(program, args, { encoding: 'utf8' }).trim(); } catch (error) { return String(error.stdout ?? error).trim(); } };
(async () => {
  let health = 0;
  // The page answers a moment before systemd is told.
  const isUp = () => health === 200 && said('systemctl', 'is-active', 'ocellus') === 'active';
  for (let tries = 0; tries < 900; tries++) {
    health = await fetch('http://127.0.0.1:8420/healthz').then(({ status }) => status, () => 0);
    if (isUp()) break;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  console.log('FOUND ' + JSON.stringify({
    health,
    version: said('ocellus', '--version'),
    active: said('systemctl', 'is-active', 'ocellus', 'ocellus-first-boot'),
    enabled: said('systemctl', 'is-enabled', 'ocellus', 'ocellus-first-boot'),
    user: said('systemctl', 'show', '--property=User,DynamicUser,NRestarts', 'ocellus'),
    toml: readFileSync('/boot/firmware/ocellus.toml', 'utf8'),
    card: readdirSync('/boot/firmware'),
    settings: said('cat', '/var/lib/ocellus/ocellus.yaml'),
    owner: said('stat', '--format=%U %a', '/var/lib/private/ocellus/ocellus.yaml'),
    journal: said('journalctl', '--boot', '--unit=ocellus', '--unit=ocellus-first-boot', '--output=cat', '--lines=40'),
    root: said('df', '--output=size', '/'),
  }));
})();
`;

function stockImage(folder: string): { image: string; kernel: string; initrd: string } {
  const root = join(folder, 'root');
  mkdirSync(root);
  run('tar', ['-xf', stock!, '-C', root, '--exclude=./dev/*']);
  plant(root, {
    'etc/fstab':
      'PARTUUID=12345678-01 /boot/firmware vfat defaults 0 2\nPARTUUID=12345678-02 / ext4 defaults,noatime 0 1\n',
    'boot/firmware/.keep': '',
    'usr/lib/probe.cjs': probe,
    // A machine that is busy with other things takes minutes for what a board does in seconds.
    'etc/systemd/system/ocellus.service.d/patience.conf': '[Service]\nTimeoutStartSec=1800\nWatchdogSec=1800\n',
    'etc/systemd/system/probe.service':
      '[Unit]\nAfter=multi-user.target\n[Service]\nExecStart=/usr/lib/ocellus-node/bin/node /usr/lib/probe.cjs\nStandardOutput=tty\nTTYPath=/dev/ttyS0\nExecStopPost=systemctl poweroff --force\n',
    'etc/systemd/system/default.target.wants/.keep': '',
  });
  run('ln', [
    '-s',
    '/etc/systemd/system/probe.service',
    join(root, 'etc/systemd/system/default.target.wants/probe.service'),
  ]);
  writeFileSync(join(root, 'etc/machine-id'), 'uninitialized\n');
  const inBoot = (start: string) => {
    const name = readdirSync(join(root, 'boot')).find((one) => one.startsWith(start))!;
    const copy = join(folder, start);
    copyFileSync(join(root, 'boot', name), copy);
    return copy;
  };
  const [kernel, initrd] = [inBoot('vmlinuz'), inBoot('initrd.img')];
  const ext4 = join(folder, 'root.ext4');
  writeFileSync(ext4, '');
  // As full as a stock image: there is not room enough for Ocellus.
  const used = Number(run('du', ['--summarize', '--block-size=1M', root]).split('\t')[0]);
  truncateSync(ext4, Math.ceil(used * 1.15 + 64) * mebibyte);
  run('mke2fs', ['-q', '-t', 'ext4', '-L', 'rootfs', '-d', root, ext4]);
  const image = join(folder, 'stock.img');
  writeFileSync(image, '');
  truncateSync(image, rootStart + statSync(ext4).size);
  const table = `label: dos\nlabel-id: 0x12345678\n${bootStart / 512},${(rootStart - bootStart) / 512},c\n${rootStart / 512},,83\n`;
  run('sfdisk', ['--quiet', '--no-reread', '--no-tell-kernel', image], table);
  const bootBlocks = (rootStart - bootStart) / 1024;
  run('mkfs.vfat', ['-F', '32', '-s', '1', '--offset', `${bootStart / 512}`, '-n', 'bootfs', image, `${bootBlocks}`]);
  run('dd', [
    `if=${ext4}`,
    `of=${image}`,
    'bs=4M',
    'oflag=seek_bytes',
    `seek=${rootStart}`,
    'conv=notrunc,sparse',
    'status=none',
  ]);
  return { image, kernel, initrd };
}

/** Boots an image, until it ends itself. @returns What the serial port said. */
async function boot(image: string, kernel: string, initrd: string): Promise<string> {
  const child = spawn('qemu-system-x86_64', [
    ...['-M', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '1024', '-no-reboot'],
    ...['-display', 'none', '-nodefaults', '-serial', 'stdio', '-nic', 'user,model=virtio-net-pci'],
    ...['-drive', `if=virtio,format=raw,file=${image}`, '-kernel', kernel, '-initrd', initrd],
    ...['-append', 'root=PARTUUID=12345678-02 rw console=ttyS0 quiet panic=-1 no_timer_check'],
  ]);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.on('data', (text) => (said += String(text)));
  await once(child, 'close');
  return said;
}

describe.skipIf(note)(`a stock image with Ocellus in it${note}`, { timeout: 3_600_000 }, () => {
  it('starts, reads its settings from the FAT partition, and runs', async () => {
    const folder = temporaryFolder();
    const { image, kernel, initrd } = stockImage(folder);
    const to = join(folder, 'made.img');
    const made = await customiseImage({
      ...{ image, to, app: process.env.OCELLUS_TEST_APP, node: process.env.OCELLUS_TEST_NODE },
      onStep: (name) => console.log(name),
    });
    console.log(JSON.stringify(made));
    expect(made.grownBytes).toBeGreaterThan(0);
    const toml = join(folder, 'ocellus.toml');
    writeFileSync(
      toml,
      'node = "porch"\r\n[cameras.door]\r\nsource = "scene:"\r\n[console]\r\npassword = "swordfish"\r\n',
    );
    run('mcopy', ['-o', '-i', `${to}@@${bootStart}`, toml, '::ocellus.toml']);
    const said = await boot(to, kernel, initrd);
    const line = said.split('\n').find((text) => text.includes('FOUND '));
    if (line === undefined) throw new Error(`the guest told nothing:\n${said.slice(-6000)}`);
    const found = JSON.parse(line.slice(line.indexOf('FOUND ') + 6)) as Record<string, string>;
    console.log(found);
    expect(found).toMatchObject({ health: 200, active: 'active\nactive', enabled: 'enabled\nenabled' });
    expect(found.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(found.user).toContain('NRestarts=0');
    expect(found.settings).toMatch(/node: porch[\s\S]*password: \$scrypt\$/);
    expect(found.toml).not.toContain('swordfish');
    expect(found.toml).toContain('console.password');
    expect(found.card).not.toContain('ocellus-setup.txt');
    expect(found.owner).not.toMatch(/^root /);
    expect(run('sh', ['-c', `grep -c swordfish "$1" || true`, 'sh', to]).trim()).toBe('0');
  });
});
