// What Home Assistant demands of a device discovery message, in code: the rules were read from its source (2026.2) and
// tried with it.

type Fields = Record<string, unknown>;

/** The long names of the abbreviations that Ocellus uses. */
const rootNames: Record<string, string> = {
  dev: 'device',
  o: 'origin',
  cmps: 'components',
  avty: 'availability',
  avty_t: 'availability_topic',
  avty_mode: 'availability_mode',
  stat_t: 'state_topic',
  cmd_t: 'command_topic',
  e: 'encoding',
};
const deviceNames: Record<string, string> = {
  ids: 'identifiers',
  mf: 'manufacturer',
  mdl: 'model',
  sw: 'sw_version',
  hw: 'hw_version',
  sn: 'serial_number',
  sa: 'suggested_area',
  cu: 'configuration_url',
};
const originNames: Record<string, string> = { sw: 'sw_version', url: 'support_url' };
const componentNames: Record<string, string> = {
  ...rootNames,
  p: 'platform',
  uniq_id: 'unique_id',
  def_ent_id: 'default_entity_id',
  obj_id: 'object_id',
  dev_cla: 'device_class',
  stat_cla: 'state_class',
  unit_of_meas: 'unit_of_measurement',
  sug_dsp_prc: 'suggested_display_precision',
  ent_cat: 'entity_category',
  ic: 'icon',
  val_tpl: 'value_template',
  img_t: 'image_topic',
  cont_type: 'content_type',
  evt_typ: 'event_types',
  ops: 'options',
  pl: 'payload',
  pl_prs: 'payload_press',
  pl_inst: 'payload_install',
  atype: 'automation_type',
  stype: 'subtype',
  t: 'topic',
  ret: 'retain',
};

const availabilityKeys = ['availability', 'availability_topic', 'availability_mode'];
const rootKeys = [
  'device',
  'origin',
  'components',
  'state_topic',
  'command_topic',
  'qos',
  'encoding',
  ...availabilityKeys,
];
const deviceKeys = [...Object.values(deviceNames), 'name', 'via_device', 'connections', 'model_id'];
const common = [
  'platform',
  'unique_id',
  'default_entity_id',
  'name',
  'entity_category',
  'icon',
  'qos',
  ...availabilityKeys,
];
const readOnly = [...common, 'state_topic', 'value_template'];

interface Platform {
  readonly required: readonly string[];
  readonly allowed: readonly string[];
  readonly deviceClasses?: readonly string[];
}

const words = (text: string) => text.split(/\s+/);
const sensorClasses = words(
  `date enum timestamp absolute_humidity apparent_power aqi area atmospheric_pressure battery carbon_monoxide
   carbon_dioxide conductivity current data_rate data_size distance duration energy frequency humidity illuminance
   moisture power power_factor pressure signal_strength speed temperature voltage volume weight`,
);
const platforms: Record<string, Platform> = {
  binary_sensor: {
    required: ['state_topic'],
    allowed: [...readOnly, 'device_class', 'payload_on', 'payload_off'],
    deviceClasses: words(
      `battery battery_charging carbon_monoxide cold connectivity door garage_door gas heat light lock moisture motion
       moving occupancy opening plug power presence problem running safety smoke sound tamper update vibration window`,
    ),
  },
  sensor: {
    required: ['state_topic'],
    allowed: [
      ...readOnly,
      'device_class',
      'state_class',
      'unit_of_measurement',
      'suggested_display_precision',
      'options',
      'expire_after',
    ],
    deviceClasses: sensorClasses,
  },
  event: {
    required: ['state_topic', 'event_types'],
    allowed: [...readOnly, 'event_types', 'device_class'],
    deviceClasses: ['doorbell', 'button', 'motion'],
  },
  image: { required: ['image_topic'], allowed: [...common, 'image_topic', 'content_type'] },
  switch: {
    required: ['command_topic'],
    allowed: [...readOnly, 'command_topic', 'device_class', 'retain'],
    deviceClasses: ['outlet', 'switch'],
  },
  number: {
    required: ['command_topic'],
    allowed: [...readOnly, 'command_topic', 'min', 'max', 'step', 'mode', 'unit_of_measurement', 'retain'],
  },
  button: {
    required: ['command_topic'],
    allowed: [...common, 'command_topic', 'payload_press', 'device_class', 'retain'],
    deviceClasses: ['identify', 'restart', 'update'],
  },
  select: { required: ['command_topic', 'options'], allowed: [...readOnly, 'command_topic', 'options', 'retain'] },
  update: {
    required: ['state_topic'],
    allowed: [...readOnly, 'device_class', 'title', 'command_topic', 'payload_install'],
    deviceClasses: ['firmware'],
  },
  device_automation: {
    required: ['automation_type', 'topic', 'type', 'subtype'],
    allowed: ['platform', 'automation_type', 'topic', 'type', 'subtype', 'payload', 'value_template', 'qos'],
  },
};
/** Where a class is not here, its units were not needed yet. */
const units: Record<string, readonly string[]> = {
  temperature: ['°C', '°F', 'K'],
  duration: ['d', 'h', 'min', 's', 'ms', 'μs'],
  data_size: ['bit', 'kbit', 'Mbit', 'Gbit', 'B', 'kB', 'MB', 'GB', 'KiB', 'MiB', 'GiB'],
  battery: ['%'],
};
const stateClasses = ['measurement', 'measurement_angle', 'total', 'total_increasing'];

/** Two kinds of breach, as Home Assistant makes them: of the whole device, or of one component. */
export interface Verdict {
  /** Reasons why all of it is refused. */
  readonly device: string[];
  /** Reasons by component; what is named here is refused alone. */
  readonly components: Map<string, string[]>;
  /** The accepted ones, under their long names, with what they take over from the root. */
  readonly accepted: Map<string, Fields>;
}

/** All breaches as lines of text. */
export function breaches(topic: string, payload: string, others: ReadonlySet<string> = new Set()): string[] {
  const { device, components } = judge(topic, payload, others);
  return [...device, ...[...components].flatMap(([key, reasons]) => reasons.map((reason) => `${key}: ${reason}`))];
}

/** @param others Unique ids that other devices have. */
export function judge(topic: string, payload: string, others: ReadonlySet<string> = new Set()): Verdict {
  const device: string[] = [];
  const components = new Map<string, string[]>();
  const accepted = new Map<string, Fields>();
  const verdict = { device, components, accepted };
  if (!/^[^+#]+\/device\/([\w-]+\/)?[\w-]+\/config$/.test(topic)) device.push(`topic ${topic}: not one of a device`);
  let root: Fields;
  try {
    root = JSON.parse(payload);
  } catch {
    device.push('not JSON');
    return verdict;
  }
  if (!isMap(root)) {
    device.push('not an object');
    return verdict;
  }
  root = long(root, rootNames);
  const unknown = (fields: Fields, known: readonly string[], where: string) => {
    for (const key of Object.keys(fields)) if (!known.includes(key)) device.push(`${where}: unknown key ${key}`);
  };
  unknown(root, rootKeys, 'root');
  for (const reason of availabilityBreaches(root)) device.push(`root: ${reason}`);

  if (!isMap(root.origin)) device.push('origin is missing');
  else {
    const origin = long(root.origin, originNames);
    unknown(origin, ['name', 'sw_version', 'support_url'], 'origin');
    if (!isText(origin.name)) device.push('origin.name is missing');
    if (origin.support_url !== undefined && !isUrl(origin.support_url)) device.push('origin: support_url is no URL');
  }
  if (!isMap(root.device)) device.push('device is missing');
  else {
    const about = long(root.device, deviceNames);
    unknown(about, deviceKeys, 'device');
    const ids = [about.identifiers ?? []].flat();
    if (ids.length === 0 || !ids.every(isText)) device.push('device: identifiers are missing');
    if (!isText(about.name)) device.push('device: name is missing');
    if (about.configuration_url !== undefined && !isUrl(about.configuration_url)) {
      device.push('device: configuration_url is no URL');
    }
  }
  if (!isMap(root.components)) device.push('components are not a map');
  else {
    const seen = new Set(others);
    for (const [key, given] of Object.entries(root.components)) {
      if (!isMap(given) || !isText(given.p ?? given.platform)) {
        device.push(`${key}: platform is missing`);
        continue;
      }
      const own = long(given, componentNames);
      if (!(String(own.platform) in platforms)) {
        device.push(`${key}: unknown platform ${own.platform}`);
        continue;
      }
      // Alone it takes the component back.
      if (Object.keys(own).length === 1) continue;
      if (own.platform !== 'device_automation' && !isText(own.unique_id)) device.push(`${key}: unique_id is missing`);
      const shared = Object.fromEntries(
        [...availabilityKeys, 'state_topic', 'command_topic'].flatMap((option) =>
          option in root && !(option in own) ? [[option, root[option]]] : [],
        ),
      );
      const reasons = componentBreaches(key, own, { ...shared, ...own }, seen);
      if (reasons.length > 0) components.set(key, reasons);
      else accepted.set(key, { ...shared, ...own });
    }
  }
  if (device.length > 0) accepted.clear();
  return verdict;
}

function componentBreaches(key: string, own: Fields, merged: Fields, seen: Set<string>): string[] {
  const reasons: string[] = [];
  const platform = platforms[String(own.platform)]!;
  if (/\s/.test(key)) reasons.push('a key with a space is not found again when its device goes');
  for (const field of platform.required) if (!(field in own)) reasons.push(`${field} is missing`);
  // Home Assistant passes over unknown keys in silence, so nobody would see the slip.
  for (const field of Object.keys(own)) {
    if (field === 'object_id') reasons.push('object_id is gone: default_entity_id');
    else if (!platform.allowed.includes(field)) reasons.push(`unknown key ${field}`);
  }
  reasons.push(...availabilityBreaches(merged));
  if (isText(own.unique_id)) {
    if (seen.has(own.unique_id)) reasons.push(`unique_id ${own.unique_id} is used twice`);
    seen.add(own.unique_id);
  }
  const id = own.default_entity_id;
  if (id !== undefined && !new RegExp(`^${own.platform}\\.[a-z0-9]+(_[a-z0-9]+)*$`).test(String(id))) {
    reasons.push(`default_entity_id ${id} is none of the platform`);
  }
  if ('name' in own && !isText(own.name)) reasons.push('name is not text');
  if (own.device_class !== undefined && !platform.deviceClasses?.includes(String(own.device_class))) {
    reasons.push(`device_class ${own.device_class} is none of ${own.platform}`);
  }
  if (own.entity_category !== undefined && !['config', 'diagnostic'].includes(String(own.entity_category))) {
    reasons.push(`entity_category ${own.entity_category} does not exist`);
  }
  if (own.entity_category === 'config' && words('sensor binary_sensor').includes(String(own.platform))) {
    reasons.push('what only reads cannot be of the category config');
  }
  if (own.icon !== undefined && !/^[a-z]+:[a-z0-9]+(-[a-z0-9]+)*$/.test(String(own.icon)))
    reasons.push(`icon ${own.icon}`);
  for (const [field, value] of Object.entries(own)) {
    if (field === 'topic' || field.endsWith('_topic')) {
      const text = String(value);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      if (text === '' || Buffer.byteLength(text) > 65_535 || /[\u0000-\u001f\u007f-\u009f]/.test(text)) {
        reasons.push(`${field}: no topic`);
      }
      if (/[+#]/.test(text)) reasons.push(`${field}: a wildcard`);
    }
    if (field.endsWith('_template') && !isTemplate(value)) reasons.push(`${field}: not a template`);
  }
  if (own.platform === 'sensor') reasons.push(...sensorBreaches(own));
  if (own.platform === 'number') {
    const { min = 1, max = 100, step = 1 } = own as Record<'min' | 'max' | 'step', number>;
    if (!(min < max)) reasons.push('min is not below max');
    if (!(step >= 0.001 && step <= max - min)) reasons.push('step does not fit');
  }
  if (own.platform === 'event' && !(Array.isArray(own.event_types) && own.event_types.every(isText))) {
    reasons.push('event_types is not a list of text');
  }
  if (own.platform === 'device_automation' && own.automation_type !== 'trigger') reasons.push('automation_type');
  if (own.retain === true) reasons.push('commands that are retained are obeyed at each restart');
  return reasons;
}

function sensorBreaches(own: Fields): string[] {
  const reasons: string[] = [];
  const { device_class: deviceClass, state_class: stateClass, unit_of_measurement: unit, options } = own;
  if (stateClass !== undefined && !stateClasses.includes(String(stateClass))) reasons.push(`state_class ${stateClass}`);
  const allowed = units[String(deviceClass)];
  if (allowed && !allowed.includes(String(unit))) reasons.push(`unit ${unit} is none of ${deviceClass}`);
  if (deviceClass === 'enum' && (stateClass !== undefined || unit !== undefined))
    reasons.push('an enum has no figures');
  if (options !== undefined && (deviceClass !== 'enum' || !Array.isArray(options) || options.length === 0)) {
    reasons.push('options are for an enum');
  }
  const precision = own.suggested_display_precision;
  if (precision !== undefined && !(Number.isInteger(precision) && Number(precision) >= 0)) reasons.push('precision');
  return reasons;
}

function availabilityBreaches(fields: Fields): string[] {
  const reasons: string[] = [];
  const { availability, availability_topic: topic, availability_mode: mode } = fields;
  if (availability !== undefined && topic !== undefined) reasons.push('availability beside availability_topic');
  if (mode !== undefined && !['all', 'any', 'latest'].includes(String(mode))) reasons.push(`availability_mode ${mode}`);
  for (const entry of [availability ?? []].flat() as unknown[]) {
    const one: Fields = isMap(entry) ? long(entry, componentNames) : {};
    const known = ['topic', 'value_template', 'payload_available', 'payload_not_available'];
    if (!isText(one.topic) || /[+#]/.test(one.topic)) reasons.push('availability: no topic');
    if (Object.keys(one).some((key) => !known.includes(key))) reasons.push('availability: unknown key');
    if (one.value_template !== undefined && !isTemplate(one.value_template))
      reasons.push('availability: not a template');
    // A camera also says `disabled`, which is neither.
    if (/\/[^/]+\/[^/]+\/[^/]+\/status$/.test(`/${String(one.topic)}`) && one.value_template === undefined) {
      reasons.push('availability: a status with more than two states');
    }
  }
  return reasons;
}

/** Braces and quotes that close, one expression. */
function isTemplate(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const inner = /^\{\{ (.+) \}\}$/.exec(value)?.[1];
  if (inner === undefined || /[{}]/.test(inner)) return false;
  const bare = inner.replace(/'[^']*'/g, '');
  return !bare.includes("'") && bare.split('[').length === bare.split(']').length && /^[\w.[\]() =|]+$/.test(bare);
}

function long(fields: Fields, names: Record<string, string>): Fields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [names[key] ?? key, value]));
}

const isMap = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0;
const isUrl = (value: unknown) =>
  typeof value === 'string' && /^(https?|homeassistant):\/\/./.test(value) && URL.canParse(value);

const updateKeys = words(
  'installed_version latest_version title release_summary release_url entity_picture in_progress update_percentage',
);

/** Is it a state that an update entity takes? One unknown key, and it is refused whole. */
export function isUpdateState(payload: string): boolean {
  try {
    const state: unknown = JSON.parse(payload);
    return (
      isMap(state) &&
      Object.keys(state).every((key) => updateKeys.includes(key)) &&
      // Of all of them, the percentage alone may be null.
      Object.entries(state).every(([key, value]) => value !== null || key === 'update_percentage') &&
      isText(state.installed_version)
    );
  } catch {
    return false;
  }
}
