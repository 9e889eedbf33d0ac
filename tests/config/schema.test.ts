import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { CameraSettings, defaultModel, Settings } from '../../sdk/config/schema.ts';
import { validate } from '../../sdk/config/validate.ts';

import { settingsPage } from '../../tools/docs/settings.ts';

describe('Settings', () => {
  it('has a default for whatever is left out', () => {
    expect(validate(Settings, {}, 'nothing')).toEqual({
      node: 'ocellus',
      cameras: {
        camera: {
          source: 'auto:',
          substream: '',
          enabled: true,
          transport: 'tcp',
          poll_fps: 2,
          loop: true,
          hardware_decoding: true,
          controls: {},
          libcamera: { still: false },
          detect: {
            enabled: true,
            far: 'auto',
            regions: 2,
            fps: 10,
            priority: 1,
            threshold: 0.6,
            thresholds: {},
            labels: ['person', 'bicycle', 'car', 'motorcycle', 'bus', 'truck', 'bird', 'cat', 'dog', 'cup'],
          },
          motion: { enabled: true, sensitivity: 0.5, keepalive: 1 },
          track: { confirm: 3, lost: 2, stationary: 5 },
          snapshots: { enabled: true, source: '', height: 480, quality: 80, box: true },
          zones: {},
          lines: {},
          masks: [],
          learn: { enabled: true, states: {} },
        },
      },
      core: { model: defaultModel, engine: 'auto', threads: 2, profile: 'auto' },
      learn: {
        enabled: true,
        model: 'auto',
        thumbnails: true,
        interval: 2,
        share: false,
      },
      history: {
        enabled: true,
        days: 30,
        megabytes: 500,
        clips: { enabled: false, before: 5, after: 5, longest: 60, software: false },
      },
      mqtt: {
        broker: 'embedded',
        host: '127.0.0.1',
        port: 1883,
        base: 'ocellus',
        users: {},
        outbox: { events: { megabytes: 256, hours: 72 }, learning: { megabytes: 32, hours: 720 } },
        home_assistant: { enabled: true, prefix: 'homeassistant' },
      },
      console: { enabled: true, host: '127.0.0.1', port: 8420 },
      update: {},
      storage: { keep: 'disk', card_endurance_tb: 16 },
    });
  });

  it('lists the same fields on the page', () => {
    expect(readFileSync(asset('docs', 'settings.md'), 'utf8')).toBe(settingsPage());
  });

  it('describes each field that is not plain from its name', () => {
    const plain = new Set(['enabled', 'username', 'from', 'to']);
    const bare: string[] = [];
    const walk = (schema: Record<string, unknown>, path: string) => {
      for (const [name, inner] of Object.entries((schema.properties ?? {}) as Record<string, never>)) {
        const field = inner as { description?: string; properties?: object; patternProperties?: object };
        if (field.properties) walk(field as never, `${path}${name}.`);
        else if (!field.description && !plain.has(name)) bare.push(`${path}${name}`);
      }
    };
    walk(Settings, '');
    walk(CameraSettings, 'cameras.<name>.');
    expect(bare).toEqual([]);
  });
});
