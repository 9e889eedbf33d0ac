import { findPower } from '../../../devices/index.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import type { Meter } from './meter.ts';
import { openMqttMeter } from './mqtt-meter.ts';

/**
 * Opens what measures power.
 *
 * @param power `board`: what this board has, if anything. Else the address of a meter (`openMqttMeter`). Undefined: nothing.
 * @throws InputError when a meter that was named is not there.
 */
export async function openMeter(power: string | undefined): Promise<Meter | undefined> {
  if (power === undefined) return undefined;
  if (power !== 'board') return openMqttMeter(power);
  const { source } = await findPower();
  return source && { source, settled: async () => {}, [Symbol.asyncDispose]: async () => {} };
}

/** What measures power here: the meter that was named, else the board; or why nothing does. */
export async function whatMeasures(meter: string | undefined): Promise<{ power?: string; why?: string }> {
  if (meter !== undefined) return { power: meter };
  const { source, why } = await findPower();
  return source ? { power: 'board' } : { why };
}

/** @throws InputError when it is no address of a meter. */
export function assertMeter(text: string): void {
  if (/^(mqtts?|wss?):\/\//.test(text)) return;
  throw new InputError(
    `--meter: expected mqtt://HOST/TOPIC, or mqtt://HOST/TOPIC#FIELD.FIELD where the payload is JSON, got ${text}`,
  );
}
