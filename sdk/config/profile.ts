import { CoreSettings, DetectSettings, MotionSettings } from './schema.ts';

/** What of a board a profile is chosen by, as `describeBoard` finds it. */
export interface BoardFacts {
  /** Such as `Cortex-A76`; of several kinds of cores each: `Cortex-A55 + Cortex-A76`. */
  readonly cpu: string;
  readonly cores: number;
  /** 0 where it is not known. */
  readonly memoryMb: number;
}

export type ProfileName = Exclude<CoreSettings['profile'], 'auto'>;

/** What a profile says where the settings do not. */
export interface Profile {
  readonly name: ProfileName;
  readonly threads: number;
  readonly fps: number;
  readonly keepalive: number;
}

const standard: Omit<Profile, 'name'> = {
  threads: CoreSettings.properties.threads.default,
  fps: DetectSettings.properties.fps.default,
  keepalive: MotionSettings.properties.keepalive.default,
};
const values: Readonly<Record<ProfileName, Omit<Profile, 'name'>>> = {
  small: { ...standard, fps: 5, keepalive: 2 },
  standard,
};

/** Boards of 512 MB tell 420 MB of it, those of 1 GB 900. */
const littleMemoryMb = 700;
/** ARM cores that begin instructions in the order of the program; the Pi 4 and 5 have others. */
const inOrderCores = new Set(['ARM1176', 'Cortex-A7', 'Cortex-A35', 'Cortex-A53', 'Cortex-A55']);

/**
 * The profile that is called so; `auto` is the one that fits the board: `small` where all its cores are in-order ARM cores or its
 * memory is under 700 MB. No profile has more threads than the board has cores.
 *
 * @param board Undefined: not known, and `auto` is `standard`.
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
 * Lays what a profile says under settings as they were written. What is wrong in them stays as it is, for the check of its
 * fields.
 */
export function withProfile(input: unknown, board: BoardFacts | undefined): unknown {
  const settings = input ?? {};
  if (!isFields(settings)) return input;
  const { core = {}, cameras = { camera: {} } } = settings;
  const wanted = isFields(core) ? (core.profile ?? 'auto') : 'auto';
  if (!isWord(wanted)) return input;
  const { threads, fps, keepalive } = chooseProfile(wanted, board);
  const under = { detect: { fps }, motion: { keepalive } };
  return {
    ...settings,
    core: filled(core, { threads }),
    cameras: isFields(cameras)
      ? Object.fromEntries(Object.entries(cameras).map(([name, camera]) => [name, filled(camera, under)]))
      : cameras,
  };
}

type Fields = Record<string, unknown>;

/** Fields that are absent from `value`, at any depth, taken from `under`. */
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
