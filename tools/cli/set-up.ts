import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../sdk/base/log.ts';
import { makeCode } from '../first-boot/code.ts';
import { takeIn } from '../first-boot/take-in.ts';
import { Notifier, type NotifySettings } from '../systemd/notifier.ts';

export interface SetUpOptions {
  /** The settings file, which is to be there afterwards. */
  readonly file: string;
  /** Where `ocellus first-boot` left the code and what was wrong. */
  readonly folder: string;
  readonly port?: number;
  /** How systemd waits for the service, if it does. */
  readonly notify: NotifySettings | undefined;
  readonly logger: Logger;
}

/**
 * Where there are no settings, serves the page that asks for them, until somebody who knows the code gave some.
 *
 * @returns What was wrong in the files on the card, for the live page to say.
 */
export async function setUp({ file, folder, port, notify, logger }: SetUpOptions): Promise<readonly string[]> {
  const errors = await linesOf(join(folder, 'errors.txt'));
  if (
    await stat(file).then(
      () => true,
      () => false,
    )
  )
    return errors;
  const [known] = await linesOf(join(folder, 'code'));
  const code = known ?? makeCode();
  const { SetupPage } = await import('../console/server/setup-page.ts');
  const page = new SetupPage({
    ...{ code, errors, logger, ...(port !== undefined && { port }) },
    take: async (settings) => void (await takeIn(settings, { file, what: 'what was given' })),
  });
  const { url } = await page.start();
  logger.info(
    `there are no settings: ${url} asks for them, and for the code ${known === undefined ? code : 'on the screen'}`,
  );
  const notifier = notify && new Notifier(notify.socket, logger);
  void notifier?.tell('READY=1', `STATUS=waits for settings: ${url}`);
  const beat = notify?.watchdogMs && setInterval(() => void notifier!.tell('WATCHDOG=1'), notify.watchdogMs / 2);
  await page.done;
  await page.stop();
  clearInterval(beat);
  return [];
}

async function linesOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}
