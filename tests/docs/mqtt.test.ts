import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { mqttPage } from '../../tools/docs/mqtt.ts';
import { eventMessage } from '../support/hub.ts';

const text = readFileSync(asset('docs', 'mqtt.md'), 'utf8');

describe('docs/mqtt.md', () => {
  it('has the tables that the contract makes', () => {
    expect(text, 'docs/mqtt.md is stale: run npm run docs').toBe(mqttPage(text));
    for (const name of ['topics', 'settings', 'verbs'])
      expect(text).toContain(`<!-- made by npm run docs: ${name} -->`);
  });

  it('refuses a table that nothing makes', () => {
    expect(() => mqttPage('<!-- made by npm run docs: dreams -->\n<!-- end -->')).toThrow(
      'expected one of topics, settings, verbs, got dreams',
    );
  });

  it('shows an event with all its fields', () => {
    const [, json] = /```json\n(.*?)```/s.exec(text)!;
    const example = JSON.parse(json!);
    expect(Object.keys(example)).toEqual(Object.keys(eventMessage(1)));
    expect(Object.keys(example.after).sort()).toEqual(Object.keys(eventMessage(1).after).sort());
  });
});
