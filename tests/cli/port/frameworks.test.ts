import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readNetwork } from '../../../sdk/core/cards/network.ts';
import { environmentsFolder, type Family, pythonOf } from '../../../tools/cli/port/environments.ts';
import { type PortOptions, port, tolerances } from '../../../tools/cli/port/port.ts';
import type { TargetName } from '../../../tools/cli/port/target.ts';
import { hasProgram } from '../../support/needs.ts';

/**
 * Each way through a framework of Python, with networks that are made here. The environments are those that the command makes: the
 * first run fetches some gigabytes. Those that only make networks get their packages beside them.
 */
const isLong = process.env.OCELLUS_TEST_LONG === '1';
const python = process.env.PYTHON || 'python3';
const long = it.skipIf(!isLong || !hasProgram(python));
const why = 'OCELLUS_TEST_LONG=1, python3 and PyPI, or environments that are there';

const folder = mkdtempSync(join(tmpdir(), 'ocellus-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const extras: Readonly<Record<string, readonly string[]>> = {
  tensorflowjs: ['tensorflowjs==4.22.0', 'tensorflow-hub==0.16.1', 'tf-keras==2.19.0', 'setuptools==80.9.0'],
  ultralytics: [
    'ultralytics==8.4.190',
    'ultralytics-thop==2.2.3',
    'opencv-python-headless==4.12.0.88',
    'PyYAML==6.0.4',
    'requests==2.34.2',
    'urllib3==2.8.0',
    'idna==3.20',
    'certifi==2026.10.19.post1',
    'charset-normalizer==3.5.3',
    'psutil==7.2.2',
  ],
};

/** Packages that a maker imports beside those of an environment; fetched once. */
async function packagesOf(family: Family, name: string): Promise<string> {
  const packages = extras[name]!;
  const key = createHash('sha256').update(packages.join()).digest('hex').slice(0, 16);
  const place = join(environmentsFolder, `port-test-${name}-${key}`);
  if (!existsSync(place)) {
    const own = `${place}.${process.pid}`;
    execFileSync(await pythonOf(family), ['-m', 'pip', 'install', '-q', '--no-deps', '--target', own, ...packages]);
    renameSync(own, place);
  }
  return place;
}

/** Makes a network, once. @returns Its path. */
async function made(family: Family, kind: string, file: string, packages?: string): Promise<string> {
  const out = join(folder, kind, file);
  if (existsSync(out)) return out;
  mkdirSync(join(folder, kind), { recursive: true });
  const maker = join(import.meta.dirname, 'makers', `make_${family}.py`);
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PYTHONPATH: packages && (await packagesOf(family, packages)),
    PYTHONDONTWRITEBYTECODE: '1',
    YOLO_AUTOINSTALL: 'False',
    YOLO_OFFLINE: 'True',
    YOLO_CONFIG_DIR: folder,
  };
  const told = file === 'model.json' ? join(folder, kind) : out;
  execFileSync(await pythonOf(family), [maker, kind, told], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  return out;
}

const mobilenet = () => made('tensorflow', 'keras', 'mobilenet.keras');
const yolo = () => made('torch', 'yolo11n.onnx', 'yolo11n.onnx', 'ultralytics');

async function ported(file: string, to: TargetName, options: Partial<PortOptions> = {}) {
  const out = join(folder, `${basename(file)}-to-${to}`);
  const result = await port(file, { to, out, ...options }, () => {});
  const told = result.proof.outputs.map(
    ({ name, share, cosine }) => `${name} ${share.toPrecision(3)} ${cosine.toFixed(7)}`,
  );
  const { layers, boxes } = result.proof;
  console.log(
    `${result.source.ranBy} -> ${result.target.ranBy}: ${basename(file)}: ${told.join('; ')}; ${layers.length} layers` +
      (boxes ? `; boxes ${boxes.source} and ${boxes.target}, ${boxes.matched} in both` : ''),
  );
  return result;
}

const equal = { problems: [], tolerance: tolerances.float };

long(`Keras to ONNX, and that to TFLite (needs ${why})`, async () => {
  const result = await ported(await mobilenet(), 'onnx');
  expect(result.proof).toMatchObject({ ...equal, firstLayer: undefined, outputs: [{ topOne: 1 }] });
  expect(result.proof.layers.length).toBeGreaterThan(50);
  expect((await ported(result.made[0]!, 'tflite')).proof).toMatchObject(equal);
});

long(`Keras with numbers that are no weights, convolutions in groups and gelu (needs ${why})`, async () => {
  const { proof } = await ported(await made('tensorflow', 'keras_modern', 'modern.keras'), 'onnx');
  expect(proof).toMatchObject(equal);
  expect(proof.layers.length).toBeGreaterThan(5);
});

long(`SavedModel (needs ${why})`, async () => {
  const { proof } = await ported(await made('tensorflow', 'saved_model', 'mobilenet'), 'onnx');
  expect(proof).toMatchObject({ ...equal, firstLayer: undefined });
});

for (const kind of ['tflite_uint8', 'tflite_int8'] as const) {
  long(
    `TFLite in integers throughout, whose outputs become the numbers that they mean, ${kind} (needs ${why})`,
    async () => {
      const result = await ported(await made('tensorflow', kind, 'mobilenet.tflite'), 'onnx');
      expect(result.proof).toMatchObject({ problems: [], tolerance: tolerances.quantised });
      const { outputs } = readNetwork(await readFile(result.made[0]!), result.made[0]!);
      expect(outputs).toMatchObject([{ type: 'float32' }]);
      // Shares of 1000 classes, not steps of 1/256.
      expect(result.proof.outputs[0]!.greatest).toBeLessThanOrEqual(1);
    },
  );
}

long(`TFLite whose weights are kept without their zeros (needs ${why})`, async () => {
  const file = await made('tensorflow', 'tflite_sparse', 'sparse.tflite');
  const { proof } = await ported(file, 'onnx');
  expect(proof).toMatchObject({ ...equal, firstLayer: undefined });
});

long(`a graph of TensorFlow.js whose convolutions are as TensorFlow has them (needs ${why})`, async () => {
  const { proof } = await ported(await made('tensorflow', 'tfjs', 'model.json', 'tensorflowjs'), 'onnx');
  expect(proof).toMatchObject({ ...equal, firstLayer: undefined });
});

long(
  `a graph of TensorFlow.js whose convolutions and products were fused by its converter (needs ${why})`,
  async () => {
    const { proof } = await ported(await made('tensorflow', 'tfjs_fused', 'model.json', 'tensorflowjs'), 'onnx');
    expect(proof).toMatchObject({ ...equal, firstLayer: undefined });
    expect(proof.layers.length).toBeGreaterThan(20);
  },
);

for (const [kind, size] of [
  ['mobilenet.pt2', undefined],
  ['mobilenet.pt', [224, 224]],
  ['ssdlite.pt2', undefined],
  ['ssdlite.pt', [320, 320]],
] as const) {
  long(`PyTorch, ${kind} (needs ${why})`, async () => {
    const { proof } = await ported(await made('torch', kind, kind), 'onnx', { size });
    expect(proof).toMatchObject({ ...equal, firstLayer: undefined });
    if (kind.endsWith('.pt2')) expect(proof.layers.length).toBeGreaterThan(50);
    if (kind.startsWith('ssdlite'))
      expect(proof.outputs.map(({ shape }) => shape)).toEqual([
        [1, 3234, 4],
        [1, 3234, 21],
      ]);
  });
}

for (const to of ['ncnn', 'openvino', 'tflite'] as const) {
  long(`YOLO11n to ${to}: the same numbers, and the same boxes (needs ${why})`, async () => {
    const { proof, notes } = await ported(await yolo(), to);
    expect(proof).toMatchObject(equal);
    expect(proof.boxes!.source).toBeGreaterThan(20);
    expect(proof.boxes!.matched).toBe(proof.boxes!.source);
    expect(notes.join()).toContain(to === 'tflite' ? 'the target takes pictures as [1, 320, 320, 3]' : '');
  });
}

long(`YOLO11n to a program: every operator is known (needs ${why})`, async () => {
  const { proof, made: files } = await ported(await yolo(), 'program');
  expect(proof.tolerance).toEqual(tolerances.quantised);
  expect(proof.outputs).toMatchObject([{ isWithin: true }]);
  expect(files.map((file) => basename(file))).toContain('yolo11n-program.card.json');
});
