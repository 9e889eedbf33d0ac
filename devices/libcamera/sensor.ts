import type { SensorReading } from '../../sdk/frame/frame.ts';
import type { NativeFrame } from './addon.ts';

/** Where libcamera tells it. */
const fields: Readonly<Record<string, keyof SensorReading>> = {
  ExposureTime: 'exposureUs',
  AnalogueGain: 'analogueGain',
  DigitalGain: 'digitalGain',
  Lux: 'lux',
  ColourTemperature: 'colourTemperature',
  LensPosition: 'lensPosition',
  FocusFoM: 'focus',
  SensorTemperature: 'temperature',
};

/** What the sensor told of a frame; undefined when it told nothing of that. */
export function sensorOf(metadata: NativeFrame['metadata']): SensorReading | undefined {
  const known = Object.entries(metadata).filter(([name, numbers]) => name in fields && numbers.length === 1);
  return known.length === 0
    ? undefined
    : Object.fromEntries(known.map(([name, numbers]) => [fields[name]!, numbers[0]!]));
}
