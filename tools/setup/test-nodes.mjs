// `npm run test:nodes`: the tests on other versions of Node than the one that runs here. They come from npm, once for all checkouts of a user.
//
// Not among them are tests/real, most of whose time other programs take, and what asks for the packages of the Node at hand.
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cachePath } from './cache.mjs';
import { buildKernels } from './native.mjs';
import { build, checkNode, fail, installPackages, root, run, say } from './steps.mjs';

/** The oldest that Ocellus takes, and those with long-term support. */
const versions = ['20.19.0', '22.23.3', '24.21.0', '26.12.1'];

const given = process.argv.slice(2);
const asked = given.filter((one) => /^\d+\.\d+\.\d+$/.test(one));
const filters = given.filter((one) => !asked.includes(one));

checkNode();
installPackages();
buildKernels({ strict: true });
build();
const failed = [];
for (const version of asked.length > 0 ? asked : versions) {
  const bin = folderOf(version);
  say(`Node ${version} …`);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const left = filters.length > 0 ? [] : ['--exclude', 'tests/real/**', '--exclude', 'tests/setup/native.test.ts'];
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  if (!run(join(bin, 'node'), [vitest, 'run', ...left, ...filters], { env })) failed.push(version);
}
if (failed.length > 0) fail(`Tests failed on Node ${failed.join(', ')}: see above.`);
say('All passed.');

/** The folder of a version's program. */
function folderOf(version) {
  const name = `node-linux-${process.arch}`;
  const folder = cachePath('node', [name, version]);
  const bin = join(folder, 'node_modules', name, 'bin');
  if (!existsSync(join(bin, 'node'))) {
    mkdirSync(folder, { recursive: true });
    const install = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', `${name}@${version}`];
    if (!run('npm', install)) fail(`Node ${version} could not be installed: see above.`);
  }
  return bin;
}
