import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asset, packageRoot } from '../../sdk/base/assets.ts';
import { entryPoints, installPackage, isBuilt, type PackageFile } from '../support/package.ts';

/** The headings of a page as links name them. */
function headingsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set(headings);
}

describe.skipIf(!isBuilt)('the packed package, in a project of its own (needs dist)', () => {
  let project = '';
  let files: PackageFile[] = [];

  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), 'ocellus-test-'));
    files = installPackage(project);
  });

  afterAll(() => rmSync(project, { recursive: true, force: true }));

  const tsc = (folder: string) => {
    const compiler = join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc');
    return spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' }).stdout;
  };

  it.each(['nodenext', 'bundler'])(
    'compiles with module resolution %s and strict checks of all libraries',
    (resolution) => {
      const folder = join(project, resolution);
      mkdirSync(folder);
      writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
      // OpenCV is what one installs beside it.
      const points = [...entryPoints().keys()];
      const imports = points.map(
        (name, i) => `import * as all${i} from '${name}';\nexport type All${i} = typeof all${i};`,
      );
      const code = `${imports.join('\n')}
      import { Pipeline, type Device, type FrameReport } from 'ocellus';
      import { DeviceBase, registerDevice } from 'ocellus/devices';
      export class Mine extends DeviceBase {
        protected async start() {
          const colour = { matrix: 'bt601', range: 'full' } as const;
          return { kind: 'mine', title: 'Mine', format: 'GRAY8', width: 2, height: 2, colour, live: true } as const;
        }
        protected async stop() {}
      }
      registerDevice('mine', (uri, _, options): Device => new Mine(uri, options));
      export const pipeline = new Pipeline({ source: 'mine:', detect: { labels: ['person'] } });
      pipeline.on('frame', (report: FrameReport) => console.log(report.tracks[0]?.label.toUpperCase()));
      // A mistake is found, so types are there.
      // @ts-expect-error
      pipeline.on('frame', (report: string) => report);`;
      writeFileSync(join(folder, 'index.ts'), code);
      const options = {
        target: 'es2023',
        module: resolution === 'bundler' ? 'esnext' : 'nodenext',
        moduleResolution: resolution,
        strict: true,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        types: ['node'],
        noEmit: true,
      };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['index.ts'] }));
      expect(tsc(folder)).toBe('');
    },
  );

  it('gives what each entry point names, without OpenCV', () => {
    const names = [...entryPoints().keys()];
    const script = `for (const name of ${JSON.stringify(names)}) console.log(name, Object.keys(await import(name)).length);`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: project,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const counts = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    expect(counts.map(([name]) => name)).toEqual(names);
    for (const [name, count] of counts) expect(Number(count), name).toBeGreaterThan(2);
  });

  it('says what to do where a bundler has put it into a program of its own', async () => {
    const folder = join(project, 'bundled');
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{ "name": "mine", "version": "7.0.0", "type": "module" }');
    writeFileSync(join(folder, 'main.js'), `import { loadModel } from 'ocellus';\nawait (await loadModel()).close();`);
    const made = async (name: string, external: RegExp[]) => {
      const output = { entryFileNames: name };
      // Where it is installed, as from npm, only its own code is in one piece with the program.
      const rolldownOptions = { input: join(folder, 'main.js'), external, output };
      const ssr = { noExternal: external.length > 0 ? [] : ['ocellus'] };
      await build({
        root: folder,
        logLevel: 'silent',
        ssr,
        build: { ssr: true, outDir: folder, emptyOutDir: false, rolldownOptions },
      });
      return spawnSync(process.execPath, [join(folder, name)], { encoding: 'utf8' });
    };
    const inside = await made('inside.js', []);
    expect(inside.stderr).toContain(`expected the package ocellus around its code, got ${realpathSync(folder)}`);
    expect(inside.stderr).toContain('leave it out (esbuild: --external:ocellus; docs/install.md)');
    expect(inside.status).toBe(1);
    expect(await made('outside.js', [/^ocellus/])).toMatchObject({ stderr: '', status: 0 });
  });

  it('holds what is used, and not what it is made from', () => {
    const paths = files.map(({ path }) => path);
    for (const path of ['bin/ocellus.js', 'dist/sdk/index.d.ts', 'README.md', 'LICENSE']) expect(paths).toContain(path);
    expect(paths.filter((path) => /^(tests|findings|build)\/|node_modules\//.test(path))).toEqual([]);
  });

  it('has what its pages link to, to the heading', () => {
    const pages = new Map<string, { links: string[]; headings: Set<string> }>();
    for (const { path } of files.filter(({ path }) => /^[^/]+\.md$|^(docs|samples)\/.*\.md$/.test(path))) {
      const text = readFileSync(join(project, 'node_modules', 'ocellus', path), 'utf8').replace(/^```.*?^```/gms, '');
      const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
      pages.set(path, { links: links.filter((link) => !/^[a-z]+:/.test(link)), headings: headingsOf(text) });
    }
    const broken = [...pages].flatMap(([page, { links }]) =>
      links
        .filter((link) => {
          const [path, heading] = link.split('#');
          const target = path ? join(dirname(page), path) : page;
          if (!existsSync(join(project, 'node_modules', 'ocellus', target))) return true;
          return heading !== undefined && pages.has(target) && !pages.get(target)!.headings.has(heading);
        })
        .map((link) => `${page}: ${link}`),
    );
    expect(broken).toEqual([]);
    expect([...pages.values()].flatMap(({ links }) => links).length).toBeGreaterThan(50);
  });

  it.skipIf(!existsSync(asset('docs', 'api')))('has an API reference of all entry points (needs npm run docs)', () => {
    const paths = files.map(({ path }) => path);
    for (const name of entryPoints().keys()) {
      expect(paths).toContain(`docs/api/modules/${name.replaceAll('/', '_')}.html`);
    }
    expect(paths).toContain('docs/api/classes/ocellus.Pipeline.html');
    expect(paths).toContain('docs/api/functions/ocellus.registerDevice.html');
  });
});
