// `npm test`: sets up, checks types and style, runs the tests, and says in one last line how many passed.
//
//   npm test                      everything
//   npm test -- tests/learn       files whose path contains this; other options of vitest as well
//   npm run test:long             fault campaigns and fuzzing at their full counts
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildKernels } from './native.mjs';
import { Preparations } from './preparations.mjs';
import { build, checkNode, installPackages, root, run, say, started } from './steps.mjs';
import { tallyOf } from './tally.mjs';

let passed = 0;
let failed = 0;
let skipped = 0;
// Whatever ends it, this is the last line.
process.on('exit', (code) => {
  if (code !== 0 && failed === 0) failed++;
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

const options = process.argv.slice(2);
if (options[0] === '--long') {
  options.shift();
  process.env.OCELLUS_TEST_LONG = '1';
}
const scratch = mkdtempSync(join(tmpdir(), 'ocellus-test-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

checkNode();
// Both wait for the network.
const systemPackages = started(process.execPath, [join(root, 'tools', 'setup', 'packages.mjs')]);
installPackages();
await systemPackages;
const preparations = new Preparations(join(scratch, 'prepared'));
buildKernels({ strict: true });
build();

const bin = (...parts) => join(root, 'node_modules', ...parts);
for (const [name, args] of [
  ['types', [bin('typescript', 'bin', 'tsc'), '--noEmit', '-p', 'tsconfig.json']],
  ['types of the page', [bin('typescript', 'bin', 'tsc'), '--noEmit', '-p', 'tools/console/web/tsconfig.json']],
  ['style', [bin('@biomejs', 'biome', 'bin', 'biome'), 'check', '.']],
]) {
  if (run(process.execPath, args)) {
    passed++;
    say(`✓ ${name}`);
  } else {
    failed++;
    say(`✗ ${name}`);
  }
}

const report = join(scratch, 'report.json');
const ended = await started(
  process.execPath,
  [
    ...[bin('vitest', 'vitest.mjs'), 'run'],
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    ...options,
  ],
  { env: { ...process.env, OCELLUS_TEST_PREPARATIONS: preparations.folder } },
);
const tally = tallyOf(report);
if (tally.trouble) say(`✗ ${tally.trouble}`);
for (const name of tally.skipped) console.log(`skipped: ${name}`);
passed += tally.passed;
failed += tally.failed;
skipped += tally.skipped.length;
// It also ends badly when it cannot start, breaks, or catches an error outside of the tests.
if (!ended && failed === 0) failed++;
await preparations.ended;
process.exit(failed > 0 ? 1 : 0);
