/** What this page calls each setting, for people who have never seen the settings file: by its path, of a camera without the camera. */
export const settingNames: Readonly<Record<string, string>> = {
  source: 'Source',
  substream: 'Substream',
  enabled: 'Camera on',
  width: 'Width',
  height: 'Height',
  max_megapixels: 'Largest picture',
  transport: 'UDP',
  poll_fps: 'Pictures asked for a second',
  loop: 'Loop',
  hardware_decoding: 'Hardware decoding',
  masks: 'Masks',
  'libcamera.mode': 'Sensor mode',
  'libcamera.tuning': 'Tuning file',
  'libcamera.still': 'Stills',
  'detect.enabled': 'Detect',
  'detect.fps': 'Pictures looked at a second',
  'detect.priority': 'Priority',
  'detect.threshold': 'Threshold',
  'detect.thresholds': 'Thresholds by label',
  'detect.far': 'Look closer',
  'detect.regions': 'Places looked at closer',
  'detect.labels': 'Watched labels',
  'motion.enabled': 'Motion gate',
  'motion.sensitivity': 'Motion sensitivity',
  'motion.keepalive': 'Looks while nothing moves',
  'track.confirm': 'Looks until an object is believed',
  'track.lost': 'Seconds until an object is lost',
  'track.stationary': 'Seconds until an object is at rest',
  'snapshots.enabled': 'Snapshots',
  'snapshots.source': 'Main stream',
  'snapshots.height': 'Height of snapshots',
  'snapshots.quality': 'Quality of snapshots',
  'snapshots.box': 'Boxes in snapshots',
  'learn.enabled': 'Learn',
  node: 'Name of the board',
  data: 'Data folder',
  'core.model': 'Network',
  'core.engine': 'What runs the network',
  'core.threads': 'Threads of the network',
  'core.profile': 'Kind of board',
  'learn.model': 'Network that learning uses',
  'learn.thumbnails': 'Keep pictures of examples',
  'learn.interval': 'Seconds between looks for learning',
  'learn.share': 'Share with other boards',
  'learn.trusted': 'Boards that are trusted',
  'history.enabled': 'Past events on disk',
  'history.days': 'Days they are kept',
  'history.megabytes': 'Room for past events, in MB',
  'history.clips': 'Clips',
  'history.clips.enabled': 'Clips',
  'history.clips.before': 'Seconds of a clip before its event',
  'history.clips.after': 'Seconds of a clip after its event',
  'history.clips.longest': 'Longest clip',
  'history.clips.software': 'Let the processor make them',
  'mqtt.broker': 'Address of the broker',
  'mqtt.host': 'Address of the built-in broker',
  'mqtt.port': 'Port of the built-in broker',
  'mqtt.base': 'Beginning of MQTT topics',
  'mqtt.users': 'Users of the built-in broker',
  'mqtt.username': 'User name at the broker',
  'mqtt.password': 'Password at the broker',
  'mqtt.tls': 'Certificates for the broker',
  'mqtt.tls.ca': 'Certificate authority of the broker',
  'mqtt.tls.cert': 'Certificate of this board',
  'mqtt.tls.key': 'Key of this board’s certificate',
  'mqtt.tls.skip_verification': 'Trust any broker',
  'mqtt.outbox': 'Room for messages that wait',
  'mqtt.outbox.events.megabytes': 'Room for events that wait, in MB',
  'mqtt.outbox.events.hours': 'Hours that events wait',
  'mqtt.outbox.learning.megabytes': 'Room for lessons that wait, in MB',
  'mqtt.outbox.learning.hours': 'Hours that lessons wait',
  'mqtt.home_assistant.enabled': 'Home Assistant',
  'mqtt.home_assistant.prefix': 'Home Assistant’s discovery prefix',
  'console.enabled': 'This page',
  'console.host': 'Who reaches this page',
  'console.port': 'Port of this page',
  'console.password': 'Password of this page',
  'console.url': 'Public address of this page',
  'update.release': 'Where new versions come from',
  'storage.keep': 'What is kept on disk',
  'storage.card_endurance_tb': 'Endurance of the memory card',
};

/** Settings of maps whose keys somebody has chosen: `zones.floor.labels`. */
const kinds: Readonly<Record<string, string>> = {
  zones: 'Zone',
  lines: 'Line',
  thresholds: 'Threshold of',
  states: 'View',
  controls: 'Camera control',
  users: 'User of the built-in broker',
};

const ofCamera = /^cameras\.(<name>|[\w-]+)(?:\.|$)/;

/** What the page calls a setting: `Threshold`, `Zone floor`; of another camera `yard: Threshold`. @param path As in the settings file: `cameras.yard.detect.threshold`, or without the camera. */
export function nameOfSetting(path: string): string {
  const camera = ofCamera.exec(path)?.[1];
  const own = path.replace(ofCamera, '');
  const parts = own.split('.');
  const at = parts.findIndex((part) => part in kinds);
  const name =
    settingNames[own] ??
    (at >= 0 && parts[at + 1] ? `${kinds[parts[at]!]} ${parts[at + 1]}` : own.replace(/[._]/g, ' '));
  if (camera === undefined || camera === '<name>') return name;
  return own === '' ? `Camera ${camera}` : `${camera}: ${name}`;
}

const longestFirst = Object.keys(settingNames)
  .filter((path) => path.includes('.'))
  .sort((a, b) => b.length - a.length);
const camera = '(?:cameras\\.(?:<name>|[\\w-]+)\\.)';
const oneOf = (paths: readonly string[]) => paths.map((path) => path.replaceAll('.', '\\.')).join('|');
const alone = oneOf(Object.keys(settingNames).filter((path) => !path.includes('.')));
const chosen = '(?:zones|lines|(?:detect\\.)?thresholds|(?:learn\\.)?states|controls|mqtt\\.users)\\.[^\\s:;,]+';
/** Where a line begins with it, it says what the line is about; elsewhere it is named within a sentence. */
const about = new RegExp(`(^\\s*|: |; )(${camera}?(?:${oneOf(longestFirst)}|${chosen}|${alone}))(?=:)`, 'gm');
const within = new RegExp(
  `(?<![\\w./@-])(?:${camera}?(?:${oneOf(longestFirst)})|${camera}(?:${chosen}|${alone}))(?![\\w/]|\\.\\w)`,
  'g',
);

const others: readonly (readonly [pattern: RegExp, words: string])[] = [
  // Codes of the operating system, in front of their own words.
  [/\bE[A-Z]{3,}\d*: /g, ''],
  // For programs.
  [/ \((?:revision|If-Match)\b[^)]*\)/g, ''],
  [/internal error; see the log/g, 'Something went wrong on the board; its log says what.'],
  // The page has a field and a button for it.
  [/ Set cameras\.<name>\.source to change it, e\.g\. \S+/g, ''],
  // What is to be read in the checkout.
  [/,? \(?(?:as |see )?docs\/[\w#./-]+\)?/g, ''],
  [
    /install it(?: on Raspberry Pi OS)?: sudo apt(?:-get)? install ([\w.-]+)/g,
    'whoever set up the board has to install $1 there',
  ],
  [/: sudo apt(?:-get)? install ([\w.-]+)/g, ': whoever set up the board has to install $1 there'],
  [/is not right:\n\s*/g, 'is not right: '],
  [/what was asked for is not right: /g, ''],
];

/** A text of the board in words for somebody with a phone: settings as this page calls them, and nothing that only programs or a terminal understand. */
export function plain(text: string): string {
  const known = others.reduce((now, [pattern, words]) => now.replace(pattern, words), text);
  return known
    .replace(about, (_, before: string, path: string) => before + nameOfSetting(path))
    .replace(within, (path) => `“${nameOfSetting(path)}”`);
}

/** Fields with texts for people. */
const forPeople = new Set([
  'error',
  'reason',
  'note',
  'why',
  'trouble',
  'last_error',
  'message',
  'refused',
  'setup_errors',
]);

/** What the board sent, with its texts for people in plain words. @throws SyntaxError when it is not JSON. */
export function heard<T>(json: string): T {
  return JSON.parse(json, (key, value) => {
    if (!forPeople.has(key)) return value;
    if (typeof value === 'string') return plain(value);
    return Array.isArray(value) ? value.map((one) => (typeof one === 'string' ? plain(one) : one)) : value;
  });
}
