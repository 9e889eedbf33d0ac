import { InputError } from '../../base/errors.ts';
import type { CameraChange, CameraSettings } from '../../config/schema.ts';
import { share as fractionPayload, onOff as onOffPayload, type Payload } from './payloads.ts';

/** A camera's setting with a topic to set it and one that publishes it. */
export interface SettingTopic {
  /** The level of the topic: `<camera>/<name>/set`. */
  readonly name: string;
  /** What it does. For docs/mqtt.md. */
  readonly description: string;
  readonly payload: Payload;
  /** @throws InputError when the payload is not a value of this setting. */
  parse(payload: string): CameraChange;
  format(settings: CameraSettings): string;
}

/** What a command on `…/set` may be, at most; a longer one is not looked at. */
export const maxCommandBytes = 32;

function onOff(
  name: string,
  description: string,
  change: (on: boolean) => CameraChange,
  read: (settings: CameraSettings) => boolean,
): SettingTopic {
  return {
    name,
    description,
    payload: onOffPayload,
    parse: (payload) => {
      const word = payload.trim().toUpperCase();
      if (word !== 'ON' && word !== 'OFF') throw new InputError(`expected ON or OFF, got ${JSON.stringify(payload)}`);
      return change(word === 'ON');
    },
    format: (settings) => (read(settings) ? 'ON' : 'OFF'),
  };
}

function fraction(
  name: string,
  description: string,
  change: (value: number) => CameraChange,
  read: (settings: CameraSettings) => number,
): SettingTopic {
  return {
    name,
    description,
    payload: fractionPayload,
    parse: (payload) => {
      const text = payload.trim();
      const value = /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
      if (!(value >= 0 && value <= 1))
        throw new InputError(`expected a number from 0 to 1, got ${JSON.stringify(payload)}`);
      return change(value);
    },
    format: (settings) => String(read(settings)),
  };
}

/** All settings that can be changed over MQTT. */
export const settingTopics: ReadonlyMap<string, SettingTopic> = new Map(
  [
    onOff(
      'enabled',
      'the camera itself; `OFF` closes it',
      (enabled) => ({ enabled }),
      (settings) => settings.enabled,
    ),
    onOff(
      'detect',
      'detection; the picture stays',
      (enabled) => ({ detect: { enabled } }),
      (settings) => settings.detect.enabled,
    ),
    fraction(
      'threshold',
      'minimum score of an object',
      (threshold) => ({ detect: { threshold } }),
      (settings) => settings.detect.threshold,
    ),
    // `motion` itself is the state of the scene.
    onOff(
      'motion_gate',
      '`ON` skips the network while nothing moves',
      (enabled) => ({ motion: { enabled } }),
      (settings) => settings.motion.enabled,
    ),
    fraction(
      'motion_sensitivity',
      'sensitivity to motion: the higher, the less is enough',
      (sensitivity) => ({ motion: { sensitivity } }),
      (settings) => settings.motion.sensitivity,
    ),
    onOff(
      'snapshots',
      'pictures of objects',
      (enabled) => ({ snapshots: { enabled } }),
      (settings) => settings.snapshots.enabled,
    ),
    onOff(
      'learn',
      'recognition of what was taught, and teaching',
      (enabled) => ({ learn: { enabled } }),
      (settings) => settings.learn.enabled,
    ),
  ].map((setting) => [setting.name, setting]),
);
