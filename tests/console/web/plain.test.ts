import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TSchema } from '@sinclair/typebox';
import { describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { CameraSettings, Settings } from '../../../sdk/config/schema.ts';
import { validate } from '../../../sdk/config/validate.ts';
import { heard, nameOfSetting, plain, settingNames } from '../../../tools/console/web/src/plain.ts';

/** Paths of all settings; `*` for names that somebody chooses. */
function pathsOf(schema: TSchema, path = ''): string[] {
  const below = path && `${path}.`;
  if (schema.properties) {
    return Object.entries<TSchema>(schema.properties).flatMap(([key, one]) => pathsOf(one, below + key));
  }
  if (schema.patternProperties) {
    return Object.values<TSchema>(schema.patternProperties).flatMap((one) => pathsOf(one, `${below}*`));
  }
  return [path];
}

const paths = pathsOf(Settings);
const ofCameras = pathsOf(CameraSettings);

/** Sources of a folder. */
function sources(...folder: string[]): [file: string, text: string][] {
  return readdirSync(asset(...folder), { recursive: true })
    .map(String)
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => [join(...folder, name), readFileSync(join(asset(...folder), name), 'utf8')]);
}

const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');

describe('what the page calls settings', () => {
  it('is known of each', () => {
    const unnamed = [...paths, ...ofCameras]
      .map((path) => path.replace(/^cameras\.\*\./, ''))
      .filter((path) => !path.includes('*') && !(path in settingNames));
    expect(unnamed).toEqual([]);
    for (const path of paths) expect(nameOfSetting(path.replaceAll('*', 'one')), path).not.toMatch(/[a-z][._][a-z]/);
  });

  it.each([
    ['mqtt.port', 'Port of the built-in broker'],
    ['cameras.door.detect.threshold', 'door: Threshold'],
    ['cameras.door', 'Camera door'],
    ['zones.floor.labels', 'Zone floor'],
    ['cameras.door.lines.gate', 'door: Line gate'],
    ['detect.thresholds.cat', 'Threshold of cat'],
  ])('%s: %s', (path, name) => expect(nameOfSetting(path)).toBe(name));
});

describe('what the board says', () => {
  it.each([
    [
      'no encoder works here: history.clips.software allows the processor to encode',
      'no encoder works here: “Let the processor make them” allows the processor to encode',
    ],
    [
      'showing the built-in scene. Set cameras.<name>.source to change it, e.g. v4l2:/dev/video0.',
      'showing the built-in scene.',
    ],
    [
      'nothing can be taught here: learn.enabled is off, or nothing is kept',
      'nothing can be taught here: “Learn” is off, or nothing is kept',
    ],
    ['snapshots.source: the password is not shown here', 'Main stream: the password is not shown here'],
    [
      'source: the password is not shown here (rtsp://me:***@host/a)',
      'Source: the password is not shown here (rtsp://me:***@host/a)',
    ],
    [
      'camera door: its settings were changed meanwhile (revision 4, expected 3), so nothing was changed: look at them again',
      'camera door: its settings were changed meanwhile, so nothing was changed: look at them again',
    ],
    [
      "ocellus.yaml cannot be written, so nothing was changed: EACCES: permission denied, open 'ocellus.yaml'",
      "ocellus.yaml cannot be written, so nothing was changed: permission denied, open 'ocellus.yaml'",
    ],
    [
      'ffmpeg cannot be run: install it: sudo apt install ffmpeg (version 5.1 or newer)',
      'ffmpeg cannot be run: whoever set up the board has to install ffmpeg there (version 5.1 or newer)',
    ],
    // Names and addresses are no settings.
    [
      'rtsp://cam/history.days/mqtt.port gives no picture: 404',
      'rtsp://cam/history.days/mqtt.port gives no picture: 404',
    ],
    ['there is a camera called source already', 'there is a camera called source already'],
  ])('%s', (text, words) => expect(plain(text)).toBe(words));

  it('says which setting of a file is wrong, by its name', () => {
    const wrong = {
      cameras: { door: { source: 'scene:', detect: { threshold: 7 }, zones: { floor: { polygon: 1 } } } },
    };
    expect(() => validate(Settings, wrong, 'ocellus.yaml')).toThrow(/cameras\.door\.detect\.threshold: expected/);
    const said = (() => {
      try {
        return String(validate(Settings, wrong, 'ocellus.yaml'));
      } catch (error) {
        return plain((error as Error).message);
      }
    })();
    expect(said).toMatch(
      /^ocellus\.yaml is not right: door: Threshold: expected a number from 0 to 1, got 7\n {2}door: Zone floor: expected/,
    );
  });

  it('is changed where it is for people, and nowhere else', () => {
    const text = 'set mqtt.port';
    const sent = { error: text, label: text, device: { last_error: text }, setup_errors: [text], note: null };
    expect(heard(JSON.stringify(sent))).toEqual({
      ...{ error: 'set “Port of the built-in broker”', label: text, note: null },
      ...{
        device: { last_error: 'set “Port of the built-in broker”' },
        setup_errors: ['set “Port of the built-in broker”'],
      },
    });
  });

  it('has no path of a setting, whichever text of the sources it is', () => {
    const dotted = [...new Set([...paths, ...ofCameras].map((path) => path.replace(/^cameras\.\*\./, '')))]
      .map((path) => path.replace(/\.\*.*$/, ''))
      .filter((path) => path.includes('.'));
    const key = new RegExp(
      `(?<![\\w./\${@-])(?:${dotted.map((one) => one.replaceAll('.', '\\.')).join('|')})(?![\\w(/]|\\.\\w)`,
    );
    const texts = ['sdk', 'devices', 'tools/console/server'].flatMap((folder) =>
      sources(...folder.split('/')).flatMap(([file, text]) =>
        [...withoutComments(text).matchAll(/'([^'\n\\]{12,})'|`([^`]{12,})`/g)].map(
          (match) => [file, match[1] ?? match[2]!] as const,
        ),
      ),
    );
    const naming = texts.filter(([, text]) => key.test(text.replace(/\$\{[^}]*\}/g, 'x')));
    expect(naming.length).toBeGreaterThan(30);
    const left = naming.filter(([, text]) => key.test(plain(text.replace(/\$\{[^}]*\}/g, 'x'))));
    expect(left).toEqual([]);
  });
});

it('the page’s own texts name no path of a setting and nothing of the settings file’s language', () => {
  const dotted = paths
    .filter((path) => !path.includes('*') && path.includes('.'))
    .map((path) => path.replaceAll('.', '\\.'));
  const named = sources('tools', 'console', 'web', 'src').flatMap(([file, text]) => {
    const shown = withoutComments(text);
    // In sentences and literals; in code they are fields of something else.
    const key = new RegExp(`(?:^\\s*[A-Z][^=(){}]*|<code>|['"\`](?:[^'"\`{}]*\\s)?)(?:${dotted.join('|')})(?!\\w)`);
    const lines = shown.split('\n').filter((line) => {
      if (file.endsWith('plain.ts') && /^\s*'[\w.]+': '[^.]*',$/.test(line)) return false;
      return key.test(line) || /ocellus\.yaml|`ocellus \w+`|ssh -L|\byaml\b/i.test(line);
    });
    return lines.map((line) => `${file}: ${line.trim()}`);
  });
  expect(named).toEqual([]);
});
