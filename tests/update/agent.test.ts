import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import { file, startServer } from '../zoo/mirror.ts';
import { Board } from './board.ts';
import { cardImage, pair, releaseOf } from './images.ts';

const [first, second] = [cardImage('1.0.0', 'fine', 1), cardImage('1.1.0', 'fine', 2)];

async function release(more: Parameters<typeof releaseOf>[2] = {}) {
  const folder = temporaryFolder();
  return releaseOf(
    folder,
    [
      { version: '1.0.0', card: first },
      { version: '1.1.0', card: second },
    ],
    { bundles: true, ...more },
  );
}

function board(version = '1.0.0'): Board {
  const made = new Board(first, version);
  made.write('keys/own.pem', pair.publicKey.export({ format: 'pem', type: 'spki' }).toString());
  health(made, 1);
  return made;
}

/** What `ocellus run` writes. */
function health(made: Board, number: number, change: object = {}): void {
  const report = {
    version: '1.0.0',
    uptime_seconds: 10 * number,
    cameras: { door: 100 * number },
    broker: 'connected',
    kernels: 'neon',
  };
  made.write('run/ocellus/health.json', JSON.stringify({ ...report, ...change }));
}

/** The same, again and again, until it is stopped. */
function running(made: Board, change: object = {}): () => void {
  let number = 2;
  const timer = setInterval(() => health(made, number++, change), 1);
  return () => clearInterval(timer);
}

const patient = { judgement: { intervalMs: 5, times: 2, deadlineMs: 600_000 } };
const impatient = { judgement: { intervalMs: 5, times: 2, deadlineMs: 10 } };

describe('an update', () => {
  it('from a file is written to the other slot, tried once, and kept once it has shown that it works', async () => {
    const { files, manifest } = await release();
    const made = board();
    const bundle = files.find((path) => path.endsWith('1.0.0-to-1.1.0.ocu'))!;
    const stop = running(made);
    const agent = made.agent(patient);
    const opened = await agent.look(bundle);
    expect(made.status).toMatchObject({ installed_version: '1.0.0', latest_version: '1.1.0', in_progress: false });
    const steps: string[] = [];
    await agent.install(opened, { report: (step) => steps.push(step) });
    for (const part of ['boot', 'root'] as const) {
      const { bytes, sha256 } = manifest.parts[part];
      expect(
        createHash('sha256')
          .update(made.part('b', part, bytes))
          .digest('hex'),
      ).toBe(sha256.b);
    }
    expect(new Set(steps)).toEqual(new Set(['fetching', 'writing']));
    expect(made.read('sys/module/ocellus_tryboot/parameters/flags')).toBe('1');
    expect(made.ran).toEqual([['systemctl', 'reboot']]);
    // Nothing but the flag says that the other slot is booted.
    expect(made.read('boot/firmware/autoboot.txt')).toMatch(/^\[all\]\ntryboot_a_b=1\nboot_partition=2\n/);

    made.boots('b', '1.1.0');
    expect(await made.agent(patient).settle()).toBe('committed');
    stop();
    expect(made.read('boot/firmware/autoboot.txt')).toBe(
      '[all]\ntryboot_a_b=1\nboot_partition=3\n[tryboot]\nboot_partition=2\n',
    );
    expect(made.status).toMatchObject({ installed_version: '1.1.0', in_progress: false, problem: null });
    expect(readdirSync(join(made.root, 'run/ocellus-update'))).toContain('settled');
    expect((await made.agent().status()).record).toMatchObject({ phase: 'committed', version: '1.1.0', from: '1.0.0' });
  });

  it('that sends what changed alone is a small part of the whole', async () => {
    const { manifest } = await release();
    const [whole, changed] = manifest.payloads.map(({ bytes }) => bytes);
    // 40 KiB and the boot blocks that name the version are new, of 430 KiB.
    expect(changed! / whole!).toBeLessThan(0.2);
  });

  it('that does not show that it works is left, and the old version says why', async () => {
    const { out } = await release();
    const made = board();
    const stop = running(made);
    await made.agent(patient).install(await made.agent().look(out));
    stop();
    made.boots('b', '1.1.0');
    health(made, 1, { cameras: { door: 0 } });
    expect(await made.agent(impatient).settle()).toBe('trial');
    expect(made.ran.at(-1)).toEqual(['systemctl', 'reboot']);
    expect(made.read('boot/firmware/autoboot.txt')).toContain('boot_partition=2\n[tryboot]');
    expect(readdirSync(join(made.root, 'run/ocellus-update'))).not.toContain('settled');

    made.boots('a', '1.0.0');
    expect(await made.agent().settle()).toBe('rolled_back');
    expect(made.status).toMatchObject({
      installed_version: '1.0.0',
      problem: expect.stringMatching(/^1\.1\.0 was left and 1\.0\.0 runs again: /),
    });
    expect(await made.agent().settle()).toBe('ordinary');
  });

  it('from a URL goes on where it was cut off', async () => {
    const { out, manifest } = await release();
    const server = await startServer();
    const made = board();
    const stop = running(made);
    const changed = manifest.payloads[1]!.file;
    for (const name of readdirSync(out)) server.answer(`/r/${name}`, file(readFileSync(join(out, name))));
    const bytes = readFileSync(join(out, changed));
    server.answer(`/r/${changed}`, file(bytes, { etag: '"1"' }));
    // What an earlier run left when the power was cut.
    const left = `data/update/download/${manifest.payloads[1]!.sha256}`;
    made.write(left, '');
    writeFileSync(join(made.root, left), bytes.subarray(0, 20_000));
    made.write(`${left}.json`, JSON.stringify({ url: `${server.url}/r/${changed}`, etag: '"1"' }));
    const agent = made.agent(patient);
    await agent.install(await agent.look(`${server.url}/r/update.json`));
    stop();
    const asked = server.asked.filter(({ path }) => path === `/r/${changed}`);
    expect(asked).toEqual([{ path: `/r/${changed}`, range: 'bytes=20000-', ifRange: '"1"' }]);
    // Not the whole one.
    expect(server.asked.map(({ path }) => path)).not.toContain(`/r/${manifest.payloads[0]!.file}`);
    expect(made.ran).toHaveLength(1);
    expect(readdirSync(join(made.root, 'data/update/download'))).toEqual([]);
  });

  it('takes the whole where what runs is not what the changes were made against', async () => {
    const { out } = await release();
    const made = board();
    const stop = running(made);
    const path = join(made.root, 'dev/disk/by-partuuid/0ce11005-05');
    const bytes = readFileSync(path);
    bytes[200_000]! ^= 1;
    writeFileSync(path, bytes);
    const agent = made.agent(patient);
    await agent.install(await agent.look(out));
    stop();
    expect(made.ran).toHaveLength(1);
  });

  it('is asked for by a node without rights, by a URL alone', async () => {
    const { out } = await release();
    const server = await startServer();
    for (const name of readdirSync(out)) server.answer(`/${name}`, file(readFileSync(join(out, name))));
    const made = board();
    const stop = running(made);
    const ask = (request: unknown) => made.write('run/ocellus/update-request.json', JSON.stringify(request));
    ask({ release: `${server.url}/update.json`, install: false });
    await made.agent(patient).serve();
    expect([made.status.latest_version, made.ran]).toEqual(['1.1.0', []]);
    ask({ release: out, install: true });
    await expect(made.agent(patient).serve()).rejects.toThrow(/release/);
    ask({ release: `${server.url}/update.json`, install: true });
    await made.agent(patient).serve();
    stop();
    expect(made.ran).toHaveLength(1);
    const link = board();
    mkdirSync(join(link.root, 'run/ocellus'), { recursive: true });
    symlinkSync('/etc/hostname', join(link.root, 'run/ocellus/update-request.json'));
    await expect(link.agent().serve()).rejects.toThrow(/there is no request/);
  });
});

describe('refused, and nothing is written, is', () => {
  let made: Board;
  const untouched = async (doing: (agent: ReturnType<Board['agent']>) => Promise<unknown>, why: RegExp) => {
    const before = ['02', '03', '05', '06'].map((number) =>
      readFileSync(join(made.root, `dev/disk/by-partuuid/0ce11005-${number}`)),
    );
    await expect(doing(made.agent(impatient))).rejects.toThrow(why);
    const after = ['02', '03', '05', '06'].map((number) =>
      readFileSync(join(made.root, `dev/disk/by-partuuid/0ce11005-${number}`)),
    );
    expect(after.every((bytes, i) => bytes.equals(before[i]!))).toBe(true);
    expect(made.ran.filter(([program]) => program === 'systemctl')).toEqual([]);
  };
  const installing =
    (source: string, force = false) =>
    async (agent: ReturnType<Board['agent']>) =>
      agent.install(await agent.look(source), { force });

  let good: Awaited<ReturnType<typeof release>>;
  beforeAll(async () => {
    // Kept for all of them.
    const folder = mkdtempSync(join(tmpdir(), 'ocellus-test-'));
    good = await releaseOf(
      folder,
      [
        { version: '1.0.0', card: first },
        { version: '1.1.0', card: second },
      ],
      { bundles: true },
    );
    return () => rmSync(folder, { recursive: true, force: true });
  });
  const copyOf = () => {
    const folder = temporaryFolder();
    for (const name of readdirSync(good.out)) writeFileSync(join(folder, name), readFileSync(join(good.out, name)));
    return folder;
  };

  it.each([
    [
      'one that nobody signed',
      (at: string) => writeFileSync(join(at, 'update.json.sig'), 'nothing\n'),
      /its signature is not right/,
    ],
    [
      'one that was changed after it was signed',
      (at: string) =>
        writeFileSync(join(at, 'update.json'), readFileSync(join(at, 'update.json'), 'utf8').replace('1.1.0', '1.2.0')),
      /its signature is wrong: it was changed/,
    ],
    [
      'one whose payload was cut off',
      (at: string) => {
        for (const name of readdirSync(at).filter((one) => one.endsWith('.payload')))
          writeFileSync(join(at, name), readFileSync(join(at, name)).subarray(0, 5000));
      },
      /is cut off: its payload has 5000 of \d+ bytes/,
    ],
    [
      'one whose payload is damaged',
      (at: string) => {
        for (const name of readdirSync(at).filter((one) => one.endsWith('.payload'))) {
          const bytes = readFileSync(join(at, name));
          bytes[bytes.length - 10]! ^= 1;
          writeFileSync(join(at, name), bytes);
        }
      },
      /is damaged: its payload is not what its manifest says/,
    ],
  ])('%s', async (_, harm, why) => {
    made = board();
    const at = copyOf();
    harm(at);
    await untouched(installing(at), why);
  });

  it('one that is signed with a key that is not known', async () => {
    made = new Board(first, '1.0.0');
    await untouched(installing(good.out), /is signed by [0-9a-f]{16}: expected one of .*update-keys/);
    const other = generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }).toString();
    made.write('keys/other.pem', other);
    await untouched(installing(good.out), /is signed by/);
  });

  it('an older one, and the same one, unless it is forced', async () => {
    made = board('1.2.0');
    await untouched(installing(good.out), /1\.1\.0 is older than 1\.2\.0, which runs here: add --force/);
    made = board('1.1.0');
    await untouched(installing(good.out), /1\.1\.0 is what runs here already/);
    await installing(good.out, true)(made.agent(impatient));
    expect(made.ran).toHaveLength(1);
  });

  it('one for another processor or board', async () => {
    made = board();
    const folder = temporaryFolder();
    const versions = [{ version: '1.1.0', card: second }];
    await untouched(
      installing((await releaseOf(folder, versions, { architecture: 'amd64' })).out),
      /is for amd64: expected arm64/,
    );
    await untouched(
      installing((await releaseOf(folder, versions, { boards: ['brcm,bcm2712'] })).out),
      /is for boards with brcm,bcm2712: this one has raspberrypi,4-model-b, brcm,bcm2711/,
    );
  });

  it('one where the firmware cannot be told to try a slot once', async () => {
    made = board();
    rmSync(join(made.root, 'sys/module/ocellus_tryboot'), { recursive: true });
    await untouched(
      installing(good.out),
      /cannot try a slot once: the way to the firmware is missing.*Nothing was written/s,
    );
  });

  it('one while another is being tried', async () => {
    made = board();
    made.boots('b', '1.0.0');
    await untouched(installing(good.out), /slot b runs, and autoboot.txt names a: an update is being tried/);
  });

  it('one that does not fit', async () => {
    made = board();
    writeFileSync(join(made.root, 'dev/disk/by-partuuid/0ce11005-06'), Buffer.alloc(100_000));
    await untouched(installing(good.out), /does not fit: its root has \d+ bytes, the partition 100000/);
  });
});

it('elsewhere than on a card with two slots says so', () => {
  const made = new Board(first, '1.0.0');
  made.write('proc/cmdline', 'root=/dev/sda1 ro\n');
  expect(() => made.agent()).toThrow(/this system has no two slots/);
});
