// What `npm start` and `npm test` share: the set-up, each step done only when it is needed. Plain JavaScript without
// dependencies, because it runs before there are any.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export function say(message) {
  console.error(message);
}

export function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Runs a program in the package's folder; true when it went well. */
export function run(program, args, options = {}) {
  const result = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) say(`${program}: ${result.error.message}`);
  return result.status === 0;
}

/** The same, without waiting here; what else is to be done meanwhile is done. */
export function started(program, args, options = {}) {
  const child = spawn(program, args, { cwd: root, stdio: 'inherit', ...options });
  return new Promise((resolve) => {
    child.once('error', (error) => {
      say(`${program}: ${error.message}`);
      resolve(false);
    });
    child.once('close', (status) => resolve(status === 0));
  });
}

/** Is this program on the PATH? */
export function hasProgram(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Ocellus needs Node 20.19 or newer; this is ${process.versions.node} (${process.execPath}).`);
  }
}

/** `npm ci`, when the lock file, the platform or Node's major version changed since the last time. */
export function installPackages() {
  if (!installPackagesIn(root)) fail('The packages could not be installed: see above.');
}

/** The same for another folder that has a lock file. @returns False when that failed. */
export function installPackagesIn(folder) {
  const stamp = join(folder, 'node_modules', '.ocellus-stamp');
  const wanted = digest([
    readFileSync(join(folder, 'package-lock.json')),
    `${process.platform} ${process.arch} ${process.versions.modules}`,
  ]);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return true;
  say('Installing the packages (once) …');
  // onnxruntime-node ships what it needs; its install script would only fetch GPU libraries. The environment says it
  // as well, since npm 11 warns of unknown settings in .npmrc and a later one may drop them.
  const environment = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' };
  // Node's own npm, so that this works where only `node` is on the PATH of a service.
  const path = process.env.npm_execpath;
  // With npm 9 it may be npx.
  const npm = path?.endsWith('npm-cli.js') ? [process.execPath, path] : ['npm'];
  const [program, ...first] = npm;
  // Development packages too: TypeScript and Vite build the checkout.
  const args = [...first, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  if (!run(program, args, { env: environment, cwd: folder })) return false;
  writeFileSync(stamp, wanted);
  return true;
}

/** Compiles the TypeScript and the page when a source is newer than the last build. */
export function build() {
  const stamp = join(root, 'dist', '.ocellus-stamp');
  const sources = [
    ...['sdk', 'devices', 'tools', 'samples'].flatMap((folder) => filesUnder(join(root, folder))),
    join(root, 'package-lock.json'),
    join(root, 'tsconfig.json'),
    join(root, 'tsconfig.build.json'),
  ];
  const wanted = digest(
    sources.sort().map((file) => {
      const { size, mtimeMs } = statSync(file);
      return `${file} ${size} ${mtimeMs}\n`;
    }),
  );
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('Building …');
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const bin = (...parts) => join(root, 'node_modules', ...parts);
  if (!run(process.execPath, [bin('typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'])) {
    fail('The TypeScript could not be compiled: see above.');
  }
  const vite = (config) =>
    run(process.execPath, [bin('vite', 'bin', 'vite.js'), 'build', '--config', config, '--logLevel=warn']);
  if (!vite('tools/console/web/vite.config.ts')) fail('The page could not be built: see above.');
  if (!vite('tools/setup/app.config.mjs')) fail('The command could not be bundled: see above.');
  writeFileSync(stamp, wanted);
}

const extensions = /\.(ts|tsx|mjs|css|html|json|svg)$/;

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesUnder(path);
    return extensions.test(entry.name) ? [path] : [];
  });
}

export function digest(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
