import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asset, packageRoot } from '../../sdk/base/assets.ts';

/** Is there something to pack? `npm test` builds it. */
export const isBuilt = existsSync(asset('dist', 'sdk', 'index.d.ts')) && existsSync(asset('dist', 'samples'));

export interface PackageFile {
  /** From the package's folder. */
  readonly path: string;
  readonly size: number;
}

/** The entry points that `package.json` names, from `ocellus` on, with the source that each is made from. */
export function entryPoints(): Map<string, string> {
  const { exports } = JSON.parse(readFileSync(asset('package.json'), 'utf8'));
  const code = Object.entries<{ default: string }>(exports).filter(([, entry]) => typeof entry === 'object');
  return new Map(
    code.map(([path, entry]) => [
      join('ocellus', path),
      asset(entry.default.replace('./dist/', '').replace(/\.js$/, '.ts')),
    ]),
  );
}

/**
 * Packs what is built, as `npm pack` does, and installs it into a project of its own: `node_modules/ocellus`, beside the packages it
 * depends on, but not those that it is only developed with.
 *
 * @returns What the package holds.
 */
export function installPackage(project: string): PackageFile[] {
  const modules = join(project, 'node_modules');
  const folder = join(modules, 'ocellus');
  mkdirSync(folder, { recursive: true });
  const pack = ['pack', '--ignore-scripts', '--json', '--silent', '--pack-destination', project];
  const [packed] = JSON.parse(execFileSync('npm', pack, { cwd: packageRoot, encoding: 'utf8' }));
  const archive = join(project, packed.filename);
  execFileSync('tar', ['-xzf', archive, '-C', folder, '--strip-components=1']);
  rmSync(archive);
  const { dependencies } = JSON.parse(readFileSync(asset('package.json'), 'utf8'));
  // What a project for Node has as well, and what runs ONNX files.
  for (const name of [...Object.keys(dependencies), '@types/node', 'onnxruntime-node']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(asset('node_modules', name), join(modules, name));
  }
  return packed.files;
}
