import { maskCredentials } from '../../../sdk/base/credentials.ts';
import { toWire } from '../../../sdk/base/wire.ts';
import { nodeStatsToWire } from '../../../sdk/hub/contract/stats.ts';
import type { HubStats } from '../../../sdk/hub/hub.ts';
import { CpuMeter } from '../../../sdk/pipeline/meter.ts';
import type { ServerMessage } from '../protocol.ts';
import type { ConsoleNode } from './source.ts';

const intervalMs = 1000;

/** Sends the node's figures every second while a page is open. */
export class StatsTicker {
  readonly #node: ConsoleNode;
  readonly #hub: { readonly stats: HubStats } | undefined;
  readonly #tell: (message: ServerMessage) => void;
  #cpu = new CpuMeter();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    node: ConsoleNode,
    hub: { readonly stats: HubStats } | undefined,
    tell: (message: ServerMessage) => void,
  ) {
    this.#node = node;
    this.#hub = hub;
    this.#tell = tell;
  }

  start(): void {
    if (this.#timer) return;
    this.#cpu = new CpuMeter();
    this.#timer = setInterval(() => this.#tell(this.message(this.#cpu.take())), intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** @param cpuPercent Of the last second; by default the node's own, which is of the last ten. */
  message(cpuPercent?: number): ServerMessage {
    const stats = this.#node.stats();
    const cameras = Object.entries(stats.cameras).map(([name, camera]) => {
      const { lastError } = camera.device;
      const device = { ...camera.device, lastError: lastError && maskCredentials(lastError) };
      return [name, { ...camera, device }] as const;
    });
    return {
      type: 'stats',
      time: performance.now(),
      stats: nodeStatsToWire({
        ...stats,
        cpuPercent: cpuPercent ?? stats.cpuPercent,
        cameras: Object.fromEntries(cameras),
      }),
      mqtt: this.#hub ? toWire(this.#hub.stats) : null,
    };
  }
}
