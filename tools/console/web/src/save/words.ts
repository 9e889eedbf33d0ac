import { percent } from '../format.ts';
import { nameOfSetting } from '../plain.ts';

const shares = ['threshold', 'thresholds', 'sensitivity'];

/** What the page calls a setting: `Threshold`, `Zone floor`. */
export function settingInWords(path: readonly string[]): string {
  return nameOfSetting(path.join('.'));
}

/** A value of a setting: `60 %`, `off`, `person, cat`. */
export function valueInWords(value: unknown, path: readonly string[]): string {
  if (value === undefined) return 'not there';
  if (path.join('.') === 'transport') return value === 'udp' ? 'on' : 'off';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'number') return path.some((key) => shares.includes(key)) ? percent(value) : String(value);
  if (Array.isArray(value) && path.at(-1) !== 'masks') return value.join(', ') || 'all';
  if (typeof value === 'string') return value || 'none';
  const { labels, inertia_seconds: seconds } = value as { labels?: string[]; inertia_seconds?: number };
  const count = Array.isArray(value) && `${value.length} ${value.length === 1 ? 'mask' : 'masks'}`;
  return [count, labels?.join(', '), seconds !== undefined && `counts after ${seconds} s`].filter(Boolean).join(' · ');
}
