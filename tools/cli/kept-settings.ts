import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import type { Logger } from '../../sdk/base/log.ts';
import { replaceFile } from '../../sdk/base/replace-file.ts';
import { readSettings, resolveSettings, type SettingsInput } from '../../sdk/config/settings.ts';

const folderName = 'settings.kept';
const mostKept = 4;
const placeOf = (file: string, version: string) => join(dirname(file), folderName, `${version}.yaml`);

/**
 * Reads a settings file; where it is not right for this version, those that this version last ran with. So a system that
 * came back after an update starts although the newer version has written settings that this one does not know. The file
 * stays as it is, for that version.
 *
 * @param version Undefined where nothing is kept.
 * @throws InputError when it is not right and nothing was kept.
 */
export async function readSettingsOrKept(
  file: string,
  mustExist: boolean,
  version: string | undefined,
  logger: Logger,
): Promise<SettingsInput> {
  try {
    const written = await readSettings(file, mustExist);
    if (version !== undefined) resolveSettings(written, file);
    return written;
  } catch (error) {
    if (version === undefined || !(error instanceof InputError)) throw error;
    const kept = await readSettings(placeOf(file, version), true).catch(() => undefined);
    if (!kept) throw error;
    resolveSettings(kept, placeOf(file, version));
    logger.error(`${messageOf(error)}; running with the settings that ${version} ran with before`);
    return kept;
  }
}

/** Keeps a settings file as this version ran with it; never throws. */
export async function keepSettings(file: string, version: string, logger: Logger): Promise<void> {
  try {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    const place = placeOf(file, version);
    if (text === undefined || text === (await readFile(place, 'utf8').catch(() => undefined))) return;
    // What it was replaced by is kept: one that this version cannot read is not its own.
    resolveSettings(await readSettings(file, true), file);
    await mkdir(dirname(place), { recursive: true, mode: 0o700 });
    await replaceFile(place, text, 0o600);
    const others = (await readdir(dirname(place))).filter((name) => name !== `${version}.yaml`).sort();
    for (const name of others.slice(0, Math.max(0, others.length - mostKept)))
      await rm(join(dirname(place), name), { force: true });
  } catch (error) {
    if (!(error instanceof InputError)) logger.warn(`the settings are not kept: ${messageOf(error)}`);
  }
}
