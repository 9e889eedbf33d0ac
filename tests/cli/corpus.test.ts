import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { temporaryFolder } from '../support/folders.ts';
import { until } from '../support/until.ts';
import { jsonLines, ocellus, photo, start } from './cli.ts';

interface Row {
  path: string;
  detections: { label: string; score: number; box: number[] }[] | null;
  error: string | null;
}

async function rowsOf(folder: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.parquet')) continue;
    const { buffer, byteOffset, byteLength } = new Uint8Array(readFileSync(join(folder, name)));
    const file = buffer.slice(byteOffset, byteOffset + byteLength);
    for (const row of await parquetReadObjects({ file })) {
      // Which of both no list is, is the reader's choice; tests/real/worker asks others.
      rows.push({ ...(row as unknown as Row), detections: row.detections ?? null });
    }
  }
  return rows;
}

function albumOf(folder: string): string {
  const album = join(folder, 'album');
  mkdirSync(album);
  for (const [i, name] of ['cat', 'wall', 'person', 'cup', 'wall'].entries()) {
    copyFileSync(photo(`${name}.jpg`), join(album, `${i}.jpg`));
  }
  writeFileSync(join(album, '9.jpg'), 'no picture');
  return album;
}

describe('ocellus detect --parquet', () => {
  it('writes what `detect` finds, goes on after a kill, and leaves what is done', async () => {
    const folder = temporaryFolder();
    const album = albumOf(folder);
    const out = join(folder, 'deep', 'found');
    const args = ['detect', '--parquet', out, '--part-size', '2', '--processes', '2', album];
    const part = (n: number) => join(out, `part-0000${n}.parquet`);

    // With its processes, one of which could finish a part after it else.
    const killed = start(args, undefined, {}, true);
    await until(() => existsSync(part(0)) || existsSync(part(1)));
    process.kill(-killed.pid!, 'SIGKILL');
    await once(killed, 'close');
    // As one that was killed while it wrote leaves it.
    rmSync(part(2), { force: true });
    writeFileSync(`${part(2)}.unfinished`, 'PAR1');
    const first = existsSync(part(0)) ? part(0) : part(1);
    const before = statSync(first).mtimeMs;

    const { code, out: printed, err } = await ocellus(args);
    expect([code, printed]).toEqual([0, '']);
    expect(err).toMatch(/^note .*found: [12] of 3 parts are there already$/m);
    expect(err).toMatch(/^note 1 of the pictures could not be read: their rows say why, in the column error$/m);
    expect(statSync(first).mtimeMs).toBe(before);
    expect(readdirSync(out).sort()).toEqual(['_ocellus.json', ...[0, 1, 2].map((n) => `part-0000${n}.parquet`)]);

    const rows = await rowsOf(out);
    const detect = await ocellus(['detect', '--json', album]);
    const good = rows.filter(({ error }) => error === null);
    expect(
      good.map(({ path, detections }) => ({
        file: path,
        detections: detections!.map(({ label, score, box }) => ({
          label,
          score: Number(score.toFixed(4)),
          box: box.map((value) => Number(value.toFixed(1))),
        })),
      })),
    ).toEqual(
      (jsonLines(detect.out) as Row[]).map(({ detections, ...line }) => ({
        file: 'file' in line && line.file,
        detections,
      })),
    );
    expect(good.filter(({ detections }) => detections!.length > 0).length).toBeGreaterThan(1);
    expect(rows.at(-1)).toMatchObject({
      path: join(album, '9.jpg'),
      detections: null,
      error: expect.stringContaining('cannot be read as a picture'),
    });

    const again = await ocellus(args);
    expect([again.code, again.err]).toEqual([0, `note ${out}: 3 of 3 parts are there already\n`]);
    const other = await ocellus([...args, '--threshold', '0.9']);
    expect([other.code, other.err]).toEqual([
      2,
      `error --parquet ${out}: expected the folder of an earlier run of the same, got one of threshold null, which is now 0.9; name another folder\n`,
    ]);
  });

  it('refuses a folder of other files, and says in one line what a process says', async () => {
    const folder = temporaryFolder();
    const album = albumOf(folder);
    const taken = await ocellus(['detect', '--parquet', album, album]);
    expect([taken.code, taken.err]).toEqual([
      2,
      `error --parquet ${album}: expected an empty folder, or that of an earlier run\n`,
    ]);
    const unknown = await ocellus(['detect', '--parquet', join(folder, 'out'), '--model', 'yolo99', album]);
    expect(unknown.code).toBe(2);
    expect(unknown.err).toMatch(/^error .*there is no model "yolo99".*\n$/);
    // A network that no engine can load, which only the process sees.
    const shipped = JSON.parse(readFileSync(asset('sdk', 'models', 'nanodet-g-416-int8.card.json'), 'utf8'));
    const { program: _, sha256: __, ...card } = shipped;
    writeFileSync(join(folder, 'cut.card.json'), JSON.stringify({ ...card, name: 'cut', file: 'cut.onnx' }));
    const network = readFileSync(asset('sdk', 'models', 'nanodet-g-416-int8.onnx'));
    writeFileSync(join(folder, 'cut.onnx'), network.subarray(0, 3000));
    const cut = ['--processes', '1', '--engine', 'onnxruntime', '--model', join(folder, 'cut.card.json')];
    const refused = await ocellus(['detect', '--parquet', join(folder, 'cut'), ...cut, album]);
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(/^error .*onnxruntime cannot load the model: .+\n$/);
  });

  it('reads folders in a folder where asked, and says where they are left out', async () => {
    const folder = temporaryFolder();
    const album = join(folder, 'album');
    mkdirSync(join(album, '2024', 'may'), { recursive: true });
    mkdirSync(join(album, '.thumbnails'));
    for (const name of ['b.jpg', '2024/may/a.jpg', '.thumbnails/c.jpg']) {
      copyFileSync(photo('wall.jpg'), join(album, name));
    }
    symlinkSync(album, join(album, '2024', 'circle'));
    const found = async (...args: string[]) => {
      const out = join(folder, `found ${args}`);
      const ended = await ocellus(['detect', '--parquet', out, '--processes', '1', album, ...args]);
      return { ...ended, paths: (await rowsOf(out)).map(({ path }) => path) };
    };
    const below = await found('--recursive');
    expect([below.code, below.paths]).toEqual([0, ['2024/may/a.jpg', 'b.jpg'].map((name) => join(album, name))]);
    const flat = await found();
    expect([flat.code, flat.paths]).toEqual([0, [join(album, 'b.jpg')]]);
    expect(flat.err).toBe(`note ${album}: a folder in it is not looked into; --recursive does that\n`);
    const none = await ocellus(['detect', join(album, '2024')]);
    expect([none.code, none.err]).toEqual([
      2,
      expect.stringMatching(/found none; 2 folders in it are not looked into; --recursive does that\n$/),
    ]);
  });

  it('makes parts anew whose pictures have changed, of one engine, by one run at a time', async () => {
    const folder = temporaryFolder();
    const album = albumOf(folder);
    const out = join(folder, 'found');
    const args = ['detect', '--parquet', out, '--part-size', '2', '--processes', '1', album];
    expect((await ocellus(args)).code).toBe(0);
    const before = await rowsOf(out);
    // A copy that keeps the time of the other picture.
    const [wall, changed] = [join(album, '1.jpg'), join(album, '0.jpg')];
    copyFileSync(wall, changed);
    utimesSync(changed, 0, 0);
    const again = await ocellus(args);
    expect([again.code, again.err]).toEqual([
      0,
      `note ${out}: pictures of 1 parts have changed since; these are made anew\nnote ${out}: 2 of 3 parts are there already\n`,
    ]);
    const rows = await rowsOf(out);
    expect(before[0]!.detections!.length).toBeGreaterThan(0);
    expect(rows[0]).toEqual({ ...before[1], path: changed });
    expect(rows.slice(1)).toEqual(before.slice(1));

    const other = await ocellus([...args, '--engine', 'onnxruntime']);
    expect([other.code, other.err]).toEqual([
      2,
      expect.stringContaining('one of engine null, which is now onnxruntime'),
    ]);
    for (const plan of ['', 'null', '[]']) {
      writeFileSync(join(out, '_ocellus.json'), plan);
      const damaged = await ocellus(args);
      expect([damaged.code, damaged.err]).toEqual([2, expect.stringMatching(/_ocellus\.json in it is damaged, .*\n$/)]);
    }
  });

  it.runIf(process.platform === 'linux')(
    'refuses a folder that another run writes to, and leaves none behind',
    async () => {
      const folder = temporaryFolder();
      const album = albumOf(folder);
      for (let i = 0; i < 200; i++) copyFileSync(photo('wall.jpg'), join(album, `more ${i}.jpg`));
      const out = join(folder, 'found');
      const args = ['detect', '--parquet', out, '--part-size', '100', '--processes', '1', album];
      const first = start(args);
      await until(() => existsSync(join(out, '_ocellus.json')));
      symlinkSync(out, join(folder, 'link'));
      const second = await ocellus(args.map((arg) => (arg === out ? join(folder, 'link') : arg)));
      expect([second.code, second.err]).toEqual([
        2,
        expect.stringContaining('another process writes to it at the moment'),
      ]);
      // Its process is in the middle of a part. Without it, none is finished.
      const worker = childOf(first.pid!);
      first.kill('SIGKILL');
      await once(first, 'close');
      const parts = readdirSync(out);
      await until(() => !existsSync(`/proc/${worker}`) || isZombie(worker));
      expect(readdirSync(out)).toEqual(parts);
      expect(parts.filter((name) => name.endsWith('.parquet')).length).toBeLessThan(3);
    },
  );
});

const childOf = (pid: number) => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
const isZombie = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)![0] === 'Z';
