// `npm run test:spark`: ocellus-spark and the samples beside it in Spark, in local[2] and in a cluster of two workers.
//
// Spark comes from PyPI, half a gigabyte, once for all checkouts of a user. Java and Python are this machine's.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { makeLab } from '../../tests/real/lab/labs.mjs';
import { build, checkNode, fail, hasProgram, installPackages, root, run, say } from './steps.mjs';

/** What Spark 4 runs in. */
const oldestJava = 17;

checkNode();
checkPrograms();
installPackages();
build();
say('Spark (made once, kept in the cache) …');
await makeLab('spark');
const ended = run(
  process.execPath,
  [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', 'tests/real/spark', ...process.argv.slice(2)],
  { env: { ...process.env, OCELLUS_TEST_SPARK: '1' } },
);
process.exit(ended ? 0 : 1);

function checkPrograms() {
  const missing = [];
  if (spawnSync('python3', ['-c', 'import venv, ensurepip'], { stdio: 'ignore' }).status !== 0) {
    missing.push('python3 with venv (Debian: python3-venv)');
  }
  for (const program of ['java', 'javac']) {
    if (!hasProgram(program)) missing.push(`${program} ${oldestJava} or newer (Debian: default-jdk-headless)`);
  }
  if (missing.length > 0) fail(`Spark is not run here, since there is no ${missing.join(', and no ')}.`);
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const version = /version "(\d+)/.exec(stderr)?.[1];
  if (Number(version) < oldestJava)
    fail(`Spark is not run here: expected Java ${oldestJava} or newer, got ${version}.`);
}
