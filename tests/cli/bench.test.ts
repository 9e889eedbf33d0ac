import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Wire } from '../../sdk/base/wire.ts';
import { startBroker } from '../../sdk/hub/broker/broker.ts';
import type { BenchReport } from '../../tools/cli/bench/bench.ts';
import type { Recommendation } from '../../tools/cli/bench/recommend.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';
import { jsonLines, ocellus, photo } from './cli.ts';

type Told = Wire<BenchReport> & { recommendation: Wire<Recommendation> | null; written: string | null };

const short = ['--rounds', '1', '--seconds', '1', '--threads', '1'];
const model = 'nanodet-g-416-int8';

/** Two pictures with YOLO labels beside them, or without. */
function folderOf({ labelled }: { labelled: boolean }): string {
  const folder = temporaryFolder();
  for (const name of ['motorcycle', 'wall']) copyFileSync(photo(`${name}.jpg`), join(folder, `${name}.jpg`));
  if (labelled) {
    writeFileSync(join(folder, 'motorcycle.txt'), '3 0.536 0.523 0.79 0.774\n');
    writeFileSync(join(folder, 'wall.txt'), '');
  }
  return folder;
}

describe('ocellus bench', { timeout: 900_000 }, () => {
  it('measures each engine, goes on where one cannot, recommends one and writes it beside what is there', async () => {
    const folder = folderOf({ labelled: true });
    const settings = join(folder, 'ocellus.yaml');
    const page = join(folder, 'bench.html');
    writeFileSync(settings, '# Mine.\nnode: porch\n');
    const args = ['--engine', 'native,onnxruntime,ncnn', '--python', '/nowhere/python', '--on', folder];
    const wish = ['--recommend', 'at least 0.01 AP, best latency', '--write', settings, '--page', page];
    const { code, out, err } = await ocellus(['bench', model, 'no-such-model', ...args, ...wish, ...short, '--json']);
    expect(code, err).toBe(0);
    const [report] = jsonLines(out) as [Told];

    expect(report.results.map(({ engine }) => engine)).toEqual(['native', 'onnxruntime']);
    for (const one of report.results) {
      expect(one).toMatchObject({ model, task: 'detect', precision: 'int8', threads: 1 });
      expect(one.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(one.latency_ms.p99.median).toBeGreaterThanOrEqual(one.latency_ms.p50.median);
      expect(one.latency_ms.p50.median).toBeGreaterThanOrEqual(one.network_ms.median);
      expect(one.network_ms.median).toBeGreaterThan(0);
      expect(one.cpu_seconds.median).toBeGreaterThan(0);
      expect(one.per_second!.median).toBeGreaterThan(0);
      expect(one.start_ms.median).toBeGreaterThan(0);
      expect(one.resident_mb.median).toBeGreaterThan(1);
      expect(one.accuracy).toMatchObject({ kind: 'ap', images: 2, objects: 1 });
      expect(one.accuracy!.value).toBeGreaterThan(0.3);
    }
    // The same network in the same bits.
    expect(report.results[0]!.accuracy!.value).toBeCloseTo(report.results[1]!.accuracy!.value, 1);
    expect(report.results.map(({ engine_version }) => engine_version)).toEqual([report.version, '1.30.0']);
    expect(report.failed).toMatchObject([
      { model, engine: 'ncnn', why: expect.stringContaining('/nowhere/python') },
      { model: 'no-such-model', engine: null, why: expect.stringContaining('there is no model "no-such-model"') },
    ]);
    expect(report.machine).toMatchObject({ cores: expect.any(Number), kernels: expect.any(String) });

    const choice = report.recommendation!.choice!;
    const least = Math.min(...report.results.map(({ latency_ms }) => latency_ms.p50.median));
    const chosen = report.results.find(({ engine }) => engine === choice.engine)!;
    expect(chosen.latency_ms.p50.median).toBeLessThanOrEqual(least * 1.05);
    const text = readFileSync(settings, 'utf8');
    expect(text).toContain('# Mine.\nnode: porch\n');
    const { parse } = await import('yaml');
    expect(parse(text)).toEqual({ node: 'porch', ...report.recommendation!.settings });
    expect(report.written).toBe(settings);
    expect(readFileSync(page, 'utf8')).toContain('AP against latency, ms');
  });

  it('says in words what it measured; without labels, how far an engine agrees with onnxruntime', async () => {
    const folder = folderOf({ labelled: false });
    const { code, out } = await ocellus(['bench', model, '--engine', 'native', '--on', folder, ...short]);
    expect(code).toBe(0);
    expect(out).toMatch(/^MODEL +ENGINE +FORM +THREADS +LATENCY ms p50 +p99 +CPU ms +PER SECOND +MEMORY MB/m);
    expect(out).toMatch(/^nanodet-g-416-int8 +native .* (1\.000|0\.[5-9]\d\d) agreement /m);
    expect(out).toMatch(/^sha256 [0-9a-f]{64} {2}.*nanodet-g-416-int8\.ocp$/m);
  });

  it('measures energy by a plug over MQTT, and takes off what the idle board takes', async () => {
    const broker = closing(await startBroker({ port: 0 }), (it) => it.stop());
    const plug = closing(await connectAsync(broker.url), (it) => it.endAsync(true));
    const timer = setInterval(() => void plug.publishAsync('plug', '{"power":5}').catch(() => {}), 100);
    onTestFinished(() => clearInterval(timer));
    const meter = ['--meter', `${broker.url}/plug#power`, '--energy-seconds', '1'];
    const { code, out, err } = await ocellus(['bench', model, '--engine', 'native', ...meter, ...short, '--json']);
    expect(code, err).toBe(0);
    const [report] = jsonLines(out) as [Told];
    expect(report.power).toMatchObject({ source: 'mqtt', covers: 'sensor' });
    expect(report.power!.idle_watts.median).toBeCloseTo(5, 3);
    const { joules, net_joules } = report.results[0]!.energy!;
    expect(joules.median).toBeGreaterThan(0);
    // It always says 5 W.
    expect(Math.abs(net_joules.median)).toBeLessThan(joules.median / 100);
  });

  it('ends with 1 where nothing fits, and says what comes closest', async () => {
    const args = ['bench', model, '--engine', 'native', '--recommend', 'at most 0.0001 ms, best latency'];
    const { code, out } = await ocellus([...args, ...short]);
    expect(code).toBe(1);
    expect(out).toContain('nothing fits');
    expect(out).toMatch(/closest is nanodet-g-416-int8 by native \(int8, 1 thread\): at most 0\.0001 ms: \d/);
  });

  it('says what is wrong before it measures', async () => {
    const empty = temporaryFolder();
    const run = async (...args: string[]) => {
      const { code, err } = await ocellus(['bench', ...args]);
      return [code, err.trim()];
    };
    expect(await run()).toEqual([2, expect.stringContaining("missing required argument 'model'")]);
    expect(await run(model, '--on', empty)).toEqual([2, expect.stringContaining('expected pictures')]);
    expect(await run(model, '--engine', 'abacus')).toEqual([2, expect.stringContaining('native, onnxruntime, opencv')]);
    expect(await run(model, '--recommend', 'best colour')).toEqual([2, expect.stringContaining('"colour"')]);
    expect(await run(model, '--write', 'x.yaml')).toEqual([2, expect.stringContaining('--recommend')]);
    expect(await run(model, '--meter', 'plug')).toEqual([2, expect.stringContaining('mqtt://HOST/TOPIC')]);
    expect(await run(model, '--page', join(empty, 'no', 'x.html'))).toEqual([2, expect.stringContaining('--page: ')]);
    const none = await ocellus(['bench', 'no-such-model', ...short]);
    expect([none.code, none.out]).toEqual([2, expect.stringContaining('there is no model "no-such-model"')]);
    const nowhere = await ocellus(['bench', model, '--engine', 'ncnn', '--python', '/nowhere/python', ...short]);
    expect([nowhere.code, nowhere.out]).toEqual([1, expect.stringContaining('/nowhere/python')]);
  });
});
