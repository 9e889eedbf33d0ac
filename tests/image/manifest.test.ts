import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { validate } from '../../sdk/config/validate.ts';
import { ImagerManifest, initFormats, type ManifestOptions, manifestText } from '../../tools/image/manifest.ts';
import { temporaryFolder } from '../support/folders.ts';

const bytes = Buffer.from('an image');

async function made(options: Partial<ManifestOptions> = {}) {
  const folder = temporaryFolder();
  const image = join(folder, 'ocellus.img');
  const download = join(folder, 'ocellus.img.xz');
  writeFileSync(image, bytes);
  writeFileSync(download, 'xz');
  const text = await manifestText({
    ...{ image, download, name: 'Ocellus 0.1.0', description: 'Cameras become detections' },
    ...{ initFormat: 'rpi-preseed', devices: ['pi3-64bit', 'pi4-64bit'], date: 1_790_000_000 },
    ...options,
  });
  return { folder, text, manifest: JSON.parse(text) as { imager: object; os_list: Record<string, unknown>[] } };
}

describe('the manifest for Raspberry Pi Imager', () => {
  it('has what Imager requires, and the way its settings get onto the card', async () => {
    const { manifest, folder } = await made();
    expect(manifest).toEqual({
      // Without boards Imager's first step has nothing to choose from.
      imager: {
        devices: [
          expect.objectContaining({ name: 'Raspberry Pi 3 or Zero 2 W', tags: ['pi3-64bit'] }),
          expect.objectContaining({ name: 'Raspberry Pi 4', tags: ['pi4-64bit'] }),
        ],
      },
      os_list: [
        {
          name: 'Ocellus 0.1.0',
          description: 'Cameras become detections',
          icon: 'icons/use_custom.png',
          url: `file://${folder}/ocellus.img.xz`,
          release_date: '2026-09-21',
          extract_size: bytes.length,
          extract_sha256: createHash('sha256').update(bytes).digest('hex'),
          image_download_size: 2,
          init_format: 'rpi-preseed',
          devices: ['pi3-64bit', 'pi4-64bit'],
          architecture: 'armv8',
        },
      ],
    });
    expect((await made({ url: 'https://example.org/ocellus.img.xz' })).manifest.os_list[0]!.url).toMatch(/^https/);
  });

  it.each([
    ['init_format', 'cloud-init'],
    ['init_format', 'RPI-preseed'],
    ['devices', []],
    ['devices', ['pi4']],
    ['architecture', 'arm64'],
    ['release_date', '21.9.2026'],
    ['extract_sha256', 'abc'],
    ['extract_size', 0],
    ['url', 'ocellus.img'],
    ['name', undefined],
  ])('is refused with %s %j, for which Imager would drop or not show it', async (field, value) => {
    const { manifest } = await made();
    const wrong = { ...manifest, os_list: [{ ...manifest.os_list[0], [field]: value }] };
    expect(() => validate(ImagerManifest, wrong, 'it')).toThrow(new RegExp(`os_list\\.0\\.${field}`));
  });

  const schema = process.env.OCELLUS_TEST_IMAGER_SCHEMA;
  const missing = schema ? '' : ' (needs OCELLUS_TEST_IMAGER_SCHEMA, the path of os-list-schema.json of rpi-imager)';
  it.skipIf(missing)(`fits Imager's own schema${missing}`, async () => {
    const own = JSON.parse(readFileSync(schema!, 'utf8').replace('draft-07/schema"', 'draft-07/schema#"')) as object;
    const check = new Ajv({ strict: false, validateSchema: false, allErrors: true }).compile(own);
    for (const initFormat of initFormats) {
      const { manifest } = await made({ initFormat });
      expect([check(manifest), check.errors]).toEqual([true, null]);
      expect(check({ ...manifest, os_list: [{ ...manifest.os_list[0], init_format: 'cloud-init' }] })).toBe(false);
    }
  });
});
