import type { EventEmitter } from 'node:events';
import type { Aedes, Client } from 'aedes';
import type { Packet } from 'mqtt-packet';

/** What aedes 2.0.0-beta.1 has and its types do not tell. The version is pinned, and tests/hub/broker says what must hold. */
export interface BrokerClient extends Client {
  /** Was CONNACK written? */
  readonly connackSent: boolean;
  readonly _keepaliveInterval: number;
  readonly _keepaliveTimer: NodeJS.Timeout | null;
  readonly _parser: EventEmitter<{ packet: [Packet] }>;
  /** Calls back when the network takes more, or with an error when it did not in time. */
  waitForDrain(done: () => void): void;
  /** Ends a connection that announces a packet of so many bytes; says why to a client that can hear it. */
  rejectPacketTooLarge(bytes: number): void;
}

/**
 * Mends what no option of aedes 2.0.0-beta.1 does.
 *
 * Clients are kept by their id, and one of the ids that each object has (`constructor`) would end the process. No
 * session outlives its connection; a client of MQTT 5 that asks for one learns from CONNACK that it has none.
 */
export function mend(aedes: Aedes): void {
  Object.assign(aedes, { clients: Object.create(null), brokers: Object.create(null), clampSessionExpiry: () => 0 });
}
