// `npm run test:image`: builds the card image twice, compares them, makes two releases that are newer, and boots cards in emulated
// boards, which install them. As root, on Debian.
//
//   npm run test:image              everything, of a root of Debian that is made once and kept
//   npm run test:image -- --fresh   makes that root again: Debian's packages have been updated since
//   npm run test:image -- --twice   makes it two times more, and compares what the images are made of: a quarter of an hour each
//   npm run test:image -- --image a.img    boots this image, and builds none; updates are left out
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

const debian = cachePath('debian', [readFileSync(join(root, 'tools', 'image', 'make', 'debian.ts'))]);
const env = { ...process.env };
if (option === '--image') env.OCELLUS_TEST_IMAGE = resolve(given ?? fail('--image: expected a file'));
else {
  env.OCELLUS_TEST_IMAGE = builtTwice();
  env.OCELLUS_TEST_RELEASES = await releasesAfter(env.OCELLUS_TEST_IMAGE);
}
env.OCELLUS_TEST_STOCK_ROOT = stockRoot();
// Each of them takes all processors.
const ended = run(
  process.execPath,
  [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', 'tests/real/image', '--no-file-parallelism'],
  {
    env,
  },
);
process.exit(ended ? 0 : 1);

/** Debian for this machine with systemd and a kernel, in the place of Raspberry Pi OS, which Debian's archive does not have. */
function stockRoot() {
  const packages = ['systemd-sysv', 'udev', 'dbus', 'kmod', 'iproute2', 'ca-certificates', 'initramfs-tools', 'zstd'];
  const include = [...packages, 'linux-image-cloud-amd64'].join(',');
  const kept = cachePath('stock', [include]);
  if (existsSync(kept)) return kept;
  mkdirSync(cacheFolder, { recursive: true });
  say('A root of Debian 13 in the place of Raspberry Pi OS …');
  const made = join(scratch, 'stock.tar');
  const options = ['--quiet', '--variant=minbase', '--architectures=amd64', `--include=${include}`];
  if (!run('mmdebstrap', [...options, 'trixie', made])) fail('It could not be made: see above.');
  if (!run('mv', [made, kept])) fail('It could not be kept.');
  return kept;
}

function builtTwice() {
  mkdirSync(cacheFolder, { recursive: true });
  if (option === '--fresh' || option === '--twice') rmSync(debian, { force: true });
  const kept = existsSync(debian) ? ['--debian', debian] : ['--keep-debian', debian];
  const first = imageOf('first.img', kept);
  if (first.compressed_bytes > mostBytes) fail(`expected at most ${mostBytes} bytes, got ${first.compressed_bytes}`);
  const again = option === '--twice' ? [] : ['--debian', debian];
  const second = imageOf('second.img', [...again, '--no-compress']);
  if (first.image_sha256 !== second.image_sha256) {
    const what = option === '--twice' ? 'the same packages' : 'the same root';
    fail(`expected the same image of ${what}, got ${first.image_sha256} and ${second.image_sha256}`);
  }
  say(`The same bytes twice: sha256 ${first.image_sha256}`);
  rmSync(second.file);
  return first.file;
}

/** Two releases that are newer than an image: one as it should be, and one whose cameras give nothing. */
async function releasesAfter(image) {
  const { appTree } = await import('../../dist/tools/pack/app-tree.js');
  const { packageVersion } = await import('../../dist/sdk/base/assets.js');
  const version = packageVersion();
  const after = (steps) => version.replace(/(\d+)\D*$/, (_, last) => String(Number(last) + steps));
  const folder = join(scratch, 'releases');
  mkdirSync(folder);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const key = join(scratch, 'key.pem');
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(join(folder, 'key.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  const app = join(scratch, 'app');
  appTree({ arch: 'arm64', to: app });
  const make = (name, newer, bases) => {
    const made = imageOf(`${name}.img`, ['--debian', debian, '--app', app, '--image-version', newer, '--no-compress']);
    // The virtual machine's name in its device tree, too: it is booted in place of a board.
    const boards = ['brcm,bcm2837', 'brcm,bcm2711', 'linux,dummy-virt'].flatMap((board) => ['--board', board]);
    const base = bases.flatMap(([of, file]) => ['--base', `${of}=${file}`]);
    const options = ['--version', newer, ...base, ...boards, '--out', join(folder, name), '--key', key];
    if (!run(process.execPath, [join(root, 'dist', 'tools', 'update', 'main.js'), made.file, ...options])) {
      fail('The release could not be made: see above.');
    }
    return made.file;
  };
  const next = make('next', after(1), [[version, image]]);
  const dropIn = join(app, 'tools', 'systemd', 'ocellus.service.d', 'blind.conf');
  const blind = 'ocellus run --config /var/lib/ocellus/ocellus.yaml --source v4l2:/dev/video9';
  writeFileSync(dropIn, `[Service]\nExecStart=\nExecStart=/usr/bin/env ${blind}\n`);
  rmSync(make('blind', after(2), [[after(1), next]]));
  rmSync(next);
  return folder;
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
