// `npm run kernels:pack`: the native kernels as packages for npm, one a platform, in build/packages. The machine's own, and
// arm64 where its cross compiler is there.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildAddon, buildKernels } from './native.mjs';
import { checkNode, fail, hasProgram, installPackages, root, run, say } from './steps.mjs';

const crossCompiler = 'aarch64-linux-gnu-g++';
const cross = [
  '-DCMAKE_SYSTEM_NAME=Linux',
  '-DCMAKE_SYSTEM_PROCESSOR=aarch64',
  `-DCMAKE_CXX_COMPILER=${crossCompiler}`,
];

checkNode();
installPackages();
if (process.platform !== 'linux') fail(`there are packages for linux only; this is ${process.platform}`);
if (!buildKernels()) fail('Nothing was packed.');
pack(process.arch, 'build');
if (process.arch !== 'arm64') {
  if (!hasProgram(crossCompiler)) say(`No package for arm64: sudo apt-get install g++-aarch64-linux-gnu`);
  else if (buildAddon('build/arm64', cross)) pack('arm64', 'build/arm64');
  else fail('The kernels for arm64 could not be built: see above.');
}

function pack(arch, folder) {
  const name = `linux-${arch}`;
  const target = join('build', 'packages');
  const stage = join(target, name);
  rmSync(join(root, stage), { recursive: true, force: true });
  mkdirSync(join(root, stage), { recursive: true });
  copyFileSync(join(root, 'sdk', 'kernels', 'packages', name, 'package.json'), join(root, stage, 'package.json'));
  copyFileSync(join(root, 'LICENSE'), join(root, stage, 'LICENSE'));
  copyFileSync(join(root, folder, 'ocellus-kernels.node'), join(root, stage, 'ocellus-kernels.node'));
  if (!run('npm', ['pack', `./${stage}`, '--pack-destination', target, '--loglevel=error'])) fail('npm pack failed.');
}
