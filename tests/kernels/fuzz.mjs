// Calls every function of the addon with junk, in a process of its own: `node fuzz.mjs ADDON SEED CALLS`. Each call must
// return or throw a TypeError or a RangeError; a crash ends the process, which the test sees.
import { tinyProgram } from './program/tiny.mjs';

const [file, seed, calls] = process.argv.slice(2);
const loaded = { exports: {} };
process.dlopen(loaded, file);
const addon = loaded.exports;

let state = Number(seed) | 1;
/** From 0 to below n. */
function below(n) {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return (state >>> 8) % n;
}
const pick = (list) => list[below(list.length)];

const arrays = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
];
const plain = arrays.filter((Type) => Type !== BigInt64Array);
const lengths = [0, 1, 2, 3, 5, 8, 9, 16, 17, 36, 63, 64, 65, 256, 1000];

function junkArray() {
  const Type = pick(arrays);
  const length = pick(lengths);
  const size = length * Type.BYTES_PER_ELEMENT;
  switch (below(6)) {
    case 0: {
      const detached = new Type(length);
      structuredClone(detached.buffer, { transfer: [detached.buffer] });
      return detached;
    }
    case 1:
      return new Type(new SharedArrayBuffer(size));
    case 2: {
      // Follows its buffer, which became smaller.
      const buffer = new ArrayBuffer(size + 64, { maxByteLength: size + 64 });
      const view = new Type(buffer);
      buffer.resize(((size >> 1) >> 3) << 3);
      return view;
    }
    case 3:
      return new Type(new ArrayBuffer(size + 64), 8, length);
    default: {
      const array = new Type(length);
      if (plain.includes(Type)) for (let i = 0; i < length; i++) array[i] = pick(numbers);
      return array;
    }
  }
}

const numbers = [
  0,
  -0,
  1,
  2,
  3,
  7,
  8,
  16,
  63,
  64,
  65,
  255,
  256,
  1000,
  65535,
  65536,
  -1,
  -8,
  0.5,
  1.5,
  1e9,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e300,
  -1e300,
  NaN,
  Infinity,
  -Infinity,
];
const others = [
  undefined,
  null,
  true,
  false,
  '',
  'scalar',
  'x'.repeat(100),
  {},
  [],
  [1, 2],
  () => 1,
  Symbol('s'),
  10n,
  new ArrayBuffer(8),
  new DataView(new ArrayBuffer(8)),
  new Date(),
  /x/,
  new Proxy(new Float32Array(4), {}),
  Object.create(Float32Array.prototype),
];

function junk() {
  const kind = below(10);
  return kind < 4 ? junkArray() : kind < 8 ? pick(numbers) : pick(others);
}

/** What each function takes: calls differ from it in some places, so that they get past the first check. */
const head = Int32Array.of(3, 4, 8, 2, 2, 16, 1, 1);
const right = {
  dotI8: () => [new Int8Array(9), new Int8Array(9)],
  dotF32: () => [new Float32Array(9), new Float32Array(9)],
  squaredDistanceF32: () => [new Float32Array(9), new Float32Array(9)],
  normF32: () => [new Float32Array(9)],
  matVecI8: () => [new Int8Array(18), new Int8Array(9), new Int32Array(2)],
  matVecF32: () => [new Float32Array(18), new Float32Array(9), new Float32Array(2)],
  motion: () => [
    new Uint8Array(256),
    Int32Array.of(16, 16, 16, 1, 64, 8192, 512, 256, 64, 100, 1500),
    new Uint16Array(4),
    new Uint16Array(4),
    new Uint16Array(4),
    new Uint16Array(4),
    new Uint16Array(4),
    new Uint16Array(4),
    new Uint8Array(4),
    new Uint8Array(4),
  ],
  decodeF32: () => [
    head.slice(),
    new Float32Array(15).fill(0.6),
    new Float32Array(80),
    0.5,
    true,
    new Float32Array(36),
    new Float32Array(9),
    new Int32Array(9),
    0,
  ],
  decodeU8: () => [
    head.slice(),
    new Uint8Array(15).fill(200),
    new Uint8Array(80),
    Float64Array.of(0.01, 3, 0.1, 128),
    0.5,
    true,
    new Float32Array(36),
    new Float32Array(9),
    new Int32Array(9),
    0,
  ],
  classwiseNms: () => [
    new Float32Array(36).map((_, i) => i % 7),
    new Float32Array(9).fill(0.5),
    new Int32Array(9),
    9,
    0.5,
    9,
    new Uint32Array(9),
  ],
  preprocessor: () => [8, 8, true, false, true, true, 114, Float32Array.of(1, 1, 1), new Float32Array(3)],
  // I420, 16 x 16, and one place of the input: padding is written, 8 x 6 at (0, 1), of the region 16 x 12 at (0, 2).
  run: () => [
    Float64Array.of(0, 16, 16, 16, 8, 8, 0, 1),
    new Uint8Array(256),
    new Uint8Array(64),
    new Uint8Array(64),
    Float64Array.of(1, 0, 1, 8, 6, 0, 2, 16, 12),
    new Uint8Array(192),
  ],
  // I420 to I420, 16 x 16.
  toYuv: () => [
    Float64Array.of(0, 16, 16, 16, 8, 8, 0, 16, 16, 16, 8, 8, 0, 1),
    new Uint8Array(256),
    new Uint8Array(64),
    new Uint8Array(64),
    new Uint8Array(256),
    new Uint8Array(64),
    new Uint8Array(64),
  ],
  decodeJpeg: () => [
    Uint8Array.from(tinyJpeg),
    8,
    8,
    new Uint8Array(new SharedArrayBuffer(192)),
    new Uint16Array(768).fill(9000),
    new Int32Array(9).fill(1500),
    new Uint8Array(16385),
  ],
  programLoad: () => [tinyProgram(), 2],
  programInfo: ({ programLoad }) => [programLoad(tiny, 1)],
  programOutput: ({ programLoad }) => [programLoad(tiny, 1), 1],
  programRun: ({ programLoad }) => [programLoad(tiny, 1), [new Uint8Array(48)], new Float64Array(2)],
  programClose: ({ programLoad }) => [programLoad(tiny, 1)],
};
const tiny = tinyProgram();
/** 8 x 8. */
const tinyJpeg = Buffer.from(
  [
    '/9j/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2Nj',
    'Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCAAIAAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAP/xAAUEAEAAAAAAAAAAAAAAAAAAAAA',
    '/8QAFAEBAAAAAAAAAAAAAAAAAAAABf/EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAhEDEQA/ALACyL//2Q==',
  ].join(''),
  'base64',
);

const counts = { returned: 0, thrown: 0 };
function call(target, name, ...args) {
  try {
    target[name](...args);
    counts.returned++;
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) {
      console.error(`${name}: ${error?.stack ?? error}`);
      process.exit(1);
    }
    counts.thrown++;
  }
}

for (let i = 0; i < 200; i++) call(addon, 'kernels', junk());
const targets = addon.variants.map((variant) => {
  const kernels = addon.kernels(variant);
  // A preprocessor is a function itself.
  return { ...kernels, run: kernels.preprocessor(...right.preprocessor()) };
});
const names = Object.keys(targets[0]).filter((name) => typeof targets[0][name] === 'function');
for (const name of names) {
  for (const target of targets) {
    // What is right must go through, or nothing behind the first check was tried.
    target[name](...right[name](target));
    for (let i = 0; i < Number(calls); i++) {
      const args = below(8) > 0 ? right[name](target) : Array.from({ length: below(14) }, junk);
      for (let changes = below(3); changes > 0 && args.length > 0; changes--) {
        const at = below(args.length);
        // A number near the right one gets further than any.
        if (typeof args[at] === 'number' && below(2) === 0) args[at] += pick([-1, 1, 2, 7, 64]);
        // So does an array of the right type.
        else if (plain.includes(args[at]?.constructor) && below(2) === 0)
          args[at] = new args[at].constructor(pick(lengths)).fill(pick(numbers));
        else args[at] = junk();
      }
      call(target, name, ...args);
    }
  }
}
console.log(JSON.stringify({ names, ...counts }));
