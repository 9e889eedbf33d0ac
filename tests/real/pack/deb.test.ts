import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asset, packageVersion } from '../../../sdk/base/assets.ts';
import { appTree } from '../../../tools/pack/app-tree.ts';
import { packDeb } from '../../../tools/pack/deb.ts';
import { parseArchitecture } from '../../../tools/pack/platform.ts';
import { hasProgram } from '../../support/needs.ts';

const needed = ['npm', 'cmake', 'g++', 'dpkg-deb'];
const possible = process.platform === 'linux' && needed.every(hasProgram);
const date = 1_700_000_000;

describe.skipIf(!possible)(`the Debian package (needs ${needed.join(', ')})`, () => {
  const arch = parseArchitecture(process.arch);
  let folder: string;
  let deb: string;
  let root: string;

  const dpkgDeb = (...args: string[]) => execFileSync('dpkg-deb', args, { encoding: 'utf8' });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ocellus-deb-'));
    deb = packDeb({ arch, to: folder, date, compression: 'none' });
    root = join(folder, 'root');
    dpkgDeb('--raw-extract', deb, root);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is the same, byte by byte, when it is built again', () => {
    const again = packDeb({ arch, to: join(folder, 'again'), date, compression: 'none' });
    const digest = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
    expect(digest(again)).toBe(digest(deb));
  });

  it('says what it is and what it needs', () => {
    const fields = Object.fromEntries(
      dpkgDeb('--field', deb)
        .split(/\n(?! )/)
        .map((line) => line.split(/: (.*)/s).slice(0, 2)),
    );
    expect(fields).toMatchObject({ Package: 'ocellus', Version: packageVersion(), Architecture: arch });
    const { engines } = JSON.parse(readFileSync(asset('package.json'), 'utf8'));
    expect(fields.Depends).toContain(`nodejs (${engines.node.replace('>=', '>= ')})`);
    const kilobytes = Number(execFileSync('du', ['-sk', '--apparent-size', root], { encoding: 'utf8' }).split('\t')[0]);
    // What is installed, within what folders and DEBIAN count for.
    expect(Number(fields['Installed-Size']) / kilobytes).toBeGreaterThan(0.85);
    expect(Number(fields['Installed-Size']) / kilobytes).toBeLessThan(1.15);
  });

  it('holds the command, the service as the unit has it, and a file for secrets that stays its owner’s', () => {
    expect(readlinkSync(join(root, 'usr', 'bin', 'ocellus'))).toBe('../lib/ocellus/bin/ocellus.js');
    const unit = readFileSync(join(root, 'usr', 'lib', 'systemd', 'system', 'ocellus.service'), 'utf8');
    expect(unit).toBe(readFileSync(asset('tools', 'systemd', 'ocellus.service'), 'utf8'));
    expect(readFileSync(join(root, 'DEBIAN', 'conffiles'), 'utf8')).toBe('/etc/ocellus/environment\n');
    expect(lstatSync(join(root, 'etc', 'ocellus', 'environment')).mode & 0o777).toBe(0o600);
    const listed = dpkgDeb('--contents', deb).trim().split('\n');
    expect(listed.filter((line) => !line.includes(' root/root '))).toEqual([]);
    // No library of another system, nothing of developers.
    expect(listed.filter((line) => /win32|darwin|musl|onnxruntime-node\/|\.d\.ts|\.map$/.test(line))).toEqual([]);
  });

  it('has the sum of each file that dpkg --verify looks at', () => {
    const sums = spawnSync('md5sum', ['--check', '--quiet', 'DEBIAN/md5sums'], { cwd: root, encoding: 'utf8' });
    expect(`${sums.stdout}${sums.stderr}`).toBe('');
    expect(readFileSync(join(root, 'DEBIAN', 'md5sums'), 'utf8')).not.toContain('etc/ocellus');
  });

  it.each(['postinst', 'prerm', 'postrm'])(
    'has a %s that a shell can read and that ends well where no systemd runs',
    (name) => {
      const script = join(root, 'DEBIAN', name);
      expect(spawnSync('/bin/sh', ['-n', script]).status).toBe(0);
      // What the helpers do is systemd's; here they are not called, or find nothing.
      expect(spawnSync('/bin/sh', [script, 'nothing'], { env: { PATH: '/nonexistent' } }).status).toBe(0);
    },
  );

  it('detects once it is unpacked, in the native kernels', () => {
    const photo = asset('devices', 'scene', 'photos', 'cat.jpg');
    const command = join(root, 'usr', 'bin', 'ocellus');
    const env = { ...process.env, HOME: folder };
    const out = execFileSync(command, ['detect', photo, '--json', '--engine', 'native'], { encoding: 'utf8', env });
    expect(JSON.parse(out).detections).toMatchObject([{ label: 'cat' }]);
  });

  it('is made of a tree that goes nowhere else than where nothing is', () => {
    expect(() => appTree({ arch, to: root })).toThrow('which holds something');
  });
});
