import type { BenchReport, BenchResult } from '../../../tools/cli/bench/bench.ts';
import { spread } from '../../../tools/shared/run.ts';

/** A result of a bench with these medians; each figure has no spread but where it is given. */
export function result(
  change: Partial<BenchResult> & { ms?: number | number[]; ap?: number; joules?: number | number[]; mb?: number } = {},
): BenchResult {
  const { ms = 20, ap, joules, mb = 50, ...own } = change;
  const of = (values: number | number[]) => spread([values].flat());
  return {
    model: 'yolox-nano-416-int8',
    task: 'detect',
    engine: 'native',
    engineVersion: '0.1.0',
    precision: 'int8',
    threads: 1,
    file: '/models/a.ocp',
    sha256: 'a'.repeat(64),
    latencyMs: { p50: of(ms), p99: of([ms].flat().map((one) => one * 2)) },
    networkMs: of(ms),
    perSecond: of(1000 / [ms].flat()[0]!),
    cpuSeconds: of([ms].flat().map((one) => one / 1000)),
    residentMb: of(mb),
    startMs: of(100),
    accuracy: ap === undefined ? null : { kind: 'ap', value: ap, images: 64, objects: 500, ap50: 0.5 },
    energy: joules === undefined ? null : { joules: of(joules), netJoules: of(joules) },
    temperature: null,
    throttling: [],
    foreignLoad: of(0),
    ...own,
  };
}

export function report(results: readonly BenchResult[], change: Partial<BenchReport> = {}): BenchReport {
  return {
    version: '0.1.0',
    machine: {
      ...{ board: 'pi5', model: 'Raspberry Pi 5', arch: 'arm64', cpu: 'Cortex-A76', cores: 4, memoryMb: 8000 },
      ...{ instructionSets: ['neon'], kernels: 'native neon', system: 'linux arm64', node: '20.20.2' },
    },
    pictures: { folder: 'pictures', count: 64 },
    ...{ rounds: 3, seconds: 5, energySeconds: 30 },
    power: null,
    results,
    failed: [],
    warnings: [],
    ...change,
  };
}
