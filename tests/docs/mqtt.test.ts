import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../sdk/assets.ts';
import { settingTopics } from '../../sdk/hub/camera-settings.ts';
import { NodeTopics } from '../../sdk/hub/topics.ts';
import { eventMessage } from '../hub/fakes.ts';

const text = readFileSync(join(packageRoot, 'docs', 'mqtt.md'), 'utf8');
const rows = [...text.matchAll(/^\| (`.*?`) +\|/gm)].map(([, cell]) => cell!);

describe('docs/mqtt.md', () => {
  it('names each topic, and none that is not', () => {
    const topics = new NodeTopics('ocellus', 'node');
    const camera = topics.camera('camera');
    const zone = camera.count('label', 'zone');
    const all = [topics.status, camera.status, camera.events, camera.count('label'), camera.occupied('label'), zone];
    all.push(camera.snapshot('label'), camera.crossing('line'), camera.motion, topics.stats);
    all.push(camera.view, camera.seen, camera.appeared('label'), camera.crossed('line'), topics.model);
    all.push(topics.request('verb'), camera.state('setting'), camera.set('setting'));
    const written = all.map((topic) => {
      const levels = topic.slice('ocellus/node/'.length).split('/');
      // `zone` and `line` are levels and, after themselves, names.
      const named = levels.map((level, i) =>
        ['camera', 'label', 'setting', 'verb'].includes(level) || level === levels[i - 1] ? `<${level}>` : level,
      );
      return `\`${named.join('/')}\``;
    });
    const settings = [...settingTopics.keys()].map((name) => `\`${name}\``);
    const documented = rows.flatMap((cell) => cell.split(', ')).filter((name) => name !== '`…/occupied`');
    expect(documented.sort()).toEqual([...written, ...settings].sort());
  });

  it('shows an event with all its fields', () => {
    const [, json] = /```json\n(.*?)```/s.exec(text)!;
    const example = JSON.parse(json!);
    expect(Object.keys(example)).toEqual(Object.keys(eventMessage(1)));
    expect(Object.keys(example.after).sort()).toEqual(Object.keys(eventMessage(1).after).sort());
  });
});
