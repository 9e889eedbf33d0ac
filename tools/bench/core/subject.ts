// One way to run a network, as a process of its own that bench:core asks in turns with others. Says once what loading and the
// first run took, then answers each line {"repeat": n} with the milliseconds of one run, by the clock and of the processor.
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { Engine } from '../../../sdk/core/engines/engine.ts';

const { values } = parseArgs({
  options: { engine: { type: 'string' }, file: { type: 'string' }, threads: { type: 'string' } },
});

async function engineOf(name: string): Promise<Engine> {
  if (name === 'native') return new (await import('../../../sdk/core/engines/native.ts')).NativeEngine();
  return new (await import('../../../sdk/core/engines/onnxruntime.ts')).OnnxRuntimeEngine();
}

const engine = await engineOf(values.engine!);
const began = performance.now();
await engine.load(await readFile(values.file!), { threads: Number(values.threads) });
const { name, type, shape } = engine.inputs[0]!;
const sides = shape.map((side) => (typeof side === 'number' && side > 0 ? side : 1));
const picture = engine.bind(name, type as 'uint8' | 'float32', sides);
// Not flat grey, for nobody's camera shows that.
for (let i = 0; i < picture.length; i++) picture[i] = (i * 37 + (i >> 9) * 11) & 255;
await engine.run();
console.log(JSON.stringify({ readyMs: performance.now() - began }));

for await (const line of createInterface({ input: process.stdin })) {
  const { repeat } = JSON.parse(line) as { repeat: number };
  const cpu = process.cpuUsage();
  const started = performance.now();
  for (let i = 0; i < repeat; i++) await engine.run();
  const wallMs = (performance.now() - started) / repeat;
  const { user, system } = process.cpuUsage(cpu);
  console.log(JSON.stringify({ wallMs, cpuMs: (user + system) / 1000 / repeat }));
}
