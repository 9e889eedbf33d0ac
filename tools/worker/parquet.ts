import type { SchemaElement } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { packageVersion } from '../../sdk/base/assets.ts';
import type { Answer } from './task.ts';

const text = (name: string, repetition: Repetition): SchemaElement => ({
  name,
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  repetition_type: repetition,
});
const whole = (name: string): SchemaElement => ({ name, type: 'INT32', repetition_type: 'OPTIONAL' });
const float = (name: string): SchemaElement => ({ name, type: 'FLOAT', repetition_type: 'REQUIRED' });
const list = (name: string, repetition: Repetition, element: readonly SchemaElement[]): SchemaElement[] => [
  { name, converted_type: 'LIST', num_children: 1, repetition_type: repetition },
  { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
  ...element,
];

type Repetition = 'REQUIRED' | 'OPTIONAL';

/** As Spark and pyarrow nest them: the columns of `ocellus worker --arrow`. */
const schema: SchemaElement[] = [
  { name: 'schema', num_children: 6 },
  text('path', 'REQUIRED'),
  text('model', 'REQUIRED'),
  whole('width'),
  whole('height'),
  ...list('detections', 'OPTIONAL', [
    { name: 'element', num_children: 3, repetition_type: 'REQUIRED' },
    text('label', 'REQUIRED'),
    float('score'),
    ...list('box', 'REQUIRED', [float('element')]),
  ]),
  text('error', 'OPTIONAL'),
];

/** What a detector answered, as the bytes of a Parquet file. */
export function parquetOf(answers: readonly Answer[]): Uint8Array {
  const column = <T>(name: string, value: (answer: Answer) => T) => ({
    name,
    data: answers.map((answer) => value(answer) ?? null),
  });
  const bytes = parquetWriteBuffer({
    schema,
    columnData: [
      column('path', ({ path }) => path),
      column('model', ({ model }) => model),
      column('width', ({ width }) => width),
      column('height', ({ height }) => height),
      column(
        'detections',
        ({ detections }) =>
          detections && Array.from(detections, ({ label, score, box }) => ({ label, score, box: [...box] })),
      ),
      column('error', ({ error }) => error),
    ],
    createdBy: `ocellus version ${packageVersion()}`,
  });
  return new Uint8Array(bytes);
}
