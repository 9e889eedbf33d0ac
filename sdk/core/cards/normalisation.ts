import { InputError } from '../../base/errors.ts';
import type { ModelCard } from './card.ts';

/**
 * A channel has one mean: of three that differ, two would be ignored in silence.
 * uint8 inputs are not normalised: silently ignoring a mean would make a network that finds nothing.
 *
 * @throws InputError.
 */
export function assertNormalisation({ type, channels, mean, std }: ModelCard['input']): void {
  if (channels === 'GRAY' && [mean, std].some((values) => values.some((value) => value !== values[0]))) {
    throw new InputError(
      `input: expected three equal numbers as mean and as std for the channels GRAY, got [${mean.join(', ')}] and [${std.join(', ')}]`,
    );
  }
  if (type === 'uint8' && (mean.some((value) => value !== 0) || std.some((value) => value !== 1))) {
    throw new InputError(
      `input: expected mean 0 and std 1 for the type uint8, got [${mean.join(', ')}] and [${std.join(', ')}]; the network's own first layer has to normalise`,
    );
  }
}
