import type { PowerSource } from '../../../devices/index.ts';

/** Something that measures power, for as long as it is open. */
export interface Meter extends AsyncDisposable {
  readonly source: PowerSource;
  /** Resolves once what it reports was measured after this call. */
  settled(): Promise<void>;
}
