import type {
  LibcameraAddon,
  NativeCamera,
  NativeControl,
  NativeFrame,
  NativeStream,
  NativeValues,
  NativeWanted,
} from '../../../devices/libcamera/addon.ts';

const stream = (width: number, height: number, buffers: number): NativeStream => ({
  format: 'NV12',
  width,
  height,
  strides: [Math.ceil(width / 64) * 64, Math.ceil(width / 64) * 64],
  buffers: Array.from({ length: buffers }, () => {
    const stride = Math.ceil(width / 64) * 64;
    return [new Uint8Array(stride * height), new Uint8Array((stride * height) / 2)];
  }),
});

const control = (name: string, facts: Partial<NativeControl>): NativeControl => ({
  name,
  kind: 'number',
  size: 1,
  min: 0,
  max: 16,
  default: 1,
  choices: {},
  ...facts,
});

/** Some of those of a Raspberry Pi with libcamera 0.5. */
export const piControls: readonly NativeControl[] = [
  control('ExposureTime', { kind: 'integer', min: 1, max: 66_666, default: 20_000 }),
  control('ExposureTimeMode', {
    kind: 'integer',
    max: 1,
    default: 0,
    choices: { 0: 'ExposureTimeModeAuto', 1: 'ExposureTimeModeManual' },
  }),
  control('AnalogueGain', { min: 1, max: 16 }),
  control('AwbEnable', { kind: 'boolean', max: 1, default: 1 }),
  control('AwbMode', {
    kind: 'integer',
    max: 7,
    default: 0,
    choices: { 0: 'AwbAuto', 5: 'AwbDaylight', 6: 'AwbCloudy' },
  }),
  control('ColourGains', { size: 2, max: 32, default: 1 }),
  control('FrameDurationLimits', { kind: 'integer', size: 2, min: 33_333, max: 1e6 }),
];

/** A camera that does what the test says, and holds the source to its duties. */
export class FakeAddon implements LibcameraAddon {
  readonly abi = 1;
  readonly version = 'v0.0.0';
  cameras = [
    { id: '/base/soc/i2c0mux/i2c@1/ov5647@36', model: 'ov5647' },
    { id: '/base/axi/pcie@120000/rp1/usb@300000-2:1.0', model: 'webcam' },
    { id: '/base/soc/i2c0mux/i2c@0/imx219@10', model: 'imx219' },
  ];
  readonly wanted: NativeWanted[] = [];
  readonly set: NativeValues[] = [];
  /** Why it cannot be opened, if so. */
  refusal: string | undefined;
  /** Slots the camera may write to. */
  free = new Set<number>();
  stillsAsked = 0;
  isStillOut = false;
  open_ = 0;
  bufferCount = 3;
  #tell: ((event: NativeFrame | { kind: 'lost' }) => void) | undefined;

  async find() {
    return this.cameras;
  }

  async open(wanted: NativeWanted, onEvent: (event: NativeFrame | { kind: 'lost' }) => void) {
    this.wanted.push(wanted);
    await new Promise(setImmediate);
    if (this.refusal !== undefined) return this.refusal;
    const { width, height } = wanted;
    this.open_++;
    const free = new Set(Array.from({ length: this.bufferCount }, (_, slot) => slot));
    this.free = free;
    this.isStillOut = false;
    const camera: NativeCamera = {
      model: 'imx219',
      cached: false,
      controls: piControls,
      video: stream(width, height, this.bufferCount),
      ...(wanted.still && { still: stream(3280, 2464, 1) }),
      start: async () => {
        this.#tell = onEvent;
        setImmediate(() => this.frame(0));
      },
      giveBack: (slot) => {
        if (free.has(slot)) throw new Error(`slot ${slot} was given back twice`);
        free.add(slot);
      },
      giveStillBack: () => {
        this.isStillOut = false;
      },
      askStill: () => {
        this.stillsAsked++;
      },
      setControls: (values) => {
        this.set.push(values);
      },
      close: async () => {
        this.open_--;
        this.#tell = undefined;
      },
    };
    return camera;
  }

  /** The camera has taken a frame. @returns Whether it had a buffer for it. */
  frame(sequence: number, facts: Partial<NativeFrame> = {}): boolean {
    const [slot] = this.free;
    if (slot === undefined || !this.#tell) return false;
    this.free.delete(slot);
    const still = this.stillsAsked > 0 && !this.isStillOut;
    if (still) {
      this.stillsAsked--;
      this.isStillOut = true;
    }
    const capturedNs = Number(process.hrtime.bigint()) - 5e6;
    this.#tell({ kind: 'frame', slot, still, corrupt: false, sequence, capturedNs, metadata: {}, ...facts });
    return true;
  }

  unplug(): void {
    this.#tell?.({ kind: 'lost' });
  }
}
