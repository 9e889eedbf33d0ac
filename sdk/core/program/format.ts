import { crc32 } from 'node:zlib';
import { InputError } from '../../base/errors.ts';
import { assertProgram } from './check.ts';
import { arrays, constantsOf } from './constants.ts';
import {
  bytesOf,
  type EpilogueName,
  epilogues,
  type FloatFunction,
  floatFunctions,
  limits,
  type OperationName,
  operations,
  type Program,
  type ProgramStep,
  type ProgramTensor,
  type ProgramView,
  type StepConstants,
} from './program.ts';

/**
 * A program as a file, version 1: header, steps, views, tensors, names, constants. Little-endian; offsets count from the
 * file's start, constants lie at multiples of 64. sdk/kernels/program/format.h has the same fields.
 */
export const magic = 'OCELLUSP';
const version = 1;
const sizes = { header: 96, step: 192, view: 48, tensor: 64 } as const;
const none = 0xffffffff;
const callers = 0xffffffffffffffffn;
const flags = { residual: 1, nchw: 2, spaceToDepth: 4 } as const;

/** Where a step's constants are named; some have a twin of another type in the same place. */
const places: Readonly<Record<keyof StepConstants, number>> = {
  weights: 56,
  bias: 64,
  m: 72,
  m2: 80,
  k: 88,
  k32: 88,
  z: 96,
  lo: 104,
  hi: 112,
  za: 120,
  zb: 128,
  rm: 136,
  kr: 136,
  table: 144,
  values: 72,
  walk: 64,
};

/** Is this a compiled program? Its first bytes say so. */
export function isProgram(bytes: Uint8Array): boolean {
  return bytes.length >= magic.length && Buffer.from(bytes.subarray(0, magic.length)).toString('latin1') === magic;
}

/** @throws InputError when the program has more of something than a file can hold. */
export function writeProgram(program: Program): Uint8Array<ArrayBuffer> {
  assertProgram(program);
  const { steps, views, tensors, arenaBytes } = program;
  const names = new Names();
  const stepsAt = sizes.header;
  const viewsAt = stepsAt + steps.length * sizes.step;
  const tensorsAt = viewsAt + views.length * sizes.view;
  const namesAt = tensorsAt + tensors.length * sizes.tensor;
  const stepNames = steps.map(({ name }) => names.add(name));
  const tensorNames = tensors.map(({ name }) => names.add(name));
  const constants = new Constants(namesAt + names.length);
  const head = new DataView(new ArrayBuffer(namesAt));
  const within = (at: number, length: number) => new DataView(head.buffer, at, length);
  steps.forEach((step, i) => {
    const out = within(stepsAt + i * sizes.step, sizes.step);
    writeStep(out, step, views, constants);
    out.setUint32(48, stepNames[i]!, true);
  });
  views.forEach((view, i) => {
    writeView(within(viewsAt + i * sizes.view, sizes.view), view, constants);
  });
  tensors.forEach((tensor, i) => {
    const out = within(tensorsAt + i * sizes.tensor, sizes.tensor);
    writeTensor(out, tensor);
    out.setUint32(0, tensorNames[i]!, true);
  });
  const file = Buffer.alloc(constants.end);
  file.set(new Uint8Array(head.buffer), 0);
  file.set(names.bytes, namesAt);
  constants.writeInto(file);
  const header = new DataView(file.buffer, file.byteOffset, sizes.header);
  file.write(magic, 0, 'latin1');
  header.setUint32(8, version, true);
  header.setUint32(12, sizes.header, true);
  header.setBigUint64(16, BigInt(file.length), true);
  header.setUint32(28, steps.length, true);
  header.setUint32(32, views.length, true);
  header.setUint32(36, tensors.length, true);
  [stepsAt, viewsAt, tensorsAt, namesAt].forEach((offset, i) => {
    header.setBigUint64(40 + 8 * i, BigInt(offset), true);
  });
  header.setUint32(72, names.length, true);
  header.setBigUint64(80, BigInt(arenaBytes), true);
  header.setUint32(24, crc32(file.subarray(sizes.header)), true);
  return Uint8Array.from(file);
}

class Names {
  readonly #parts: Buffer[] = [];
  length = 0;

  /** @returns Where it begins. */
  add(name: string): number {
    const at = this.length;
    const part = Buffer.from(`${name.replaceAll('\0', ' ')}\0`);
    this.#parts.push(part);
    this.length += part.length;
    return at;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** The file's last part. Constants that are alike are written once. */
class Constants {
  readonly #parts: { at: number; bytes: Uint8Array }[] = [];
  readonly #known = new Map<string, number>();
  end: number;

  constructor(from: number) {
    this.end = from;
  }

  /** @returns Where it begins. */
  add({ buffer, byteOffset, byteLength }: ArrayBufferView): number {
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    const key = byteLength <= 8192 ? Buffer.from(bytes).toString('latin1') : undefined;
    const known = key === undefined ? undefined : this.#known.get(key);
    if (known !== undefined) return known;
    const at = Math.ceil(this.end / 64) * 64;
    this.#parts.push({ at, bytes });
    this.end = at + byteLength;
    if (key !== undefined) this.#known.set(key, at);
    return at;
  }

  writeInto(file: Uint8Array): void {
    for (const { at, bytes } of this.#parts) file.set(bytes, at);
  }
}

function writeStep(out: DataView, step: ProgramStep, views: readonly ProgramView[], constants: Constants): void {
  const { kernel = [1, 1], stride = [1, 1], pad = [0, 0], dilation = [1, 1], spaceToDepth } = step;
  const set = (step.residual ? flags.residual : 0) | (step.nchw ? flags.nchw : 0);
  [operations[step.op], epilogues[step.epilogue], set | (spaceToDepth ? flags.spaceToDepth : 0)].forEach((value, i) => {
    out.setUint16(2 * i, value, true);
  });
  [step.in, step.in2 ?? none, step.out].forEach((value, i) => {
    out.setUint32(8 + 4 * i, value, true);
  });
  [...kernel, ...stride, ...pad, ...dilation].forEach((value, i) => {
    out.setUint16(20 + 2 * i, value, true);
  });
  out.setInt16(36, step.fn ? floatFunctions[step.fn] : (step.e ?? 0), true);
  out.setUint16(38, step.group ?? step.rs ?? 0, true);
  spaceToDepth?.forEach((value, i) => {
    out.setUint8(40 + i, value);
  });
  for (const { field } of constantsOf(step, inputsOf(step, views), views[step.out]!)) {
    out.setBigUint64(places[field], BigInt(constants.add(step[field]!)), true);
  }
  out.setBigUint64(152, BigInt(step.macs), true);
}

/** Channels of a step's first view. */
const inputsOf = ({ op, in: index }: Pick<ProgramStep, 'op' | 'in'>, views: readonly ProgramView[]) =>
  op === 'input' || op === 'constant' ? 0 : (views[index]?.channels ?? 0);

function writeView(out: DataView, view: ProgramView, constants: Constants): void {
  out.setBigUint64(0, BigInt(view.offset), true);
  [view.h, view.w, view.channels, view.pixelBytes, view.rowBytes].forEach((value, i) => {
    out.setUint32(8 + 4 * i, value, true);
  });
  out.setUint16(28, view.halo, true);
  out.setUint16(30, view.element === 'uint8' ? 0 : 1, true);
  if (view.zeroPoints) out.setBigUint64(32, BigInt(constants.add(view.zeroPoints)), true);
}

function writeTensor(out: DataView, { direction, element, shape, offset }: ProgramTensor): void {
  out.setUint16(4, direction === 'input' ? 0 : 1, true);
  out.setUint16(6, element === 'uint8' ? 0 : 1, true);
  out.setUint32(8, shape.length, true);
  shape.forEach((side, i) => {
    out.setUint32(12 + 4 * i, side, true);
  });
  out.setBigUint64(40, offset === undefined ? callers : BigInt(offset), true);
}

/**
 * Reads a program and checks it whole: what it gives can be run.
 *
 * @throws InputError when the bytes are none, are cut or damaged, or say what cannot be: with the step's number and name.
 */
export function readProgram(bytes: Uint8Array): Program {
  return new ProgramReader(bytes).read();
}

class ProgramReader {
  readonly #bytes: Uint8Array;
  readonly #data: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): Program {
    this.#checkHeader();
    const data = this.#data;
    const counts = [28, 32, 36].map((at) => data.getUint32(at, true)) as [number, number, number];
    const [steps, views, tensors] = counts;
    const most = limits.items;
    if (steps > most || views > most || tensors > most) {
      throw damaged(`at most ${most} steps, views and tensors`, `${steps}, ${views} and ${tensors}`);
    }
    const part = (place: number, count: number, size: number) => this.#table(place, count * size);
    const viewsAt = part(48, views, sizes.view);
    const tensorsAt = part(56, tensors, sizes.tensor);
    const stepsAt = part(40, steps, sizes.step);
    const namesEnd = part(64, data.getUint32(72, true), 1) + data.getUint32(72, true);
    if (this.#bytes[namesEnd - 1] !== 0) throw damaged('names that end with a zero', 'others');
    const program = { tensors: [] as ProgramTensor[], views: [] as ProgramView[], steps: [] as ProgramStep[] };
    for (let i = 0; i < views; i++) program.views.push(this.#view(viewsAt + i * sizes.view, i));
    for (let i = 0; i < tensors; i++) program.tensors.push(this.#tensor(tensorsAt + i * sizes.tensor, i));
    for (let i = 0; i < steps; i++) program.steps.push(this.#step(stepsAt + i * sizes.step, i, program.views));
    const whole = { ...program, arenaBytes: this.#offset(80, 'the arena') };
    assertProgram(whole);
    return whole;
  }

  #checkHeader(): void {
    const { length } = this.#bytes;
    if (!isProgram(this.#bytes)) throw new InputError(`expected a compiled program, got ${length} bytes that are none`);
    if (length < sizes.header) throw damaged(`a header of ${sizes.header} bytes`, `${length} bytes in all`);
    const made = this.#data.getUint32(8, true);
    if (made !== version) {
      throw new InputError(`expected a program of version ${version}, got version ${made}: compile the network again`);
    }
    const whole = this.#data.getBigUint64(16, true);
    if (whole !== BigInt(length)) throw damaged(`${whole} bytes`, String(length));
    if (this.#data.getUint32(12, true) !== sizes.header) {
      throw damaged(`a header of ${sizes.header} bytes`, `${this.#data.getUint32(12, true)}`);
    }
    this.#assertZeros(
      0,
      [
        [76, 80],
        [88, 96],
      ],
      'the header',
    );
    if (this.#data.getUint32(24, true) !== crc32(this.#bytes.subarray(sizes.header))) {
      throw damaged('the checksum of what follows the header', 'another one');
    }
  }

  /** Fields without a meaning are 0: a later version may give them one. */
  #assertZeros(at: number, places: readonly (readonly [from: number, to: number])[], what: string): void {
    for (const [from, to] of places) {
      const wrong = this.#bytes.subarray(at + from, at + to).findIndex((value) => value !== 0);
      if (wrong >= 0) throw damaged(`${what}: 0 where nothing is said`, `another byte at ${from + wrong}`);
    }
  }

  /** A 64-bit number that a double holds exactly. */
  #offset(at: number, what: string): number {
    const value = this.#data.getBigUint64(at, true);
    if (value > 0xffffffffffffn) throw damaged(`a place of ${what} within the file or arena`, String(value));
    return Number(value);
  }

  #table(place: number, length: number): number {
    const at = this.#offset(place, 'a table');
    if (at < sizes.header || at + length > this.#bytes.length || (place !== 64 && at % 8 !== 0)) {
      throw damaged(`a table of ${length} bytes within ${this.#bytes.length}, at a multiple of 8`, `one at ${at}`);
    }
    return at;
  }

  #name(at: number, what: string): string {
    const from = this.#offset(64, 'the names');
    const end = from + this.#data.getUint32(72, true);
    const start = from + this.#data.getUint32(at, true);
    const zero = start < end ? this.#bytes.subarray(start, end).indexOf(0) : -1;
    if (zero < 0) throw damaged(`a name of ${what} that ends within the names`, `one at ${start - from}`);
    return Buffer.from(this.#bytes.subarray(start, start + zero)).toString('utf8');
  }

  #element(at: number, what: string): 'uint8' | 'float32' {
    const element = this.#data.getUint16(at, true);
    if (element > 1) throw damaged(`${what} of uint8 (0) or float32 (1)`, String(element));
    return element === 0 ? 'uint8' : 'float32';
  }

  #view(at: number, index: number): ProgramView {
    const what = `view ${index}`;
    const [h, w, channels, pixelBytes, rowBytes] = [8, 12, 16, 20, 24].map((place) =>
      this.#data.getUint32(at + place, true),
    ) as [number, number, number, number, number];
    const zeros = this.#offset(at + 32, what);
    this.#assertZeros(at, [[40, sizes.view]], what);
    const element = this.#element(at + 30, what);
    const most = element === 'uint8' ? limits.channels : limits.floatChannels;
    if (channels > most) throw damaged(`${what} of at most ${most} channels`, String(channels));
    return {
      offset: this.#offset(at, what),
      h,
      w,
      channels,
      pixelBytes,
      rowBytes,
      halo: this.#data.getUint16(at + 28, true),
      element,
      ...(zeros > 0 && { zeroPoints: this.#array(Uint8Array, zeros, channels, what) }),
    };
  }

  #tensor(at: number, index: number): ProgramTensor {
    const name = this.#name(at, `tensor ${index}`);
    const what = `tensor ${name}`;
    const direction = this.#data.getUint16(at + 4, true);
    if (direction > 1) throw damaged(`${what}: an input (0) or output (1)`, String(direction));
    const rank = this.#data.getUint32(at + 8, true);
    if (rank > limits.rank) throw damaged(`${what} of at most ${limits.rank} dimensions`, String(rank));
    this.#assertZeros(
      at,
      [
        [12 + 4 * rank, 40],
        [48, sizes.tensor],
      ],
      what,
    );
    const place = this.#data.getBigUint64(at + 40, true);
    if (direction === 0 && place !== callers) throw damaged(`${what}: an input in the caller's memory`, String(place));
    const shape = Array.from({ length: rank }, (_, i) => this.#data.getUint32(at + 12 + 4 * i, true));
    return {
      name,
      direction: direction === 0 ? 'input' : 'output',
      element: this.#element(at + 6, what),
      shape,
      ...(direction === 1 && { offset: this.#offset(at + 40, what) }),
    };
  }

  #step(at: number, index: number, views: readonly ProgramView[]): ProgramStep {
    const data = this.#data;
    const name = this.#name(at + 48, `step ${index}`);
    const what = `step ${index} (${name})`;
    const op = nameOf<OperationName>(operations, data.getUint16(at, true), `${what}: an operation`);
    const epilogue = nameOf<EpilogueName>(epilogues, data.getUint16(at + 2, true), `${what}: an epilogue`);
    const set = data.getUint16(at + 4, true);
    if (set > 7) throw damaged(`${what}: flags of 1, 2 and 4`, String(set));
    const order = set & flags.spaceToDepth ? [] : [[40, 48] as const];
    this.#assertZeros(at, [[6, 8], ...order, [52, 56], [160, sizes.step]], what);
    const [input, second, out] = [8, 12, 16].map((place) => data.getUint32(at + place, true)) as [
      number,
      number,
      number,
    ];
    const pair = (place: number) => [data.getUint16(at + place, true), data.getUint16(at + place + 2, true)] as const;
    const step = {
      op,
      epilogue,
      name,
      in: input,
      ...(second !== none && { in2: second }),
      out,
      residual: (set & flags.residual) !== 0,
      nchw: (set & flags.nchw) !== 0,
      ...(set & flags.spaceToDepth && { spaceToDepth: [...this.#bytes.subarray(at + 40, at + 48)] }),
      kernel: pair(20),
      stride: pair(24),
      pad: pair(28),
      dilation: pair(32),
      ...this.#units(at, op, what),
      macs: this.#offset(at + 152, what),
    };
    if (out >= views.length) throw damaged(`${what}: a view below ${views.length} to write`, String(out));
    if (op !== 'input' && op !== 'constant' && input >= views.length) {
      throw damaged(`${what}: a view below ${views.length} to read`, String(input));
    }
    if (step.kernel[0] > limits.kernel || step.kernel[1] > limits.kernel) {
      throw damaged(`${what}: a kernel of at most ${limits.kernel}`, step.kernel.join(' x '));
    }
    const used = constantsOf(step, inputsOf(step, views), views[out]!);
    for (const [field, place] of Object.entries(places)) {
      const isUsed = used.some((one) => places[one.field] === place);
      if (!isUsed) this.#assertZeros(at, [[place, place + 8]], `${what}: ${field}, for which it has no use`);
    }
    const constants = used.map(({ field, count }) => {
      const from = this.#offset(at + places[field], `${what}: ${field}`);
      return [field, this.#array<ArrayBufferView>(arrays[field], from, count, `${what}: ${field}`)] as const;
    });
    return { ...step, ...Object.fromEntries(constants) };
  }

  /** Two fields that mean something else where a step works on floats. */
  #units(at: number, op: OperationName, what: string): Pick<ProgramStep, 'e' | 'rs' | 'fn' | 'group'> {
    const [e, rs] = [this.#data.getInt16(at + 36, true), this.#data.getUint16(at + 38, true)];
    if (op === 'softmax') return { e, group: rs };
    return op === 'function_float'
      ? { fn: nameOf<FloatFunction>(floatFunctions, e, `${what}: a function`), rs }
      : { e, rs };
  }

  #array<T extends ArrayBufferView>(type: ArrayType<T>, at: number, count: number, what: string): T {
    const length = count * type.BYTES_PER_ELEMENT;
    if (at < sizes.header || at % 64 !== 0 || at + length > this.#bytes.length) {
      throw damaged(`${what}: ${length} bytes at a multiple of 64 within the file`, `them at ${at}`);
    }
    // A copy: constants lie at multiples of 64, but the bytes of a file may lie anywhere in memory.
    return new type(Uint8Array.from(this.#bytes.subarray(at, at + length)).buffer, 0, count);
  }
}

interface ArrayType<T> {
  new (buffer: ArrayBuffer, offset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

function nameOf<T extends string>(names: Readonly<Record<T, number>>, value: number, what: string): T {
  const found = Object.entries<number>(names).find(([, number]) => number === value);
  if (!found) throw damaged(`${what} of ${Object.values<number>(names).join(', ')}`, String(value));
  return found[0] as T;
}

const damaged = (expected: string, got: string) =>
  new InputError(
    `the compiled program is damaged or was cut: expected ${expected}, got ${got}; compile the network again`,
  );

/** Bytes of a tensor. */
export const tensorBytes = ({ shape, element }: ProgramTensor): number =>
  shape.reduce((product, side) => product * side, bytesOf(element));
