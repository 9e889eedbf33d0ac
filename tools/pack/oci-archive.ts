import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Architecture } from './platform.ts';
import { run } from './run.ts';

/** An image of https://github.com/opencontainers/image-spec (1.1), of one architecture. */
export interface OciImage {
  readonly arch: Architecture;
  /** Tar archives, the lowest layer first, and how each came to be. */
  readonly layers: readonly { readonly tar: string; readonly madeBy: string }[];
  /** What a container of it is started with: `User`, `Entrypoint` and so on. */
  readonly config: Readonly<Record<string, unknown>>;
  /** `ocellus:0.1.0`. */
  readonly reference: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Seconds since 1970. */
  readonly date: number;
}

interface Blob {
  readonly digest: string;
  readonly size: number;
}

/**
 * Writes an image as an OCI layout in a tar archive, which `podman load`, `docker load` and `skopeo copy oci-archive:` read. The
 * same layers give the same bytes.
 *
 * @param to The archive's path; its folder is there.
 */
export async function writeOciArchive(image: OciImage, to: string): Promise<void> {
  const folder = mkdtempSync(join(dirname(to), '.oci-'));
  try {
    const blobs = join(folder, 'blobs', 'sha256');
    mkdirSync(blobs, { recursive: true });
    const json = (value: unknown): Blob => {
      const text = JSON.stringify(value);
      const digest = createHash('sha256').update(text).digest('hex');
      writeFileSync(join(blobs, digest), text);
      return { digest: `sha256:${digest}`, size: Buffer.byteLength(text) };
    };
    const created = new Date(image.date * 1000).toISOString();
    const layers: Blob[] = [];
    const contents: string[] = [];
    for (const { tar } of image.layers) {
      contents.push(`sha256:${await digestOf(tar)}`);
      const compressed = join(folder, 'layer');
      await pipeline(createReadStream(tar), createGzip({ level: 9 }), createWriteStream(compressed));
      const digest = await digestOf(compressed);
      layers.push({ digest: `sha256:${digest}`, size: statSync(compressed).size });
      await rename(compressed, join(blobs, digest));
    }
    const platform = { architecture: image.arch, os: 'linux', ...(image.arch === 'arm64' && { variant: 'v8' }) };
    const config = json({
      created,
      ...platform,
      config: image.config,
      rootfs: { type: 'layers', diff_ids: contents },
      history: image.layers.map(({ madeBy }) => ({ created, created_by: madeBy })),
    });
    const manifest = json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
      layers: layers.map((layer) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...layer })),
      annotations: { 'org.opencontainers.image.created': created, ...image.annotations },
    });
    const index = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        {
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          ...manifest,
          platform,
          annotations: { 'org.opencontainers.image.ref.name': image.reference },
        },
      ],
    };
    writeFileSync(join(folder, 'index.json'), JSON.stringify(index));
    writeFileSync(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    tarOf(folder, to, image.date, ['blobs', 'index.json', 'oci-layout']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A tar archive of a folder: all belongs to root, in order of the names. @param parts Default: all. */
export function tarOf(folder: string, to: string, date: number, parts: readonly string[] = ['.']): void {
  const same = ['--sort=name', '--format=gnu', `--mtime=@${date}`, '--owner=0', '--group=0', '--numeric-owner'];
  run('tar', [...same, '--create', '--file', to, '-C', folder, ...parts], { package: 'tar' });
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
