import { type Static, Type } from '@sinclair/typebox';

/**
 * The one schema of `ocellus.yaml`: it validates, gives the defaults, and is what `docs/settings.md` and the console's
 * form are made from. A field's description is written for the person who sets it.
 */

/** A name that may stand in a topic: of a node, a camera, a zone, a line. */
const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,31}$' });

const Share = (description: string, fallback?: number) =>
  Type.Number({ minimum: 0, maximum: 1, description, ...(fallback === undefined ? {} : { default: fallback }) });

const Point = Type.Tuple([Share('x'), Share('y')], {
  description: '[x, y] as shares of the picture: [0, 0] is top left, [1, 1] bottom right.',
});
const Polygon = Type.Array(Point, { minItems: 3, maxItems: 64, description: 'Corners, in order.' });
const Labels = (description: string) => Type.Array(Type.String({ minLength: 1 }), { description });

export const ZoneSettings = Type.Object(
  {
    polygon: Polygon,
    labels: Type.Optional(Labels('Only these labels count in this zone. Default: all watched ones.')),
    inertia: Type.Integer({
      minimum: 1,
      maximum: 100,
      default: 3,
      description:
        'Frames in a row an object must stand in the zone (bottom centre of its box) before it counts as in.',
    }),
  },
  { additionalProperties: false },
);
export type ZoneSettings = Static<typeof ZoneSettings>;

export const LineSettings = Type.Object(
  {
    from: Point,
    to: Point,
    labels: Type.Optional(Labels('Only these labels are counted.')),
  },
  {
    additionalProperties: false,
    description: 'Counts crossings. Seen from `from` towards `to`, left to right is `in`.',
  },
);
export type LineSettings = Static<typeof LineSettings>;

export const DetectSettings = Type.Object(
  {
    enabled: Type.Boolean({ default: true, description: 'Off: the camera is shown, nothing is detected.' }),
    fps: Type.Number({
      minimum: 0.1,
      maximum: 120,
      default: 10,
      description: 'The most frames a second that are looked at.',
    }),
    threshold: Share('The least score of an object, unless `thresholds` names its label.', 0.6),
    thresholds: Type.Record(Type.String(), Share('The least score of this label.'), {
      default: {},
      description: 'The least score by label, e.g. {cat: 0.7}.',
    }),
    labels: Labels('Labels that are watched; an empty list watches all the model knows.'),
  },
  { additionalProperties: false, default: {} },
);
/** Of the default model, what most people want to know of. */
export const watchedByDefault: readonly string[] = [
  'person',
  'bicycle',
  'car',
  'motorcycle',
  'bus',
  'truck',
  'bird',
  'cat',
  'dog',
  'cup',
];
// Declared apart because a default inside Labels() would be shared by the optional uses.
DetectSettings.properties.labels.default = [...watchedByDefault];
export type DetectSettings = Static<typeof DetectSettings>;

export const MotionSettings = Type.Object(
  {
    enabled: Type.Boolean({
      default: true,
      description: 'Skip the network while nothing moves. Off: every frame is looked at.',
    }),
    sensitivity: Share('How little motion is enough.', 0.5),
    keepalive: Type.Number({
      minimum: 0.1,
      maximum: 3600,
      default: 1,
      description: 'A still scene is looked at all the same every so many seconds.',
    }),
  },
  { additionalProperties: false, default: {} },
);
export type MotionSettings = Static<typeof MotionSettings>;

export const TrackSettings = Type.Object(
  {
    confirm: Type.Integer({
      minimum: 1,
      maximum: 100,
      default: 3,
      description: 'Observations before an object becomes an event; their median score must pass the threshold.',
    }),
    lost: Type.Number({
      minimum: 0.1,
      maximum: 600,
      default: 2,
      description: 'Seconds out of sight before an event ends.',
    }),
    stationary: Type.Number({
      minimum: 0.5,
      maximum: 3600,
      default: 5,
      description: 'Seconds without moving before an object is stationary.',
    }),
  },
  { additionalProperties: false, default: {} },
);
export type TrackSettings = Static<typeof TrackSettings>;

export const SnapshotSettings = Type.Object(
  {
    enabled: Type.Boolean({ default: true }),
    height: Type.Integer({ minimum: 32, maximum: 4320, default: 480, description: 'Largest height in pixels.' }),
    quality: Type.Integer({ minimum: 1, maximum: 100, default: 80, description: 'JPEG quality.' }),
    box: Type.Boolean({
      default: true,
      description: 'Draw the object’s box, and its name where the system has fonts.',
    }),
  },
  { additionalProperties: false, default: {} },
);
export type SnapshotSettings = Static<typeof SnapshotSettings>;

export const CameraSettings = Type.Object(
  {
    source: Type.String({
      minLength: 1,
      default: 'auto:',
      description:
        'auto:, scene:, libcamera:[N], v4l2:/dev/videoN, rtsp://…, file:PATH (a video or a folder of pictures), opencv:N or opencv:PATH.',
    }),
    enabled: Type.Boolean({ default: true }),
    width: Type.Optional(
      Type.Integer({ minimum: 16, maximum: 7680, description: 'Width asked of the camera. Default: its own.' }),
    ),
    height: Type.Optional(
      Type.Integer({ minimum: 16, maximum: 4320, description: 'Height asked of the camera. Default: its own.' }),
    ),
    loop: Type.Boolean({ default: true, description: 'A file starts again at its end.' }),
    detect: DetectSettings,
    motion: MotionSettings,
    track: TrackSettings,
    snapshots: SnapshotSettings,
    zones: Type.Record(Name, ZoneSettings, { additionalProperties: false, default: {}, description: 'Zones by name.' }),
    lines: Type.Record(Name, LineSettings, {
      additionalProperties: false,
      default: {},
      description: 'Counting lines by name.',
    }),
    masks: Type.Array(Polygon, {
      default: [],
      description: 'Areas that are not watched: no motion counts there, and no object whose bottom centre is there.',
    }),
  },
  { additionalProperties: false, default: {} },
);
export type CameraSettings = Static<typeof CameraSettings>;

/** Any part of a value may be left out; lists are given whole. */
export type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: DeepPartial<T[K]> }
    : T;

/** A change to a camera’s settings: what is left out stays. The maps `zones`, `lines` and `thresholds` are replaced whole. */
export type CameraChange = DeepPartial<CameraSettings>;

export const MqttSettings = Type.Object(
  {
    broker: Type.String({
      default: 'embedded',
      description:
        '`embedded` (a broker of its own on the loopback address), `off`, or a URL: mqtt://host:1883, mqtts://, ws://, wss://.',
    }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65535,
      default: 1883,
      description: 'Port of the embedded broker; 0 takes any free one.',
    }),
    base: Type.String({
      pattern: '^[^+#/\\u0000]+(/[^+#/\\u0000]+)*$',
      default: 'ocellus',
      description: 'First part of each topic.',
    }),
    username: Type.Optional(Type.String()),
    password: Type.Optional(Type.String({ description: 'Or the environment variable OCELLUS_MQTT_PASSWORD.' })),
  },
  { additionalProperties: false, default: {} },
);
export type MqttSettings = Static<typeof MqttSettings>;

export const ConsoleSettings = Type.Object(
  {
    enabled: Type.Boolean({ default: true }),
    host: Type.String({
      default: '127.0.0.1',
      description: 'Address to listen on. Anything but the loopback address opens the page to the network.',
    }),
    port: Type.Integer({ minimum: 0, maximum: 65535, default: 8420, description: '0 takes any free one.' }),
  },
  { additionalProperties: false, default: {} },
);
export type ConsoleSettings = Static<typeof ConsoleSettings>;

export const CoreSettings = Type.Object(
  {
    model: Type.String({
      default: 'nanodet-g-416-int8',
      description: 'A model that ships with Ocellus, or the path of an ONNX file or of a card (.card.json).',
    }),
    engine: Type.Union([Type.Literal('onnxruntime'), Type.Literal('opencv')], {
      default: 'onnxruntime',
      description:
        'What runs the network. `opencv` is OpenCV’s dnn module, for float models; it has to be built first.',
    }),
    threads: Type.Integer({ minimum: 1, maximum: 64, default: 2, description: 'Threads of the neural core.' }),
  },
  { additionalProperties: false, default: {} },
);
export type CoreSettings = Static<typeof CoreSettings>;

export const Settings = Type.Object(
  {
    node: Type.String({
      ...Name,
      default: 'ocellus',
      description: 'The name of this board, part of each topic. Small letters, digits, _ and -.',
    }),
    cameras: Type.Record(Name, CameraSettings, {
      additionalProperties: false,
      default: { camera: {} },
      description: 'Cameras by name. None named: one called `camera`.',
    }),
    core: CoreSettings,
    mqtt: MqttSettings,
    console: ConsoleSettings,
  },
  { additionalProperties: false, title: 'ocellus.yaml' },
);
export type Settings = Static<typeof Settings>;

/** Names that are topics of the node itself, so no camera may have them. */
export const reservedCameraNames: readonly string[] = ['status', 'stats', 'request', 'response', 'learn', 'settings'];
