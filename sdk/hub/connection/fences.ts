import type { MqttClient } from 'mqtt';

/** Tells when the broker has read all that was sent up to a moment: it answers a PINGREQ that is sent then. */
export class Fences {
  readonly #client: MqttClient;
  /** For each PINGREQ on its way: what is called when its PINGRESP comes. Others than ours keep the connection alive. */
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

  /** Calls back when the broker has read all that was sent so far and the connection still is. */
  add(then: () => void): void {
    this.#next = then;
    this.#client.sendPing();
  }
}
