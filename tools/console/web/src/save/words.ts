import { percent } from '../format.ts';

const names: Readonly<Record<string, string>> = {
  enabled: 'Camera on',
  source: 'Source',
  substream: 'Substream',
  transport: 'UDP',
  hardware_decoding: 'Hardware decoding',
  masks: 'Masks',
  'detect.enabled': 'Detect',
  'detect.threshold': 'Threshold',
  'detect.labels': 'Watched labels',
  'motion.enabled': 'Motion gate',
  'motion.sensitivity': 'Motion sensitivity',
  'snapshots.enabled': 'Snapshots',
  'snapshots.source': 'Main stream',
  'learn.enabled': 'Learn',
};
const kinds: Readonly<Record<string, string>> = { zones: 'Zone', lines: 'Line', thresholds: 'Threshold of' };
const shares = ['threshold', 'thresholds', 'sensitivity'];

/** What the page calls a setting: `Threshold`, `Zone floor`. */
export function settingInWords(path: readonly string[]): string {
  const kind = kinds[path.at(-2) ?? ''];
  return kind ? `${kind} ${path.at(-1)}` : (names[path.join('.')] ?? path.join('.'));
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
