// A process that loads a compiled program and runs it once; prints what that took as one JSON line. The benchmark starts it again
// and again, since only the first time counts.
import { readFileSync } from 'node:fs';
import { asset } from '../../sdk/base/assets.ts';
import { kernels } from '../../sdk/kernels/kernels.ts';

const programs = kernels.programs;
if (!programs) throw new Error(`expected the native kernels, here are those in ${kernels.name}`);
const picture = new Uint8Array(416 * 416 * 3).fill(100);
const began = performance.now();
const cpu = process.cpuUsage();
const program = programs.load(readFileSync(asset('sdk', 'models', 'yolox-nano-416-int8.ocp')), 'the default model', 1);
const loaded = performance.now();
program.run([picture]);
const { user, system } = process.cpuUsage(cpu);
const ended = performance.now();
console.log(JSON.stringify({ cpuMs: (user + system) / 1000, wallMs: ended - began, loadMs: loaded - began }));
