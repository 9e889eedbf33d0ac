import { describe, expect, it } from 'vitest';
import {
  type FirstBootSettings,
  firstBootTemplate,
  firstBootText,
  readFirstBoot,
  withoutSecrets,
} from '../../sdk/config/first-boot.ts';

/** What stands for a secret that is kept elsewhere. */
const reference = (name: string) => `\${${name}}`;
const read = (text: string) => readFirstBoot(Buffer.from(text));
const porch = 'node = "porch"\n[console]\npassword = "correct horse"\n';

describe('ocellus.toml', () => {
  it.each([
    ['as an editor of Unix saves it', Buffer.from(porch)],
    ['with the byte order mark and line ends of Windows', Buffer.from(`\ufeff${porch.replaceAll('\n', '\r\n')}`)],
    ['in UTF-16, as Notepad calls Unicode', Buffer.from(`\ufeff${porch}`, 'utf16le')],
    ['with line ends of old Macs', Buffer.from(porch.replaceAll('\n', '\r'))],
  ])('is read %s', (_, bytes) => {
    expect(readFirstBoot(bytes)).toEqual({ node: 'porch', console: { password: 'correct horse' } });
  });

  it('may say any setting but `data`, and fills in nothing', () => {
    const text = '[cameras.door]\nsource = "scene:"\n[cameras.door.detect]\nthreshold = 0.7\n[core]\nthreads = 1\n';
    expect(read(text)).toEqual({
      cameras: { door: { source: 'scene:', detect: { threshold: 0.7 } } },
      core: { threads: 1 },
    });
    expect(() => read('data = "/x"')).toThrow(/data: no such field; expected one of node, cameras/);
  });

  it.each([
    ['node = porch', /line 1: .*text needs quotes, as in node = "porch"/],
    ['node = “porch”', /line 1: .*curved quotes/],
    ['node = "porch', /line 1: /],
    ['node = "a"\n[mqtt]\npassword = "\\q"', /line 3: /],
    ['node = "Front Door"', /node: expected text that fits/],
    ['[cameras."front door"]\nsource = "auto:"', /cameras\.front door: no such field; expected a name/],
    ['[mqtt]\nbroker = 7\nport = "x"', /mqtt\.broker: expected text.*\n.*mqtt\.port: expected a whole number/],
    ['a.__proto__.b = 1', /__proto__/],
    ['node = 2026-01-01', /node: expected text/],
    ['x'.repeat(300_000), /at most 262144 bytes, got 300000/],
  ])('is refused: %.40s', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it('is refused where it is no text', () => {
    expect(() => readFirstBoot(Buffer.from([0x6e, 0xe9, 0x22]))).toThrow(/expected text in UTF-8/);
  });

  it('shows no secret in what it says of a fault', () => {
    for (const fault of ['"swordfish', 'swordfish', '"swordfish" x', '["swordfish"]', '{a = "swordfish"}']) {
      for (const key of ['mqtt.password', 'console.password', 'cameras.a.source', 'mqtt.broker']) {
        const text = `node = "a"\n${key} = ${fault}\n`;
        expect(() => read(text)).toThrow();
        expect(() => read(text)).not.toThrow(/swordfish/);
      }
    }
  });

  it('that is written is read as it was meant', () => {
    const settings: FirstBootSettings = {
      node: 'porch',
      cameras: { 'front-door': { source: 'rtsp://u:p"\\@h/1' } },
      mqtt: { broker: 'mqtts://home', password: 'a\tb"\u00e9', tls: { ca: '-----BEGIN\nx\n' } },
    };
    const text = firstBootText(settings, ['A remark', '']);
    expect(text).toMatch(/^# A remark\r\n#\r\n\r\n/);
    expect(text.replaceAll('\r\n', '')).not.toContain('\n');
    expect(read(text)).toEqual(settings);
  });

  it('has a template that says nothing until something is filled in', () => {
    expect(read(firstBootTemplate)).toEqual({});
    // With every # removed that begins a setting, all of it is right but for what is empty.
    const filled = firstBootTemplate.replace(/^# (?=\[|\w+ = )/gm, '').replaceAll('""', '"long enough"');
    expect(read(filled)).toMatchObject({ node: 'porch', cameras: { camera: { source: 'auto:' } } });
  });
});

describe('withoutSecrets', () => {
  it('takes out passwords, user names, and addresses with a password in them', () => {
    const { settings, removed } = withoutSecrets({
      node: 'porch',
      cameras: {
        door: {
          source: 'rtsp://admin:secret@door/1',
          substream: 'rtsp://door/2',
          snapshots: { source: 'http://d/?pw=x1' },
        },
        yard: { source: 'auto:' },
      },
      mqtt: { broker: 'mqtt://me:secret@home', username: 'me', password: 'secret', users: { bob: 'secret-too' } },
      console: { password: 'secret', host: '0.0.0.0' },
    });
    expect(removed).toEqual([
      ...['cameras.door.source', 'cameras.door.snapshots.source', 'mqtt.broker', 'mqtt.username', 'mqtt.password'],
      ...['mqtt.users.bob', 'console.password'],
    ]);
    expect(JSON.stringify(settings)).not.toMatch(/secret|x1|"me"/);
    expect(settings).toMatchObject({
      node: 'porch',
      cameras: { door: { substream: 'rtsp://door/2' }, yard: { source: 'auto:' } },
      console: { host: '0.0.0.0' },
    });
  });

  it('leaves references to secrets that are kept elsewhere', () => {
    const settings = { console: { password: reference('OCELLUS_PAGE') } };
    expect(withoutSecrets(settings)).toEqual({ settings, removed: [] });
    // A part of one is not a reference.
    expect(withoutSecrets({ mqtt: { password: `a${reference('B')}` } }).removed).toEqual(['mqtt.password']);
  });
});
