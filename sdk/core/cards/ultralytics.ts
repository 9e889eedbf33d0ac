import { InputError, messageOf } from '../../base/errors.ts';
import { modelName } from './model-name.ts';
import { listed, type PythonValue, parsePythonLiteral } from './python-literal.ts';

/** Ultralytics tasks that are accepted. */
const tasks = ['detect', 'segment', 'pose', 'classify'] as const;
export type UltralyticsTask = (typeof tasks)[number];

/** The part of Ultralytics' ONNX metadata that is needed. */
export interface UltralyticsInfo {
  readonly ultralytics: true;
  readonly name: string;
  /** Undefined if the exporter omits it (YOLOv5's does): a detector. */
  readonly task: UltralyticsTask | undefined;
  readonly labels: readonly string[];
  /** Undefined if the exporter omits it (YOLOv5's does): the model's input tells it then. */
  readonly size: { readonly width: number; readonly height: number } | undefined;
  /** The rows are what is left after suppression: exported with `nms`, or from a head that needs none. */
  readonly suppressed: boolean;
  /** `RTDETRDecoder`, for example; files of before 8.4.100 do not say it. */
  readonly head: string | undefined;
  /** The exporter's name of the network, in lower case: `ultralytics yolov10n model`. */
  readonly description: string;
  /** Of the task pose: the names of a box's keypoints, and how many numbers each has, 2 or 3. */
  readonly keypoints: { readonly names: readonly string[]; readonly width: number } | undefined;
}

/**
 * @param name The model's name.
 * @param what Names the file in errors.
 * @returns Undefined when the metadata is not Ultralytics'.
 * @throws InputError when it is, and cannot be used.
 */
export function readUltralytics(
  metadata: ReadonlyMap<string, string>,
  name: string,
  what: string,
): UltralyticsInfo | undefined {
  const names = metadata.get('names');
  const size = metadata.get('imgsz');
  // LibreYOLO's keys are the same, but its networks are of many families, each fed in its own way.
  if (metadata.has('libreyolo_version')) return undefined;
  if (names === undefined || (size === undefined && !metadata.has('stride'))) return undefined;
  const literal = (key: string) => {
    const text = metadata.get(key);
    return text === undefined ? undefined : literalOf(text, what, key);
  };
  const args = literal('args');
  return {
    ultralytics: true,
    name: modelName(name, 'model'),
    task: taskOf(metadata.get('task'), what),
    labels: labelsOf(literal('names')!, what),
    size: size === undefined ? undefined : sizeOf(literal('imgsz')!, what),
    suppressed: metadata.get('end2end') === 'True' || (args instanceof Map && args.get('nms') === true),
    head: metadata.get('head'),
    description: metadata.get('description')?.toLowerCase() ?? '',
    keypoints: keypointsOf(literal('kpt_shape'), literal('kpt_names')),
  };
}

function taskOf(task: string | undefined, what: string): UltralyticsTask | undefined {
  if (task === undefined) return undefined;
  const known = tasks.find((one) => one === task);
  if (known) return known;
  const why = task === 'obb' ? ', whose boxes are rotated: train it for the task detect' : '';
  throw new InputError(`${what}: expected a model of the task ${tasks.join(', ')}, its metadata says ${task}${why}`);
}

function literalOf(text: string, what: string, key: string): PythonValue {
  try {
    return parsePythonLiteral(text);
  } catch (error) {
    throw new InputError(
      `${what}: the metadata's ${key} cannot be read as Python writes it: ${messageOf(error)}: ${text.slice(0, 80)}`,
    );
  }
}

/** @param names By class id; those of the first class, as all classes have the same points. */
function keypointsOf(shape: PythonValue | undefined, names: PythonValue | undefined): UltralyticsInfo['keypoints'] {
  if (!Array.isArray(shape)) return undefined;
  const [count, width] = shape.map(Number);
  if (!(Number.isInteger(count) && count! > 0) || (width !== 2 && width !== 3)) return undefined;
  const list = names instanceof Map ? [...names.values()][0] : names;
  const told =
    Array.isArray(list) && list.length === count && list.every((name) => typeof name === 'string') ? list : undefined;
  const usual = count === bodyPoints.length ? bodyPoints : Array.from({ length: count! }, (_, i) => `point_${i + 1}`);
  return { names: told ?? usual, width };
}

/** COCO's points of a body, on which Ultralytics' own networks are trained. */
const bodyPoints =
  'nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow left_wrist right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle'.split(
    ' ',
  );

/** Which of COCO's points of a body are joined; of others nothing is known. */
export const bodyEdges: readonly (readonly [string, string])[] = [
  ['left_eye', 'right_eye'],
  ['nose', 'left_eye'],
  ['nose', 'right_eye'],
  ['left_eye', 'left_ear'],
  ['right_eye', 'right_ear'],
  ['left_ear', 'left_shoulder'],
  ['right_ear', 'right_shoulder'],
  ['left_shoulder', 'right_shoulder'],
  ['left_shoulder', 'left_elbow'],
  ['right_shoulder', 'right_elbow'],
  ['left_elbow', 'left_wrist'],
  ['right_elbow', 'right_wrist'],
  ['left_shoulder', 'left_hip'],
  ['right_shoulder', 'right_hip'],
  ['left_hip', 'right_hip'],
  ['left_hip', 'left_knee'],
  ['right_hip', 'right_knee'],
  ['left_knee', 'left_ankle'],
  ['right_knee', 'right_ankle'],
];

function sizeOf(value: PythonValue, what: string): { width: number; height: number } {
  const list = Array.isArray(value) ? value : [value, value];
  const [height, width] = list.length === 1 ? [list[0], list[0]] : list;
  if (!Number.isInteger(height) || !Number.isInteger(width) || list.length > 2) {
    const got = value instanceof Map ? 'a dict' : JSON.stringify(value);
    throw new InputError(`${what}: expected the metadata's imgsz to be [height, width], got ${got}`);
  }
  return { width: width as number, height: height as number };
}

/** A dict by class id, or a list. Names that are not text, as in a dataset of digits, are written as Python does. */
function labelsOf(value: PythonValue, what: string): string[] {
  const wrong = () => new InputError(`${what}: expected the metadata's names to be {0: 'first', 1: 'second', …}`);
  const labels = listed(value)?.map((label) => {
    const text = label === true ? 'True' : label === false ? 'False' : label === null ? 'None' : label;
    if ((typeof text !== 'string' && typeof text !== 'number') || text === '') throw wrong();
    return String(text);
  });
  if (!labels) throw wrong();
  if (labels.length === 0) throw new InputError(`${what}: expected names in the metadata, got none`);
  return labels;
}
