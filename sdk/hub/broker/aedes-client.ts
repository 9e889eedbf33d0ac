import type { EventEmitter } from 'node:events';
import type { Aedes, Client } from 'aedes';
import type { Packet } from 'mqtt-packet';

/**
 * What aedes 2.0.0-beta.1 has and its types omit. The version is pinned, and tests/hub/broker checks the assumptions.
 */
export interface BrokerClient extends Client {
  /** Whether CONNACK was written. */
  readonly connackSent: boolean;
  readonly _keepaliveInterval: number;
  readonly _keepaliveTimer: NodeJS.Timeout | null;
  readonly _parser: EventEmitter<{ packet: [Packet] }>;
  /** Calls back when the socket is writable again, or with an error when that takes too long. */
  waitForDrain(done: () => void): void;
  /** Ends a connection that announces a packet this large; tells the client why if its version allows. */
  rejectPacketTooLarge(bytes: number): void;
}

/**
 * Works around faults of aedes 2.0.0-beta.1 that no option fixes.
 *
 * Clients are kept by their id, and one of the ids that each object has (`constructor`) would end the process. No
 * session outlives its connection; a client of MQTT 5 that asks for one learns from CONNACK that it has none.
 */
export function mend(aedes: Aedes): void {
  Object.assign(aedes, { clients: Object.create(null), brokers: Object.create(null), clampSessionExpiry: () => 0 });
}
