import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { type Box, iou } from '../../../sdk/vision/geometry.ts';
import { jsonLines, ocellus } from '../../cli/cli.ts';
import { hasProgram } from '../../support/needs.ts';
import { isLabMade, makeLab } from '../lab/labs.mjs';

const run = promisify(execFile);
const lab = (name: string) => asset('tests', 'real', 'lab', name);
const isPossible =
  hasProgram('qemu-aarch64-static') && (isLabMade('arm64') || (process.getuid?.() === 0 && hasProgram('mmdebstrap')));

interface Line {
  file: string;
  detections: { label: string; score: number; box: Box }[];
}

interface Named {
  file: string;
  label: string;
  score: number;
}

describe.skipIf(!isPossible)('on arm64 (needs qemu-user-static, mmdebstrap, root once)', () => {
  let home: string;
  let folder: string;

  beforeAll(async () => {
    home = await makeLab('arm64');
    // The project as it is installed: its own files, and packages for that machine.
    folder = await mkdtemp(join(tmpdir(), 'ocellus-arm64-'));
    const ownTests = 'tests/real/learn/train-process.mjs';
    for (const part of ['package.json', 'bin', 'dist', 'sdk/models', 'devices/scene/photos', ownTests]) {
      await mkdir(join(folder, part, '..'), { recursive: true });
      await cp(asset(...part.split('/')), join(folder, part), { recursive: true });
    }
    await symlink(join(home, 'packages', 'node_modules'), join(folder, 'node_modules'));
  }, 3_600_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const node = async (...args: string[]) =>
    (await run(lab('arm64-run'), [folder, ...args], { env: { ...process.env, ARM64: home } })).stdout;
  const there = (...args: string[]) => node('bin/ocellus.js', ...args);

  // Neighbouring cells may nearly tie, and which of their boxes is kept may be the other one there.
  it('the detector finds what it finds here: scores to 0.02, boxes that overlap by 0.9', async () => {
    const files = ['cat', 'cup', 'motorcycle', 'person', 'wall'].map((name) => `devices/scene/photos/${name}.jpg`);
    // Low enough that more than the plainest objects are compared.
    // The kernels are not built there; that NEON's compute the same bits is seen in tests/real/kernels.
    const args = ['detect', '--json', '--engine', 'onnxruntime', '--threshold', '0.25', ...files];
    const ours = jsonLines((await ocellus(args, folder)).out) as Line[];
    const theirs = jsonLines(await there(...args)) as Line[];
    expect(theirs.map(({ file }) => file)).toEqual(files);
    const worst = { score: 0, overlap: 1, count: 0 };
    for (const [i, { detections }] of ours.entries()) {
      for (const { label, score, box } of detections) {
        // Near the threshold one may be on either side of it.
        if (score < 0.27) continue;
        const errors = theirs[i]!.detections.filter((other) => other.label === label)
          .map((other) => ({
            score: Math.abs(other.score - score),
            overlap: iou(other.box, box),
          }))
          .sort((a, b) => b.overlap - a.overlap);
        expect(errors, `${label} in ${files[i]}`).not.toHaveLength(0);
        worst.score = Math.max(worst.score, errors[0]!.score);
        worst.overlap = Math.min(worst.overlap, errors[0]!.overlap);
        worst.count++;
      }
    }
    console.log(
      `arm64 beside ${process.arch}: ${worst.count} objects, scores differ by ${worst.score.toFixed(4)}, boxes overlap by ${worst.overlap.toFixed(3)} at least`,
    );
    expect(worst.count).toBeGreaterThanOrEqual(4);
    expect(worst.score).toBeLessThanOrEqual(0.02);
    expect(worst.overlap).toBeGreaterThanOrEqual(0.9);
  }, 3_600_000);

  it('the classifier says what it says here: the same best classes, scores to 0.001', async () => {
    const files = ['cat', 'cup', 'motorcycle', 'person', 'wall'].map((name) => `devices/scene/photos/${name}.jpg`);
    // Only one of the two has the native kernels.
    const args = ['classify', '--json', '--engine', 'onnxruntime', '--top', '3', ...files];
    const ours = jsonLines((await ocellus(args, folder)).out) as Named[];
    const theirs = jsonLines(await there(...args)) as Named[];
    expect(theirs.map(({ file, label }) => [file, label])).toEqual(ours.map(({ file, label }) => [file, label]));
    const worst = Math.max(...theirs.map(({ score }, i) => Math.abs(score - ours[i]!.score)));
    console.log(`arm64 beside ${process.arch}: scores of ${ours.length} classes differ by ${worst.toFixed(4)} at most`);
    expect(worst).toBeLessThanOrEqual(0.001);
  }, 3_600_000);

  it('doctor knows the processor and its instruction sets', async () => {
    const [report] = jsonLines(await there('doctor', '--json')) as [{ board: object; onnxruntime: object }];
    expect(report.board).toMatchObject({ arch: 'arm64', instruction_sets: expect.arrayContaining(['neon']) });
    expect(report.onnxruntime).toMatchObject({ version: expect.any(String) });
  }, 3_600_000);

  it('what is taught and trained has the same bytes as here, with native kernels and without', async () => {
    const train = 'tests/real/learn/train-process.mjs';
    const trained = (text: string) =>
      JSON.parse(text) as { arch: string; kernels: string; results: { kept: boolean; heads: string[] } };
    const here = async (kernels: string) => {
      const env = { ...process.env, OCELLUS_KERNELS: kernels };
      return trained(
        (await run(process.execPath, [train, join(folder, `store-${kernels}`)], { cwd: folder, env })).stdout,
      );
    };
    const [native, twin] = [await here(''), await here('typescript')];
    const theirs = trained(await node(train, join(folder, 'store-arm64')));
    expect([theirs.arch, twin.kernels]).toEqual(['arm64', expect.stringMatching(/^TypeScript/)]);
    expect(native.results.heads).toHaveLength(3);
    expect(native.results.kept).toBe(true);
    expect(twin.results).toEqual(native.results);
    expect(theirs.results).toEqual(native.results);
  }, 3_600_000);
});
