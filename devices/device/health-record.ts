import { RecentSum } from '../../sdk/base/recent-sum.ts';
import type { DeviceHealth } from './device.ts';

/** How often something happened: in total, and in the last hour. */
class Occurrences {
  total = 0;
  readonly #lastHour = new RecentSum({ steps: 60, stepMs: 60_000 });

  add(): void {
    this.total++;
    this.#lastHour.add();
  }

  get lastHour(): number {
    return this.#lastHour.sum;
  }
}

/** The basis of a device's health: its state, and what was counted since it was made, across reopenings. */
export class HealthRecord {
  state: DeviceHealth['state'] = 'closed';
  lastError: string | undefined;
  /** Of outlets that were closed. */
  droppedBefore = 0;
  /** By the device itself. */
  readonly counters = { frames: 0, dropped: 0, corrupt: 0 };
  readonly restarts = new Occurrences();
  readonly stalls = new Occurrences();

  /** @param dropped By the outlet that is open. */
  health(dropped: number): DeviceHealth {
    const { counters, restarts, stalls } = this;
    return {
      state: this.state,
      frames: counters.frames,
      dropped: counters.dropped + this.droppedBefore + dropped,
      corrupt: counters.corrupt,
      restarts: restarts.total,
      stalls: stalls.total,
      reconnects_last_hour: restarts.lastHour,
      stalls_last_hour: stalls.lastHour,
      lastError: this.lastError,
    };
  }
}
