// `npm run test:hadoop`: `ocellus worker --typedbytes` as a mapper of Hadoop Streaming, in the local runner and in YARN.
//
// Hadoop comes by Maven, 100 MB, once for all checkouts of a user. Java and Maven are this machine's.
import { join } from 'node:path';
import { makeLab } from '../../tests/real/lab/labs.mjs';
import { build, checkNode, fail, hasProgram, installPackages, root, run, say } from './steps.mjs';

const needed = [
  { program: 'java', package: 'default-jdk-headless' },
  { program: 'javac', package: 'default-jdk-headless' },
  { program: 'mvn', package: 'maven' },
];

checkNode();
const missing = needed.filter(({ program }) => !hasProgram(program));
if (missing.length > 0) {
  const named = missing.map((one) => `${one.program} (Debian: ${one.package})`).join(', and no ');
  fail(`Hadoop is not run here, since there is no ${named}.`);
}
installPackages();
build();
say('Hadoop (made once, kept in the cache) …');
await makeLab('hadoop');
const ended = run(
  process.execPath,
  [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', 'tests/real/hadoop', ...process.argv.slice(2)],
  { env: { ...process.env, OCELLUS_TEST_HADOOP: '1' } },
);
process.exit(ended ? 0 : 1);
