// A camera that Ocellus does not know, from its maker's SDK or a sensor on a bus:  node dist/samples/own-camera.js
// Here it is a simulated thermal camera: 120 by 90 pixels, with a warm spot that wanders.
import { FramePool, Pipeline } from 'ocellus';
import { DeviceBase, type DeviceProperties, monotonicNs, registerDevice } from 'ocellus/devices';

class ThermalCamera extends DeviceBase {
  readonly #pool = new FramePool({ format: 'GRAY8', width: 120, height: 90 });
  #timer: NodeJS.Timeout | undefined;

  protected async start(): Promise<DeviceProperties> {
    const fps = this.options.fps ?? 9;
    this.#timer = setInterval(() => this.#read(), 1000 / fps); // What an SDK would call with each frame
    const colour = { matrix: 'bt601', range: 'full' } as const;
    return {
      kind: 'thermal',
      title: 'Thermal camera',
      format: 'GRAY8',
      width: 120,
      height: 90,
      fps,
      colour,
      live: true,
    };
  }

  protected async stop(): Promise<void> {
    clearInterval(this.#timer);
  }

  #read(): void {
    const sequence = this.counters.frames++;
    const pixels = this.#pool.take();
    // All buffers are in use: somebody is slow.
    if (!pixels) return void this.counters.dropped++;
    pixels.fill(20);
    for (let y = 40; y < 60; y++) pixels.fill(230, y * 120 + (sequence % 100), y * 120 + (sequence % 100) + 20);
    const times = { captureTimeNs: monotonicNs(), wallTimeMs: Date.now() };
    this.outlet.offer(this.#pool.frame(pixels, { sequence, ...times }));
  }
}

registerDevice('thermal', (uri, _, options) => new ThermalCamera(uri, options));

// From here on it is a camera like any other. Without a detector there is still motion; samples/own-detector.ts has
// one.
const pipeline = new Pipeline({ source: 'thermal:', model: null, detect: { fps: 5 } });
pipeline.on('motion', (moving) => console.log(moving ? 'something warm moves' : 'nothing moves'));
process.once('SIGINT', () => pipeline.stop());
await pipeline.start();
console.log('watching', pipeline.device?.properties.title);
