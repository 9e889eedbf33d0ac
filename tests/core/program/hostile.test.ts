import { afterEach, describe, expect, test, vi } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { random } from '../../../sdk/base/random.ts';
import { readProgram, tensorBytes, writeProgram } from '../../../sdk/core/program/format.ts';
import type { Program } from '../../../sdk/core/program/program.ts';
import { Interpreter } from '../../../sdk/core/program/reference.ts';
import { Program as NativeProgram } from '../../../sdk/kernels/program/native.ts';
import { needsAddon, sameBits, variants } from '../../kernels/variants.ts';
import { damages, parts } from './changed.ts';
import { everyOperation } from './every-operation.ts';

const file = writeProgram(everyOperation());
const { stepsAt, viewsAt, tensorsAt, namesAt } = parts(readProgram(file));
const next = random(2);
const picture = Uint8Array.from({ length: 8 * 8 * 3 }, () => Math.floor(256 * next()));
afterEach(() => {
  vi.unstubAllGlobals();
});

/** @returns Undefined when it was refused, as it should be: with an error that says what is wrong. */
function read(bytes: Uint8Array): Program | undefined {
  try {
    return readProgram(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(/expected .+, got .+/);
    return undefined;
  }
}

/** Not so large that a run would take its time; the checks have let it pass. */
const isSmall = ({ arenaBytes, tensors }: Program) =>
  arenaBytes <= 2 ** 20 && tensors.every((tensor) => tensorBytes(tensor) <= 2 ** 20);

function run(program: Program): Interpreter {
  const interpreter = new Interpreter(program);
  const { name } = program.tensors.find(({ direction }) => direction === 'input')!;
  interpreter.input(name).set(picture.subarray(0, interpreter.input(name).length));
  interpreter.run();
  return interpreter;
}

/** Arrays that do not let anybody read or write beyond their end, which arrays otherwise suffer in silence. */
function guardMemory(): void {
  const guarded = <T extends typeof Uint8Array | typeof Float32Array>(type: T): T =>
    new Proxy(type, {
      construct: (target, args) => new Proxy(Reflect.construct(target, args), { get: getWithin, set: setWithin }),
    });
  vi.stubGlobal('Uint8Array', guarded(Uint8Array));
  vi.stubGlobal('Float32Array', guarded(Float32Array));
}

type Numbers = Uint8Array | Float32Array;

function assertWithin(numbers: Numbers, key: string | symbol): void {
  if (typeof key === 'string' && /^(-?[\d.]+|NaN)$/.test(key) && !Object.hasOwn(numbers, key)) {
    throw new RangeError(`expected a place below ${numbers.length}, got ${key}`);
  }
}

function getWithin(numbers: Numbers, key: string | symbol): unknown {
  assertWithin(numbers, key);
  const value: unknown = Reflect.get(numbers, key, numbers);
  return typeof value === 'function' ? value.bind(numbers) : value;
}

function setWithin(numbers: Numbers, key: string | symbol, value: unknown): boolean {
  assertWithin(numbers, key);
  return Reflect.set(numbers, key, value, numbers);
}

test('the guard of these tests finds a place beyond the end', () => {
  guardMemory();
  const numbers = new Uint8Array(4);
  numbers[3] = 7;
  expect(numbers[3]).toBe(7);
  expect(() => numbers[4]).toThrow('expected a place below 4, got 4');
  expect(() => {
    numbers[-1] = 1;
  }).toThrow('got -1');
});

describe('a file in which each byte was changed once', () => {
  test.each([
    { part: 'header', from: 8, to: stepsAt, seed: 1, ran: 0 },
    { part: 'steps', from: stepsAt, to: viewsAt, seed: 2, ran: 30 },
    { part: 'views', from: viewsAt, to: tensorsAt, seed: 3, ran: 10 },
    { part: 'tensors', from: tensorsAt, to: namesAt, seed: 4, ran: 10 },
  ])('is refused, or runs within its memory: the $part', ({ part, from, to, seed, ran }) => {
    const seen = { refused: 0, ran: 0 };
    const harmless: Program[] = [];
    for (const bytes of damages(file, from, to, seed)) {
      const program = read(bytes);
      if (!program) seen.refused++;
      else if (isSmall(program)) harmless.push(program);
    }
    guardMemory();
    // Most that pass have another name or count of multiply-adds: some of the many are enough.
    for (let i = 0; i < harmless.length; i += part === 'steps' ? 8 : 2) {
      run(harmless[i]!);
      seen.ran++;
    }
    vi.unstubAllGlobals();
    expect(seen.refused).toBeGreaterThan((to - from) / 3);
    expect(seen.ran).toBeGreaterThanOrEqual(ran);
  });

  test('is refused when its checksum is that of the whole one', () => {
    for (let at = 96; at < file.length; at += 37) {
      const damaged = file.slice();
      damaged[at]! ^= 1 << (at % 8);
      expect(() => readProgram(damaged)).toThrow('expected the checksum of what follows the header, got another one');
    }
  });

  test('is refused when it was cut, or something was added', () => {
    for (let length = 0; length < file.length; length += length < 100 ? 1 : 97) {
      expect(read(file.slice(0, length))).toBeUndefined();
    }
    expect(read(Uint8Array.of(...file, 0))).toBeUndefined();
  });
});

describe.each(variants.slice(0, 1))(`the kernels${needsAddon}`, ({ functions }) => {
  test('take what is taken here, and compute the same', () => {
    let ran = 0;
    let taken = 0;
    for (const bytes of damages(file, stepsAt, namesAt, 5)) {
      const program = read(bytes);
      if (!program) continue;
      const native = new NativeProgram(functions, bytes, 'changed.ocp');
      // A run takes longer than the check.
      if (isSmall(program) && taken++ % 5 === 0) {
        const expected = run(program);
        const inputs = native.info.tensors.filter(({ direction }) => direction === 'input');
        native.run(inputs.map(({ name }) => expected.input(name)));
        for (const { name, data } of native.outputs) expect(sameBits(data, expected.output(name))).toBe(true);
        ran++;
      }
      native.close();
    }
    expect(ran).toBeGreaterThan(50);
  });
});
