import mqtt from 'mqtt';
import { WebSocket } from 'ws';

/** What the world around a node does to it: a home hub that subscribes, a page that watches, requests and commands. */
export class World {
  readonly #page: string;
  readonly #client: mqtt.MqttClient;
  readonly #root: string;
  #socket: WebSocket;
  #timer: NodeJS.Timeout | undefined;
  #rounds = 0;
  readonly heard = { messages: 0, pictures: 0, answers: 0, refused: 0 };

  /** @param page URL of the page. @param broker URL. @param root `ocellus/<node>` */
  constructor(page: string, broker: string, root: string) {
    this.#page = page;
    this.#root = root;
    this.#client = mqtt.connect(broker);
    this.#client.on('message', () => this.heard.messages++);
    // `error` without a listener would end the process; MQTT.js retries automatically.
    this.#client.on('error', () => {});
    this.#client.subscribe(`${root}/#`, { qos: 1 });
    this.#socket = this.#watch();
  }

  /** Does something of everything each second. */
  start(): void {
    this.#timer = setInterval(() => void this.#round(), 1000);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#socket.terminate();
    await this.#client.endAsync(true);
  }

  async #round(): Promise<void> {
    const round = this.#rounds++;
    const threshold = 0.55 + (round % 10) / 100;
    this.#client.publish(`${this.#root}/camera/threshold/set`, String(threshold));
    // Somebody who does not know how.
    this.#client.publish(`${this.#root}/camera/detect/set`, `nonsense ${round}`);
    const ask = (path: string, init?: RequestInit) => this.#ask(path, init);
    const body = JSON.stringify({ motion: { sensitivity: 0.5 + (round % 5) / 100 } });
    await Promise.all([
      ...[
        '',
        'api/state',
        'api/events?limit=50',
        'api/cameras/camera/snapshot.jpg',
        'healthz',
        'readyz',
        'metrics',
        'nothing',
      ].map((path) => ask(path)),
      ask('api/cameras/camera', { method: 'PATCH', headers: { 'content-type': 'application/json' }, body }),
    ]);
    if (round % 20 === 19) {
      // A page that is closed and opened again.
      this.#socket.terminate();
      this.#socket = this.#watch();
    }
  }

  async #ask(path: string, init?: RequestInit): Promise<void> {
    try {
      const response = await fetch(this.#page + path, init);
      await response.arrayBuffer();
      if (response.ok) this.heard.answers++;
      else this.heard.refused++;
    } catch {
      // The node is ending.
    }
  }

  #watch(): WebSocket {
    const socket = new WebSocket(`${this.#page.replace('http', 'ws')}api/live`, { origin: this.#page.slice(0, -1) });
    socket.on('open', () => socket.send(JSON.stringify({ type: 'watch', camera: 'camera' })));
    socket.on('message', (_, isBinary) => {
      if (isBinary) this.heard.pictures++;
    });
    socket.on('error', () => {});
    return socket;
  }
}
