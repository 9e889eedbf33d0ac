// `npm run test:image`: builds the card image twice, compares them, and boots one in emulated boards. As root, on Debian.
//
//   npm run test:image              everything, of a root of Debian that is made once and kept
//   npm run test:image -- --fresh   makes that root again: Debian's packages have been updated since
//   npm run test:image -- --image a.img    boots this image, and builds none
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cacheFolder, cachePath } from './cache.mjs';
import { build, checkNode, fail, installPackages, root, run, say, started } from './steps.mjs';

/** What a download is to take at most. */
const mostBytes = 350e6;

checkNode();
await started(process.execPath, [join(root, 'tools', 'setup', 'packages.mjs'), '--image']);
installPackages();
build();

const [option, given] = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), 'ocellus-test-image-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

const image = option === '--image' ? resolve(given ?? fail('--image: expected a file')) : builtTwice();
const ended = run(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', 'tests/real/image'], {
  env: { ...process.env, OCELLUS_TEST_IMAGE: image },
});
process.exit(ended ? 0 : 1);

function builtTwice() {
  mkdirSync(cacheFolder, { recursive: true });
  const debian = cachePath('debian', [readFileSync(join(root, 'tools', 'image', 'make', 'debian.ts'))]);
  if (option === '--fresh') rmSync(debian, { force: true });
  const kept = existsSync(debian) ? ['--debian', debian] : ['--keep-debian', debian];
  const first = imageOf('first.img', kept);
  if (first.compressed_bytes > mostBytes) fail(`expected at most ${mostBytes} bytes, got ${first.compressed_bytes}`);
  const second = imageOf('second.img', ['--debian', debian, '--no-compress']);
  if (first.image_sha256 !== second.image_sha256) {
    fail(`expected the same image of the same root, got ${first.image_sha256} and ${second.image_sha256}`);
  }
  say(`The same bytes twice: sha256 ${first.image_sha256}`);
  rmSync(second.file);
  return first.file;
}

function imageOf(name, options) {
  const file = join(scratch, name);
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(root, 'bin', 'ocellus.js'), 'image', 'build', file, ...options, '--json'],
    { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' },
  );
  if (status !== 0) fail('The image could not be built: see above.');
  const made = JSON.parse(stdout);
  say(
    `${name}: ${(made.image_bytes / 1e6).toFixed(0)} MB, ${Math.round(statSync(file).blocks / 1953)} MB of them written, ` +
      `compressed ${made.compressed_bytes ? `${(made.compressed_bytes / 1e6).toFixed(1)} MB` : 'not'}; ` +
      Object.entries(made.seconds)
        .map(([step, seconds]) => `${step.replaceAll('_', ' ')} ${seconds} s`)
        .join(', '),
  );
  return made;
}
