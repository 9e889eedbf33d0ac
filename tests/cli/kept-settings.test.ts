import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keepSettings, readSettingsOrKept } from '../../tools/cli/kept-settings.ts';
import { temporaryFolder } from '../support/folders.ts';
import { recorder } from '../support/recorder.ts';

const good = 'node: porch\n';
const ofLater = 'node: porch\nhologram:\n  enabled: true\n';

describe('the settings of a card', () => {
  it('that a newer version wrote are left to it, and this one runs with those that it ran with before', async () => {
    const file = join(temporaryFolder(), 'ocellus.yaml');
    const logger = recorder();
    writeFileSync(file, good);
    await keepSettings(file, '1.0.0', logger);
    writeFileSync(file, ofLater);
    expect(await readSettingsOrKept(file, true, '1.0.0', logger)).toEqual({ node: 'porch' });
    expect(JSON.stringify(logger)).toMatch(/hologram/);
    // What is not its own is not kept as its own, and stays for the newer one.
    await keepSettings(file, '1.0.0', logger);
    expect(await readSettingsOrKept(file, true, '1.0.0', logger)).toEqual({ node: 'porch' });
    expect(readFileSync(file, 'utf8')).toBe(ofLater);
  });

  it('are an error where nothing was kept, and anywhere else', async () => {
    const file = join(temporaryFolder(), 'ocellus.yaml');
    writeFileSync(file, ofLater);
    const logger = recorder();
    await expect(readSettingsOrKept(file, true, '1.0.0', logger)).rejects.toThrow(/hologram/);
    mkdirSync(join(file, '..', 'settings.kept'));
    writeFileSync(join(file, '..', 'settings.kept', '1.0.0.yaml'), good);
    expect(await readSettingsOrKept(file, true, undefined, logger)).toMatchObject({ hologram: {} });
    expect(await readSettingsOrKept(file, true, '1.0.0', logger)).toEqual({ node: 'porch' });
  });

  it('are kept of a few versions', async () => {
    const file = join(temporaryFolder(), 'ocellus.yaml');
    writeFileSync(file, good);
    for (const minor of [1, 2, 3, 4, 5, 6, 7]) await keepSettings(file, `1.${minor}.0`, recorder());
    expect(readdirSync(join(file, '..', 'settings.kept'))).toHaveLength(5);
  });
});
