import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { random as randomNumbers } from '../../sdk/base/random.ts';
import { compile } from '../../sdk/core/compiler/compile.ts';
import { loadModel } from '../../sdk/core/model.ts';
import { writeProgram } from '../../sdk/core/program/format.ts';
import { Frame } from '../../sdk/frame/frame.ts';
import { type PixelFormat, pixelFormats } from '../../sdk/frame/layout.ts';
import { kernels } from '../../sdk/kernels/kernels.ts';
import { readPicture } from '../../sdk/picture/picture.ts';
import { photo } from '../cli/cli.ts';
import { NetworkBuilder, pictures } from '../core/compiler/networks.ts';
import { compiled, isBuilt, run } from './compiled.ts';

const side = 16;
const cells = side * side;

/** Channels by what is in them: fractions, pixels, any numbers, or one number everywhere. */
type Channels = readonly (readonly ['share' | 'pixels' | 'free', number] | readonly ['number', number])[];

/** [1, channels, cells] */
function channels(net: NetworkBuilder, x: string, kinds: Channels, colours: 1 | 3): string {
  const parts = kinds.map(([kind, count]) => {
    if (kind === 'number') {
      return net.node(
        'Conv',
        [x, net.constant([1, colours, 1, 1], Array(colours).fill(0)), net.constant([1], [count])],
        {
          ints: { kernel_shape: [1, 1] },
        },
      );
    }
    const y = net.conv(x, [colours, count]);
    return kind === 'free' ? y : net.node(kind === 'share' ? 'Sigmoid' : 'Relu', [y]);
  });
  const joined = parts.length === 1 ? parts[0]! : net.node('Concat', parts, { ints: { axis: 1 } });
  const all = kinds.reduce((sum, [kind, count]) => sum + (kind === 'number' ? 1 : count), 0);
  return net.node('Reshape', [joined, net.integers(1, all, cells)]);
}

const rows = (net: NetworkBuilder, x: string) => net.node('Transpose', [x], { ints: { perm: [0, 2, 1] } });

interface Case {
  readonly decoder: Record<string, unknown>;
  /** The outputs, by their order. */
  readonly outputs: readonly { readonly kinds: Channels; readonly cellsLast?: boolean }[];
  readonly input?: Record<string, unknown>;
}

/** Two labels. */
const cases: Record<string, Case> = {
  yolox: {
    decoder: { type: 'yolox', strides: [1], decoded: false },
    outputs: [
      {
        kinds: [
          ['free', 4],
          ['share', 3],
        ],
      },
    ],
  },
  'yolox, of logits, which shows whether it is decoded': {
    decoder: { type: 'yolox', strides: [1], logits: true },
    outputs: [{ kinds: [['free', 7]] }],
  },
  'yolox of grey pictures': {
    decoder: { type: 'yolox', strides: [1], logits: true },
    outputs: [{ kinds: [['free', 7]] }],
    input: { channels: 'GRAY' },
  },
  yolov5: {
    decoder: { type: 'yolov5' },
    outputs: [
      {
        kinds: [
          ['pixels', 4],
          ['share', 3],
        ],
      },
    ],
    input: { align: 'top-left', channels: 'BGR', pad: 0 },
  },
  'yolov8, with numbers that are skipped': {
    decoder: { type: 'yolov8', extra: 2 },
    outputs: [
      {
        kinds: [
          ['pixels', 2],
          ['number', 0.5],
          ['number', 2.5],
          ['share', 2],
          ['free', 2],
        ],
        cellsLast: true,
      },
    ],
    input: { resize: 'stretch' },
  },
  'nanodet, in two outputs': {
    decoder: { type: 'nanodet', strides: [1], bins: 5, outputs: { scores: ['A'], boxes: ['B'] } },
    outputs: [{ kinds: [['share', 2]] }, { kinds: [['free', 20]] }],
  },
  'nanodet-plus, in one, of logits': {
    decoder: { type: 'nanodet', strides: [1], bins: 5, centre: 0, logits: true },
    outputs: [{ kinds: [['free', 22]] }],
  },
  suppressed: {
    decoder: { type: 'suppressed', boxes: 'cxcywh' },
    input: { align: 'top-left' },
    outputs: [
      {
        kinds: [
          ['pixels', 2],
          ['number', 0.5],
          ['number', 2.5],
          ['share', 1],
          ['number', 1],
        ],
      },
    ],
  },
  ssd: {
    decoder: { type: 'ssd', outputs: { boxes: 'A', scores: 'B', classes: 'C' }, first_class: 1 },
    outputs: [{ kinds: [['share', 4]] }, { kinds: [['share', 1]] }, { kinds: [['number', 2]] }],
    input: { resize: 'stretch' },
  },
  efficientdet: {
    decoder: { type: 'efficientdet' },
    outputs: [
      {
        kinds: [
          ['number', 0],
          ['pixels', 2],
          ['number', 12],
          ['number', 13],
          ['share', 1],
          ['number', 2],
        ],
      },
    ],
  },
};

/** A picture whose rows have gaps, as those of a part of another one. */
function frame(format: PixelFormat, width = 41, height = 23): Frame {
  const random = randomNumbers(5);
  const stride = width * (format === 'GRAY8' ? 1 : 3) + 7;
  const data = Uint8Array.from({ length: stride * height }, () => random() * 256);
  return new Frame({
    sequence: 0,
    captureTimeNs: 0,
    wallTimeMs: 0,
    format,
    width,
    height,
    planes: [{ data, stride }],
  });
}

describe.skipIf(!isBuilt || !kernels.programs)('a detector of the C library (needs npm run kernels)', () => {
  let folder = '';
  let executable = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ocellus-test-'));
    executable = compiled(folder, 'cc', asset('tests', 'clib', 'found.c'), ['-std=c99']);
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const inC = (model: string, { format, width, height, planes }: Frame, threshold: number) => {
    const file = join(folder, 'pixels');
    writeFileSync(file, planes[0]!.data);
    const place = [pixelFormats.indexOf(format), width, height, planes[0]!.stride];
    const { status, said } = run(executable, [model, file, ...place.map(String), String(threshold)]);
    if (status !== 0) return said;
    return said.split('\n').filter((line) => line !== '');
  };
  const here = async (model: string, picture: Frame, scoreThreshold: number) => {
    await using loaded = await loadModel(model, { engine: 'native' });
    return [...(await loaded.detect(picture, { scoreThreshold }))].map(({ label, score, box }) =>
      [label, ...[score, ...box].map(nineDigits)].join(' '),
    );
  };

  it.each(Object.entries(cases))('finds what Ocellus finds, to the last bit: %s', async (_, one) => {
    const net = new NetworkBuilder();
    const x = net.picture();
    const colours = one.input?.channels === 'GRAY' ? 1 : 3;
    const names = one.outputs.map(({ kinds, cellsLast }) => {
      const all = channels(net, x, kinds, colours);
      return cellsLast ? all : rows(net, all);
    });
    for (const name of names) net.output(name);
    const place = join(folder, 'model');
    mkdirSync(place, { recursive: true });
    const program = await compile(
      { bytes: net.build([1, colours, side, side]), weights: [] },
      {
        ...{ width: side, height: side, layout: 'NCHW', mean: [0, 0, 0], std: [1, 1, 1], channels: colours },
        pictures: () => pictures(8, side, 3, colours),
      },
    );
    writeFileSync(join(place, 'tiny.ocp'), writeProgram(program));
    // A, B and C stand for the names, which the builder gives.
    const decoder = JSON.parse(
      JSON.stringify(one.decoder),
      (_, value) => ({ A: names[0], B: names[1], C: names[2] })[String(value)] ?? value,
    );
    const input = { width: side, height: side, type: 'float32', ...one.input };
    const card = join(place, 'tiny.card.json');
    writeFileSync(
      card,
      JSON.stringify({ name: 'tiny', task: 'detect', file: 'tiny.ocp', input, decoder, labels: ['größe', 'b'] }),
    );
    let found = 0;
    for (const format of ['BGR24', 'RGB24', 'GRAY8'] as const) {
      const expected = await here(card, frame(format), 0.25);
      expect(inC(card, frame(format), 0.25)).toEqual(expected);
      found += expected.length;
    }
    expect(found).toBeGreaterThan(5);
  });

  it.each(['yolox-nano-416-int8', 'nanodet-g-416-int8'])('so does the one that ships: %s', async (name) => {
    for (const file of ['motorcycle.jpg', 'person.jpg', 'wall.jpg']) {
      const picture = (await readPicture(photo(file))) as Frame;
      const card = asset('sdk', 'models', `${name}.card.json`);
      expect(inC(card, picture, 0.1)).toEqual(await here(card, picture, 0.1));
      expect(inC(card.replace('.card.json', '.ocp'), picture, 0.1)).toEqual(inC(card, picture, 0.1));
    }
  });

  it.each([
    ['{"task": "classify"}', 'expected the card of a detector, its task is classify'],
    ['{"task": "detect"}', 'expected a card that names a compiled program, got none'],
    ['{"task": "detect", "file": "gone.ocp"}', 'gone.ocp cannot be read: No such file or directory'],
    ['{"task": detect}', 'not JSON: expected a value at byte 9, got d'],
    ['{"task": "detect"', 'not JSON: expected a comma or } at byte 17, got the end of the file'],
    [`${'['.repeat(40)}`, 'not JSON: expected fewer brackets'],
    ['', 'not JSON: expected a value at byte 0, got the end of the file'],
  ])('says what is wrong with the card %s', (content, said) => {
    const card = join(folder, 'wrong.card.json');
    writeFileSync(card, content);
    expect(inC(card, frame('BGR24'), 0.5)).toContain(said);
  });

  it('says what does not fit the program, and what is wrong with a picture', () => {
    const program = asset('sdk', 'models', 'yolox-nano-416-int8.ocp');
    const card = join(folder, 'other.card.json');
    const input = { width: 416, height: 416 };
    const said = (change: object, picture = frame('BGR24')) => {
      writeFileSync(card, JSON.stringify({ task: 'detect', file: program, input, labels: ['one'], ...change }));
      return inC(card, picture, 0.5);
    };
    const decoder = { type: 'yolox', strides: [8, 16, 32] };
    expect(said({ input: { width: 320, height: 320 } })).toContain('expected a picture of 320x320, as the card says');
    expect(said({ decoder })).toContain('to be [1, 3549, 6] (0: any), it has 3 dimensions, [1, 3549, 85]');
    expect(said({ decoder: { type: 'rtdetr' } })).toContain('got rtdetr');
    expect(said({ labels: [7] })).toContain('labels: expected strings');
    expect(
      inC(program, { ...frame('BGR24'), planes: [{ data: new Uint8Array(9), stride: 8 }] } as never, 0.5),
    ).toContain('picture.strides[0]: expected at least the 123 bytes of a row, or 0 where rows have no gap, got 8');
    expect(inC(program, { ...frame('GRAY8'), width: 0, planes: frame('GRAY8').planes } as never, 0.5)).toContain(
      'picture: expected 1 to 16384 pixels a side, got 0x',
    );
    expect(inC(program, frame('BGR24'), 2)).toContain('expected a threshold of 0 to 1');
  });
});

/** As C's `%.9g` writes a number of 32 bits. */
function nineDigits(value: number): string {
  const exponent = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  const rounded = exponent < -4 || exponent > 8 ? value.toExponential(8) : value.toPrecision(9);
  const [digits, power] = rounded.split('e') as [string, string?];
  const short = digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
  return power === undefined ? short : `${short}e${power.replace(/([+-])(\d)$/, '$10$2')}`;
}
