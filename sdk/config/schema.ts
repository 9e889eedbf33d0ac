import { type Static, Type } from '@sinclair/typebox';
import { changeOf } from './change-of.ts';
import { Secret } from './secrets.ts';
import { lineProblem, polygonProblem, ruled } from './shapes.ts';
import { ByLabel, Label, TopicStart } from './text.ts';

/**
 * The single schema of `ocellus.yaml`: validation, defaults, `docs/settings.md` and the console's form all come from
 * it. A field's description is written for the person who sets it.
 */

/** A name that may be a topic level: of a node, a camera, a zone, a line. */
const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,31}$' });

/** Names that a whole view's state may not have: `object` is the head of objects, the others are topic levels. */
export const reservedStateNames: readonly string[] = [
  'object',
  'count',
  'occupied',
  'snapshot',
  'appeared',
  'set',
  'state',
];

/** The name of a state of a whole view. */
export const StateName = Type.String({ pattern: `^(?!(?:${reservedStateNames.join('|')})$)[a-z0-9][a-z0-9_-]{0,31}$` });

const Fraction = (description: string, fallback?: number) =>
  Type.Number({ minimum: 0, maximum: 1, description, ...(fallback === undefined ? {} : { default: fallback }) });

const Point = Type.Tuple([Fraction('x'), Fraction('y')], {
  description: '[x, y] as fractions of the picture: [0, 0] is top left, [1, 1] bottom right.',
});
const Polygon = ruled(
  Type.Array(Point, {
    minItems: 3,
    maxItems: 64,
    description: 'Corners, in order around the area: sides do not cross.',
  }),
  polygonProblem,
);
const Labels = (description: string) => Type.Array(Label(), { description });

/**
 * A part of the picture that is watched, one entry of `zones` of a camera: schema and type. Coordinates are
 * fractions of the picture, 0..1.
 */
export const ZoneSettings = Type.Object(
  {
    polygon: Polygon,
    labels: Type.Optional(Labels('Only these labels count in this zone. Default: all that are watched.')),
    inertia_seconds: Type.Number({
      minimum: 0,
      maximum: 60,
      default: 0.2,
      description:
        'Seconds an object (the bottom centre of its box) must be in the zone before it counts as in, and outside before it counts as out.',
    }),
    inertia: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100,
        deprecated: true,
        description:
          'The former `inertia_seconds`, in frames: each one after the first is read as 0.1 s. `inertia_seconds` takes precedence.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type ZoneSettings = Static<typeof ZoneSettings>;

/**
 * A line whose crossings are counted, one entry of `lines` of a camera: schema and type. Coordinates are fractions
 * of the picture, 0..1.
 */
export const LineSettings = ruled(
  Type.Object(
    {
      from: Point,
      to: Point,
      labels: Type.Optional(Labels('Only these labels are counted.')),
    },
    {
      additionalProperties: false,
      description: 'Counts crossings. Seen from `from` towards `to`, left to right is `in`.',
    },
  ),
  lineProblem,
);
export type LineSettings = Static<typeof LineSettings>;

export const DetectSettings = Type.Object(
  {
    enabled: Type.Boolean({ default: true, description: 'Off: the camera is shown, nothing is detected.' }),
    fps: Type.Number({
      minimum: 0.1,
      maximum: 120,
      default: 10,
      description: 'The most frames a second that are run through the network. By default 5 with the profile `small`.',
    }),
    priority: Type.Integer({
      minimum: 1,
      maximum: 10,
      default: 1,
      description:
        'When several cameras want more than the board can do: the turns this camera gets for each turn of a camera with 1.',
    }),
    threshold: Fraction('Minimum score of an object, unless `thresholds` has its label.', 0.6),
    thresholds: ByLabel(Fraction('Minimum score of this label.'), {
      default: {},
      description: 'Minimum score by label, e.g. {cat: 0.7}.',
    }),
    far: Type.Union([Type.Literal('off'), Type.Literal('auto'), Type.Literal('on')], {
      default: 'auto',
      description:
        'Look closer where something moves: the network sees parts of the picture in the camera’s own pixels, beside the whole view once a second. `auto`: where the picture is at least twice as large as the network’s input.',
    }),
    regions: Type.Integer({
      minimum: 1,
      maximum: 16,
      default: 2,
      description:
        'With `far`: the most parts of one frame that the network looks at, the whole view included. By default 1 with the profile `small`.',
    }),
    labels: Labels(
      'Labels to watch; an empty list watches all that the model knows. A label it does not know is an error.',
    ),
  },
  { additionalProperties: false, default: {} },
);
/** The labels of the default model that most people care about. */
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
      description: 'Skip the network while nothing moves. Off: every frame is run through it.',
    }),
    sensitivity: Fraction('Sensitivity to motion: the higher, the less motion is enough.', 0.5),
    keepalive: Type.Number({
      minimum: 0.1,
      maximum: 3600,
      default: 1,
      description: 'Seconds between runs of the network while nothing moves. By default 2 with the profile `small`.',
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
      description:
        'Observations before an object becomes an event; their median score must pass the threshold. Below four inferences a second, fewer are enough if their scores are higher.',
    }),
    lost: Type.Number({
      minimum: 0.1,
      maximum: 600,
      default: 2,
      description:
        'Seconds out of sight before an event ends; at least three inferences. An object that leaves the picture is gone at once.',
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
    source: Secret({
      default: '',
      description:
        'The camera’s main stream, when `source` is a smaller one: snapshots are taken from it. Empty, or while it fails: from `source`.',
    }),
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

const CameraLearnSettings = Type.Object(
  {
    enabled: Type.Boolean({
      default: true,
      description: 'Recognise what was taught, and allow teaching. Off: no embeddings are computed for this camera.',
    }),
    states: Type.Record(
      StateName,
      Type.Object(
        {
          region: Type.Optional(
            Type.Tuple([Fraction('left'), Fraction('top'), Fraction('right'), Fraction('bottom')], {
              description:
                'The part of the view it is about: [x1, y1, x2, y2] as fractions of the frame, 0..1. Default: all of it.',
            }),
          ),
        },
        { additionalProperties: false },
      ),
      {
        additionalProperties: false,
        default: {},
        description:
          'States of the whole view by name, such as `gate`. Those taught on this camera are recognised automatically; list those taught elsewhere, and those about a part of the view.',
      },
    ),
  },
  { additionalProperties: false, default: {} },
);

const LibcameraSettings = Type.Object(
  {
    mode: Type.Optional(
      Type.String({
        pattern: '^\\d{2,5}:\\d{2,5}:\\d{1,2}(:[PU])?$',
        description:
          'The sensor’s mode, WIDTH:HEIGHT:BITS, as listed by `rpicam-hello --list-cameras`, e.g. 2304:1296:10. Default: libcamera’s choice.',
      }),
    ),
    tuning: Type.Optional(
      Type.String({
        pattern: '^/.*\\.json$',
        description:
          'A tuning file of the sensor, e.g. for a camera without an infrared filter. The camera is then read through `rpicam-vid`.',
      }),
    ),
    still: Type.Boolean({
      default: false,
      description:
        'Keep a second stream in full resolution, so that a still causes no pause. It takes memory, and the sensor runs at the rate of its largest mode. Only for the native source.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'For libcamera: cameras.' },
);

/**
 * Settings of one camera, as a schema (TypeBox, which is JSON Schema) and as the type of what passed it: one entry
 * of `cameras` in the file of settings.
 */
export const CameraSettings = Type.Object(
  {
    source: Secret({
      minLength: 1,
      default: 'auto:',
      description:
        'auto:, scene:, libcamera:[N], v4l2:/dev/videoN, rtsp://…, http://… (MJPEG, or a picture that is asked for again and again), file:PATH (a video or a folder of pictures), pipe:PATH (a named pipe) or - (standard input), recording:FOLDER, opencv:N or opencv:PATH.',
    }),
    substream: Secret({
      default: '',
      description:
        'The camera’s smaller stream, where `source` is the larger one of two. It is read instead with `detect.far: off`, and when the larger one gives no picture or is too much for this board to decode. Empty: there is one stream.',
    }),
    enabled: Type.Boolean({ default: true }),
    width: Type.Optional(
      Type.Integer({ minimum: 16, maximum: 7680, description: 'Width asked of the camera. Default: its own.' }),
    ),
    height: Type.Optional(
      Type.Integer({ minimum: 16, maximum: 4320, description: 'Height asked of the camera. Default: its own.' }),
    ),
    max_megapixels: Type.Optional(
      Type.Number({
        minimum: 0.01,
        maximum: 268,
        description:
          'The largest picture that is read, in millions of pixels; larger ones are refused. Default: 40 for a video or a stream, 100 for a still picture.',
      }),
    ),
    transport: Type.Union([Type.Literal('tcp'), Type.Literal('udp')], {
      default: 'tcp',
      description: 'Transport of an rtsp: camera. `udp` when a lost packet must not delay the rest.',
    }),
    poll_fps: Type.Number({
      minimum: 0.01,
      maximum: 30,
      default: 2,
      description:
        'Pictures a second that an http: camera is asked for, where its address gives one picture and no stream; `detect.fps` at most.',
    }),
    loop: Type.Boolean({ default: true, description: 'A file starts again at its end.' }),
    hardware_decoding: Type.Boolean({
      default: true,
      description: 'Decode with the board’s own hardware where it works. Off: always in software.',
    }),
    controls: Type.Record(
      Type.String({ pattern: '^[a-z0-9_]{1,64}$' }),
      Type.Union([Type.Number(), Type.Boolean(), Type.String({ maxLength: 64 })], {
        description: 'A number, true or false, or the name of a choice.',
      }),
      {
        additionalProperties: false,
        default: {},
        description:
          'Controls of a v4l2: or libcamera: camera by name, e.g. {exposure_time_absolute: 100}; `ocellus cameras` lists them. Changes apply while the camera runs; a control that is removed returns to the camera’s default.',
      },
    ),
    libcamera: LibcameraSettings,
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
      description:
        'Areas that are not watched: motion there does not count, nor do objects whose bottom centre is there.',
    }),
    learn: CameraLearnSettings,
  },
  { additionalProperties: false, default: {} },
);
export type CameraSettings = Static<typeof CameraSettings>;

/** Any part of a value may be left out; lists are whole. */
export type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: DeepPartial<T[K]> }
    : T;

/**
 * Maps whose keys the owner chooses. A change replaces them whole: a zone that was deleted must go from the file too.
 */
export const ownedMaps: readonly string[] = ['zones', 'lines', 'thresholds', 'states', 'controls'];

/**
 * A change to a camera’s settings: fields that are left out stay as they are. The maps in `ownedMaps` are replaced
 * whole.
 */
export type CameraChange = DeepPartial<CameraSettings>;
export const CameraChange = Type.Unsafe<CameraChange>(changeOf(CameraSettings));

const Bounds = (what: string, megabytes: number, hours: number) =>
  Type.Object(
    {
      megabytes: Type.Number({
        minimum: 1,
        maximum: 65_536,
        default: megabytes,
        description: `At most this many megabytes of ${what} wait for the broker; the oldest are dropped first.`,
      }),
      hours: Type.Number({
        minimum: 0.01,
        maximum: 8760,
        default: hours,
        description: `Hours after which waiting ${what} are dropped.`,
      }),
    },
    { additionalProperties: false, default: {} },
  );

export const OutboxSettings = Type.Object(
  {
    // A day at one event a second is 86,400 events of 1.3 KB.
    events: Bounds('events and snapshots', 256, 72),
    learning: Bounds('learning updates', 32, 720),
  },
  { additionalProperties: false, default: {} },
);
export type OutboxSettings = Static<typeof OutboxSettings>;

export const HomeAssistantSettings = Type.Object(
  {
    enabled: Type.Boolean({
      default: true,
      description: 'Announce the node and its cameras to Home Assistant. Off: what was announced is removed.',
    }),
    prefix: TopicStart({
      default: 'homeassistant',
      description: 'The discovery prefix of Home Assistant’s MQTT integration.',
    }),
  },
  { additionalProperties: false, default: {} },
);
export type HomeAssistantSettings = Static<typeof HomeAssistantSettings>;

const UserName = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$' });

export const TlsSettings = Type.Object(
  {
    ca: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'File with the certificate of the broker’s CA, or the broker’s own if self-signed (PEM).',
      }),
    ),
    cert: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'File with this node’s certificate, if the broker asks for one.',
      }),
    ),
    key: Type.Optional(
      Type.String({ minLength: 1, description: 'File with the key of `cert`, without a passphrase.' }),
    ),
    skip_verification: Type.Boolean({
      default: false,
      description:
        'Accept any certificate: anyone between here and the broker can then read and change everything. Set `ca` instead.',
    }),
  },
  { additionalProperties: false, description: 'For mqtts:// and wss://.' },
);
export type TlsSettings = Static<typeof TlsSettings>;

/** Settings of MQTT, `mqtt` in the file of settings: the broker, and what a node tells it: schema and type. */
export const MqttSettings = Type.Object(
  {
    broker: Secret({
      default: 'embedded',
      description: '`embedded` (the built-in broker), `off`, or a URL: mqtt://host:1883, mqtts://, ws://, wss://.',
    }),
    host: Type.String({
      default: '127.0.0.1',
      description: 'Address the embedded broker listens on. Anything but the loopback address needs `users`.',
    }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65535,
      default: 1883,
      description: 'Port of the embedded broker; 0 picks a free one.',
    }),
    base: TopicStart({
      default: 'ocellus',
      description: 'First part of each topic.',
    }),
    users: Type.Record(UserName, Secret({ description: 'Password, or the hash that `ocellus password` prints.' }), {
      additionalProperties: false,
      default: {},
      description:
        'Who may use the embedded broker: passwords by user name, or the hashes that `ocellus password` prints. A plain password is replaced by its hash at start. Empty: anyone who can reach it.',
    }),
    username: Type.Optional(Secret({ description: 'For an external broker.' })),
    password: Type.Optional(Secret({ description: 'For an external broker.' })),
    tls: Type.Optional(TlsSettings),
    outbox: OutboxSettings,
    home_assistant: HomeAssistantSettings,
  },
  { additionalProperties: false, default: {} },
);
export type MqttSettings = Static<typeof MqttSettings>;

export const ConsoleSettings = Type.Object(
  {
    enabled: Type.Boolean({ default: true }),
    host: Type.String({
      default: '127.0.0.1',
      description: 'Address to listen on. Anything but the loopback address needs `password`.',
    }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65535,
      default: 8420,
      description: 'Port to listen on; 0 picks a free one.',
    }),
    password: Type.Optional(
      Secret({
        description:
          'Password of the page: at least 8 characters, or the hash that `ocellus password` prints. A plain one is replaced by its hash at start.',
      }),
    ),
    url: Type.Optional(
      Type.String({
        pattern: '^https?://[A-Za-z0-9.-]+(:[0-9]+)?/?$',
        description:
          'The address that people open when a reverse proxy is in front, e.g. https://cams.example.org. Needs `password`.',
      }),
    ),
  },
  { additionalProperties: false, default: {} },
);
export type ConsoleSettings = Static<typeof ConsoleSettings>;

export const UpdateSettings = Type.Object(
  {
    release: Type.Optional(
      Type.String({
        pattern: '^https?://',
        maxLength: 2000,
        description:
          'Where a card with two systems looks for a new version once a day: the address of an `update.json`. Installed only when someone says so.',
      }),
    ),
  },
  { additionalProperties: false, default: {} },
);
export type UpdateSettings = Static<typeof UpdateSettings>;

/** The default detector. */
export const defaultModel = 'yolox-nano-416-int8';

/** The default classifier, and embedding network of new stores. */
export const defaultClassifier = 'efficientnet-lite0-int8';
/** The other embedding network that ships: stores that were taught with it stay with it. */
export const otherClassifier = 'efficientnet-lite1-int8';
/** `learn.model` where the store decides. */
export const modelOfStore = 'auto';

const EngineName = Type.Union([
  Type.Literal('auto'),
  Type.Literal('native'),
  Type.Literal('onnxruntime'),
  Type.Literal('opencv'),
]);
/**
 * What runs a network. `auto`: `native` where the model has a compiled program and this processor kernels for it, else
 * `onnxruntime`. `opencv` needs the optional bindings of OpenCV (docs/opencv.md).
 */
export type EngineName = Static<typeof EngineName>;
export const engineNames: readonly EngineName[] = EngineName.anyOf.map((name) => name.const);

export const CoreSettings = Type.Object(
  {
    model: Type.String({
      default: defaultModel,
      description:
        'A model that ships with Ocellus or was added (`ocellus models add`), the path of an ONNX file or of a card (.card.json), or `off`: no detector, only taught states of the whole view.',
    }),
    engine: Type.Union(EngineName.anyOf, {
      default: 'auto',
      description:
        'What runs the network: `native`, the addon, for models with a compiled program (docs/core.md); `onnxruntime`; `opencv`, OpenCV’s dnn module, for float models, which has to be built first. `auto` is `native` where the model has a program and the addon has kernels for this processor, else `onnxruntime`.',
    }),
    threads: Type.Integer({
      minimum: 1,
      maximum: 64,
      default: 2,
      description: 'Threads of the neural core. By default at most one per core of the board.',
    }),
    profile: Type.Union([Type.Literal('auto'), Type.Literal('small'), Type.Literal('standard')], {
      default: 'auto',
      description:
        'Defaults of `threads`, `detect.fps` and `motion.keepalive` (docs/boards.md). `auto` is `small` on boards with in-order ARM cores (Pi Zero 2 W, Pi 3) or under 700 MB of memory, else `standard`.',
    }),
  },
  { additionalProperties: false, default: {} },
);
/** `core.model` where no detector is wanted. */
export const noModel = 'off';
export type CoreSettings = Static<typeof CoreSettings>;

/** Settings of learning on the job, `learn` in the file of settings: schema and type. */
export const LearnSettings = Type.Object(
  {
    enabled: Type.Boolean({
      default: true,
      description: 'Allow teaching on the job. Nothing is loaded before the first lesson.',
    }),
    model: Type.String({
      default: modelOfStore,
      description: `The embedding network: a model of the task \`classify\` that ships with Ocellus or was added, the path of an ONNX file, or of a card. \`${modelOfStore}\`: the shipped one that this node was taught with, \`${defaultClassifier}\` where nothing was taught yet. What was taught with another network is kept apart.`,
    }),
    thumbnails: Type.Boolean({
      default: true,
      description:
        'Keep a small picture of each example, on this board only, so that a wrong one can be seen: the newest 1000, 16 MB at most.',
    }),
    interval: Type.Number({
      minimum: 0.1,
      maximum: 3600,
      default: 2,
      description:
        'Seconds between embeddings of a whole view that was taught a state; fifteen times as long while nothing moves and the state is clear.',
    }),
    share: Type.Boolean({
      default: false,
      description: 'Share what is taught with the other nodes at the broker, both ways: embeddings, never pictures.',
    }),
    trusted: Type.Optional(
      Type.Array(Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }), {
        description:
          'Public keys (`ocellus learn key` prints one) of the nodes whose examples are accepted. Default: all nodes at the broker.',
      }),
    ),
  },
  { additionalProperties: false, default: {} },
);
export type LearnSettings = Static<typeof LearnSettings>;

export const StorageSettings = Type.Object(
  {
    keep: Type.Union([Type.Literal('disk'), Type.Literal('ram')], {
      default: 'disk',
      description:
        'Where past events and what waits for the broker are kept. `ram`: in memory alone, so that a card is hardly written, and a restart loses them; settings and what was learned are written all the same.',
    }),
    card_endurance_tb: Type.Number({
      minimum: 0.1,
      maximum: 100_000,
      default: 16,
      description:
        'Terabytes that can be written to the card before it wears out, for the years left that are shown. 16: a card of 32 GB whose cells stand 500 writes.',
    }),
  },
  { additionalProperties: false, default: {} },
);
export type StorageSettings = Static<typeof StorageSettings>;

export const ClipSettings = Type.Object(
  {
    enabled: Type.Boolean({
      default: false,
      description:
        'Keep a short video with each event whose camera keeps pictures (`snapshots.enabled`): some megabytes, where a picture has some ten kilobytes. For `rtsp:` cameras the video that they send; for others where the board’s hardware encodes H.264.',
    }),
    before: Type.Number({
      minimum: 0,
      maximum: 30,
      default: 5,
      description:
        'Seconds before the object was first seen, half of `longest` at most, and what is needed to begin at a key frame.',
    }),
    after: Type.Number({ minimum: 0, maximum: 60, default: 5, description: 'Seconds after it was last seen.' }),
    longest: Type.Number({
      minimum: 5,
      maximum: 300,
      default: 60,
      description: 'Seconds of a clip, at most: of an event that lasts longer it has the beginning.',
    }),
    software: Type.Boolean({
      default: false,
      description:
        'Where a camera sends no video that can be kept and the hardware encodes none, the processor does, all the time: five pictures a second, 480 rows.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'Clips of past events.' },
);
export type ClipSettings = Static<typeof ClipSettings>;

export const HistorySettings = Type.Object(
  {
    enabled: Type.Boolean({
      default: true,
      description:
        'Keep events and their pictures on disk. Otherwise, and with `storage.keep: ram`, the last 500 are in memory until the next start.',
    }),
    days: Type.Integer({ minimum: 1, maximum: 3650, default: 30, description: 'Older events are removed.' }),
    megabytes: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 500,
      description:
        'Of events, pictures and clips together, at most; the oldest are removed first, clips before events.',
    }),
    clips: ClipSettings,
  },
  { additionalProperties: false, default: {}, description: 'Past events.' },
);
export type HistorySettings = Static<typeof HistorySettings>;

/** A change to what is kept of past events: fields that are left out stay as they are. */
export type HistoryChange = DeepPartial<HistorySettings>;
export const HistoryChange = Type.Unsafe<HistoryChange>(changeOf(HistorySettings));

/**
 * All settings of a node, as in `ocellus.yaml`: schema and type of what passed it, with defaults filled in
 * (`docs/settings.md`).
 */
export const Settings = Type.Object(
  {
    node: Type.String({
      ...Name,
      default: 'ocellus',
      description: 'The name of this board, part of each topic. Lower-case letters, digits, _ and -.',
    }),
    cameras: Type.Record(Name, CameraSettings, {
      additionalProperties: false,
      default: { camera: {} },
      description: 'Cameras by name. Default: one called `camera`.',
    }),
    data: Type.Optional(
      Type.String({
        pattern: '^/',
        description:
          'Folder for what is kept between runs (the outbox, …), with a subfolder for the node. Default: the environment variable OCELLUS_DATA, else STATE_DIRECTORY (systemd), else $XDG_DATA_HOME/ocellus or ~/.local/share/ocellus.',
      }),
    ),
    core: CoreSettings,
    learn: LearnSettings,
    history: HistorySettings,
    mqtt: MqttSettings,
    console: ConsoleSettings,
    update: UpdateSettings,
    storage: StorageSettings,
  },
  { additionalProperties: false, title: 'ocellus.yaml' },
);
export type Settings = Static<typeof Settings>;

/** Topic names of the node itself, which no camera may have. */
export const reservedCameraNames: readonly string[] = [
  'status',
  'stats',
  'model',
  'request',
  'response',
  'update',
  'learn',
  'settings',
];
