import { describe, expect, it } from 'vitest';
import { closing } from '../../support/closing.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { Cluster } from './cluster.ts';
import { isSparkAsked, plantPictures, runSpark, sparkNeeds, sparkPython } from './spark.ts';
import { buildWheel } from './wheel.ts';

interface Told {
  readonly undisturbed: { rows: number; sha256: string };
  readonly killed: { rows: number; sha256: string };
  readonly failed: [number, number];
  readonly executors: number;
}

const photos = ['cat.jpg', 'cup.jpg', 'motorcycle.jpg', 'person.jpg', 'wall.jpg'];

describe.skipIf(!isSparkAsked)(`ocellus-spark in a cluster of two workers (${sparkNeeds})`, () => {
  it('has the same rows, byte for byte, when one of them is killed in the middle', async () => {
    const [folder, scratch, work] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
    const rows = 300;
    const names = Array.from({ length: rows }, (_, i) => [`${i}.jpg`, photos[i % photos.length]!]);
    await plantPictures(folder, Object.fromEntries(names));
    const wheel = await buildWheel(sparkPython(), scratch);
    const cluster = closing(await Cluster.start(2, work), (one) => one.stop());
    const { url: master, workers } = cluster;
    const told = await runSpark<Told>('cluster.py', { wheel, folder, scratch, master, tasks: 6, victim: workers[0] });
    expect(told.undisturbed).toEqual({ rows, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(told.killed).toEqual(told.undisturbed);
    const [before, after] = told.failed;
    expect([before, told.executors]).toEqual([0, 1]);
    expect(after).toBeGreaterThan(0);
  });
});
