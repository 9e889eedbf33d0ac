import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lacking, stockImage, trixie } from '../image/customise/stock.ts';
import { temporaryFolder, tree } from '../support/folders.ts';
import { jsonLines, ocellus } from './cli.ts';

const missing = lacking === '' ? '' : ` (needs ${lacking})`;

describe.skipIf(missing)(`ocellus image customise${missing}`, () => {
  it('makes the image and its manifest, and says what it did as JSON', async () => {
    const image = stockImage({ 'etc/os-release': trixie, 'usr/lib/aarch64-linux-gnu/libc.so.6': '' });
    const parts = tree({ 'app/bin/ocellus.js': '', node: '' });
    const folder = temporaryFolder();
    const args = ['image', 'customise', image, '--app', join(parts, 'app'), '--node', join(parts, 'node'), '--json'];
    const { code, out, err } = await ocellus(args, folder);
    expect([code, err]).toEqual([0, expect.stringContaining('Debian GNU/Linux 13 (trixie)')]);
    expect(jsonLines(out)).toEqual([
      {
        ...{ file: 'stock-ocellus.img', manifest: 'stock-ocellus.rpi-imager-manifest', init_format: 'none' },
        ...{ system: 'Debian GNU/Linux 13 (trixie)', architecture: 'arm64' },
        ...{ added_bytes: expect.any(Number), grown_bytes: expect.any(Number) },
      },
    ]);
    expect(existsSync(join(folder, 'stock-ocellus.rpi-imager-manifest'))).toBe(true);
    const again = await ocellus(args, folder);
    expect([again.code, again.err]).toEqual([2, expect.stringContaining('is there already: delete it')]);
  });
});
