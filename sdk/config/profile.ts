import { CoreSettings, DetectSettings, MotionSettings } from './schema.ts';

/** The facts about a board that choose its profile, as `describeBoard` finds them. */
export interface BoardFacts {
  /** Such as `Cortex-A76`; with several kinds of cores, `Cortex-A55 + Cortex-A76`. */
  readonly cpu: string;
  readonly cores: number;
  /** 0 when unknown. */
  readonly memoryMb: number;
}

export type ProfileName = Exclude<CoreSettings['profile'], 'auto'>;

/** The defaults that a profile sets. */
export interface Profile {
  readonly name: ProfileName;
  readonly threads: number;
  readonly fps: number;
  readonly keepalive: number;
  /** Regions a frame. */
  readonly regions: number;
}

const standard: Omit<Profile, 'name'> = {
  threads: CoreSettings.properties.threads.default,
  fps: DetectSettings.properties.fps.default,
  keepalive: MotionSettings.properties.keepalive.default,
  regions: DetectSettings.properties.regions.default,
};
const values: Readonly<Record<ProfileName, Omit<Profile, 'name'>>> = {
  small: { ...standard, fps: 5, keepalive: 2, regions: 1 },
  standard,
};

/** Boards of 512 MB report 420 MB, those of 1 GB 900. */
const littleMemoryMb = 700;
/** In-order ARM cores; those of the Pi 4 and 5 are out-of-order. */
const inOrderCores = new Set(['ARM1176', 'Cortex-A7', 'Cortex-A35', 'Cortex-A53', 'Cortex-A55']);

/**
 * Returns the profile of this name; `auto` is the one that fits the board: `small` where all its cores are in-order ARM
 * cores or its memory is under 700 MB. No profile has more threads than the board has cores.
 *
 * @param board When undefined, `auto` is `standard`.
 */
export function chooseProfile(wanted: CoreSettings['profile'], board: BoardFacts | undefined): Profile {
  const name = wanted === 'auto' ? (board && isSmall(board) ? 'small' : 'standard') : wanted;
  const { threads, ...others } = values[name];
  return { name, threads: Math.min(threads, board?.cores ?? threads), ...others };
}

function isSmall({ cpu, memoryMb }: BoardFacts): boolean {
  const hasLittleMemory = memoryMb > 0 && memoryMb < littleMemoryMb;
  return hasLittleMemory || cpu.split(' + ').every((core) => inOrderCores.has(core));
}

/**
 * Fills in a profile's defaults in settings as written. Wrong values are left for validation.
 */
export function withProfile(input: unknown, board: BoardFacts | undefined): unknown {
  const settings = input ?? {};
  if (!isFields(settings)) return input;
  const { core = {}, cameras = { camera: {} } } = settings;
  const wanted = isFields(core) ? (core.profile ?? 'auto') : 'auto';
  if (!isWord(wanted)) return input;
  const { threads, fps, keepalive, regions } = chooseProfile(wanted, board);
  const under = { detect: { fps, regions }, motion: { keepalive } };
  return {
    ...settings,
    core: filled(core, { threads }),
    cameras: isFields(cameras)
      ? Object.fromEntries(Object.entries(cameras).map(([name, camera]) => [name, filled(camera, under)]))
      : cameras,
  };
}

type Fields = Record<string, unknown>;

/** `value` with the fields that it lacks, at any depth, from `under`. */
function filled(value: unknown, under: unknown): unknown {
  if (value === undefined) return under;
  if (!isFields(value) || !isFields(under)) return value;
  const added = Object.entries(under).map(([key, fallback]) => [key, filled(value[key], fallback)]);
  return { ...value, ...Object.fromEntries(added) };
}

const isWord = (value: unknown): value is CoreSettings['profile'] =>
  typeof value === 'string' && (value === 'auto' || Object.hasOwn(values, value));

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
