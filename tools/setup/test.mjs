// `npm test`: sets up, checks types and style, runs the tests, and says in one last line how many passed.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildOpenCv } from './bindings.mjs';
import { buildKernels } from './native.mjs';
import { installTestPackages } from './packages.mjs';
import { build, checkNode, installPackages, root, run, say } from './steps.mjs';

checkNode();
installPackages();
installTestPackages();
buildKernels();
buildOpenCv();
build();

const bin = (...parts) => join(root, 'node_modules', ...parts);
let passed = 0;
let failed = 0;
let skipped = 0;

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

const scratch = mkdtempSync(join(tmpdir(), 'ocellus-test-'));
const report = join(scratch, 'report.json');
const ended = run(process.execPath, [
  bin('vitest', 'vitest.mjs'),
  'run',
  '--coverage',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
]);
if (existsSync(report)) {
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  for (const file of testResults) {
    // A file that could not be loaded has no tests of its own to fail.
    if (file.status === 'failed' && file.assertionResults.length === 0) failed++;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed++;
      else if (test.status === 'failed') failed++;
      else {
        skipped++;
        console.log(`skipped: ${test.fullName}`);
      }
    }
  }
}
if (!ended && failed === 0) failed++;
rmSync(scratch, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 ? 1 : 0);
