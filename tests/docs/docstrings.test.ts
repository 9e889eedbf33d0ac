import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../sdk/base/assets.ts';
import { Declarations } from '../support/declarations.ts';
import { plant, temporaryFolder } from '../support/folders.ts';
import { entryPoints } from '../support/package.ts';

/** What an example takes for granted, by the name that it has there. */
const given: Record<string, string> = {
  GigECamera:
    "new (uri: string, address: string, options?: import('ocellus').DeviceOptions) => import('ocellus').Device",
  classifier: "import('ocellus').Classifier",
  // Of any version of the package: a program brings its own.
  client: "Pick<import('mqtt').MqttClient, 'on' | 'off' | 'publishAsync' | 'subscribeAsync'>",
  colour: "import('ocellus').ColourSpace",
  cv: 'any',
  data: "import('ocellus/learn').TrainingData",
  detections: "import('ocellus').Detections",
  device: "import('ocellus').Device",
  drawing: "import('ocellus/vision').Drawing",
  embedding: "import('ocellus/learn').Embedding",
  found: "import('ocellus').Detections",
  frame: "import('ocellus').Frame",
  from: 'string',
  head: "import('ocellus/learn').Head",
  identity: "import('ocellus/learn').Identity",
  inLeft: "import('ocellus').Detections",
  inRight: "import('ocellus').Detections",
  jpeg: 'Buffer',
  learn: "(part: import('ocellus/learn').TrainingSet) => import('ocellus/learn').Margins",
  learned:
    "(tensors: Parameters<import('ocellus/learn').HeadTrainer['restore']>[0]) => import('ocellus/learn').Margins",
  learner: "import('ocellus').Learner",
  learning: "import('ocellus').NodeLearning",
  ledger: "import('ocellus/learn').Ledger",
  left: "import('ocellus').Region",
  leftHalf: "import('ocellus').Detections",
  lesson: "import('ocellus/learn').Lesson",
  log: "import('ocellus').Logger",
  mat: "import('ocellus/opencv').Mat",
  model: "import('ocellus').Model",
  node: "import('ocellus').Node",
  original: "import('ocellus').Frame",
  other: "import('ocellus/learn').Ledger",
  payload: 'Buffer',
  pipeline: "import('ocellus').Pipeline",
  publish: '(text: string | undefined) => void',
  right: "import('ocellus').Region",
  rightHalf: "import('ocellus').Detections",
  sdk: "{ onFrame: (frame: import('ocellus').Frame) => void; close(): Promise<void> }",
  seen: "import('ocellus/learn').Embedding[]",
  set: "import('ocellus/learn').TrainingSet",
  settings: "import('ocellus').Settings",
  source: "import('ocellus/devices').PowerSource",
  space: 'string',
  sum: 'string',
  timeNs: 'number',
  tracker: "import('ocellus').Tracker",
  trainers: "readonly import('ocellus/learn').HeadTrainer[]",
  truth: "import('ocellus/vision').EvaluatedPicture['truth']",
  zones: "import('ocellus').Zones",
};
const ofNode: Record<string, string> = { readFile: 'node:fs/promises', writeFile: 'node:fs/promises' };

it('the examples of the public docstrings fit the published types', () => {
  const folder = temporaryFolder();
  const tsc = join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc');
  const emit = ['-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--noCheck', '--outDir', join(folder, 'types')];
  execFileSync(process.execPath, [tsc, ...emit], { cwd: packageRoot });
  const declarations = new Declarations();
  const entries = [...entryPoints()].map(([name, source]) => {
    const file = join(folder, 'types', relative(packageRoot, source).replace(/\.ts$/, '.d.ts'));
    return { name, file, exported: declarations.exportsOf(file) };
  });
  const moduleOf = (name: string) =>
    entries.find(({ exported }) => exported.has(name))?.name ??
    (Object.hasOwn(ofNode, name) ? ofNode[name] : undefined);

  const files: string[] = [];
  for (const path of sources()) {
    const text = readFileSync(join(packageRoot, path), 'utf8');
    for (const { code, of, line } of examples(text)) {
      if (!entries.some(({ exported }) => exported.has(of))) continue;
      const own = new Set([...code.matchAll(/(?:const|class|let) (?:\{([^}]*)\}|(\w+))/g)].flatMap(namesOf));
      const used = new Set(code.replace(/\/\/.*|'[^'\n]*'/g, '').match(/(?<!(?<!\.\.)\.|\w)[A-Za-z_]\w*/g));
      const named = [...used].filter((name) => !own.has(name));
      const lines = named.flatMap((name) => {
        const from = moduleOf(name);
        if (from) return `import { ${name} } from '${from}';`;
        return Object.hasOwn(given, name) ? `declare const ${name}: ${given[name]};` : [];
      });
      const file = `${path.replaceAll('/', '__').slice(0, -3)}-line-${line}.ts`;
      writeFileSync(join(folder, file), [...lines, 'export {};', code, ''].join('\n'));
      files.push(file);
    }
  }
  expect(files.length).toBeGreaterThan(50);
  symlinkSync(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
  const compilerOptions = {
    module: 'nodenext',
    target: 'esnext',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
    paths: Object.fromEntries(entries.map(({ name, file }) => [name, [file]])),
  };
  plant(folder, {
    'package.json': '{"type": "module"}',
    'tsconfig.json': JSON.stringify({ compilerOptions, files }),
  });
  let said = '';
  try {
    execFileSync(process.execPath, [tsc, '-p', '.'], { cwd: folder, encoding: 'utf8' });
  } catch (error) {
    said = (error as { stdout: string }).stdout;
  }
  expect(said).toBe('');
});

const namesOf = ([, several, one]: RegExpExecArray) =>
  several?.split(',').map((name) => name.split(':').at(-1)!.trim()) ?? [one!];

/** Of what may be public, in this repository. */
function sources(): string[] {
  return ['sdk', 'devices'].flatMap((top) =>
    readdirSync(join(packageRoot, top), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join(top, path)),
  );
}

/** Each `@example`, with the export that it stands at or inside of. */
function examples(text: string): { code: string; of: string; line: number }[] {
  return [...text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(.*)/g)].flatMap(
    ({ 1: comment = '', 2: next = '', index }) => {
      const declared = /^export (?:declare )?(?:abstract |async )*(?:class|function|interface|type|const) (\w+)/;
      const before = text.slice(0, index).match(new RegExp(declared, 'gm'))?.at(-1) ?? '';
      const of = (declared.exec(next) ?? declared.exec(before))?.[1] ?? '';
      const plain = comment.replace(/^\s*\* ?/gm, '');
      return [...plain.matchAll(/@example\s+((?:(?!\n\s*@|\n\s*\n)[\s\S])*)/g)].map(({ 1: code = '' }) => ({
        code: code.trim(),
        of,
        line: text.slice(0, index).split('\n').length,
      }));
    },
  );
}
