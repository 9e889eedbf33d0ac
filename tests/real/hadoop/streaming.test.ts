import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jsonLines, ocellus, photo } from '../../cli/cli.ts';
import { closing } from '../../support/closing.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { until } from '../../support/until.ts';
import { hadoop, hadoopNeeds, isHadoopAsked, Mapper, MiniCluster, streamingJob } from './hadoop.ts';

const photos = ['cat', 'cup', 'motorcycle', 'person', 'wall'];

/** Packs so many pictures of the scene. @returns The file, and the pictures' names. */
async function packed(folder: string, count: number): Promise<{ file: string; names: string[] }> {
  const album = join(folder, 'album');
  mkdirSync(album);
  const names = Array.from({ length: count }, (_, i) => `${i} ${photos[i % photos.length]}.jpg`);
  for (const [i, name] of names.entries()) copyFileSync(photo(`${photos[i % photos.length]}.jpg`), join(album, name));
  writeFileSync(join(album, 'broken.jpg'), readFileSync(photo('cat.jpg')).subarray(0, 5000));
  writeFileSync(join(album, 'empty.jpg'), '');
  const file = join(folder, 'album.seq');
  expect((await ocellus(['pack', album, file])).code).toBe(0);
  return { file, names: [...names, 'broken.jpg', 'empty.jpg'].sort() };
}

/** What a job wrote, by key. A key that comes twice is an error. */
function toldIn(text: string): Map<string, { detections?: unknown; error?: string }> {
  const told = new Map<string, { detections?: unknown; error?: string }>();
  for (const line of text.trimEnd().split('\n')) {
    const [key, json] = line.split('\t');
    if (told.has(key!)) throw new Error(`${key} comes twice`);
    told.set(key!, jsonLines(json!)[0] as object);
  }
  return told;
}

/** Seconds of the processor's time that a process has had. */
function secondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Kills the first attempt when it is in the middle of its pictures: its start alone takes half of that. */
async function killFirst(mapper: Mapper): Promise<string> {
  await until(() => mapper.attempts.length > 0);
  const { id, pid } = mapper.attempts[0]!;
  await until(() => secondsOf(pid) > 1.2);
  process.kill(pid, 'SIGKILL');
  return id;
}

describe.skipIf(!isHadoopAsked)(`ocellus worker in Hadoop Streaming (${hadoopNeeds})`, () => {
  it('finds in a packed folder what `detect` finds, with counters, in the local runner', async () => {
    const folder = temporaryFolder();
    const { file, names } = await packed(folder, 10);
    const [output, mapper] = [join(folder, 'out'), new Mapper(folder)];
    const job = await streamingJob({ input: file, output, mapper: mapper.command, splits: 1 });
    expect([job.code, job.id]).toEqual([0, expect.stringMatching(/^job_local/)]);
    expect([job.counter('pictures'), job.counter('errors')]).toEqual([12, 2]);
    const parts = readdirSync(output).filter((name) => name.startsWith('part-'));
    const told = toldIn(parts.map((name) => readFileSync(join(output, name), 'utf8')).join(''));
    expect([...told.keys()].sort()).toEqual(names);
    expect(told.get('empty.jpg')!.error).toBe('empty.jpg cannot be read as a picture: it is empty');
    const files = photos.map((name) => photo(`${name}.jpg`));
    const found = jsonLines((await ocellus(['detect', '--json', ...files])).out) as { detections: unknown }[];
    for (const [i, { detections }] of found.entries()) {
      for (const number of [i, i + 5]) expect(told.get(`${number} ${photos[i]}.jpg`)!.detections).toEqual(detections);
    }
  });

  it('fails a job whose mapper is killed, where nobody tries again: the local runner', async () => {
    const folder = temporaryFolder();
    const { file } = await packed(folder, 400);
    const mapper = new Mapper(folder);
    const job = streamingJob({ input: file, output: join(folder, 'out'), mapper: mapper.command, splits: 1 });
    await killFirst(mapper);
    const { code, err } = await job;
    expect(code).not.toBe(0);
    expect(err).toContain('subprocess failed with code 137');
  });

  it('has each picture once in YARN, where a mapper that is killed is tried again', async () => {
    const folder = temporaryFolder();
    const { file, names } = await packed(folder, 600);
    const { settings } = closing(await MiniCluster.start(folder), (one) => one.stop());
    const shell = (...args: string[]) => hadoop('fs.FsShell', args, settings);
    expect((await shell('-put', file, '/album.seq')).code).toBe(0);
    const mapper = new Mapper(folder);
    const running = streamingJob({ input: '/album.seq', output: '/out', mapper: mapper.command, splits: 2 }, settings);
    const killed = await killFirst(mapper);
    const job = await running;
    expect(job.code, job.err).toBe(0);
    // In the cluster, not in the local runner, which a wrong setting would mean.
    expect(job.id).toMatch(/^job_\d+_\d+$/);
    for (const { id } of mapper.attempts) expect(id).toMatch(/^attempt_\d+_\d+_m_\d+_\d+$/);
    expect(mapper.attempts.map(({ id }) => id)).toContain(killed.replace(/0$/, '1'));
    expect([job.counter('Failed map tasks'), job.counter('Launched map tasks')]).toEqual([1, 3]);
    expect([job.counter('pictures'), job.counter('errors')]).toEqual([602, 2]);
    const told = toldIn((await shell('-cat', '/out/part-*')).out);
    expect([...told.keys()].sort()).toEqual(names);
  });
});
