import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asset, packageRoot, packageVersion } from '../../sdk/base/assets.ts';
import { assertCheckout, copyKernels } from './app-tree.ts';
import { reachableDeclarations } from './declarations.ts';
import { installedPackages } from './installed-packages.ts';
import { copyFiles, isNetworkOfProgram, isReference, isToolOfMakers, packedFiles } from './packed-files.ts';
import { architectures } from './platform.ts';
import { run, runNpm } from './run.ts';
import { sourceDate } from './source-date.ts';
import { isUnusedInLibrary } from './unused.ts';
import { settle, walk } from './walk.ts';

interface Manifest {
  dependencies: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  exports: Parameters<typeof reachableDeclarations>[1];
  [field: string]: unknown;
}

/** Is installed for each platform by itself, with a native library of 18 MB. */
const notBundled = 'sharp';

/**
 * Packs Ocellus for npm: `ocellus-VERSION.tgz`, with the packages it needs as the lock file has them, the native kernels for
 * both architectures, and nothing that no machine can use. From a registry comes sharp alone.
 *
 * @param to The folder of the archive. Default: `build/packages`.
 * @returns Its path.
 * @throws InputError when a program is missing or fails.
 */
export function packForNpm(to = asset('build', 'packages')): string {
  assertCheckout();
  run(process.execPath, [asset('tools', 'setup', 'build.mjs')]);
  const stage = emptyStage('npm');
  const declarations = reachableDeclarations(packageRoot, readManifest(packageRoot).exports);
  copyFiles(
    packedFiles().filter((path) => isOfMain(path) && (!/\.d\.ts$/.test(path) || declarations.has(path))),
    stage,
  );
  const modules = join(stage, 'node_modules');
  cpSync(installedPackages('library', 'amd64', isUnusedInLibrary), modules, { recursive: true });
  for (const name of onlyFor(notBundled, modules)) rmSync(join(modules, name), { recursive: true, force: true });
  for (const arch of architectures) {
    const kernels = copyKernels(arch, stage);
    // The C library is in the package of `npm run kernels:pack`.
    for (const part of ['include', 'lib']) rmSync(join(kernels, part), { recursive: true });
  }
  const manifest = readManifest(stage);
  const kernels = readdirSync(join(modules, '@ocellus')).map((name) => `@ocellus/${name}`);
  const bundled = Object.keys(manifest.dependencies).filter((name) => name !== notBundled);
  const { devDependencies, scripts, allowScripts, ...rest } = manifest;
  const packed = {
    ...rest,
    // npm leaves out the other platform's.
    optionalDependencies: Object.fromEntries(kernels.map((name) => [name, packageVersion()])),
    bundleDependencies: [...bundled, ...kernels].sort(),
  };
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(packed, null, 2)}\n`);
  return pack(stage, to);
}

/** Not what other engines need, what makes releases, and the API's reference. */
const isOfMain = (path: string) => !isNetworkOfProgram(path) && !isToolOfMakers(path) && !isReference(path);

/** Packs `ocellus-networks-VERSION.tgz`: the ONNX files that the shipped programs were compiled from, for other engines. */
export function packNetworks(to = asset('build', 'packages')): string {
  assertCheckout();
  const stage = emptyStage('networks');
  for (const path of packedFiles().filter(isNetworkOfProgram))
    cpSync(asset(path), join(stage, path.slice('sdk/models/'.length)));
  cpSync(asset('LICENSE'), join(stage, 'LICENSE'));
  const manifest = {
    name: '@ocellus/networks',
    version: packageVersion(),
    description: 'The networks that Ocellus ships as programs, as ONNX files for other engines.',
    license: 'Apache-2.0',
    exports: { './*': './*' },
  };
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return pack(stage, to);
}

function emptyStage(name: string): string {
  const stage = asset('build', 'pack', name);
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  return stage;
}

function pack(stage: string, to: string): string {
  settle(stage, sourceDate());
  mkdirSync(to, { recursive: true });
  const [{ filename }] = JSON.parse(
    runNpm(['pack', '--json', '--ignore-scripts', '--pack-destination', to], { cwd: stage }),
  ) as [{ filename: string }];
  return join(to, filename.replace('@', '').replace('/', '-'));
}

/** A package and those that nothing but it needs. */
function onlyFor(name: string, modules: string): string[] {
  const manifests = [...walk(modules)].flatMap(({ path }) =>
    /^(@[^/]+\/)?[^/@]+\/package\.json$/.test(path) ? [path.slice(0, -'/package.json'.length)] : [],
  );
  const needs = new Map(manifests.map((one) => [one, neededBy(join(modules, one))]));
  const going = new Set([name]);
  for (let before = 0; before < going.size; ) {
    before = going.size;
    for (const one of [...going].flatMap((it) => needs.get(it) ?? [])) {
      const isNeeded = manifests.some((other) => !going.has(other) && needs.get(other)!.includes(one));
      if (!isNeeded) going.add(one);
    }
  }
  return [...going];
}

function neededBy(folder: string): string[] {
  const { dependencies = {}, optionalDependencies = {} } = readManifest(folder);
  return Object.keys({ ...dependencies, ...optionalDependencies });
}

const readManifest = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
