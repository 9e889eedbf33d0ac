import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { railWatts } from '../../devices/boards/power/pmic.ts';
import { parseCameraList } from '../../devices/libcamera/find.ts';
import { parseAnswer } from '../../devices/network/find.ts';
import { versionIn } from '../../devices/programs/wanted-programs.ts';
import { parseControls } from '../../devices/v4l2/controls.ts';
import { hasVideoCapture } from '../../devices/v4l2/find.ts';
import { parseFormats } from '../../devices/v4l2/formats.ts';
import { networkOf } from '../../sdk/access/network.ts';
import { hiding, maskCredentials, maskSource } from '../../sdk/base/credentials.ts';
import { readText } from '../../sdk/base/system-files.ts';
import { Settings } from '../../sdk/config/schema.ts';
import { withSecrets } from '../../sdk/config/secrets.ts';
import { errorsOf } from '../../sdk/config/validate.ts';
import { labelLevel } from '../../sdk/hub/contract/topics.ts';
import { title } from '../../sdk/hub/extensions/home-assistant/names.ts';

/**
 * Reads megabytes of the worst text there is for it, each time another reader: what takes the square of the length
 * would not be done in a day. Prints a line after each.
 */
const length = 4 << 20;
const of = (piece: string, end = '') => piece.repeat(Math.ceil(length / piece.length)) + end;

/** Just below its bound, and so often that the square of it shows. */
const short = (piece: string) => piece.repeat(Math.ceil(65_000 / piece.length));
const often = (what: () => void) => {
  for (let i = 0; i < 2000; i++) what();
};

const pieces = [
  'a',
  '?',
  '=',
  '@',
  ':',
  '/',
  '\\',
  '&pwd',
  '?pass',
  'pass',
  'password=',
  'rtsp:',
  'a:b@',
  '://',
  '%3a',
];
pieces.push('rtsp://', 'http://a:', '%40', '"a":"', '"key": "\\', 'x@y ', ' ', '\n', '<', 'key=%3d', 'file:', '-_');

const folder = mkdtempSync(join(tmpdir(), 'ocellus-linear-'));
const kernelFile = join(folder, 'file');
writeFileSync(kernelFile, of('\0 ', 'x'));

const readers: Record<string, () => unknown> = {
  ...Object.fromEntries(
    pieces.flatMap((piece) => [
      [`maskCredentials ${piece}`, () => maskCredentials(of(piece))],
      [`maskSource ${piece}`, () => maskSource(of(piece))],
      [`hiding ${piece}`, () => hiding(of(piece))(of(piece))],
    ]),
  ),
  'maskCredentials, often': () => often(() => maskCredentials(short('?passpass'))),
  'withSecrets ${': () => withSecrets(Settings, { mqtt: { broker: of('${') } }),
  'errorsOf a long key': () => errorsOf(Settings, { [of(':')]: 1, cameras: { [of('~')]: 1 } }),
  'errorsOf long text': () => errorsOf(Settings, { cameras: of('?pass'), core: { model: [of('rtsp://')] } }),
  readText: () => readText(kernelFile),
  networkOf: () => networkOf(of('%', '\n')),
  'railWatts, empty lines': () => railWatts(`${of('\n')}x`),
  'railWatts, a name': () => railWatts(of('a_')),
  'railWatts, digits': () => railWatts(`VDD_A current(1)=${of('1')}`),
  'parseCameraList, empty lines': () => parseCameraList(of('\n')),
  'parseCameraList, brackets': () => parseCameraList(`0 : (${of(' [')}`),
  'parseCameraList, braces': () => parseCameraList(`0 : ${of(' (a')}`),
  hasVideoCapture: () => hasVideoCapture(of('\tDevice Caps')),
  'hasVideoCapture, no end': () => hasVideoCapture(`Device Caps\n${of('\t\t')}`),
  'parseControls, a menu': () => parseControls(`\t1: a${of(' ')}b`),
  'parseControls, spaces': () => parseControls(of(' ')),
  'parseControls, flags': () => parseControls(`a 0x00980900 (int) : value=1 ${of('flags=')}`),
  parseFormats: () => parseFormats(of("\t[0]: 'YUYV' (")),
  versionIn: () => versionIn(of('1')),
  'parseAnswer, spaces': () => parseAnswer(`<ProbeMatches ${of('<RelatesTo ')}`, 'x', 'y'),
  'parseAnswer, names': () => parseAnswer(`<ProbeMatches <${of('a')}:RelatesTo`, 'x', 'y'),
  title: () => title(of('- ')),
  labelLevel: () => labelLevel(of('#')),
};

for (const [name, read] of Object.entries(readers)) {
  read();
  console.log(JSON.stringify(name));
}
console.log('done');
rmSync(folder, { recursive: true });
