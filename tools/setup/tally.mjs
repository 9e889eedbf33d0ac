import { readFileSync } from 'node:fs';

/**
 * What vitest's JSON report says.
 *
 * @param {string} file Of the report; without one, or with a half of one, vitest broke: that is one failure.
 * @returns {{ passed: number, failed: number, skipped: string[], trouble?: string }}
 */
export function tallyOf(file) {
  const tally = { passed: 0, failed: 0, skipped: [] };
  let results;
  try {
    results = [...JSON.parse(readFileSync(file, 'utf8')).testResults];
  } catch (error) {
    return { ...tally, failed: 1, trouble: `vitest left no report of what it ran: ${error.message}` };
  }
  for (const { status, assertionResults } of results) {
    const of = (wanted) => assertionResults.filter((test) => test.status === wanted).length;
    tally.passed += of('passed');
    tally.failed += of('failed');
    // A file that could not be loaded, or whose hook failed, has no test of its own that failed.
    if (status === 'failed' && of('failed') === 0) tally.failed++;
    for (const test of assertionResults) {
      if (test.status !== 'passed' && test.status !== 'failed') tally.skipped.push(test.fullName);
    }
  }
  return tally;
}
