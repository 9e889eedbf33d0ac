import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { type FirstBootSettings, firstBootText, readFirstBoot } from '../../sdk/config/first-boot.ts';
import { preseedFile, readPreseed } from '../first-boot/preseed.ts';
import { askPassword } from './ask-password.ts';

const settingsFile = 'ocellus.toml';
const passwordVariable = 'OCELLUS_MQTT_PASSWORD';

/** What `ocellus flash` takes about the files on a card. */
export interface CardSettings {
  readonly settings?: string;
  readonly node?: string;
  readonly source?: string;
  readonly broker?: string;
  readonly preseed?: string;
}

/**
 * The files that a card gets beside its image, by name: settings of options, or of a file, or of what was asked.
 *
 * @param mayAsk Somebody is there who can answer, if no option says anything.
 * @throws InputError when one of them is not right: better now than on the wall.
 */
export async function filesForCard(options: CardSettings, mayAsk: boolean): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const { settings, preseed, ...given } = options;
  const fields = { node: given.node, source: given.source, broker: given.broker };
  const hasFields = Object.values(fields).some((value) => value !== undefined);
  if (settings !== undefined) {
    if (hasFields) throw new InputError('--settings: expected it without --node, --source and --broker');
    const bytes = await bytesOf(settings, '--settings');
    readFirstBoot(bytes, settings);
    files.set(settingsFile, bytes.toString('utf8'));
  } else if (hasFields || mayAsk) {
    const answered = hasFields ? fields : await ask();
    const text = firstBootText(await settingsOf(answered, mayAsk));
    readFirstBoot(Buffer.from(text), 'the options');
    if (Object.values(answered).some((value) => value !== undefined)) files.set(settingsFile, text);
  }
  if (preseed !== undefined) {
    const bytes = await bytesOf(preseed, '--preseed');
    readPreseed(bytes);
    files.set(preseedFile, bytes.toString('utf8'));
  }
  return files;
}

interface Answers {
  readonly node: string | undefined;
  readonly source: string | undefined;
  readonly broker: string | undefined;
}

async function settingsOf({ node, source, broker }: Answers, mayAsk: boolean): Promise<FirstBootSettings> {
  return {
    ...(node !== undefined && { node }),
    ...(source !== undefined && { cameras: { camera: { source } } }),
    ...(broker !== undefined && { mqtt: await mqttOf(broker, mayAsk) }),
  } as FirstBootSettings;
}

/** User and password in fields of their own: the first boot removes the password from the card, and keeps the address. */
async function mqttOf(
  broker: string,
  mayAsk: boolean,
): Promise<{ broker: string; username?: string; password?: string }> {
  if (!URL.canParse(broker)) return { broker };
  const url = new URL(broker);
  const [username, inUrl] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  if (username === '') return { broker };
  [url.username, url.password] = ['', ''];
  const password =
    inUrl || process.env[passwordVariable] || (mayAsk ? await askPassword(`Password of ${username}`) : '');
  return { broker: url.href, username, ...(password !== '' && { password }) };
}

async function ask(): Promise<Answers> {
  console.error('Settings of the card; an empty answer leaves one to the first boot.');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  let answers: Answers;
  try {
    const question = async (text: string) => (await terminal.question(`${text}: `)).trim() || undefined;
    answers = {
      node: await question('Name of the board (porch)'),
      source: await question('Camera (auto:, v4l2:/dev/video0, rtsp://…)'),
      broker: await question('MQTT broker (mqtt://user@host:1883)'),
    };
  } finally {
    terminal.close();
  }
  return answers;
}

async function bytesOf(path: string, option: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw new InputError(`${option}: ${path} cannot be read: ${messageOf(error)}`);
  });
}
