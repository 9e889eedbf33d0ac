import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';

const unit = asset('tools', 'systemd', 'ocellus.service');
const missing = hasProgram('systemd-analyze') ? '' : ' (needs systemd-analyze)';

describe.skipIf(missing)(`ocellus.service${missing}`, () => {
  it('is one that systemd understands', () => {
    expect(execFileSync('systemd-analyze', ['verify', unit], { stdio: 'pipe' }).toString()).toBe('');
    // The program does find mistakes.
    const wrong = join(temporaryFolder(), 'ocellus.service');
    writeFileSync(wrong, readFileSync(unit, 'utf8').replace('ExecStart=/usr/bin/env', 'ExecStart=/nowhere/env'));
    expect(() => execFileSync('systemd-analyze', ['verify', wrong], { stdio: 'pipe' })).toThrow();
  });

  it('gives the process little of the machine', () => {
    const args = ['security', '--offline=yes', '--threshold=25', unit];
    // Ends with an error above 2.5 of 10; a service without hardening has 9.6.
    expect(execFileSync('systemd-analyze', args, { stdio: 'pipe' }).toString()).toContain('Overall exposure level');
  });
});
