import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { temporaryFolder, tree } from '../support/folders.ts';
import { Board } from '../update/board.ts';
import { cardImage, pair, releaseOf } from '../update/images.ts';
import { jsonLines, ocellus } from './cli.ts';

const architecture = process.arch === 'x64' ? 'amd64' : 'arm64';

describe('ocellus update', () => {
  it('says what runs, what a release would bring, and installs it', async () => {
    const [first, second] = [cardImage('1.0.0', 'fine', 1), cardImage('1.1.0', 'fine', 2)];
    const versions = [
      { version: '1.0.0', card: first },
      { version: '1.1.0', card: second },
    ];
    const { out } = await releaseOf(temporaryFolder(), versions, { architecture });
    const board = new Board(first, '1.0.0');
    board.write('etc/ocellus/update-keys/own.pem', pair.publicKey.export({ format: 'pem', type: 'spki' }).toString());
    const run = (...args: string[]) => ocellus(['update', '--root', board.root, ...args]);

    const { out: json } = await ocellus(['update', 'status', '--json', '--root', board.root]);
    expect(jsonLines(json)).toMatchObject([{ running: 'a', state: { installed_version: '1.0.0' } }]);
    const checked = await run('check', out);
    expect([checked.code, checked.out]).toEqual([0, expect.stringMatching(/^Ocellus 1\.1\.0; 1\.0\.0 runs\n/)]);
    const asked = await run('install', out);
    expect([asked.code, asked.err]).toEqual([2, expect.stringContaining('expected --yes')]);
    const installed = await run('install', out, '--yes');
    expect([installed.code, installed.err]).toEqual([0, expect.stringContaining('restarting into the new version')]);
    expect((await run()).out).toMatch(/last update\s+1\.1\.0 to slot b: trial/);

    writeFileSync(join(out, 'update.json.sig'), 'nothing');
    const refused = await run('install', out, '--yes');
    expect([refused.code, refused.err.trim().split('\n')]).toEqual([
      2,
      [expect.stringContaining('signature is not right')],
    ]);
  });

  it('says where there is nothing to update', async () => {
    const { code, err } = await ocellus(['update']);
    expect([code, err]).toEqual([2, expect.stringMatching(/this system has no two slots/)]);
  });
});

describe('the deadline of a new version', () => {
  const script = asset('tools', 'systemd', 'update-deadline.sh');
  const autoboot = (chosen: number, tried: number) =>
    `[all]\ntryboot_a_b=1\nboot_partition=${chosen}\n[tryboot]\nboot_partition=${tried}\n`;
  const run = (cmdline: string, text: string) => {
    const root = tree({ cmdline: `${cmdline}\n`, 'autoboot.txt': text });
    return execFileSync('sh', [script, join(root, 'autoboot.txt'), join(root, 'cmdline'), 'echo restarted'], {
      encoding: 'utf8',
    });
  };

  it.each([
    ['restarts a slot that is on trial', 6, autoboot(2, 3), true],
    ['leaves the one that was chosen', 5, autoboot(2, 3), false],
    ['leaves a new one that was kept', 6, autoboot(3, 2), false],
    ['leaves all where the file says nothing', 6, '', false],
    ['reads lines of Windows', 5, autoboot(3, 2).replaceAll('\n', '\r\n'), true],
  ])('%s', (_, root, text, restarts) => {
    const said = run(`quiet root=PARTUUID=0ce11005-0${root} ro panic=10`, text);
    expect(said.includes('restarted')).toBe(restarts);
  });

  it('is none elsewhere, and its script is in the package', () => {
    expect(run('root=/dev/sda1 ro', autoboot(2, 3))).toBe('');
    expect(JSON.parse(readFileSync(asset('package.json'), 'utf8')).files).toContain('tools/systemd/update-deadline.sh');
  });
});
