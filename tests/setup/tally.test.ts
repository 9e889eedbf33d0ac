import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { temporaryFolder } from '../support/folders.ts';

function tallyOf(report: string | undefined) {
  const file = join(temporaryFolder(), 'report.json');
  if (report !== undefined) writeFileSync(file, report);
  const script = `import { tallyOf } from '${asset('tools', 'setup', 'tally.mjs')}'; console.log(JSON.stringify(tallyOf('${file}')));`;
  return JSON.parse(spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout);
}

const test = (status: string, fullName = status) => ({ status, fullName });
const files = (...testResults: object[]) => JSON.stringify({ testResults });

describe('the last line of npm test', () => {
  it('counts tests, and names those that were skipped, for whatever reason', () => {
    const some = ['passed', 'failed', 'skipped', 'pending', 'todo', 'passed'].map((status) => test(status));
    const report = files({ status: 'failed', assertionResults: some }, { status: 'passed', assertionResults: [] });
    expect(tallyOf(report)).toEqual({ passed: 2, failed: 1, skipped: ['skipped', 'pending', 'todo'] });
  });

  it('counts a file that could not be loaded, and one whose hook failed, beside tests that failed elsewhere', () => {
    const report = files(
      { status: 'failed', assertionResults: [] },
      { status: 'failed', assertionResults: [test('skipped', 'never began')] },
      { status: 'failed', assertionResults: [test('failed')] },
    );
    expect(tallyOf(report)).toEqual({ passed: 0, failed: 3, skipped: ['never began'] });
  });

  it.each([
    ['none', undefined],
    ['half of one', '{"testResults": ['],
    ['another', '{}'],
  ])('counts a failure where vitest left a report that is %s', (_, report) => {
    expect(tallyOf(report)).toMatchObject({ passed: 0, failed: 1, skipped: [] });
  });
});
