import type { MqttClient } from 'mqtt';

/** Tells when the broker has read everything sent up to a moment, by its answer to a PINGREQ sent then. */
export class Fences {
  readonly #client: MqttClient;
  /** For each PINGREQ in flight, the callback for its PINGRESP. Those not sent by us are keep-alives. */
  readonly #answers: ((() => void) | undefined)[] = [];
  #next: (() => void) | undefined;

  constructor(client: MqttClient) {
    this.#client = client;
    client.on('packetsend', ({ cmd }) => {
      if (cmd !== 'pingreq') return;
      this.#answers.push(this.#next);
      this.#next = undefined;
    });
    client.on('packetreceive', ({ cmd }) => {
      if (cmd === 'pingresp') this.#answers.shift()?.();
    });
  }

  /** Calls back when the broker has read everything sent so far, if the connection still exists. */
  add(then: () => void): void {
    this.#next = then;
    this.#client.sendPing();
  }
}
