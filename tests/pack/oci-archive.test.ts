import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { tarOf, writeOciArchive } from '../../tools/pack/oci-archive.ts';
import { temporaryFolder } from '../support/folders.ts';

const sha256 = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

function layer(name: string, text: string): string {
  const folder = join(temporaryFolder(), 'root');
  mkdirSync(join(folder, 'usr'), { recursive: true });
  writeFileSync(join(folder, 'usr', name), text);
  const tar = join(temporaryFolder(), 'layer.tar');
  tarOf(folder, tar, 1e9);
  return tar;
}

async function archive(): Promise<string> {
  const to = join(temporaryFolder(), 'image.oci.tar');
  await writeOciArchive(
    {
      arch: 'arm64',
      layers: [
        { tar: layer('lower', 'a'), madeBy: 'Debian' },
        { tar: layer('upper', 'b'), madeBy: 'Ocellus' },
      ],
      config: { User: '7:7', Cmd: ['run'] },
      reference: 'ocellus:1.2.3',
      annotations: { 'org.opencontainers.image.title': 'Ocellus' },
      date: 1e9,
    },
    to,
  );
  return to;
}

it('is a layout whose digests, sizes and references are right, and the same bytes again', async () => {
  const file = await archive();
  expect(readFileSync(await archive()).equals(readFileSync(file))).toBe(true);
  const folder = temporaryFolder();
  execFileSync('tar', ['-xf', file, '-C', folder]);
  expect(readdirSync(folder).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  const json = (path: string) => JSON.parse(readFileSync(join(folder, path), 'utf8'));
  expect(json('oci-layout')).toEqual({ imageLayoutVersion: '1.0.0' });
  const names = readdirSync(join(folder, 'blobs', 'sha256'));
  expect(names).toHaveLength(4);
  const blob = ({ digest, size }: { digest: string; size: number }) => {
    const bytes = readFileSync(join(folder, 'blobs', ...digest.split(':')));
    expect([sha256(bytes), bytes.length]).toEqual([digest, size]);
    return bytes;
  };
  const [described] = json('index.json').manifests;
  expect(described).toMatchObject({
    platform: { architecture: 'arm64', os: 'linux', variant: 'v8' },
    annotations: { 'org.opencontainers.image.ref.name': 'ocellus:1.2.3' },
  });
  const manifest = JSON.parse(blob(described).toString());
  expect(manifest.annotations).toMatchObject({ 'org.opencontainers.image.title': 'Ocellus' });
  const config = JSON.parse(blob(manifest.config).toString());
  expect(config).toMatchObject({
    created: '2001-09-09T01:46:40.000Z',
    architecture: 'arm64',
    config: { User: '7:7', Cmd: ['run'] },
    history: [{ created_by: 'Debian' }, { created_by: 'Ocellus' }],
  });
  const contents = manifest.layers.map((one: { digest: string; size: number }) => gunzipSync(blob(one)));
  expect(config.rootfs.diff_ids).toEqual(contents.map(sha256));
  const listed = contents.map((tar: Buffer) => execFileSync('tar', ['-tvf', '-'], { input: tar, encoding: 'utf8' }));
  expect(listed[0]).toMatch(/0\/0 .* \.\/usr\/lower/);
  expect(listed[1]).toMatch(/0\/0 .* \.\/usr\/upper/);
});
